/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * When things happened: what had been counted by a moment, and by the next. A
 * recording of a second or of a month has at most MAX_MOMENTS of them: when they are
 * full every other one goes, and the time between them doubles.
 */
#ifndef TOOLS_TIMELINE_H
#define TOOLS_TIMELINE_H

#include <jansson.h>
#include <stdbool.h>

#include "machine/settings.h"

#define MAX_MOMENTS 128

struct moment {
	long long ms; /* since the beginning */
	long long seen, refused, grown, denied; /* until then; -1: unknown */
};

struct timeline {
	struct moment moment[MAX_MOMENTS];
	int count;
	long long period; /* ms; 0: as at the beginning */
};

/**
 * timeline_wants() - whether it is time for a moment
 * @timeline: zeroed at first
 * @ms: since the beginning
 */
bool timeline_wants(const struct timeline *timeline, long long ms);

/**
 * timeline_note() - note a moment
 * @timeline: zeroed at first
 * @ms: since the beginning; not before an earlier one
 * @counted: until then
 */
void timeline_note(struct timeline *timeline, long long ms,
		   const struct counter_values *counted);

/**
 * timeline_json() - what was noted
 * @timeline: which
 *
 * Return: a new array, as schema.json has it.
 */
json_t *timeline_json(const struct timeline *timeline);

#endif /* TOOLS_TIMELINE_H */
