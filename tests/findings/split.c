// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures how near stacks that grow come to each other, and whether a stack that
 * was cut in two grows together again. All are mapped with MAP_GROWSDOWN.
 */

#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define SIZE (64 * KIB)
#define LONGER (256 * KIB)
#define ROOM (64 * MIB)
#define STACK_LIMIT (8 * MIB)
#define MOST (2 * MIB)
/* The first stacks may fill holes; the last of these lie below all mappings. */
#define STACKS 40

static char *map(char *at, size_t size)
{
	return measure_stack(at, size, PROT_READ | PROT_WRITE, MAP_GROWSDOWN);
}

/* Returns by how many KiB a stack grows: to a mapping, a fault, or MOST. */
static long grow(char *stack)
{
	long page = sysconf(_SC_PAGESIZE), pages = 0;

	while ((unsigned long)(pages * page) < MOST &&
	       !measure_size(stack - (pages + 1) * page) &&
	       !strcmp(measure_touch(stack - (pages + 1) * page), "done"))
		pages++;
	return pages * page / KIB;
}

static void measure_neighbours(char *upper, char *lower, const char *how)
{
	measure_number((upper - lower - SIZE) / KIB, "%s.KiB-between", how);
	measure_number(grow(upper), "%s.grows.KiB", how);
}

/* Unmaps a part from the middle of a stack, and lets the upper part grow. */
static void measure_cut(void)
{
	char *stack = map(measure_room(ROOM) + ROOM / 2, LONGER);

	if (munmap(stack + SIZE, SIZE))
		guest_die("munmap");
	measure_number(grow(stack + 2 * SIZE), "cut.64-KiB.grows-again.KiB");
}

/* Another protection makes three mappings of a stack, all of which can grow. */
static void measure_protected(void)
{
	char *stack = map(measure_room(ROOM) + ROOM / 2, SIZE);

	if (mprotect(stack + SIZE / 2, SIZE / 4, PROT_READ))
		guest_die("mprotect");
	measure_number(grow(stack), "protected.lowest-part-grows.KiB");
}

static void measure_placed(void)
{
	char *stacks[STACKS];
	int i;

	for (i = 0; i < STACKS; i++)
		stacks[i] = map(NULL, SIZE);
	measure_neighbours(stacks[STACKS - 2], stacks[STACKS - 1], "placed");
	/* A longer one takes the place of one that ended. */
	if (munmap(stacks[STACKS - 4], SIZE))
		guest_die("munmap");
	stacks[STACKS - 4] = map(NULL, LONGER);
	measure_neighbours(stacks[STACKS - 4], stacks[STACKS - 3], "reused");
}

int main(void)
{
	struct rlimit limit = { STACK_LIMIT, STACK_LIMIT };

	if (setrlimit(RLIMIT_STACK, &limit))
		guest_die("setrlimit");
	measure_cut();
	measure_protected();
	measure_placed();
	return 0;
}
