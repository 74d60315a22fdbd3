// SPDX-License-Identifier: GPL-2.0-only
/* What init asks the kernel at the end. See after.h. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "after.h"

#define KMEMLEAK "/sys/kernel/debug/kmemleak"
#define GCOV "/sys/kernel/debug/gcov"
#define LEAK_LINES 200 /* printed at most */

/* kmemleak reports no object that is younger than this (jiffies_min_age). */
#define LEAK_SECONDS 6

/* Returns 0 or -errno. */
static int write_kmemleak(const char *command)
{
	int fd = open(KMEMLEAK, O_WRONLY | O_CLOEXEC), ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, command, strlen(command)) < 0)
		ret = -errno;
	close(fd);
	return ret;
}

/* Scans twice: an object is reported only if it did not change in between. */
static int scan_for_leaks(void)
{
	int ret;

	sleep(LEAK_SECONDS);
	ret = write_kmemleak("scan");
	return ret ? ret : write_kmemleak("scan");
}

void after_prepare(void)
{
	if (access(KMEMLEAK, F_OK))
		return;
	write_kmemleak("scan=off");
	scan_for_leaks();
	write_kmemleak("clear");
}

void after_report_leaks(void)
{
	int leaks = 0, lines = 0;
	char line[512];
	FILE *file;

	if (access(KMEMLEAK, F_OK))
		return;
	if (scan_for_leaks()) {
		printf("# leaks -1\n");
		return;
	}
	file = fopen(KMEMLEAK, "r");
	while (file && fgets(line, sizeof(line), file)) {
		leaks += !strncmp(line, "unreferenced object", 19);
		if (lines++ < LEAK_LINES)
			printf("# leak: %s", line);
	}
	if (file)
		fclose(file);
	printf("# leaks %d\n", file ? leaks : -1);
}

static int print_if_counts(const char *path, const struct stat *stat, int type,
			   struct FTW *ftw)
{
	size_t length = strlen(path);
	FILE *file;
	int byte;

	(void)stat;
	(void)ftw;
	if (type != FTW_F || length < 5 || strcmp(path + length - 5, ".gcda"))
		return 0;
	file = fopen(path, "r");
	if (!file)
		return 0;
	printf("# gcda %s ", path + strlen(GCOV));
	while ((byte = getc(file)) != EOF)
		printf("%02x", byte);
	printf("\n");
	fclose(file);
	return 0;
}

void after_report_coverage(void)
{
	nftw(GCOV, print_if_counts, 16, FTW_PHYS);
}

static int write_enabled(void)
{
	int fd = open("/sys/kernel/mapstack/enabled", O_WRONLY | O_CLOEXEC);
	int ret = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, "1", 1) != 1)
		ret = -errno;
	close(fd);
	return ret;
}

int after_switch_on(void)
{
	int fd = open("/modules/mapstack.ko", O_RDONLY | O_CLOEXEC), ret;

	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	ret = syscall(SYS_finit_module, fd, "enabled=1", 0) ? -errno : 0;
	close(fd);
	/* tests/guest/unreleased.c leaves it loaded. */
	if (ret == -EEXIST)
		return write_enabled();
	/* Lockdown and required signatures have tests of their own. */
	if (ret == -EPERM || ret == -EKEYREJECTED)
		return 0;
	return ret;
}
