// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests the C library's threads, whose stacks are MAP_STACK mappings. With the
 * hook off and on they must run, and overflow into their guard, as they always
 * did. This is built for 32-bit x86 too.
 */

#define _GNU_SOURCE
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

#define FRAME 1024 /* bytes of stack that a call uses, at least */
#define THREADS 16
#define ROUNDS 20

/* The state of the hook. */
static bool on;

/* A thread's stack. The guard is directly below. */
struct stack {
	char *low;
	size_t size, guard;
};

static void find_stack(struct stack *stack)
{
	pthread_attr_t attr;
	void *low;

	if (pthread_getattr_np(pthread_self(), &attr) ||
	    pthread_attr_getstack(&attr, &low, &stack->size) ||
	    pthread_attr_getguardsize(&attr, &stack->guard))
		guest_die("pthread_getattr_np");
	pthread_attr_destroy(&attr);
	stack->low = low;
}

static void *run_in_thread(void *(*run)(void *), void *arg)
{
	pthread_t thread;
	void *ret;

	if (pthread_create(&thread, NULL, run, arg) ||
	    pthread_join(thread, &ret))
		guest_die("pthread_create");
	return ret;
}

static unsigned long __attribute__((noinline)) recurse(unsigned long depth)
{
	volatile char frame[FRAME];

	frame[0] = depth & 1;
	if (!depth)
		return 0;
	return recurse(depth - 1) + 1 + (frame[0] != (char)(depth & 1));
}

/* Uses three quarters of a stack of the default size. */
static void *recurse_deep(void *arg)
{
	unsigned long *calls = arg;
	struct stack stack;

	find_stack(&stack);
	/* A frame is larger than the array in it. */
	*calls = stack.size / 4 * 3 / (FRAME + 128);
	return (void *)recurse(*calls);
}

static bool test_recursion(void)
{
	unsigned long calls = 0, returned;

	returned = (unsigned long)run_in_thread(recurse_deep, &calls);
	if (returned != calls)
		ktap_note("%lu calls of %lu", returned, calls);
	return calls && returned == calls;
}

static void *recurse_a_little(void *arg)
{
	return (void *)recurse((unsigned long)arg);
}

/* Uses two sizes, so that the C library keeps some stacks and unmaps others. */
static bool test_many(void)
{
	pthread_t threads[THREADS];
	pthread_attr_t attr;
	bool passed = true;
	unsigned long i, round;
	void *ret;

	for (round = 0; round < ROUNDS; round++) {
		pthread_attr_init(&attr);
		pthread_attr_setstacksize(&attr, (round % 4 + 1) << 20);
		for (i = 0; i < THREADS; i++)
			if (pthread_create(&threads[i], &attr, recurse_a_little,
					   (void *)(i * 8)))
				guest_die("pthread_create");
		for (i = 0; i < THREADS; i++)
			passed &= !pthread_join(threads[i], &ret) &&
				  (unsigned long)ret == i * 8;
		pthread_attr_destroy(&attr);
	}
	return passed;
}

static void *look_at_stack(void *arg)
{
	struct mapping *mapping = arg;

	if (!guest_mapping(&mapping, mapping))
		guest_die("a stack is not a mapping");
	return NULL;
}

static bool test_flag(void)
{
	struct mapping mapping;

	run_in_thread(look_at_stack, &mapping);
	ktap_note("VmFlags: %s", mapping.vmflags);
	return guest_has_vmflag(&mapping, "gd") == on;
}

static struct stack overflowing;
static unsigned long guard_start;

/* The exit status tells where the fault was. */
enum { FAULT_IN_GUARD = 40, FAULT_ELSEWHERE, GUARD_CHANGED, NO_FAULT };

static unsigned long start_of(const char *addr)
{
	struct mapping mapping;

	return guest_mapping(addr, &mapping) ? mapping.start : 0;
}

static void say_where(__attribute__((unused)) int sig, siginfo_t *info,
		      __attribute__((unused)) void *context)
{
	char *addr = info->si_addr;

	if (addr < overflowing.low - overflowing.guard ||
	    addr >= overflowing.low)
		_exit(FAULT_ELSEWHERE);
	if (start_of(overflowing.low - 1) != guard_start)
		_exit(GUARD_CHANGED);
	_exit(FAULT_IN_GUARD);
}

