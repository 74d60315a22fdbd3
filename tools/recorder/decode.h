/* SPDX-License-Identifier: GPL-2.0-only */
/* From what the kernel recorded to struct event. */
#ifndef TOOLS_DECODE_H
#define TOOLS_DECODE_H

#include <event-parse.h>

#include "recorder/events.h"

/* Where an event is in tracefs. */
struct event_place {
	const char *system;
	const char *name;
};

extern const struct event_place event_places[NR_EVENT_KINDS];

/**
 * event_decode() - read one record
 * @event: where to; an exec's file is to be freed
 * @format: what libtraceevent knows of the record
 * @record: the record
 *
 * Return: whether it is one of ours and could be read.
 */
bool event_decode(struct event *event, struct tep_event *format,
		  struct tep_record *record);

#endif /* TOOLS_DECODE_H */
