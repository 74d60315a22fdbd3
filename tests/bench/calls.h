/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The calls whose cost is measured, and the counter that measures them.
 *
 * Under QEMU's -icount shift=0 the CPU's own counter advances by one for each
 * instruction, in user space and in the kernel. So a difference of two
 * readings is a number of instructions.
 */
#ifndef TESTS_BENCH_CALLS_H
#define TESTS_BENCH_CALLS_H

enum call {
	CALL_OTHER, /* getppid() */
	CALL_MMAP, /* an ordinary private anonymous mapping */
	CALL_STACK, /* the same with MAP_STACK */
	CALL_GROWABLE, /* the same with MAP_STACK and MAP_GROWSDOWN */
	CALL_GROW, /* a write below that one, which makes it grow */
	CALL_OWN, /* a write below the process's own [stack], likewise */
	NR_CALLS,
};

/* A measurement, in ticks of the counter. */
struct figure {
	unsigned long ticks; /* the most frequent value */
	unsigned int repeats; /* how often it came */
	unsigned int runs;
};

/**
 * calls_read_counter() - read the CPU's counter
 *
 * Return: ticks.
 */
unsigned long calls_read_counter(void);

/**
 * calls_frequency() - ticks of the counter in a second
 *
 * Return: the frequency in Hz, or 0 if the CPU does not tell.
 */
unsigned long calls_frequency(void);

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
 * calls_sample() - measure one call some times, without a warm-up
 * @call: the call
 * @ticks: where to store the ticks, which include reading the counter
 * @runs: how many times
 */
void calls_sample(enum call call, unsigned long *ticks, unsigned int runs);

#endif /* TESTS_BENCH_CALLS_H */
