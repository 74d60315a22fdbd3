// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures the cost of mmap() beside many stacks.
 *
 * In a guest that QEMU runs with -icount shift=0, the time stamp counter counts
 * instructions; the argument "instructions" says so. Otherwise the clock is read.
 * Each figure is the smallest of several attempts.
 */

#define _GNU_SOURCE
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define ATTEMPTS 7

static const long samples[] = { 0,    100,  200,  500,	1000,
				2000, 3000, 5000, 7000, 10000 };
static bool instructions;

/* PROT_READ, so that the mapping cannot be merged with its neighbour. */
static unsigned long cost_of_mmap(int flags)
{
	size_t page = sysconf(_SC_PAGESIZE);
	unsigned long best = ULONG_MAX, before, cost;
	void *addr;
	int i;

	for (i = 0; i < ATTEMPTS; i++) {
		before = measure_now(instructions);
		addr = mmap(NULL, page, PROT_READ,
			    MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);
		cost = measure_now(instructions) - before;
		if (addr == MAP_FAILED)
			guest_die("mmap");
		munmap(addr, page);
		if (cost < best)
			best = cost;
	}
	return best;
}

int main(int argc, char **argv)
{
	const char *unit;
	long max, n = 0;
	size_t i;

	if (argc != 4)
		guest_die("usage: search instructions|time up|down MAX");
	instructions = !strcmp(argv[1], "instructions");
	unit = instructions ? "instructions" : "ns";
	max = atol(argv[3]);
	/* The legacy layout, of setarch -L, searches upwards. */
	if (!strcmp(argv[2], "up") &&
	    !(personality(0xffffffff) & ADDR_COMPAT_LAYOUT)) {
		personality(personality(0xffffffff) | ADDR_COMPAT_LAYOUT);
		execv("/proc/self/exe", argv);
		guest_die("exec");
	}
	if (instructions)
		measure_alone();
	for (i = 0; i < ARRAY_SIZE(samples) && samples[i] <= max; i++) {
		for (; n < samples[i]; n++)
			if (measure_many_stacks(n))
				guest_die("cannot map stack %ld", n);
		measure_number(cost_of_mmap(0), "%s.mmap-beside-%ld.%s",
			       argv[2], n, unit);
		measure_number(cost_of_mmap(MAP_STACK),
			       "%s.stack-beside-%ld.%s", argv[2], n, unit);
	}
	return 0;
}
