// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures which limits hold for memory mapped with MAP_STACK, and what it
 * counts as.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define ROOM (256 * MIB)

static void set_limit(int which, size_t bytes)
{
	struct rlimit limit = { bytes, bytes };

	if (setrlimit(which, &limit))
		guest_die("setrlimit");
}

static void count_as(void)
{
	long data = measure_field("/proc/self/status", "VmData:");
	long stack = measure_field("/proc/self/status", "VmStk:");

	measure_stack(NULL, 64 * MIB, PROT_READ | PROT_WRITE, 0);
	measure_number(measure_field("/proc/self/status", "VmData:") - data,
		       "64-MiB.adds-to-VmData.KiB");
	measure_number(measure_field("/proc/self/status", "VmStk:") - stack,
		       "64-MiB.adds-to-VmStk.KiB");
}

static void data_limit(void)
{
	size_t sum = 0;

	set_limit(RLIMIT_DATA, 32 * MIB);
	errno = 0;
	while (sum < 1024 * MIB && mmap(NULL, MIB, PROT_READ | PROT_WRITE,
					MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK,
					-1, 0) != MAP_FAILED)
		sum += MIB;
	measure_number(sum / MIB, "RLIMIT_DATA-32-MiB.mapped.MiB");
	measure_word(measure_error(errno), "RLIMIT_DATA-32-MiB.then");
}

/* Maps memory of this size, and grows it by one page. */
static void stack_limit(unsigned long size)
{
	char *stack;

	set_limit(RLIMIT_STACK, 8 * MIB);
	stack = measure_stack(measure_room(ROOM) + ROOM / 2, size,
			      PROT_READ | PROT_WRITE, 0);
	measure_word(measure_touch(stack - 1),
		     "RLIMIT_STACK-8-MiB.%lu-MiB-grow", size / MIB);
}

static void address_limit(void)
{
	size_t used = measure_field("/proc/self/status", "VmSize:") * KIB;
	const char *near, *far;
	char *stack;

	stack = measure_stack(measure_room(ROOM) + ROOM / 2, MIB,
			      PROT_READ | PROT_WRITE, 0);
	set_limit(RLIMIT_AS, used + 2 * MIB);
	near = measure_touch(stack - MIB / 2);
	far = measure_touch(stack - 4 * MIB);
	measure_word(near, "RLIMIT_AS.grow-within");
	measure_word(far, "RLIMIT_AS.grow-beyond");
}

static void stack_limit_small(void)
{
	stack_limit(MIB);
}

static void stack_limit_equal(void)
{
	stack_limit(8 * MIB);
}

static void stack_limit_large(void)
{
	stack_limit(64 * MIB);
}

int main(void)
{
	void (*const measures[])(void) = {
		count_as,	   data_limit,	      stack_limit_small,
		stack_limit_equal, stack_limit_large, address_limit,
	};

	for (size_t i = 0; i < ARRAY_SIZE(measures); i++)
		if (measure_in_child(measures[i]))
			guest_die("a signal ended a child");
	return 0;
}
