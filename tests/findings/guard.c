// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what happens to a thread that overruns its stack, at the C library's
 * guard page and below it.
 *
 * The program is linked with the C library whose guards are measured. That
 * library's pthread_create() maps the stacks; the program maps none.
 */

#define _GNU_SOURCE
#include <gnu/libc-version.h>
#include <malloc.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define STACK (256 * KIB)
/* Further than a guard page, nearer than stack_guard_gap. */
#define JUMP (64 * KIB)

static size_t page;

/* Returns the lowest usable address of this thread's stack, above its guard. */
static char *stack_bottom(void)
{
	pthread_attr_t attr;
	size_t size, guard;
	void *addr;

	if (pthread_getattr_np(pthread_self(), &attr) ||
	    pthread_attr_getstack(&attr, &addr, &size) ||
	    pthread_attr_getguardsize(&attr, &guard))
		guest_die("pthread_getattr_np");
	if (guard != page)
		guest_die("a guard of %zu bytes", guard);
	return addr;
}

/* Runs a thread with a stack of a given size, or with 0 of the default size. */
static void run_thread(void *(*function)(void *), size_t size)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	if (size)
		pthread_attr_setstacksize(&attr, size);
	if (pthread_create(&thread, &attr, function, NULL))
		guest_die("pthread_create");
	pthread_join(thread, NULL);
}

static void *touch_around(void *arg)
{
	char *bottom = stack_bottom();
	struct mapping before, after;

	(void)arg;
	guest_mapping(bottom, &before);
	measure_word(guest_has_vmflag(&before, "gd") ? "yes" : "no",
		     "alone.growable");
	measure_word(measure_touch(bottom - 1), "alone.in-the-guard");
	measure_word(measure_touch(bottom - page - 1), "alone.just-below-it");
	measure_word(measure_touch(bottom - page - JUMP),
		     "alone.64-KiB-below-it");
	measure_word(measure_touch(bottom - 1), "alone.in-the-guard-then");
	guest_mapping(bottom, &after);
	measure_number((before.start - after.start) / KIB,
		       "alone.stack-grew.KiB");
	measure_number(measure_size(bottom - page - JUMP) / KIB,
		       "alone.mapping-below.KiB");
	return NULL;
}

/*
 * One large local variable, as from alloca() or a VLA: the compiler touches nothing
 * in between unless it probes (-fstack-clash-protection).
 */
static __attribute__((noinline)) void use_frame(size_t size)
{
	volatile char *frame = __builtin_alloca(size);

	frame[0] = 1;
}

static void *overflow(void *arg)
{
	char *bottom = stack_bottom();
	size_t left = (char *)__builtin_frame_address(0) - bottom;

	(void)arg;
	use_frame(left + page + JUMP);
	return NULL;
}

static void *touch_below_default(void *arg)
{
	char *bottom = stack_bottom();

	(void)arg;
	/* glibc takes the process's limit as the default size. */
	measure_number(((char *)__builtin_frame_address(0) - bottom) >> 20,
		       "default-size.whole-MiB-left");
	measure_word(measure_touch(bottom - page - 1),
		     "default-size.just-below-guard");
	return NULL;
}

static pthread_barrier_t barrier;
static char *volatile bottoms[2];

static void *neighbour(void *arg)
{
	long i = (long)arg;

	bottoms[i] = stack_bottom();
	pthread_barrier_wait(&barrier);
	pthread_barrier_wait(&barrier);
	return NULL;
}

/* Two threads whose stacks are where the kernel puts them. */
static void between_threads(void)
{
	pthread_t threads[2];
	pthread_attr_t attr;
	char *high, *low;
	long i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_barrier_init(&barrier, NULL, 3);
	for (i = 0; i < 2; i++)
		if (pthread_create(&threads[i], &attr, neighbour, (void *)i))
			guest_die("pthread_create");
	pthread_barrier_wait(&barrier);
	high = bottoms[0] > bottoms[1] ? bottoms[0] : bottoms[1];
	low = bottoms[0] > bottoms[1] ? bottoms[1] : bottoms[0];
	measure_number((high - low) / KIB, "two.distance.KiB");
	/* At the place of the guard below the upper stack, then a page lower. */
	measure_word(measure_touch(high - page - JUMP),
		     "two.64-KiB-below-guard");
	measure_word(high - page - JUMP >= low &&
				     high - low < (long)(2 * STACK) ?
			     "stack-of-another-thread" :
			     "nothing-of-another-thread",
		     "two.what-is-there");
	pthread_barrier_wait(&barrier);
	for (i = 0; i < 2; i++)
		pthread_join(threads[i], NULL);
}

int main(void)
{
	int status;

	page = sysconf(_SC_PAGESIZE);
	/* Otherwise each thread's arena would be among the stacks. */
	mallopt(M_ARENA_MAX, 1);
	measure_word(gnu_get_libc_version(), "glibc");
	/* Each runs in its own process: glibc keeps stacks for later threads. */
	if (!fork()) {
		run_thread(touch_around, STACK);
		_exit(0);
	}
	wait(NULL);
	if (!fork()) {
		run_thread(touch_below_default, 0);
		_exit(0);
	}
	wait(NULL);
	if (!fork()) {
		run_thread(overflow, STACK);
		_exit(0);
	}
	wait(&status);
	measure_word(WIFSIGNALED(status) ? sigabbrev_np(WTERMSIG(status)) :
					   "goes-on",
		     "overflow-by-one-frame");
	if (!fork()) {
		between_threads();
		_exit(0);
	}
	wait(NULL);
	return 0;
}
