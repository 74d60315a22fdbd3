// SPDX-License-Identifier: GPL-2.0-only
/* Says how to install the headers of a kernel. See headers.h. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/files.h"
#include "machine/headers.h"

static const char *find_how(const char *id)
{
	const struct headers_how *row = headers_how;

	while (row->id && strcmp(row->id, id))
		row++;
	return row->how;
}

/* Finds the first known word of a line 'ID_LIKE="rhel fedora"'. */
static const char *find_kin(char *line)
{
	const char *how = NULL;
	char *word;

	strsep(&line, "=");
	while (!how && (word = strsep(&line, " \"'")))
		how = find_how(word);
	return how;
}

static const char *find_distribution(void)
{
	char *text = file_read_all("/etc/os-release");
	const char *how = NULL, *kin = NULL;
	char *rest, *line;

	if (!text)
		text = file_read_all("/usr/lib/os-release");
	rest = text;
	while ((line = strsep(&rest, "\n"))) {
		if (!strncmp(line, "ID=", 3))
			how = find_kin(line);
		else if (!strncmp(line, "ID_LIKE=", 8))
			kin = find_kin(line);
	}
	free(text);
	return how ?: kin ?: find_how("other");
}

void headers_name(const char *release, char *buf, size_t size)
{
	const char *at, *value, *flavour = strrchr(release, '-');
	char path[128], base[64];
	size_t len = 0;

	snprintf(path, sizeof(path), "/lib/modules/%s/pkgbase", release);
	if (file_read(path, base, sizeof(base)) <= 0)
		snprintf(base, sizeof(base), "linux");
	for (at = find_distribution(); *at && len + 1 < size; at++) {
		value = !strncmp(at, "%r", 2) ? release :
			!strncmp(at, "%f", 2) ? flavour ? flavour + 1 :
							  release :
			!strncmp(at, "%b", 2) ? base :
						NULL;
		if (value) {
			snprintf(buf + len, size - len, "%s", value);
			len += strlen(buf + len);
			at++;
		} else {
			buf[len++] = *at;
		}
	}
	buf[len] = '\0';
}
