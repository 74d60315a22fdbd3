// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures the cost of mmap() beside many stacks, by the length of the request.
 *
 * A program that is linked with shared libraries has holes above its stacks, for
 * example where the dynamic loader had mapped its cache. With "filled" they are
 * filled first. With "apart" the stacks are ordinary mappings, as far from each other
 * as stacks are: no search looks at a gap in vain then. Instructions are counted as in
 * search.c.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

/*
 * Instructions are exact, but the first attempt warms caches of the kernel, and an
 * interrupt may fall into another.
 */
#define ATTEMPTS_INSTRUCTIONS 4
#define ATTEMPTS_TIME 7

static const long counts[] = { 0, 100, 1000, 10000 };
static size_t page;
static bool instructions;

static unsigned long cost_of_mmap(size_t size, int flags)
{
	int attempts = instructions ? ATTEMPTS_INSTRUCTIONS : ATTEMPTS_TIME;
	unsigned long best = ULONG_MAX, before, cost;
	void *addr;
	int i;

	for (i = 0; i < attempts; i++) {
		before = measure_now(instructions);
		/* PROT_READ, so that it cannot be merged with its neighbour. */
		addr = mmap(NULL, size, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
		cost = measure_now(instructions) - before;
		if (addr == MAP_FAILED)
			guest_die("mmap");
		munmap(addr, size);
		if (cost < best)
			best = cost;
	}
	return best;
}

/* Maps one more of up to max mappings that cannot grow, below the last. */
static int map_apart(long n, long max)
{
	size_t size = 64 * KIB, step = size + MEASURE_GAP_PAGES * page;
	static char *top;
	char *at;

	if (!n)
		top = measure_room(max * step) + max * step;
	at = top - n * step - size;
	at = mmap(at, size, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	return at == MAP_FAILED ? errno : 0;
}

static void measure_beside(long n, const char *holes)
{
	const char *unit = instructions ? "instructions" : "ns";
	size_t gap = MEASURE_GAP_PAGES * page;
	const size_t sizes[] = { page, 64 * KIB,   256 * KIB, gap - page,
				 gap,  gap + page, 2 * MIB,   8 * MIB };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		measure_number(cost_of_mmap(sizes[i], 0),
			       "%s.%ld-stacks.%zu-KiB.%s", holes, n,
			       sizes[i] / KIB, unit);
	/* The mapping of a thread with the default size and a guard page. */
	measure_number(cost_of_mmap(8 * MIB + page, MAP_STACK),
		       "%s.%ld-stacks.default-thread-stack.%s", holes, n, unit);
}

int main(int argc, char **argv)
{
	long max, n = 0;
	bool apart;
	size_t i;

	if (argc != 4)
		guest_die("sizes instructions|time free|filled|apart MAX");
	instructions = !strcmp(argv[1], "instructions");
	if (instructions)
		measure_alone();
	page = sysconf(_SC_PAGESIZE);
	max = atol(argv[3]);
	apart = !strcmp(argv[2], "apart");
	if (!strcmp(argv[2], "filled"))
		measure_number(measure_fill_holes(), "filled.pages");
	for (i = 0; i < ARRAY_SIZE(counts) && counts[i] <= max; i++) {
		for (; n < counts[i]; n++)
			if (apart ? map_apart(n, max) : measure_many_stacks(n))
				guest_die("cannot map stack %ld", n);
		measure_beside(n, argv[2]);
	}
	return 0;
}
