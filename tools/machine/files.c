// SPDX-License-Identifier: GPL-2.0-only
/* Small files and messages. See files.h. */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine/files.h"
#include "report/safe.h"

static const char *file_root(void)
{
	const char *root = getenv("MAPSTACK_ROOT");

	return root ?: "";
}

const char *file_path(const char *path, char *buf, size_t size)
{
	snprintf(buf, size, "%s%s", file_root(), path);
	return buf;
}

bool file_root_is_real(void)
{
	return !*file_root();
}

int file_read(const char *path, char *buf, size_t size)
{
	char real[4352];
	ssize_t n;
	size_t len = 0;
	int fd, ret;

	buf[0] = '\0';
	fd = open(file_path(path, real, sizeof(real)), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	ret = n < 0 ? -errno : (int)len;
	close(fd);
	if (ret < 0)
		len = 0;
	if (len && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return ret;
}

char *file_read_all(const char *path)
{
	char *text = NULL, real[4352];
	size_t size = 0;
	ssize_t len;
	FILE *file;

	file = fopen(file_path(path, real, sizeof(real)), "re");
	if (!file)
		return NULL;
	len = getdelim(&text, &size, '\0', file);
	fclose(file);
	if (len >= 0)
		return text;
	free(text);
	return xcopy("");
}

int file_write(const char *path, const char *text)
{
	ssize_t len = strlen(text), n;
	char real[4352];
	int fd, ret;

	fd = open(file_path(path, real, sizeof(real)), O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	ret = n < 0 ? -errno : n == len ? 0 : -EIO;
	close(fd);
	return ret;
}

static int write_all(int fd, const char *text, unsigned int mode)
{
	ssize_t len = strlen(text), n;

	if (fchmod(fd, mode))
		return -errno;
	n = write(fd, text, len);
	return n < 0 ? -errno : n == len ? 0 : -ENOSPC;
}

int file_replace(const char *path, const char *text, unsigned int mode)
{
	char real[4352], aside[4360];
	int fd, ret;

	file_path(path, real, sizeof(real));
	snprintf(aside, sizeof(aside), "%s.new", real);
	/* write_all() sets the mode. */
	fd = open(aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		  0600);
	if (fd < 0)
		return -errno;
	ret = write_all(fd, text, mode);
	if (close(fd) && !ret)
		ret = -errno;
	if (!ret && rename(aside, real))
		ret = -errno;
	if (ret)
		unlink(aside);
	return ret;
}

bool file_exists(const char *path)
{
	char real[4352];

	return !access(file_path(path, real, sizeof(real)), F_OK);
}

unsigned long long process_start(int pid)
{
	unsigned long long start = 0;
	char path[32], stat[1024], *at;
	int field;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (file_read(path, stat, sizeof(stat)) < 0)
		return 0;
	/* Field 22. Field 2 is the name, which may contain anything, in (). */
	at = strrchr(stat, ')');
	for (field = 2; at && field < 22; field++)
		at = strchr(at + 1, ' ');
	if (at)
		sscanf(at, "%llu", &start);
	return start;
}

void say_err(const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	fputs("mapstack: ", stderr);
	/* The message may contain names that somebody else chose. */
	text_put(stderr, len < 0 ? format : text);
	fputc('\n', stderr);
	if (len >= 0)
		free(text);
}

static void *not_null(void *memory)
{
	if (memory)
		return memory;
	say_err("out of memory");
	abort();
}

void *xalloc(size_t size)
{
	return not_null(calloc(1, size));
}

void *xrealloc(void *memory, size_t size)
{
	return not_null(realloc(memory, size));
}

char *xcopy(const char *text)
{
	return not_null(strdup(text));
}

FILE *xmemory(char **text, size_t *size)
{
	return not_null(open_memstream(text, size));
}
