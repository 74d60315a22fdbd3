// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures access below a mapping made with MAP_STACK by other means than an
 * instruction of the program: system calls, direct I/O, other processes.
 *
 * Each is tried on a separate mapping, a page below its start.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define SIZE (64 * KIB)
#define ROOM (64 * MIB)

static size_t page;

static int open_file(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0)
		guest_die("cannot open %s", path);
	return fd;
}

/* Each function returns 0 or an errno. @target is below a mapping. */

static int by_read(char *target)
{
	int fd = open_file("/dev/zero", O_RDONLY);
	int error = read(fd, target, page) == (ssize_t)page ? 0 : errno;

	close(fd);
	return error;
}

static int by_write(char *target)
{
	int fds[2], error;

	if (pipe(fds))
		guest_die("pipe");
	error = write(fds[1], target, page) == (ssize_t)page ? 0 : errno;
	close(fds[0]);
	close(fds[1]);
	return error;
}

/* Uses a ram disk, because reading it goes through get_user_pages(). */
static int by_direct_read(char *target)
{
	int fd = open_file("/dev/ram0", O_RDONLY | O_DIRECT);
	int error;

	error = read(fd, target, page) == (ssize_t)page ? 0 : errno;
	close(fd);
	return error;
}

static int by_vmsplice(char *target)
{
	struct iovec vec = { target, page };
	int fds[2], error;

	if (pipe(fds))
		guest_die("pipe");
	error = vmsplice(fds[1], &vec, 1, 0) == (ssize_t)page ? 0 : errno;
	close(fds[0]);
	close(fds[1]);
	return error;
}

static int by_mem_file(char *target)
{
	int fd = open_file("/proc/self/mem", O_RDWR);
	int error;

	error = pwrite(fd, "x", 1, (off_t)(unsigned long)target) == 1 ? 0 :
									errno;
	close(fd);
	return error;
}

static int by_mlock(char *target)
{
	return mlock(target, page) ? errno : 0;
}

/* Accesses from a child, as a debugger does; the errors are the child's. */
static int from_child(char *target, int (*access)(pid_t, char *))
{
	pid_t parent = getpid(), child;
	int status;

	fflush(stdout);
	child = fork();
	if (!child)
		_exit(access(parent, target));
	while (waitpid(child, &status, 0) != child)
		;
	return WEXITSTATUS(status);
}

static int read_other(pid_t pid, char *target)
{
	char buf[8];
	struct iovec here = { buf, sizeof(buf) };
	struct iovec there = { target, sizeof(buf) };

	return process_vm_readv(pid, &here, 1, &there, 1, 0) < 0 ? errno : 0;
}

static int peek_other(pid_t pid, char *target)
{
	int error;

	if (ptrace(PTRACE_SEIZE, pid, NULL, NULL) ||
	    ptrace(PTRACE_INTERRUPT, pid, NULL, NULL) ||
	    waitpid(pid, NULL, __WALL) != pid)
		return errno;
	errno = 0;
	ptrace(PTRACE_PEEKDATA, pid, target, NULL);
	error = errno;
	ptrace(PTRACE_DETACH, pid, NULL, NULL);
	return error;
}

static int by_process_vm_readv(char *target)
{
	return from_child(target, read_other);
}

static int by_ptrace(char *target)
{
	return from_child(target, peek_other);
}

struct way {
	const char *name;
	int (*access)(char *target);
};

static const struct way ways[] = {
	{ "read", by_read },
	{ "write", by_write },
	{ "direct-read", by_direct_read },
	{ "vmsplice", by_vmsplice },
	{ "proc-self-mem", by_mem_file },
	{ "mlock", by_mlock },
	{ "process_vm_readv", by_process_vm_readv },
	{ "ptrace-peek", by_ptrace },
};

static void measure(const struct way *way)
{
	char *stack = measure_stack(measure_room(ROOM) + ROOM / 2, SIZE,
				    PROT_READ | PROT_WRITE, 0);
	int error;

	/* At least one page must be present, as in any stack. */
	measure_touch(stack);
	error = way->access(stack - page);
	measure_word(measure_error(error), "%s", way->name);
	measure_number((measure_size(stack) - SIZE) / page, "%s.grew.pages",
		       way->name);
	munmap(stack - page, SIZE + page);
}

int main(void)
{
	size_t i;

	page = sysconf(_SC_PAGESIZE);
	guest_try_load("brd", "rd_nr=1 rd_size=1024");
	for (i = 0; i < ARRAY_SIZE(ways); i++)
		measure(&ways[i]);
	return 0;
}
