/* SPDX-License-Identifier: GPL-2.0-only */
/* Rings of perf events, one for each CPU. */
#ifndef TOOLS_PERF_H
#define TOOLS_PERF_H

#include <linux/perf_event.h>

struct perf_rings;

/**
 * perf_open() - sample an event on all CPUs
 * @attr: the event
 * @filter: of a tracepoint; NULL: none
 * @pages: of each ring, a power of two
 *
 * Return: to be closed with perf_close(), or NULL with errno set.
 */
struct perf_rings *perf_open(struct perf_event_attr *attr, const char *filter,
			     unsigned int pages);

/**
 * perf_read() - hand on the records of all rings, in no order
 * @rings: from perf_open()
 * @take: what to do with one; it is gone afterwards
 * @context: for @take
 */
void perf_read(struct perf_rings *rings,
	       void (*take)(const struct perf_event_header *record,
			    void *context),
	       void *context);

/**
 * perf_close() - stop sampling
 * @rings: from perf_open(), or NULL
 */
void perf_close(struct perf_rings *rings);

#endif /* TOOLS_PERF_H */
