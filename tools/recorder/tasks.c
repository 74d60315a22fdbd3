// SPDX-License-Identifier: GPL-2.0-only
/* Tasks and processes. See tasks.h. */

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/files.h"
#include "recorder/tasks.h"

#define BUCKETS 4096

struct task {
	struct task *next;
	int tid;
	struct process *process;
};

struct tasks {
	struct task *bucket[BUCKETS];
};

struct tasks *tasks_new(void)
{
	return xalloc(sizeof(struct tasks));
}

/* The link to the task, or to where it would be. */
static struct task **find(struct tasks *tasks, int tid)
{
	struct task **link = &tasks->bucket[(unsigned int)tid % BUCKETS];

	while (*link && (*link)->tid != tid)
		link = &(*link)->next;
	return link;
}

static void leave_process(struct process *process)
{
	if (!--process->tasks)
		free(process);
}

/* A number that is used again without a word of its end: events were lost. */
static void set_process(struct tasks *tasks, int tid, struct process *process)
{
	struct task **link = find(tasks, tid);

	process->tasks++;
	if (*link) {
		leave_process((*link)->process);
	} else {
		*link = xalloc(sizeof(**link));
		(*link)->tid = tid;
	}
	(*link)->process = process;
}

static void forget(struct tasks *tasks, int tid)
{
	struct task **link = find(tasks, tid), *task = *link;

	if (!task)
		return;
	*link = task->next;
	leave_process(task->process);
	free(task);
}

static struct process *new_process(struct tasks *tasks, int tid, int pid)
{
	struct process *process = xalloc(sizeof(*process));

	process->pid = pid;
	set_process(tasks, tid, process);
	return process;
}

/* The process of a task that was there before the first event. */
static int look_up(int tid)
{
	char path[32], status[4096], *line;

	snprintf(path, sizeof(path), "/proc/%d/status", tid);
	if (file_read(path, status, sizeof(status)) < 0)
		return tid;
	line = strstr(status, "\nTgid:");
	return line ? atoi(line + 6) : tid;
}

struct process *tasks_process(struct tasks *tasks, int tid)
{
	struct task *task = *find(tasks, tid);
	int pid;

	if (task)
		return task->process;
	pid = look_up(tid);
	task = *find(tasks, pid);
	if (!task)
		return new_process(tasks, tid, pid);
	set_process(tasks, tid, task->process);
	return task->process;
}

struct process *tasks_find(struct tasks *tasks, int tid)
{
	struct task *task = *find(tasks, tid);

	return task ? task->process : NULL;
}

void tasks_fork(struct tasks *tasks, const struct event *event)
{
	struct process *parent = tasks_find(tasks, event->tid), *child;

	if (event->task.clone_flags & CLONE_THREAD) {
		set_process(tasks, event->task.tid,
			    tasks_process(tasks, event->tid));
		return;
	}
	/* Not by /proc: most of the system is of no interest. */
	child = new_process(tasks, event->task.tid, event->task.tid);
	child->program = parent ? parent->program : NULL;
}

/*
 * A thread that executes a program becomes the process: it takes the number of
 * the leader, whose end may have been told already.
 */
struct process *tasks_exec(struct tasks *tasks, const struct event *event)
{
	if (event->exec.old_tid != event->tid)
		forget(tasks, event->exec.old_tid);
	return new_process(tasks, event->tid, event->tid);
}

void tasks_exit(struct tasks *tasks, const struct event *event)
{
	forget(tasks, event->tid);
}

void tasks_for_each(struct tasks *tasks, void (*visit)(struct process *process))
{
	struct task *task;
	int i;

	for (i = 0; i < BUCKETS; i++)
		for (task = tasks->bucket[i]; task; task = task->next)
			if (task->process->counted &&
			    task->tid == task->process->pid)
				visit(task->process);
}

void tasks_free(struct tasks *tasks)
{
	int i;

	for (i = 0; i < BUCKETS; i++)
		while (tasks->bucket[i])
			forget(tasks, tasks->bucket[i]->tid);
	free(tasks);
}
