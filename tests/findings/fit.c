// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts how many stacks fit into an address space. Built for 32-bit x86 too.
 * With the argument 3g it runs in 3 GiB, as on a 32-bit kernel.
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

static size_t size;
static int space;

/* The kernel searches down from the first stack, and then up from below it. */
static void count_stacks(void)
{
	char *first = NULL, *addr;
	long n = 0, above = 0;

	for (;;) {
		addr = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK |
				    MAP_NORESERVE,
			    -1, 0);
		if (addr == MAP_FAILED)
			break;
		if (!first)
			first = addr;
		above += addr > first;
		n++;
	}
	measure_number(n, "%d-GiB.%lu-KiB-stacks", space, size / KIB);
	measure_number(above, "%d-GiB.%lu-KiB.above-the-first", space,
		       size / KIB);
}

int main(int argc, char **argv)
{
	static const size_t sizes[] = { 64 * KIB, 256 * KIB, MIB, 8 * MIB };
	size_t i;

	if (argc > 1 && !strcmp(argv[1], "3g")) {
		/* Takes effect at the next exec. */
		personality(ADDR_LIMIT_3GB);
		execl("/proc/self/exe", argv[0], (char *)NULL);
		guest_die("exec");
	}
	space = personality(0xffffffff) & ADDR_LIMIT_3GB ? 3 : 4;
	for (i = 0; i < ARRAY_SIZE(sizes); i++) {
		size = sizes[i];
		if (measure_in_child(count_stacks))
			guest_die("a signal ended a child");
	}
	return 0;
}
