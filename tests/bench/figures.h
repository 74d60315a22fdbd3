/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Figures: a call measured in a setting, printed as the line
 * "# cost,WAY,POLICY,SCOPE,TRACED,CALL,INSTRUCTIONS,REPEATS,RUNS", and compared with
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
 * @setting: the settings in force
 * @call: the call
 *
 * Return: instructions.
 */
unsigned long figure_take(const struct setting *setting, enum call call);

/**
 * figure_take_bare() - measure every call with nothing loaded
 */
void figure_take_bare(void);

/**
 * figure_costs() - measure a call and compare it
 * @setting: the settings in force
 * @call: the call
 * @like: the call of figure_take_bare() for which the kernel does the same
 * @limit: how many instructions may be added; the result may not be lower
 *
 * Return: whether the figure is within the limit. Prints a note if not.
 */
bool figure_costs(const struct setting *setting, enum call call, enum call like,
		  unsigned long limit);

/**
 * figures_repeat() - whether a tenth of the runs of every figure gave its value
 */
bool figures_repeat(void);

#endif /* TESTS_BENCH_FIGURES_H */
