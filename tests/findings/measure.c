// SPDX-License-Identifier: GPL-2.0-only
/* Functions that the measuring programs share. See measure.h. */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#ifdef __x86_64__
#include <x86intrin.h>
#endif

#include "guest.h"
#include "measure.h"

static void print_key(const char *format, va_list args)
{
	printf("result %s ", program_invocation_short_name);
	vprintf(format, args);
}

void measure_word(const char *value, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_key(format, args);
	va_end(args);
	printf(" %s\n", value);
	fflush(stdout);
}

void measure_number(long value, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	print_key(format, args);
	va_end(args);
	printf(" %ld\n", value);
	fflush(stdout);
}

const char *measure_error(int error)
{
	return error ? strerrorname_np(error) : "works";
}

const char *measure_touch(volatile void *addr)
{
	switch (guest_touch(addr)) {
	case 0:
		return "done";
	case SIGSEGV:
		return "SIGSEGV";
	default:
		return "SIGBUS";
	}
}

char *measure_room(size_t size)
{
	char *room;

	room = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (room == MAP_FAILED || munmap(room, size))
		guest_die("cannot find %zu bytes of free addresses", size);
	return room;
}

char *measure_stack(char *at, size_t size, int prot, int flags)
{
	char *stack = mmap(at, size, prot,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | flags, -1,
			   0);

	if (stack == MAP_FAILED)
		guest_die("cannot map a stack of %zu bytes", size);
	return stack;
}

int measure_many_stacks(long n)
{
	/* The kernel places this many, all at the same distance. */
	const long searched = 100;
	static char *last;
	static long distance;
	char *stack;

	stack = mmap(n < searched ? NULL : last + distance, 64 * KIB,
		     PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK |
			     (n < searched ? 0 : MAP_FIXED_NOREPLACE),
		     -1, 0);
	if (stack == MAP_FAILED)
		return errno;
	distance = stack - last;
	last = stack;
	return 0;
}

int measure_in_child(void (*measure)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid < 0)
		guest_die("fork");
	if (!pid) {
		measure();
		_exit(0);
	}
	if (waitpid(pid, &status, 0) != pid ||
	    (WIFEXITED(status) && WEXITSTATUS(status)))
		guest_die("a child ended with %#x", status);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

void measure_alone(void)
{
	const struct sched_param param = { .sched_priority = 1 };

	if (sched_setscheduler(0, SCHED_FIFO, &param))
		guest_die("cannot run before others");
}

unsigned long measure_now(bool instructions)
{
	struct timespec time;

#ifdef __x86_64__
	if (instructions)
		return __rdtsc();
#else
	(void)instructions;
#endif
	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec * 1000000000UL + time.tv_nsec;
}

long measure_fill_holes(void)
{
	size_t page = sysconf(_SC_PAGESIZE);
	size_t size = 4 * MEASURE_GAP_PAGES * page;
	char *below = measure_room(size), *addr;
	long pages = 0;

	for (;;) {
		addr = mmap(NULL, page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
		if (addr == MAP_FAILED)
			guest_die("cannot fill holes");
		if (addr >= below && addr < below + size)
			break;
		pages++;
	}
	munmap(addr, page);
	return pages;
}

size_t measure_size(const void *addr)
{
	struct mapping mapping;

	return guest_mapping(addr, &mapping) ? mapping.end - mapping.start : 0;
}

long measure_field(const char *path, const char *name)
{
	char text[8192], *at;
	int ret;

	ret = guest_read(path, text, sizeof(text));
	at = ret < 0 ? NULL : strstr(text, name);
	if (!at)
		guest_die("no %s in %s", name, path);
	return strtol(at + strlen(name), NULL, 10);
}

long measure_lines(void)
{
	char text[4096];
	long lines = 0;
	ssize_t n;
	int fd;

	fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		guest_die("cannot open maps");
	while ((n = read(fd, text, sizeof(text))) > 0)
		for (ssize_t i = 0; i < n; i++)
			lines += text[i] == '\n';
	close(fd);
	return lines;
}