static void *overflow(void *arg)
{
	static char signal_stack[1 << 16];
	stack_t alt = { .ss_sp = signal_stack,
			.ss_size = sizeof(signal_stack) };
	struct sigaction action = { .sa_sigaction = say_where,
				    .sa_flags = SA_ONSTACK | SA_SIGINFO };
	bool *handle = arg;

	find_stack(&overflowing);
	guard_start = start_of(overflowing.low - 1);
	if (*handle &&
	    (sigaltstack(&alt, NULL) || sigaction(SIGSEGV, &action, NULL)))
		_exit(1);
	recurse(overflowing.size / FRAME * 2);
	_exit(NO_FAULT);
}

/* Returns the status of a process in which a thread overflows its stack. */
static int overflow_in_child(bool handle)
{
	pthread_t thread;
	int status;

	if (!fork()) {
		if (!pthread_create(&thread, NULL, overflow, &handle))
			pthread_join(thread, NULL);
		_exit(1);
	}
	return wait(&status) > 0 ? status : -1;
}

static bool test_overflow(void)
{
	int status = overflow_in_child(true);

	if (WIFEXITED(status) && WEXITSTATUS(status) == FAULT_IN_GUARD)
		return true;
	ktap_note("status %#x", status);
	return false;
}

static bool test_overflow_unhandled(void)
{
	int status = overflow_in_child(false);

	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

/* A write that jumps over the guard, and its effects. */
struct jump {
	bool free; /* nothing is mapped at the address */
	int sig;
	size_t grown; /* bytes that the guard's mapping grew by */
	size_t expected;
};

static void *jump_over_guard(void *arg)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	struct jump *jump = arg;
	struct stack stack;
	struct mapping mapping;
	char *guard;

	find_stack(&stack);
	/* On arm64 the guard is larger than the C library says: 64 KiB. */
	guard = (char *)start_of(stack.low - 1);
	jump->free = !guest_mapping(guard - 3 * page, &mapping);
	jump->sig = guest_touch(guard - 3 * page);
	jump->grown = guard - (char *)start_of(stack.low - 1);
	jump->expected = 3 * page;
	return NULL;
}

/*
 * This is the known price while on: a guard grows into free memory. If the C
 * library's guard is not a mapping of its own (glibc 2.42 on a kernel with
 * MADV_GUARD_INSTALL), the stack itself grows, and nothing faults.
 */
static bool test_jump(void)
{
	struct jump jump = { 0 };

	run_in_thread(jump_over_guard, &jump);
	ktap_note("signal %d, the guard grew by %zu bytes", jump.sig,
		  jump.grown);
	return jump.free && jump.sig == SIGSEGV &&
	       jump.grown == (on ? jump.expected : 0);
}

static const struct {
	bool (*test)(void);
	const char *name;
} tests[] = {
	{ test_flag, "the stack can grow if the hook is on, else not" },
	{ test_recursion, "a thread runs deep" },
	{ test_many, "many threads start and end" },
	{ test_overflow, "an overflow faults in the guard, which stays" },
	{ test_overflow_unhandled, "an overflow without a handler kills" },
	{ test_jump, "a write below the guard faults" },
};

/* Runs in a child: the C library keeps the stacks of ended threads. */
static bool passes_in_child(bool (*test)(void))
{
	int status;

	if (!fork())
		_exit(!test());
	return wait(&status) > 0 && status == 0;
}

static void test_state(void)
{
	size_t i;

	mapstack_set("enabled", on ? "1" : "0");
	for (i = 0; i < ARRAY_SIZE(tests); i++)
		ktap_result(passes_in_child(tests[i].test), "%s: %s",
			    on ? "on" : "off", tests[i].name);
}

int main(void)
{
	if (STACKS_GROW_UP) {
		ktap_plan(1);
		ktap_skip("written for guards below stacks", "threads");
		return ktap_end();
	}
	ktap_plan(2 * ARRAY_SIZE(tests));
	/*
	 * pthread_getattr_np() allocates. An arena of the thread's own would lie
	 * below its guard, of 32-bit programs often within a few pages.
	 */
	mallopt(M_ARENA_MAX, 1);
	guest_load("mapstack", "");
	test_state();
	on = true;
	test_state();
	guest_unload("mapstack");
	return ktap_end();
}
