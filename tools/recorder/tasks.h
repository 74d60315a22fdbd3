/* SPDX-License-Identifier: GPL-2.0-only */
/* Which process a task belongs to, and which program that runs. */
#ifndef TOOLS_TASKS_H
#define TOOLS_TASKS_H

#include "recorder/events.h"

struct program;

struct process {
	int pid;
	unsigned int tasks; /* that are known to live */
	struct program *program; /* NULL: not known yet */
	bool counted; /* has done something of interest */
};

struct tasks;

/**
 * tasks_new() - know of none
 *
 * Return: to be freed with tasks_free().
 */
struct tasks *tasks_new(void);

/**
 * tasks_process() - the process that a task belongs to
 * @tasks: where to look
 * @tid: the task; if no event told of it, it is looked up in /proc, and taken
 *	for a process of its own if it is not there either
 */
struct process *tasks_process(struct tasks *tasks, int tid);

/**
 * tasks_find() - the process that a task is known to belong to
 * @tasks: where to look
 * @tid: the task
 *
 * Return: the process, or NULL.
 */
struct process *tasks_find(struct tasks *tasks, int tid);

/**
 * tasks_fork() - a task made another
 * @tasks: where to note it
 * @event: the EVENT_TASK
 */
void tasks_fork(struct tasks *tasks, const struct event *event);

/**
 * tasks_exec() - a process runs another program
 * @tasks: where to note it
 * @event: the EVENT_EXEC
 *
 * Return: the process, whose program the caller has to set.
 */
struct process *tasks_exec(struct tasks *tasks, const struct event *event);

/**
 * tasks_exit() - a task ended
 * @tasks: where to note it
 * @event: the EVENT_EXIT
 */
void tasks_exit(struct tasks *tasks, const struct event *event);

/**
 * tasks_for_each() - visit the processes that have done something of interest
 * @tasks: whose
 * @visit: called for each, perhaps more than once
 */
void tasks_for_each(struct tasks *tasks,
		    void (*visit)(struct process *process));

/**
 * tasks_free() - forget all
 * @tasks: from tasks_new()
 */
void tasks_free(struct tasks *tasks);

#endif /* TOOLS_TASKS_H */
