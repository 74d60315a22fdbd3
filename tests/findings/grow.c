// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures the purpose of the proposal: a stack that is too small.
 *
 * Maps 64 KiB with MAP_STACK and nothing near it, and touches memory beyond it, in
 * the direction in which stacks grow.
 */

#define _GNU_SOURCE
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define SIZE (64 * KIB)
#define ROOM (64 * MIB)
#define STACK_LIMIT (8 * MIB)

#ifdef __hppa__
static const char grow_flag[] = "ar";

static char *beyond(char *stack, size_t bytes)
{
	return stack + SIZE - 1 + bytes;
}
#else
static const char grow_flag[] = "gd";

static char *beyond(char *stack, size_t bytes)
{
	return stack - bytes;
}
#endif

static void measure(const char *how, int flags)
{
	size_t page = sysconf(_SC_PAGESIZE), far;
	struct mapping mapping;
	const char *outcome;
	char *stack;

	stack = measure_stack(measure_room(ROOM) + ROOM / 2, SIZE,
			      PROT_READ | PROT_WRITE, flags);
	guest_mapping(stack, &mapping);
	measure_word(guest_has_vmflag(&mapping, grow_flag) ? "yes" : "no",
		     "%s.growable", how);
	measure_word(measure_touch(beyond(stack, 1)), "%s.next-page", how);
	measure_word(measure_touch(beyond(stack, MIB)), "%s.1-MiB-beyond", how);
	for (far = MIB; far < ROOM / 2; far += page) {
		outcome = measure_touch(beyond(stack, far));
		if (strcmp(outcome, "done"))
			break;
	}
	measure_number(measure_size(stack) / KIB, "%s.size-at-the-end.KiB",
		       how);
}

int main(void)
{
	struct rlimit limit = { STACK_LIMIT, STACK_LIMIT };

	if (setrlimit(RLIMIT_STACK, &limit))
		guest_die("setrlimit");
	measure("stack", 0);
	measure("stack-growsdown", MAP_GROWSDOWN);
	return 0;
}
