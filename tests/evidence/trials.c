// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands for tests of mapstack try, in a guest: trials NAME [ARGUMENT]. Each
 * NAME behaves in one way, which the verdict must recognise:
 *
 *	breaks FILE	maps FILE shared, with MAP_STACK; fails if it cannot
 *	falls-back FILE	tries the same mapping; succeeds without it, too
 *	costs COUNT	maps COUNT small stacks
 *	slow COUNT	maps COUNT stacks 1 MiB apart, then memory 300 times
 *	nothing		asks for no stack
 *	thread		starts a thread
 *	flaky FILE	exits with 1 and 0 in turn; FILE counts its runs
 *	clock		prints a line that always differs, and two that do not
 *	tells		prints whether its stack can grow
 *	fibers		uses 128 KiB or more of each of three 64 KiB stacks
 *	killed		kills itself with SIGKILL
 *	memory		touches 64 MiB if its stack can grow
 *	daemon		leaves a process running
 *
 * Under the name your-tests, the program does what README shows: it starts a
 * thread, maps 100 small stacks, and maps a log with MAP_STACK.
 */

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

#define STACK_SIZE 65536

static char *map_stack(size_t size)
{
	return mmap(NULL, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
}

static char *map_stack_at(char *place, size_t size)
{
	return mmap(place, size, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_FIXED, -1, 0);
}

static int map_file(const char *path, int otherwise)
{
	int fd = open(path, O_RDWR | O_CREAT, 0600);
	char *mapped;

	if (fd < 0 || ftruncate(fd, STACK_SIZE))
		return 2;
	mapped = mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_STACK, fd, 0);
	if (mapped == MAP_FAILED && otherwise) {
		fprintf(stderr, "cannot map %s: %s\n", path, strerror(errno));
		return otherwise;
	}
	puts("mapped");
	return 0;
}

/*
 * The 300 mappings fit exactly into the holes between the stacks. If the stacks
 * can grow, the kernel keeps a gap below each, and no hole is large enough.
 */
static int map_apart(long count)
{
	size_t hole = 1 << 20, size = count * (hole + 8192);
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;
	char *at = mmap(NULL, size, PROT_NONE, flags, -1, 0);
	long i;

	if (at == MAP_FAILED || munmap(at, size))
		return 1;
	for (i = 0; i < count; i++, at += hole + 8192)
		if (map_stack_at(at + hole, 8192) != at + hole)
			return 1;
	for (i = 0; i < 300; i++)
		if (mmap(NULL, hole, PROT_READ, flags, -1, 0) == MAP_FAILED)
			return 1;
	printf("%ld stacks\n", count);
	return 0;
}

static int map_stacks(long count)
{
	long i;

	for (i = 0; i < count; i++)
		if (map_stack(8192) == MAP_FAILED)
			return 1;
	printf("%ld stacks\n", count);
	return 0;
}

static void *work(void *unused)
{
	puts("a thread");
	return unused;
}

static int have_thread(void)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, work, NULL))
		return 1;
	return pthread_join(thread, NULL);
}

static int take_turns(const char *path)
{
	int fd = open(path, O_RDWR | O_CREAT | O_APPEND, 0600);

	if (fd < 0 || write(fd, "x", 1) != 1)
		return 2;
	return lseek(fd, 0, SEEK_END) % 2;
}

static int print_clock(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	printf("always\nat %ld.%09ld\nalways\n", now.tv_sec, now.tv_nsec);
	return 0;
}

/* Whether a new stack can grow, by its VmFlags in smaps; -1: unknown. */
static int can_grow(void)
{
	char *stack = map_stack(STACK_SIZE), line[512];
	FILE *smaps = fopen("/proc/self/smaps", "r");
	unsigned long start, end;
	int grows = -1;

	if (!smaps)
		return -1;
	while (fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			grows = start <= (unsigned long)stack &&
						(unsigned long)stack < end ?
					0 :
					-1;
		if (!grows && !strncmp(line, "VmFlags:", 8))
			break;
	}
	fclose(smaps);
	return grows ? -1 : !!strstr(line, " gd ");
}

static int touch_memory(void)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
	size_t size = can_grow() == 1 ? 64 << 20 : 4096;

	/* With access rights of its own it is one more mapping in any case. */
	if (mmap(NULL, size, PROT_READ | PROT_WRITE | PROT_EXEC, flags, -1,
		 0) == MAP_FAILED)
		return 1;
	/* The size of the address space is noted when a process asks. */
	return map_stack(STACK_SIZE) == MAP_FAILED;
}

static ucontext_t back, fiber;

static int recurse(int depth)
{
	volatile char frame[1024];

	memset((void *)frame, depth, sizeof(frame));
	return depth ? recurse(depth - 1) + frame[0] : frame[0];
}

static void run_fiber(int depth)
{
	printf("recursed %d times: %d\n", depth, recurse(depth) != 0);
}

static int run_on(char *stack, int depth)
{
	getcontext(&fiber);
	fiber.uc_stack.ss_sp = stack;
	fiber.uc_stack.ss_size = STACK_SIZE;
	fiber.uc_link = &back;
	makecontext(&fiber, (void (*)(void))run_fiber, 1, depth);
	return swapcontext(&back, &fiber);
}

static int have_fibers(void)
{
	char *stacks[3];
	int i;

	for (i = 0; i < 3; i++)
		stacks[i] = map_stack(STACK_SIZE);
	for (i = 0; i < 3; i++)
		if (run_on(stacks[i], 128 << i))
			return 1;
	return 0;
}

static int leave_process(void)
{
	if (!fork()) {
		setsid();
		sleep(3);
	}
	return 0;
}

static int run_tests(void)
{
	return have_thread() || map_stacks(100) || map_file("log", 1);
}

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";
	const char *argument = argc > 2 ? argv[2] : "0";

	if (strstr(argv[0], "your-tests"))
		return run_tests();
	if (!strcmp(what, "breaks"))
		return map_file(argument, 1);
	if (!strcmp(what, "falls-back"))
		return map_file(argument, 0);
	if (!strcmp(what, "costs"))
		return map_stacks(atol(argument));
	if (!strcmp(what, "slow"))
		return map_apart(atol(argument));
	if (!strcmp(what, "nothing"))
		return puts("nothing") < 0;
	if (!strcmp(what, "thread"))
		return have_thread();
	if (!strcmp(what, "flaky"))
		return take_turns(argument);
	if (!strcmp(what, "clock"))
		return print_clock();
	if (!strcmp(what, "tells"))
		return printf("grows: %d\n", can_grow()) < 0;
	if (!strcmp(what, "fibers"))
		return have_fibers();
	if (!strcmp(what, "killed"))
		return raise(SIGKILL);
	if (!strcmp(what, "memory"))
		return touch_memory();
	if (!strcmp(what, "daemon"))
		return leave_process();
	fprintf(stderr, "not understood: %s\n", what);
	return 2;
}
