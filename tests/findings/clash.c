// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures whether a thread that overruns its stack reaches that of another.
 *
 *	higher	+------------------+
 *		| upper's stack    |  its frames fill downwards
 *		| guard, if any    |
 *		+------------------+
 *		| between them     |  nothing, or addresses that the kernel kept free
 *		+------------------+
 *	lower	| lower's stack    |  waits, with a variable in its frame
 *		+------------------+
 *
 * Upper recurses, filling each frame, until it sees that lower's variable has
 * changed, or until it faults. This is a Stack Clash without a target: the
 * overwritten memory belongs to this program, which ends at once.
 */

#define _GNU_SOURCE
#include <gnu/libc-version.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define STACK (256 * KIB)
#define FRAME (2 * KIB)
/* Lower's stack is not deeper than this below upper's start. */
#define ENOUGH (6 * MIB)
#define FILL 0x5a

/* A child's results, which its parent reads after its death. */
static struct left {
	size_t depth;
	bool reached;
} *left;

static pthread_barrier_t ready;
static volatile char *variable;
static char *top;

static __attribute__((noinline)) void descend(void)
{
	char frame[FRAME];

	memset(frame, FILL, sizeof(frame));
	/* Keeps the compiler from leaving out this frame or joining it to others. */
	__asm__ volatile("" : : "r"(frame) : "memory");
	left->depth = top - frame;
	if (*variable == FILL) {
		left->reached = true;
		_exit(0);
	}
	if (left->depth < ENOUGH)
		descend();
	__asm__ volatile("" : : "r"(frame) : "memory");
}

static __attribute__((noinline)) void jump(size_t size)
{
	volatile char *frame = __builtin_alloca(size);

	frame[0] = FILL;
	descend();
	frame[1] = FILL;
}

static size_t room_left(void)
{
	pthread_attr_t attr;
	size_t size;
	void *addr;

	if (pthread_getattr_np(pthread_self(), &attr) ||
	    pthread_attr_getstack(&attr, &addr, &size))
		guest_die("pthread_getattr_np");
	return (char *)__builtin_frame_address(0) - (char *)addr;
}

static void *lower(void *arg)
{
	char frame[FRAME];

	(void)arg;
	memset(frame, 0, sizeof(frame));
	variable = frame;
	pthread_barrier_wait(&ready);
	while (pause())
		;
	return NULL;
}

static void *upper(void *arg)
{
	top = __builtin_frame_address(0);
	pthread_barrier_wait(&ready);
	if (arg) {
		/* Like alloca() of a number from outside; ends below the guard. */
		jump(room_left() + sysconf(_SC_PAGESIZE));
	} else {
		descend();
	}
	_exit(0);
}

/* Starts upper first: the kernel puts each stack below the one before. */
static void overrun(size_t guard, bool with_jump)
{
	pthread_attr_t attr;
	pthread_t threads[2];

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	pthread_attr_setguardsize(&attr, guard);
	pthread_barrier_init(&ready, NULL, 2);
	if (pthread_create(&threads[0], &attr, upper,
			   with_jump ? &ready : NULL) ||
	    pthread_create(&threads[1], &attr, lower, NULL))
		guest_die("pthread_create");
	pthread_join(threads[0], NULL);
}

static void measure_overrun(const char *name, size_t guard, bool with_jump)
{
	int status;

	memset(left, 0, sizeof(*left));
	if (!fork()) {
		overrun(guard, with_jump);
		_exit(1);
	}
	wait(&status);
	measure_word(left->reached	 ? "overwrites-the-other-stack" :
		     WIFSIGNALED(status) ? "SIGSEGV" :
					   "goes-on",
		     "%s.ends", name);
	measure_number(left->depth / KIB, "%s.depth.KiB", name);
}

int main(void)
{
	size_t page = sysconf(_SC_PAGESIZE);

	mallopt(M_ARENA_MAX, 1);
	measure_word(gnu_get_libc_version(), "glibc");
	left = guest_share(page);
	measure_overrun("guard.ordinary-frames", page, false);
	measure_overrun("guard.one-large-frame", page, true);
	measure_overrun("no-guard.ordinary-frames", 0, false);
	return 0;
}
