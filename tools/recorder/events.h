/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Events of the kernel, read from a trace instance of our own so that nobody's
 * tracing is disturbed.
 */
#ifndef TOOLS_EVENTS_H
#define TOOLS_EVENTS_H

#include <stdbool.h>
#include <stdint.h>

enum event_kind {
	EVENT_MMAP, /* mapstack:mapstack_mmap */
	EVENT_GROW, /* mapstack:mapstack_grow */
	EVENT_TASK, /* task:task_newtask */
	EVENT_EXEC, /* sched:sched_process_exec */
	EVENT_EXIT, /* sched:sched_process_exit */
	NR_EVENT_KINDS,
};

/* What one event says; @tid is the task that it happened in. */
struct event {
	uint64_t time; /* CLOCK_MONOTONIC, ns */
	enum event_kind kind;
	int tid;
	union {
		struct {
			uint64_t addr, len, prot, flags;
			unsigned int shape, outcome;
		} mmap;
		struct {
			uint64_t old_start, new_start;
			int error;
			unsigned int reason;
		} grow;
		struct {
			int tid; /* of the new task */
			uint64_t clone_flags;
		} task;
		struct {
			char *file; /* what execve() was given */
			int old_tid;
		} exec;
		struct {
			char name[16];
		} exit;
	};
};

struct events;

/**
 * events_open() - make the trace instance, with all events off
 * @kib: size of the buffer of each CPU, in KiB
 *
 * Complains if that fails.
 *
 * Return: to be closed with events_close(), or NULL.
 */
struct events *events_open(unsigned long kib);

/**
 * events_start() - begin to record
 * @events: from events_open()
 *
 * Return: 0, or -1 after a complaint.
 */
int events_start(struct events *events);

/**
 * events_stop() - record no more; what was recorded can still be read
 * @events: from events_open()
 */
void events_stop(struct events *events);

/**
 * events_read() - hand on what was recorded, in the order of time
 * @events: from events_open()
 * @last: hand on everything; otherwise what is so new that another CPU may
 *        still have something older waits for the next time
 * @take: what to do with one event
 * @context: for @take
 *
 * Return: how many were read from the kernel, or -1.
 */
int events_read(struct events *events, bool last,
		void (*take)(const struct event *event, void *context),
		void *context);

/**
 * events_lost() - how many the kernel could not record or keep
 * @events: from events_open()
 */
unsigned long long events_lost(const struct events *events);

/**
 * events_close() - remove the trace instance
 * @events: from events_open(), or NULL
 */
void events_close(struct events *events);

#endif /* TOOLS_EVENTS_H */
