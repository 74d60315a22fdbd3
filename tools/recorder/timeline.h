/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records the counters over time: each moment has their values. A recording of a
 * second or of a month has at most MAX_MOMENTS moments. If there are more, every
 * other one is removed, and the time between them doubles.
 */
#ifndef TOOLS_TIMELINE_H
#define TOOLS_TIMELINE_H

#include <jansson.h>
#include <stdbool.h>

#include "machine/settings.h"

#define MAX_MOMENTS 128

struct moment {
	long long ms; /* since the beginning */
	long long seen, refused, grown, denied; /* by then; -1: unknown */
};

struct timeline {
	struct moment moment[MAX_MOMENTS];
	int count;
	long long period; /* ms; 0: the shortest */
};

/**
 * timeline_wants() - whether it is time for the next moment
 * @timeline: zeroed at first
 * @ms: since the beginning
 */
bool timeline_wants(const struct timeline *timeline, long long ms);

/**
 * timeline_note() - note a moment
 * @timeline: zeroed at first
 * @ms: since the beginning; not before an earlier moment
 * @counted: what was counted by then
 */
void timeline_note(struct timeline *timeline, long long ms,
		   const struct counter_values *counted);

/**
 * timeline_json() - make JSON of all moments
 * @timeline: the time line
 *
 * Return: a new array, as schema.json has it.
 */
json_t *timeline_json(const struct timeline *timeline);

#endif /* TOOLS_TIMELINE_H */
