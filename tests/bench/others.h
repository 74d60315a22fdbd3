/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Measures the cost of other ways to make MAP_STACK requests growable: the modules
 * of tests/bench/modules, and the tracers of ways.h.
 */
#ifndef TESTS_BENCH_OTHERS_H
#define TESTS_BENCH_OTHERS_H

#define OTHERS_TESTS 8

/**
 * others_test() - take the figures of every way, and report OTHERS_TESTS results
 *
 * Each way must work while its figures are taken.
 */
void others_test(void);

#endif /* TESTS_BENCH_OTHERS_H */
