// SPDX-License-Identifier: GPL-2.0-only
/* From records to events. See decode.h. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recorder/decode.h"
#include "machine/files.h"

const struct event_place event_places[NR_EVENT_KINDS] = {
	[EVENT_MMAP] = { "mapstack", "mapstack_mmap" },
	[EVENT_GROW] = { "mapstack", "mapstack_grow" },
	[EVENT_TASK] = { "task", "task_newtask" },
	[EVENT_EXEC] = { "sched", "sched_process_exec" },
	[EVENT_EXIT] = { "sched", "sched_process_exit" },
};

/* A record and whether every field that was asked for was there. */
struct source {
	struct tep_event *format;
	struct tep_record *record;
	bool complete;
};

static uint64_t number(struct source *source, const char *name)
{
	unsigned long long value = 0;

	if (tep_get_field_val(NULL, source->format, name, source->record,
			      &value, 0))
		source->complete = false;
	return value;
}

static char *string(struct source *source, const char *name)
{
	char *text;
	int len;

	text = tep_get_field_raw(NULL, source->format, name, source->record,
				 &len, 0);
	if (!text)
		source->complete = false;
	return xcopy(text ?: "");
}

static bool find_kind(struct event *event, const struct tep_event *format)
{
	int kind;

	for (kind = 0; kind < NR_EVENT_KINDS; kind++) {
		if (strcmp(format->name, event_places[kind].name))
			continue;
		event->kind = kind;
		return true;
	}
	return false;
}

bool event_decode(struct event *event, struct tep_event *format,
		  struct tep_record *record)
{
	struct source source = { format, record, true };
	char *text;

	memset(event, 0, sizeof(*event));
	if (!find_kind(event, format))
		return false;
	event->time = record->ts;
	event->tid = tep_data_pid(format->tep, record);

	switch (event->kind) {
	case EVENT_MMAP:
		event->mmap.addr = number(&source, "addr");
		event->mmap.len = number(&source, "len");
		event->mmap.prot = number(&source, "prot");
		event->mmap.flags = number(&source, "flags");
		event->mmap.shape = number(&source, "shape");
		event->mmap.outcome = number(&source, "outcome");
		break;
	case EVENT_GROW:
		event->grow.old_start = number(&source, "old_start");
		event->grow.new_start = number(&source, "new_start");
		event->grow.error = number(&source, "error");
		event->grow.reason = number(&source, "reason");
		break;
	case EVENT_TASK:
		event->task.tid = number(&source, "pid");
		event->task.clone_flags = number(&source, "clone_flags");
		break;
	case EVENT_EXEC:
		event->exec.old_tid = number(&source, "old_pid");
		event->exec.file = string(&source, "filename");
		break;
	case EVENT_EXIT:
		text = string(&source, "comm");
		snprintf(event->exit.name, sizeof(event->exit.name), "%.15s",
			 text);
		free(text);
		break;
	default:
		break;
	}
	return source.complete;
}
