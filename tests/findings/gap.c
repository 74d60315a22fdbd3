// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures how near a stack grows to its neighbour below, for each kind of
 * neighbour.
 *
 * The neighbour is 1,024 pages below, and the stack is touched a page lower at a
 * time. Before that the program measures the distance at which the kernel puts two
 * stacks. With the argument "legacy" it measures only that, in the layout of
 * setarch -L and ulimit -s unlimited.
 */

#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define SIZE (64 * KIB)
#define ROOM (256 * MIB)
#define APART_PAGES 1024
#define LIMIT (128 * MIB)

struct neighbour {
	const char *name;
	int prot, flags;
};

static const struct neighbour neighbours[] = {
	{ "read-write", PROT_READ | PROT_WRITE, 0 },
	{ "prot-none", PROT_NONE, 0 },
	{ "stack", PROT_READ | PROT_WRITE, MAP_STACK },
};

static void measure(const struct neighbour *below)
{
	size_t page = sysconf(_SC_PAGESIZE), apart = APART_PAGES * page;
	char *low, *low_end, *stack, *at;

	low = mmap(measure_room(ROOM) + ROOM / 2, SIZE, below->prot,
		   MAP_PRIVATE | MAP_ANONYMOUS | below->flags, -1, 0);
	if (low == MAP_FAILED)
		guest_die("mmap");
	low_end = low + SIZE;
	stack = measure_stack(low_end + apart, SIZE, PROT_READ | PROT_WRITE, 0);
	if (stack != low_end + apart)
		guest_die("the stack is not where it was asked for");
	for (at = stack; at > low_end; at -= page)
		if (strcmp(measure_touch(at - page), "done"))
			break;
	measure_number((at - low_end) / KIB, "%s.distance-left.KiB",
		       below->name);
	/* An overflow of the stack would reach this mapping. */
	measure_word(measure_touch(low_end - 1), "%s.write-to-its-top",
		     below->name);
}

static void measure_placing(const char *layout)
{
	char *a = measure_stack(NULL, SIZE, PROT_READ | PROT_WRITE, 0);
	char *b = measure_stack(NULL, SIZE, PROT_READ | PROT_WRITE, 0);

	measure_number((labs(a - b) - SIZE) / KIB, "%s.distance.KiB", layout);
}

int main(int argc, char **argv)
{
	struct rlimit limit = { LIMIT, LIMIT };

	if (argc > 1) {
		if (!(personality(0xffffffff) & ADDR_COMPAT_LAYOUT)) {
			personality(ADDR_COMPAT_LAYOUT);
			execv("/proc/self/exe", argv);
			guest_die("exec");
		}
		measure_placing("legacy");
		return 0;
	}
	measure_placing("usual");
	/* Otherwise the limit would stop the growth, not the neighbour. */
	if (setrlimit(RLIMIT_STACK, &limit))
		guest_die("setrlimit");
	for (size_t i = 0; i < ARRAY_SIZE(neighbours); i++)
		measure(&neighbours[i]);
	return 0;
}
