/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counters of MAP_STACK requests.
 *
 * Each request adds one to one cell of a table of shapes and outcomes, on the
 * CPU where it runs. `seen`, every outcome and every shape are sums over that
 * table, so the outcomes add up to `seen`, and so do the shapes, despite races.
 */
#ifndef MAPSTACK_COUNTERS_H
#define MAPSTACK_COUNTERS_H

#include <linux/percpu.h>

#include "policy.h"

/* Counters that are not part of that table. */
enum counter {
	COUNTER_OUT_OF_SCOPE,
	COUNTER_GROWN,
	COUNTER_GROWN_PAGES,
	COUNTER_GROW_DENIED,
	NR_COUNTERS,
};

/* What one CPU has counted. Only counters.c and the functions below use it. */
struct counters {
	unsigned long cell[NR_SHAPES][NR_OUTCOMES];
	unsigned long alone[NR_COUNTERS];
};

DECLARE_PER_CPU(struct counters, counted);

/**
 * counters_add() - count one request
 * @shape: its shape
 * @outcome: its outcome
 *
 * Context: any, preemption may be on; takes no lock and does not sleep.
 */
static __always_inline void counters_add(enum shape shape, enum outcome outcome)
{
	/* No array index, because some kernels check it (UBSAN_BOUNDS). */
	this_cpu_inc(*(&counted.cell[0][0] + shape * NR_OUTCOMES + outcome));
}

/**
 * counters_add_out_of_scope() - count a request that is out of scope
 *
 * Context: as counters_add().
 */
static __always_inline void counters_add_out_of_scope(void)
{
	this_cpu_inc(counted.alone[COUNTER_OUT_OF_SCOPE]);
}

/**
 * counters_grown() - count an expansion
 * @pages: by how many pages the mapping grew
 *
 * Context: as counters_add().
 */
void counters_grown(unsigned long pages);

/**
 * counters_grow_denied() - count an expansion that the kernel refused
 *
 * Context: as counters_add().
 */
void counters_grow_denied(void);

/**
 * counters_seen() - requests counted since the last reset
 *
 * Context: process; may sleep.
 * Return: the number of requests.
 */
unsigned long counters_seen(void);

/**
 * counters_shape() - requests of one shape since the last reset
 * @shape: the shape
 *
 * Context: process; may sleep.
 * Return: the number of requests.
 */
unsigned long counters_shape(enum shape shape);

/**
 * counters_outcome() - requests with one outcome since the last reset
 * @outcome: the outcome
 *
 * Context: process; may sleep.
 * Return: the number of requests.
 */
unsigned long counters_outcome(enum outcome outcome);

/**
 * counters_read() - one of the counters that are not part of the table
 * @counter: the counter
 *
 * Context: process; may sleep.
 * Return: its value since the last reset.
 */
unsigned long counters_read(enum counter counter);

/**
 * counters_reset() - make every counter read 0
 *
 * A request during the reset is counted before it or after it, and is not lost.
 *
 * Context: process; may sleep.
 */
void counters_reset(void);

#endif /* MAPSTACK_COUNTERS_H */
