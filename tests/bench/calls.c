// SPDX-License-Identifier: GPL-2.0-only
/* The calls whose cost is measured. See calls.h. */

#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "calls.h"

#define RUNS 1000
#define WARM_UP 300 /* at most RUNS */
#define LENGTH 65536 /* a whole number of pages of any size in use */

/* System calls without the C library, so that nothing else is measured. */
#if defined(__x86_64__)
static inline unsigned long read_counter(void)
{
	unsigned int low, high;

	asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
	return (unsigned long)high << 32 | low;
}

unsigned long calls_frequency(void)
{
	return 0;
}

static inline long raw_mmap(long length, long prot, long flags)
{
	register long r10 asm("r10") = flags;
	register long r8 asm("r8") = -1;
	register long r9 asm("r9") = 0;
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(SYS_mmap), "D"(0), "S"(length), "d"(prot), "r"(r10),
		       "r"(r8), "r"(r9)
		     : "rcx", "r11", "memory");
	return ret;
}

static inline long raw_getppid(void)
{
	long ret;

	asm volatile("syscall"
		     : "=a"(ret)
		     : "a"(SYS_getppid)
		     : "rcx", "r11", "memory");
	return ret;
}
#elif defined(__aarch64__)
static inline unsigned long read_counter(void)
{
	unsigned long ticks;

	asm volatile("isb; mrs %0, cntvct_el0" : "=r"(ticks) : : "memory");
	return ticks;
}

unsigned long calls_frequency(void)
{
	unsigned long frequency;

	asm volatile("mrs %0, cntfrq_el0" : "=r"(frequency));
	return frequency;
}

static inline long raw_mmap(long length, long prot, long flags)
{
	register long x8 asm("x8") = SYS_mmap;
	register long x0 asm("x0") = 0;
	register long x1 asm("x1") = length;
	register long x2 asm("x2") = prot;
	register long x3 asm("x3") = flags;
	register long x4 asm("x4") = -1;
	register long x5 asm("x5") = 0;

	asm volatile("svc 0"
		     : "+r"(x0)
		     : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5)
		     : "memory");
	return x0;
}

static inline long raw_getppid(void)
{
	register long x8 asm("x8") = SYS_getppid;
	register long x0 asm("x0");

	asm volatile("svc 0" : "=r"(x0) : "r"(x8) : "memory");
	return x0;
}
#else
#error No counter is known for this architecture: add one here.
#endif

unsigned long calls_read_counter(void)
{
	return read_counter();
}

const char *calls_name(enum call call)
{
	static const char *const names[NR_CALLS] = {
		[CALL_OTHER] = "getppid", [CALL_MMAP] = "mmap",
		[CALL_STACK] = "stack",	  [CALL_GROWABLE] = "growable",
		[CALL_GROW] = "grow",	  [CALL_OWN] = "own",
	};

	return names[call];
}

static long map(enum call call)
{
	long flags = MAP_PRIVATE | MAP_ANONYMOUS;

	if (call != CALL_MMAP)
		flags |= MAP_STACK;
	if (call == CALL_GROWABLE || call == CALL_GROW)
		flags |= MAP_GROWSDOWN;
	return raw_mmap(LENGTH, PROT_READ | PROT_WRITE, flags);
}

static long must_map(long addr)
{
	if ((unsigned long)addr < -4095UL)
		return addr;
	errno = -addr;
	guest_die("mmap");
}

static void unmap(long addr, size_t length)
{
	if (munmap((void *)addr, length))
		guest_die("munmap");
}

/* Finds the next page of [stack], which may grow as far as there is room. */
static char *next_of_own_stack(long page)
{
	const struct rlimit limit = { RLIM_INFINITY, RLIM_INFINITY };
	static struct mapping stack;

	if (!stack.start &&
	    (setrlimit(RLIMIT_STACK, &limit) || !guest_mapping(&limit, &stack)))
		guest_die("no [stack]");
	stack.start -= page;
	return (char *)stack.start;
}

static unsigned long measure_once(enum call call)
{
	volatile char *next;
	long page = sysconf(_SC_PAGESIZE);
	unsigned long start, end;
	long addr;

	switch (call) {
	case CALL_OTHER:
		start = read_counter();
		raw_getppid();
		return read_counter() - start;
	case CALL_GROW:
		addr = must_map(map(call));
		start = read_counter();
		*(volatile char *)(addr - page) = 1;
		end = read_counter();
		unmap(addr - page, page + LENGTH);
		return end - start;
	case CALL_OWN:
		next = next_of_own_stack(page);
		start = read_counter();
		*next = 1;
		return read_counter() - start;
	default:
		start = read_counter();
		addr = map(call);
		end = read_counter();
		unmap(must_map(addr), LENGTH);
		return end - start;
	}
}

static int compare(const void *left, const void *right)
{
	const unsigned long *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

static struct figure most_frequent(unsigned long *ticks, unsigned int runs)
{
	struct figure best = { .runs = runs };
	unsigned int i, repeats = 0;

	qsort(ticks, runs, sizeof(*ticks), compare);
	for (i = 0; i < runs; i++) {
		repeats = i && ticks[i] == ticks[i - 1] ? repeats + 1 : 1;
		if (repeats > best.repeats) {
			best.repeats = repeats;
			best.ticks = ticks[i];
		}
	}
	return best;
}

/* Measures the difference of two readings with nothing between them. */
static unsigned long counter_cost(void)
{
	static unsigned long ticks[RUNS];
	unsigned int i;

	for (i = 0; i < RUNS; i++) {
		unsigned long start = read_counter();

		ticks[i] = read_counter() - start;
	}
	return most_frequent(ticks, RUNS).ticks;
}

void calls_sample(enum call call, unsigned long *ticks, unsigned int runs)
{
	unsigned int i;

	for (i = 0; i < runs; i++)
		ticks[i] = measure_once(call);
}

struct figure calls_measure(enum call call)
{
	static unsigned long ticks[RUNS];
	struct figure figure;

	calls_sample(call, ticks, WARM_UP);
	calls_sample(call, ticks, RUNS);
	figure = most_frequent(ticks, RUNS);
	figure.ticks -= counter_cost();
	return figure;
}
