/* SPDX-License-Identifier: GPL-2.0-only */
/* How long it takes to switch the hook. */
#ifndef TESTS_BENCH_SWITCHING_H
#define TESTS_BENCH_SWITCHING_H

/**
 * switching_now() - the monotonic clock
 *
 * Return: milliseconds.
 */
double switching_now(void);

/**
 * switching_take() - measure one write to `enabled`
 * @text: what to write
 *
 * Waits before it switches, as a person would: RCU's grace periods for tasks are
 * at least 100 ms apart. Ends the program if the write fails.
 *
 * Return: milliseconds.
 */
double switching_take(const char *text);

/**
 * switching_median() - the median of some times
 * @times: the times, which become sorted
 * @n: how many
 */
double switching_median(double *times, unsigned int n);

#endif /* TESTS_BENCH_SWITCHING_H */
