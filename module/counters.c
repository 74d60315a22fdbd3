// SPDX-License-Identifier: GPL-2.0-only
/* Counters of MAP_STACK requests. See counters.h. */

#include <linux/cpumask.h>
#include <linux/mutex.h>
#include <linux/percpu.h>

#include "counters.h"

DEFINE_PER_CPU(struct counters, counted);

/*
 * What the cells held at the last reset. Zeroing the cell of another CPU would
 * race with its increment, so a reset moves this base, and readers subtract it.
 * counters_lock keeps a reader from seeing half of a reset.
 */
static struct counters counters_base;
static DEFINE_MUTEX(counters_lock);

void counters_grown(unsigned long pages)
{
	this_cpu_inc(counted.alone[COUNTER_GROWN]);
	this_cpu_add(counted.alone[COUNTER_GROWN_PAGES], pages);
}

void counters_grow_denied(void)
{
	this_cpu_inc(counted.alone[COUNTER_GROW_DENIED]);
}

/* Over all possible CPUs, so that an offline CPU's counts are not lost. */
static unsigned long sum_cell(enum shape shape, enum outcome outcome)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(counted.cell[shape][outcome], cpu));
	return sum;
}

static unsigned long sum_alone(enum counter counter)
{
	unsigned long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu(counted.alone[counter], cpu));
	return sum;
}

static unsigned long read_cell(enum shape shape, enum outcome outcome)
{
	lockdep_assert_held(&counters_lock);
	return sum_cell(shape, outcome) - counters_base.cell[shape][outcome];
}

unsigned long counters_shape(enum shape shape)
{
	unsigned long sum = 0;
	int outcome;

	mutex_lock(&counters_lock);
	for (outcome = 0; outcome < NR_OUTCOMES; outcome++)
		sum += read_cell(shape, outcome);
	mutex_unlock(&counters_lock);
	return sum;
}

unsigned long counters_outcome(enum outcome outcome)
{
	unsigned long sum = 0;
	int shape;

	mutex_lock(&counters_lock);
	for (shape = 0; shape < NR_SHAPES; shape++)
		sum += read_cell(shape, outcome);
	mutex_unlock(&counters_lock);
	return sum;
}

unsigned long counters_seen(void)
{
	unsigned long sum = 0;
	int shape, outcome;

	mutex_lock(&counters_lock);
	for (shape = 0; shape < NR_SHAPES; shape++)
		for (outcome = 0; outcome < NR_OUTCOMES; outcome++)
			sum += read_cell(shape, outcome);
	mutex_unlock(&counters_lock);
	return sum;
}

unsigned long counters_read(enum counter counter)
{
	unsigned long sum;

	mutex_lock(&counters_lock);
	sum = sum_alone(counter) - counters_base.alone[counter];
	mutex_unlock(&counters_lock);
	return sum;
}

void counters_reset(void)
{
	int shape, outcome, counter;

	mutex_lock(&counters_lock);
	for (shape = 0; shape < NR_SHAPES; shape++)
		for (outcome = 0; outcome < NR_OUTCOMES; outcome++)
			counters_base.cell[shape][outcome] =
				sum_cell(shape, outcome);
	for (counter = 0; counter < NR_COUNTERS; counter++)
		counters_base.alone[counter] = sum_alone(counter);
	mutex_unlock(&counters_lock);
}
