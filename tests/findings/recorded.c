// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures what the C library says about a thread's stack that has grown.
 *
 * The thread has no guard page, like threads of Java, so its stack itself grows.
 * With a guard page the guard would be hit first (guard.c).
 *
 * With the argument "own" the program maps the stack, as the library does, for a
 * system without mapstack, where only this program can ask for a growable one.
 */

#define _GNU_SOURCE
#include <gnu/libc-version.h>
#include <pthread.h>
#include <stdbool.h>
#include <string.h>
#include <sys/mman.h>

#include "guest.h"
#include "measure.h"

#define STACK (128 * KIB)
#define FRAME (4 * KIB)
#define ROOM (64 * MIB)

struct bounds {
	char *bottom;
	size_t size;
};

static struct bounds ask_bounds(void)
{
	struct bounds bounds;
	pthread_attr_t attr;
	void *addr;

	if (pthread_getattr_np(pthread_self(), &attr) ||
	    pthread_attr_getstack(&attr, &addr, &bounds.size))
		guest_die("pthread_getattr_np");
	bounds.bottom = addr;
	pthread_attr_destroy(&attr);
	return bounds;
}

/* Whether a search of the recorded range would find a local variable. */
static void report(const void *local, const char *when)
{
	struct bounds bounds = ask_bounds();
	const char *at = local;

	measure_number(bounds.size / KIB, "%s.recorded.KiB", when);
	measure_number(measure_size(local) / KIB, "%s.mapping.KiB", when);
	measure_word(at >= bounds.bottom && at < bounds.bottom + bounds.size ?
			     "inside" :
			     "outside",
		     "%s.local-variable-is", when);
}

static __attribute__((noinline)) void descend(int frames)
{
	volatile char frame[FRAME];

	frame[0] = frames;
	if (frames)
		descend(frames - 1);
	else
		report((const void *)frame, "deep");
	frame[1] = 0;
}

static void *thread(void *arg)
{
	char local = 0;

	(void)arg;
	report(&local, "shallow");
	descend(400 * KIB / FRAME);
	return NULL;
}

static bool own;

static void choose_stack(pthread_attr_t *attr)
{
	char *stack;

	pthread_attr_init(attr);
	pthread_attr_setguardsize(attr, 0);
	pthread_attr_setstacksize(attr, STACK);
	if (!own)
		return;
	stack = measure_stack(measure_room(ROOM) + ROOM / 2, STACK,
			      PROT_READ | PROT_WRITE, 0);
	if (pthread_attr_setstack(attr, stack, STACK))
		guest_die("pthread_attr_setstack");
}

static void run_thread(void)
{
	pthread_attr_t attr;
	pthread_t id;

	choose_stack(&attr);
	if (pthread_create(&id, &attr, thread, NULL))
		guest_die("pthread_create");
	pthread_join(id, NULL);
}

int main(int argc, char **argv)
{
	int sig;

	own = argc > 1 && !strcmp(argv[1], "own");
	measure_word(gnu_get_libc_version(), "glibc");
	sig = measure_in_child(run_thread);
	measure_word(sig ? sigabbrev_np(sig) : "goes-on", "recursion");
	return 0;
}
