// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of a guest.
 *
 * It mounts what the tests need, runs every program of /tests in the order of
 * their names, reports in KTAP to the port that the kernel command line names
 * (status=ttyS1), and powers off. The kernel log goes to the console, which is
 * another port. If there is a /demo, init runs that instead and prints nothing
 * else.
 *
 * On a machine where user space has no port (status=kmsg) the report goes into
 * the kernel log, each line after "report: ".
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "after.h"
#include "runner.h"

/* The limit of a program; the word test_seconds= of the command line is another. */
#define TEST_SECONDS 3600

static void mount_at(const char *type, const char *dir, const char *options)
{
	mkdir(dir, 0755);
	if (mount(type, dir, type, 0, options))
		printf("# cannot mount %s: %m\n", type);
}

/* Writes a record of the kernel log for each line: one write() is one record. */
static ssize_t write_records(void *cookie, const char *text, size_t size)
{
	const char *line = text, *end = text + size, *next;
	char record[1024];
	int len;

	for (; line < end; line = next) {
		next = memchr(line, '\n', end - line);
		next = next ? next + 1 : end;
		len = snprintf(record, sizeof(record), "report: %.*s",
			       (int)(next - line), line);
		if (len >= (int)sizeof(record))
			len = sizeof(record) - 1;
		if (write(*(int *)cookie, record, len) != len)
			return 0;
	}
	return size;
}

static void open_status(void)
{
	static const cookie_io_functions_t records = { .write = write_records };
	static int kmsg;
	char cmdline[2048] = "", *port, name[33], path[64];
	int fd;

	fd = open("/proc/cmdline", O_RDONLY);
	if (fd >= 0) {
		if (read(fd, cmdline, sizeof(cmdline) - 1) < 0)
			cmdline[0] = '\0';
		close(fd);
	}
	port = strstr(cmdline, "status=");
	if (port && sscanf(port, "status=%32s", name) == 1) {
		snprintf(path, sizeof(path), "/dev/%s", name);
		fd = open(path, O_RDWR | O_NOCTTY);
		if (fd >= 0 && !strcmp(name, "kmsg")) {
			FILE *log;

			kmsg = fd;
			log = fopencookie(&kmsg, "w", records);
			if (log)
				stdout = log;
		} else if (fd >= 0) {
			dup2(fd, STDOUT_FILENO);
			dup2(fd, STDERR_FILENO);
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
}

static void report_taint(void)
{
	char taint[32] = "";
	int fd = open("/proc/sys/kernel/tainted", O_RDONLY);

	if (fd >= 0) {
		if (read(fd, taint, sizeof(taint) - 1) < 0)
			perror("# taint");
		close(fd);
	}
	printf("# tainted %d\n", *taint ? atoi(taint) : -1);
}

static void run_tests(void)
{
	const char *seconds = getenv("test_seconds");
	int ret;

	after_prepare();
	printf("KTAP version 1\n");
	runner_run("/tests", seconds ? atoi(seconds) : TEST_SECONDS);
	after_report_leaks();
	after_report_coverage();
	report_taint();
	ret = after_switch_on();
	if (ret)
		printf("# the module cannot be switched on: %s\n",
		       strerror(-ret));
	else
		printf("# end\n");
}

static void run_demo(void)
{
	int pipe_fds[2], status = -1;
	pid_t pid;

	if (pipe2(pipe_fds, O_CLOEXEC))
		return;
	pid = fork();
	if (!pid) {
		/* Only init can write to the kernel log; the port is for all. */
		if (fileno(stdout) < 0) {
			dup2(pipe_fds[1], STDOUT_FILENO);
			dup2(pipe_fds[1], STDERR_FILENO);
		}
		execl("/demo", "/demo", (char *)NULL);
		_exit(127);
	}
	close(pipe_fds[1]);
	runner_copy_lines(pipe_fds[0], "");
	/* Wait for this child only: orphans of programs are init's too. */
	waitpid(pid, &status, 0);
	printf("# end %d\n", status);
}

int main(void)
{
	mount_at("proc", "/proc", NULL);
	mount_at("sysfs", "/sys", NULL);
	mount_at("devtmpfs", "/dev", NULL);
	mount_at("devpts", "/dev/pts", NULL);
	mount_at("tracefs", "/sys/kernel/tracing", NULL);
	mount_at("debugfs", "/sys/kernel/debug", NULL);
	mount_at("cgroup2", "/sys/fs/cgroup", NULL);
	mount_at("tmpfs", "/tmp", NULL);
	mount_at("tmpfs", "/dev/shm", NULL);
	open_status();

	if (access("/demo", X_OK) == 0)
		run_demo();
	else
		run_tests();
	fflush(stdout);
	sync();
	sleep(1); /* lets both ports empty */
	reboot(RB_POWER_OFF);
	return 1;
}
