// SPDX-License-Identifier: GPL-2.0-only
/* The calls whose cost is measured. See calls.h. */

#define _GNU_SOURCE
#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "../guest/ktap.h"
#include "calls.h"
#include "raw.h"

#define RUNS 1000
#define WARM_UP 300 /* at most RUNS */
/* Under -icount shift=0 an instruction takes a nanosecond. */
#define HZ_INSTRUCTIONS 1e9
#define LENGTH 65536 /* a whole number of pages of any size in use */

void calls_prepare(void)
{
	counter_allow();
}

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
		shift_begin();
		start = read_counter();
		raw_getppid();
		return read_counter() - start;
	case CALL_GROW:
		addr = must_map(map(call));
		shift_begin();
		start = read_counter();
		*(volatile char *)(addr - page) = 1;
		end = read_counter();
		unmap(addr - page, page + LENGTH);
		return end - start;
	case CALL_OWN:
		next = next_of_own_stack(page);
		shift_begin();
		start = read_counter();
		*next = 1;
		return read_counter() - start;
	default:
		shift_begin();
		start = read_counter();
		addr = map(call);
		end = read_counter();
		unmap(must_map(addr), LENGTH);
		return end - start;
	}
}

int calls_compare(const void *left, const void *right)
{
	const unsigned long *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

/* The most frequent value, or two adjacent ones. */
struct mode {
	double mean;
	unsigned int repeats;
};

/* Where ticks are not whole instructions, two values next to each other are one. */
static struct mode most_frequent(unsigned long *ticks, unsigned int runs)
{
	double frequency = counter_frequency();
	unsigned long span = frequency && frequency != HZ_INSTRUCTIONS;
	unsigned int first = 0, last, i;
	struct mode best = { 0 };
	double sum = 0;

	qsort(ticks, runs, sizeof(*ticks), calls_compare);
	for (last = 0; last < runs; last++) {
		sum += ticks[last];
		while (ticks[last] - ticks[first] > span)
			sum -= ticks[first++];
		i = last - first + 1;
		if (i > best.repeats)
			best = (struct mode){ sum / i, i };
	}
	return best;
}

/* Measures the difference of two readings with nothing between them. */
static double counter_cost(void)
{
	static unsigned long ticks[RUNS];
	unsigned int i;

	for (i = 0; i < RUNS; i++) {
		unsigned long start;

		shift_begin();
		start = read_counter();
		ticks[i] = read_counter() - start;
	}
	return most_frequent(ticks, RUNS).mean;
}

void calls_sample(enum call call, unsigned long *ticks, unsigned int runs)
{
	unsigned int i;

	for (i = 0; i < runs; i++)
		ticks[i] = measure_once(call);
}

/* Converts a sample to instructions, without those of reading the counter. */
static struct figure make_figure(unsigned long *ticks)
{
	double frequency = counter_frequency() ?: HZ_INSTRUCTIONS;
	struct mode mode = most_frequent(ticks, RUNS);

	mode.mean -= counter_cost();
	return (struct figure){
		.instructions = mode.mean * HZ_INSTRUCTIONS / frequency + 0.5,
		.repeats = mode.repeats,
		.runs = RUNS,
	};
}

struct figure calls_measure(enum call call)
{
	static unsigned long ticks[RUNS];

	calls_sample(call, ticks, WARM_UP);
	calls_sample(call, ticks, RUNS);
	return make_figure(ticks);
}

bool calls_counter_is_exact(void)
{
	static unsigned long ticks[RUNS];
	unsigned long start;
	struct figure figure;
	unsigned int i;

	for (i = 0; i < RUNS; i++) {
		shift_begin();
		start = read_counter();
		asm volatile(".rept 1000\n\tnop\n\t.endr" : : : "memory");
		ticks[i] = read_counter() - start;
	}
	figure = make_figure(ticks);
	if (figure.instructions != 1000)
		ktap_note("1000 instructions are counted as %lu",
			  figure.instructions);
	return figure.instructions == 1000;
}
