/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Measures the cost of making MAP_STACK requests growable by the other ways:
 * the modules of tests/bench/modules, and the tracers of ways.h.
 */
#ifndef TESTS_BENCH_OTHERS_H
#define TESTS_BENCH_OTHERS_H

#define OTHERS_TESTS 8

/**
 * others_test() - take the figures of every way, and report OTHERS_TESTS results
 *
 * Each way has to work while its figures are taken.
 */
void others_test(void);

#endif /* TESTS_BENCH_OTHERS_H */
