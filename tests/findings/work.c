// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what work with many threads costs, in processor time of the process.
 *
 * "threads" starts threads, all of which live at the same time, and joins them.
 * "server" starts them without measuring that, has them allocate memory, forks,
 * and exits while they live. "libc" has the C library map the stacks. "own" maps
 * them in this program, as the library does, for a system without mapstack, where
 * only this program can ask for growable ones.
 *
 * In a guest that QEMU runs with -icount shift=0 a nanosecond is an instruction.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

/* A server is measured so often. The least is free of what the kernel does late. */
#define ATTEMPTS 5
/* What each thread of a server allocates, one after the other, and keeps. */
#define ALLOCATIONS 20
#define KEPT 8
/* The sizes, all as frequent: 64 bytes to 1 MiB, by powers of two. */
#define SMALLEST_BITS 6
#define N_SIZES 15

/* What a server cost, in shared memory, in nanoseconds. */
struct costs {
	unsigned long allocate, fork, before_exit;
};

static bool own_stacks;
static size_t stack_size, page;
static long n_threads;
static char **stacks;
static pthread_t *threads;
static pthread_barrier_t all;

/* The processor time of all threads, and of processes that were waited for. */
static unsigned long used(void)
{
	struct rusage children;
	struct timespec own;

	if (clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &own) ||
	    getrusage(RUSAGE_CHILDREN, &children))
		guest_die("cannot read the processor time");
	return own.tv_sec * 1000000000UL + own.tv_nsec +
	       measure_used(&children);
}

/* Each thread has its own sequence of sizes, the same in each run. */
static void allocate(uint32_t state)
{
	char *kept[KEPT] = { NULL };
	int i;

	for (i = 0; i < ALLOCATIONS; i++) {
		char **slot = &kept[i % KEPT];
		size_t size;

		state = state * 1664525 + 1013904223;
		size = 1UL << (SMALLEST_BITS + (state >> 16) % N_SIZES);
		free(*slot);
		*slot = malloc(size);
		if (!*slot)
			guest_die("malloc");
		(*slot)[0] = 1;
		(*slot)[size - 1] = 1;
	}
	for (i = 0; i < KEPT; i++)
		free(kept[i]);
}

static void *start_and_end(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&all);
	pthread_barrier_wait(&all);
	return NULL;
}

static void *serve(void *arg)
{
	pthread_barrier_wait(&all);
	pthread_barrier_wait(&all);
	allocate((uintptr_t)arg);
	pthread_barrier_wait(&all);
	pause();
	return NULL;
}

/* Maps a stack and its guard page. */
static char *map_stack(void)
{
	char *stack = measure_stack(NULL, page + stack_size, PROT_NONE,
				    MAP_NORESERVE);

	if (mprotect(stack + page, stack_size, PROT_READ | PROT_WRITE))
		guest_die("mprotect");
	return stack;
}

static void start_thread(long i, void *(*work)(void *))
{
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	if (own_stacks) {
		stacks[i] = map_stack();
		errno = pthread_attr_setstack(&attr, stacks[i] + page,
					      stack_size);
	} else {
		errno = pthread_attr_setstacksize(&attr, stack_size);
	}
	if (errno)
		guest_die("a stack cannot have %zu bytes", stack_size);
	errno = pthread_create(&threads[i], &attr, work, (void *)i);
	if (errno)
		guest_die("cannot start thread %ld", i);
}

/* Returns when each has begun to run. */
static void start_threads(void *(*work)(void *))
{
	long i;

	for (i = 0; i < n_threads; i++)
		start_thread(i, work);
	pthread_barrier_wait(&all);
}

static void end_threads(void)
{
	long i;

	pthread_barrier_wait(&all);
	for (i = 0; i < n_threads; i++) {
		pthread_join(threads[i], NULL);
		if (own_stacks)
			munmap(stacks[i], page + stack_size);
	}
}

static void measure_threads(void)
{
	unsigned long begin = used(), started;

	start_threads(start_and_end);
	started = used();
	end_threads();
	measure_number(started - begin, "start.ns");
	measure_number(used() - started, "join.ns");
}

static void fork_once(void)
{
	pid_t pid = fork();
	int status;

	if (pid < 0)
		guest_die("fork");
	if (!pid)
		_exit(0);
	if (waitpid(pid, &status, 0) != pid || status)
		guest_die("a child ended with %#x", status);
}

static void run_server(struct costs *costs)
{
	unsigned long begin;

	start_threads(serve);
	begin = used();
	pthread_barrier_wait(&all);
	pthread_barrier_wait(&all);
	costs->allocate = used() - begin;
	begin = used();
	fork_once();
	costs->fork = used() - begin;
	costs->before_exit = used();
	_exit(0);
}

/* The server is a child, so that its end can be measured. Returns what that cost. */
static unsigned long serve_once(struct costs *costs)
{
	struct rusage server;
	int status;
	pid_t pid;

	pid = fork();
	if (pid < 0)
		guest_die("fork");
	if (!pid)
		run_server(costs);
	if (wait4(pid, &status, 0, &server) != pid || status)
		guest_die("the server ended with %#x", status);
	return measure_used(&server) - costs->before_exit;
}

static void keep_least(unsigned long *least, unsigned long cost)
{
	if (cost < *least)
		*least = cost;
}

static void measure_server(void)
{
	unsigned long allocate = ULONG_MAX, fork = ULONG_MAX, exit = ULONG_MAX;
	struct costs *costs = guest_share(sizeof(*costs));
	int i;

	for (i = 0; i < ATTEMPTS; i++) {
		keep_least(&exit, serve_once(costs));
		keep_least(&allocate, costs->allocate);
		keep_least(&fork, costs->fork);
	}
	measure_number(allocate, "allocate.ns");
	measure_number(fork, "fork.ns");
	measure_number(exit, "exit.ns");
}

/* Whether a word is the second of two; ends the program if it is neither. */
static bool is_second(const char *word, const char *first, const char *second)
{
	errno = EINVAL;
	if (strcmp(word, first) && strcmp(word, second))
		guest_die("%s is neither %s nor %s", word, first, second);
	return !strcmp(word, second);
}

int main(int argc, char **argv)
{
	bool server;

	if (argc != 5)
		guest_die("usage: work threads|server libc|own KIB THREADS");
	server = is_second(argv[1], "threads", "server");
	own_stacks = is_second(argv[2], "libc", "own");
	stack_size = atol(argv[3]) * KIB;
	n_threads = atol(argv[4]);
	page = sysconf(_SC_PAGESIZE);
	threads = calloc(n_threads, sizeof(*threads));
	stacks = calloc(n_threads, sizeof(*stacks));
	if (!threads || !stacks ||
	    pthread_barrier_init(&all, NULL, n_threads + 1))
		guest_die("cannot have %ld threads", n_threads);
	if (server)
		measure_server();
	else
		measure_threads();
	return 0;
}
