/* SPDX-License-Identifier: GPL-2.0-only */
/* The laws of the counters: outcomes add up to seen, and shapes do. */
#ifndef TESTS_GUEST_LAWS_H
#define TESTS_GUEST_LAWS_H

#include <stdbool.h>
#include <stddef.h>

#define NR_OUTCOMES 5
#define NR_SHAPES 5

/* Names below counters/. */
extern const char *const laws_outcomes[NR_OUTCOMES];
extern const char *const laws_shapes[NR_SHAPES];

/**
 * laws_sum() - add up counters
 * @names: their names below counters/
 * @n: how many
 *
 * Return: the sum. Ends the program if one cannot be read.
 */
unsigned long laws_sum(const char *const *names, size_t n);

/**
 * laws_hold() - whether the laws hold while requests are made
 *
 * For both groups of counters, reads seen, then the group, then seen again:
 * each sum must be at least the one before. No counter may be reset meanwhile.
 * Prints a note if a law is broken.
 */
bool laws_hold(void);

#endif /* TESTS_GUEST_LAWS_H */
