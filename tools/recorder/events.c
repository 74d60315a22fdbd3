// SPDX-License-Identifier: GPL-2.0-only
/* Events from a trace instance of our own. See events.h. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tracefs.h>
#include <unistd.h>

#include "recorder/decode.h"
#include "recorder/events.h"
#include "machine/files.h"
#include "machine/state.h"

struct events {
	struct tracefs_instance *instance;
	struct tep_handle *tep;
	/* Read and not handed on yet. */
	struct event *waiting;
	size_t nr_waiting, room;
	uint64_t newest; /* of the read before */
	int read; /* by the read that is going on */
	unsigned long long undecoded;
};

static struct tep_handle *read_formats(void)
{
	static const char *const systems[] = { "mapstack", "sched", "task",
					       NULL };

	return tracefs_local_events_system(NULL, systems);
}

static int set_up(struct events *events, unsigned long kib)
{
	events->instance = tracefs_instance_create(INSTANCE_NAME);
	if (!events->instance) {
		say_err("cannot make a trace instance (%m); tracefs has to be mounted on /sys/kernel/tracing, and 'mapstack doctor' may know more");
		return -1;
	}
	if (tracefs_trace_off(events->instance) ||
	    tracefs_instance_file_write(events->instance, "trace_clock",
					"mono") < 0 ||
	    tracefs_instance_set_buffer_size(events->instance, kib, -1)) {
		say_err("cannot set up the trace instance (%m); try a smaller --buffer");
		return -1;
	}
	events->tep = read_formats();
	if (!events->tep) {
		say_err("cannot read the formats of the kernel's events (%m), so the command was not started; look at events/ in tracefs");
		return -1;
	}
	return 0;
}

struct events *events_open(unsigned long kib)
{
	struct events *events = xalloc(sizeof(*events));

	if (!set_up(events, kib))
		return events;
	events_close(events);
	return NULL;
}

int events_start(struct events *events)
{
	int kind;

	for (kind = 0; kind < NR_EVENT_KINDS; kind++) {
		const struct event_place *place = &event_places[kind];

		if (!tracefs_event_enable(events->instance, place->system,
					  place->name))
			continue;
		say_err("cannot record %s:%s (%m), so the command was not started; look at events/ in tracefs",
			place->system, place->name);
		return -1;
	}
	if (tracefs_trace_on(events->instance)) {
		say_err("cannot begin to record (%m), so the command was not started; look at instances/ in tracefs");
		return -1;
	}
	return 0;
}

void events_stop(struct events *events)
{
	tracefs_trace_off(events->instance);
}

static int keep_record(struct tep_event *format, struct tep_record *record,
		       int cpu, void *context)
{
	struct events *events = context;
	struct event event;

	(void)cpu;
	events->read++;
	if (!event_decode(&event, format, record)) {
		events->undecoded++;
		return 0;
	}
	if (events->nr_waiting == events->room) {
		events->room = events->room ? 2 * events->room : 1024;
		events->waiting = reallocarray(events->waiting, events->room,
					       sizeof(*events->waiting));
		if (!events->waiting) {
			say_err("out of memory");
			abort();
		}
	}
	events->waiting[events->nr_waiting++] = event;
	return 0;
}

static int by_time(const void *one, const void *two)
{
	const struct event *a = one, *b = two;

	return (a->time > b->time) - (a->time < b->time);
}

/* Hands on and forgets what is not newer than @until. */
static void hand_on(struct events *events, uint64_t until,
		    void (*take)(const struct event *event, void *context),
		    void *context)
{
	size_t i;

	for (i = 0; i < events->nr_waiting; i++) {
		struct event *event = &events->waiting[i];

		if (event->time > until)
			break;
		take(event, context);
		if (event->kind == EVENT_EXEC)
			free(event->exec.file);
	}
	events->nr_waiting -= i;
	memmove(events->waiting, events->waiting + i,
		events->nr_waiting * sizeof(*events->waiting));
}

/*
 * The buffers of the CPUs are read one after the other, so that an event of the
 * first that is older than one of the last may come with the next read only;
 * but everything that is older than the newest of the read before has come.
 */
int events_read(struct events *events, bool last,
		void (*take)(const struct event *event, void *context),
		void *context)
{
	uint64_t until = last ? UINT64_MAX : events->newest;
	int ret;

	events->read = 0;
	errno = 0;
	ret = tracefs_iterate_raw_events(events->tep, events->instance, NULL, 0,
					 keep_record, events);
	if (ret && errno && errno != EAGAIN)
		return -1;
	if (!events->nr_waiting)
		return events->read;
	qsort(events->waiting, events->nr_waiting, sizeof(*events->waiting),
	      by_time);
	events->newest = events->waiting[events->nr_waiting - 1].time;
	hand_on(events, until, take, context);
	return events->read;
}

static unsigned long long lost_on_cpu(const char *stats)
{
	static const char *const names[] = { "overrun: ", "commit overrun: ",
					     "dropped events: " };
	unsigned long long sum = 0;
	const char *line = stats;
	size_t i;

	while (line && *line) {
		for (i = 0; i < ARRAY_SIZE(names); i++)
			if (!strncmp(line, names[i], strlen(names[i])))
				sum += strtoull(line + strlen(names[i]), NULL,
						10);
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return sum;
}

unsigned long long events_lost(const struct events *events)
{
	long cpus = sysconf(_SC_NPROCESSORS_CONF);
	unsigned long long sum = events->undecoded;
	char file[64], *stats;
	long cpu;

	for (cpu = 0; cpu < cpus; cpu++) {
		snprintf(file, sizeof(file), "per_cpu/cpu%ld/stats", cpu);
		stats = tracefs_instance_file_read(events->instance, file,
						   NULL);
		if (!stats)
			continue;
		sum += lost_on_cpu(stats);
		free(stats);
	}
	return sum;
}

void events_close(struct events *events)
{
	if (!events)
		return;
	if (events->instance) {
		tracefs_instance_destroy(events->instance);
		tracefs_instance_free(events->instance);
	}
	if (events->tep)
		tep_free(events->tep);
	free(events->waiting);
	free(events);
}
