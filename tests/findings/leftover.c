// SPDX-License-Identifier: GPL-2.0-only
/* Measures what stays after munmap() of the range that mmap() returned. */

#define _GNU_SOURCE
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define SIZE (64 * KIB)
#define ROOM (64 * MIB)
#define GROWTH MIB
#define STACKS 100

static void measure_one(void)
{
	char *stack = measure_stack(measure_room(ROOM) + ROOM / 2, SIZE,
				    PROT_READ | PROT_WRITE, 0);

	measure_word(measure_touch(stack - GROWTH), "one.grow-1-MiB");
	if (munmap(stack, SIZE))
		guest_die("munmap");
	measure_number(measure_size(stack) / KIB, "one.at-its-range.KiB");
	measure_number(measure_size(stack - SIZE) / KIB, "one.below-it.KiB");
}

/*
 * A program that makes and drops stacks. Each is grown by a few pages, and each is
 * larger than the last by a step.
 */
static void measure_many(const char *sizes, size_t step)
{
	long page = sysconf(_SC_PAGESIZE);
	long size = measure_field("/proc/self/status", "VmSize:");
	/* VmRSS lacks counts that CPUs or threads have not added yet. */
	long rss = measure_field("/proc/self/smaps_rollup", "Rss:");
	long lines = measure_lines();
	int i;

	for (i = 0; i < STACKS; i++) {
		size_t size = SIZE + i * step;
		char *stack =
			measure_stack(NULL, size, PROT_READ | PROT_WRITE, 0);

		measure_touch(stack - 16 * page);
		munmap(stack, size);
	}
	measure_number(measure_lines() - lines, "%d-%s.mappings-left", STACKS,
		       sizes);
	measure_number(measure_field("/proc/self/status", "VmSize:") - size,
		       "%d-%s.VmSize-left.KiB", STACKS, sizes);
	measure_number(measure_field("/proc/self/smaps_rollup", "Rss:") - rss,
		       "%d-%s.Rss-left.KiB", STACKS, sizes);
}

int main(void)
{
	measure_one();
	measure_many("equal", 0);
	measure_many("growing", sysconf(_SC_PAGESIZE));
	return 0;
}
