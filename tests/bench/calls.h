/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls whose cost is measured, and the counter that measures them.
 *
 * Under QEMU's -icount shift=0 time advances by a nanosecond for each
 * instruction, in user space and in the kernel. So a difference of two readings
 * of the CPU's own counter is a number of instructions, or becomes one by the
 * counter's frequency.
 */
#ifndef TESTS_BENCH_CALLS_H
#define TESTS_BENCH_CALLS_H

#include <stdbool.h>

#include "../guest/guest.h"

enum call {
	CALL_OTHER, /* getppid() */
	CALL_MMAP, /* an ordinary private anonymous mapping */
	CALL_STACK, /* the same with MAP_STACK */
	CALL_GROWABLE, /* the same with MAP_STACK and MAP_GROWSDOWN */
	CALL_GROW, /* a write below that one, which makes it grow */
	CALL_OWN, /* a write below the process's own [stack], likewise */
	NR_CALLS,
};

/* Where stacks grow up, no call makes a mapping that grows. */
#define CALLS_HERE (STACKS_GROW_UP ? CALL_GROWABLE : NR_CALLS)

/* A measurement. */
struct figure {
	/*
	 * The most frequent value. Where ticks are not whole instructions, the mean
	 * of two values that are one tick apart, rounded.
	 */
	unsigned long instructions;
	unsigned int repeats; /* how often it came */
	unsigned int runs;
};

/**
 * calls_prepare() - make the kernel run the counter for this program
 *
 * For a guest: it changes a sysctl on riscv64. Ends the program if that fails.
 */
void calls_prepare(void);

/**
 * calls_read_counter() - read the CPU's counter
 *
 * Return: ticks.
 */
unsigned long calls_read_counter(void);

/**
 * calls_name() - the name of a call in the results
 * @call: the call
 */
const char *calls_name(enum call call);

/**
 * calls_measure() - measure one call many times, after a warm-up
 * @call: the call
 *
 * Subtracts the cost of reading the counter. Mappings are unmapped afterwards,
 * which is not measured. Ends the program if a call fails.
 *
 * Return: the figure.
 */
struct figure calls_measure(enum call call);

/**
 * calls_counter_is_exact() - whether 1000 instructions are measured as 1000
 *
 * Measures as calls_measure() does. Prints a note if not.
 */
bool calls_counter_is_exact(void);

/**
 * calls_sample() - measure one call some times, without a warm-up
 * @call: the call
 * @ticks: where to store the ticks, which include reading the counter
 * @runs: how many times
 */
void calls_sample(enum call call, unsigned long *ticks, unsigned int runs);

/**
 * calls_compare() - compare two numbers of ticks, for qsort(3)
 * @left: points to one
 * @right: points to the other
 */
int calls_compare(const void *left, const void *right);

#endif /* TESTS_BENCH_CALLS_H */
