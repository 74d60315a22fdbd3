// SPDX-License-Identifier: GPL-2.0-only
/* Records the counters over time. See timeline.h. */

#include "recorder/timeline.h"

#define FIRST_PERIOD_MS 100

static long long period_of(const struct timeline *timeline)
{
	return timeline->period ?: FIRST_PERIOD_MS;
}

bool timeline_wants(const struct timeline *timeline, long long ms)
{
	long long last = 0;

	if (timeline->count)
		last = timeline->moment[timeline->count - 1].ms;
	return ms - last >= period_of(timeline);
}

/* Removes every other moment. The last one stays. */
static void thin_out(struct timeline *timeline)
{
	int from, to = 0;

	for (from = 1; from < timeline->count; from += 2)
		timeline->moment[to++] = timeline->moment[from];
	timeline->count = to;
	timeline->period = 2 * period_of(timeline);
}

void timeline_note(struct timeline *timeline, long long ms,
		   const struct counter_values *counted)
{
	if (timeline->count == MAX_MOMENTS)
		thin_out(timeline);
	timeline->moment[timeline->count++] = (struct moment){
		.ms = ms,
		.seen = counted->value[C_SEEN],
		.refused = counted->value[C_REFUSED],
		.grown = counted->value[C_GROWN],
		.denied = counted->value[C_GROW_DENIED],
	};
}

static json_t *number_json(long long value)
{
	return value < 0 ? json_null() : json_integer(value);
}

json_t *timeline_json(const struct timeline *timeline)
{
	json_t *array = json_array(), *json;
	const struct moment *moment;
	int i;

	for (i = 0; i < timeline->count; i++) {
		moment = &timeline->moment[i];
		json = json_pack("[o,o,o,o,o]", number_json(moment->ms),
				 number_json(moment->seen),
				 number_json(moment->refused),
				 number_json(moment->grown),
				 number_json(moment->denied));
		json_array_append_new(array, json);
	}
	return array;
}
