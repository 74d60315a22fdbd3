// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures how much memory is charged when a mapping without accounting grows,
 * and how much of it is given back when the process ends.
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define SIZE (64 * KIB)
#define ROOM (64 * MIB)
#define GROWTH (4 * MIB)
#define PROCESSES 20
#define OVERCOMMIT "/proc/sys/vm/overcommit_memory"
#define LIMIT "/proc/sys/vm/overcommit_kbytes"
#define LEFT_TO_COMMIT (512 * MIB)

struct kind {
	const char *name;
	int prot, flags;
};

static const struct kind kinds[] = {
	{ "accounted", PROT_READ | PROT_WRITE, 0 },
	{ "noreserve", PROT_READ | PROT_WRITE, MAP_NORESERVE },
	/* As glibc maps a stack, before it opens all but the guard. */
	{ "prot-none", PROT_NONE, 0 },
};

/* What the next child maps. */
static const struct kind *kind;
static int more_flags;

static void grow(void)
{
	char *stack = measure_stack(measure_room(ROOM) + ROOM / 2, SIZE,
				    kind->prot, kind->flags | more_flags);

	/* A PROT_NONE mapping grows, and then the write is SIGSEGV. */
	measure_touch(stack - GROWTH);
}

static long committed(void)
{
	return measure_field("/proc/meminfo", "Committed_AS:");
}

static void measure(const char *how, int flags)
{
	long before = committed();
	int i;

	more_flags = flags;
	for (i = 0; i < PROCESSES; i++)
		if (measure_in_child(grow))
			guest_die("a signal ended a child");
	measure_number((committed() - before) / PROCESSES,
		       "%s.%s.left-after-exit.KiB", how, kind->name);
}

/* Strict accounting, 512 MiB that can still be committed, and the leak. */
static void measure_exhaustion(void)
{
	char limit[32];
	void *addr;
	int runs;

	snprintf(limit, sizeof(limit), "%lu",
		 committed() + LEFT_TO_COMMIT / KIB);
	guest_write(LIMIT, limit);
	guest_write(OVERCOMMIT, "2");
	kind = &kinds[2];
	for (runs = 0; runs < 1000; runs++) {
		addr = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (addr == MAP_FAILED)
			break;
		munmap(addr, 64 * MIB);
		/* Memory may be too short for a child. The end is the mmap() above. */
		if (!fork()) {
			grow();
			_exit(0);
		}
		wait(NULL);
	}
	guest_write(OVERCOMMIT, "0");
	guest_write(LIMIT, "0");
	measure_number(runs, "exhaust.processes");
	measure_word(addr == MAP_FAILED ? "ENOMEM" : "works",
		     "exhaust.then-mmap-of-64-MiB");
}

int main(int argc, char **argv)
{
	size_t i;

	if (argc > 1 && !strcmp(argv[1], "exhaust")) {
		measure_exhaustion();
		return 0;
	}
	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		kind = &kinds[i];
		measure("stack", 0);
		measure("stack-growsdown", MAP_GROWSDOWN);
	}
	return 0;
}
