// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests that the guest is what it was made for. expect=FILE:TEXT on the kernel
 * command line says what a file must have, for example that a mitigation is on.
 */

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"

/* /dev/kmsg gives one record at a time, and EAGAIN or 0 after the last one. */
static bool is_in_file(const char *path, const char *text)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	bool found = false;
	char buf[8192];
	ssize_t got;

	if (fd < 0)
		guest_die("cannot open %s", path);
	while (!found && (got = read(fd, buf, sizeof(buf) - 1)) > 0) {
		buf[got] = '\0';
		found = strstr(buf, text);
		if (!found && strncmp(path, "/dev/", 5))
			ktap_note("%s: %s", path, buf);
	}
	close(fd);
	return found;
}

int main(void)
{
	char *file = getenv("expect"), *text;

	ktap_plan(1);
	if (!file)
		guest_die("expect=FILE:TEXT is not on the kernel command line");
	text = strchr(file, ':');
	if (!text)
		guest_die("expect=%s names no text", file);
	*text++ = '\0';
	ktap_result(is_in_file(file, text), "%s says %s", file, text);
	return ktap_end();
}
