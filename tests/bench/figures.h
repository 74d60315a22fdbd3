/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Figures: a call measured in a setting, printed as the line
 * "# cost,WAY,POLICY,SCOPE,TRACED,CALL,TICKS,REPEATS,RUNS", and compared with
 * the same call when nothing was loaded.
 */
#ifndef TESTS_BENCH_FIGURES_H
#define TESTS_BENCH_FIGURES_H

#include <stdbool.h>

#include "calls.h"

/* The settings in force while a figure is taken; NULL is none. */
struct setting {
	const char *way, *policy, *scope;
	int traced; /* by whom it is recorded: an enum of cost.c */
};

/**
 * figure_take() - measure a call and print its figure
 * @setting: what is in force
 * @call: which
 *
 * Return: ticks.
 */
unsigned long figure_take(const struct setting *setting, enum call call);

/**
 * figure_take_bare() - measure every call with nothing loaded
 */
void figure_take_bare(void);

/**
 * figure_costs() - measure a call and compare it
 * @setting: what is in force
 * @call: which
 * @like: the call of figure_take_bare() for which the kernel does the same
 * @limit: how many ticks more are allowed; fewer never are
 *
 * Return: whether it is so. Prints a note if not.
 */
bool figure_costs(const struct setting *setting, enum call call, enum call like,
		  unsigned long limit);

/**
 * figures_repeat() - whether every figure so far came in a tenth of its runs
 */
bool figures_repeat(void);

#endif /* TESTS_BENCH_FIGURES_H */
