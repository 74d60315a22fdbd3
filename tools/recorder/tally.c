// SPDX-License-Identifier: GPL-2.0-only
/* Programs, and what each did. See tally.h. */

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/files.h"
#include "recorder/tally.h"
#include "recorder/tasks.h"

struct tally {
	struct tasks *tasks;
	struct program *programs;
};

struct tally *tally_new(void)
{
	struct tally *tally = xalloc(sizeof(*tally));

	tally->tasks = tasks_new();
	return tally;
}

static struct program *find_program(struct tally *tally, const char *file)
{
	struct program *program;

	for (program = tally->programs; program; program = program->next)
		if (!strcmp(program->file, file))
			return program;
	program = xalloc(sizeof(*program));
	program->file = xcopy(file);
	program->next = tally->programs;
	tally->programs = program;
	return program;
}

/* For a process whose execve() was before the first event, or was lost. */
static struct program *look_up(struct tally *tally, int pid)
{
	char path[32], file[PATH_MAX];
	ssize_t len;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	len = readlink(path, file, sizeof(file) - 1);
	if (len < 0)
		return find_program(tally, "(unknown)");
	file[len] = '\0';
	return find_program(tally, file);
}

static struct program *program_of(struct tally *tally, int tid)
{
	struct process *process = tasks_process(tally->tasks, tid);

	if (!process->program)
		process->program = look_up(tally, process->pid);
	if (!process->counted)
		process->program->processes++;
	process->counted = true;
	return process->program;
}

static struct call *find_call(struct program *program, uint64_t prot,
			      uint64_t flags)
{
	unsigned int i;

	for (i = 0; i < program->nr_calls; i++)
		if (program->calls[i].prot == prot &&
		    program->calls[i].flags == flags)
			return &program->calls[i];
	return NULL;
}

/* In time only if the task still lives; if not, its end has told its name. */
static void read_name(struct call *call)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d/comm", call->pid,
		 call->tid);
	file_read(path, call->name, sizeof(call->name));
}

static void keep_call(struct tally *tally, struct program *program,
		      const struct event *event)
{
	struct call *call;

	call = find_call(program, event->mmap.prot, event->mmap.flags);
	if (!call) {
		if (program->nr_calls == MAX_CALLS) {
			program->calls_left_out++;
			return;
		}
		call = &program->calls[program->nr_calls++];
		call->prot = event->mmap.prot;
		call->flags = event->mmap.flags;
		call->shape = event->mmap.shape;
		call->has_addr = event->mmap.addr;
		call->len = event->mmap.len;
		call->pid = tasks_process(tally->tasks, event->tid)->pid;
		call->tid = event->tid;
		read_name(call);
	}
	call->count++;
}

static bool is_growable(enum shape shape, enum outcome outcome)
{
	switch (outcome) {
	case OUTCOME_TRANSLATED:
		return true;
	case OUTCOME_ALREADY:
	case OUTCOME_OBSERVED:
		return shape == SHAPE_ANONYMOUS;
	default:
		return false;
	}
}

/* Under rfc; what private spares is as good as refused, for a forecast. */
static bool is_refused(enum shape shape, enum outcome outcome)
{
	return outcome == OUTCOME_REFUSED || outcome == OUTCOME_SPARED ||
	       (outcome == OUTCOME_OBSERVED && shape != SHAPE_ANONYMOUS);
}

static void take_mmap(struct tally *tally, const struct event *event)
{
	unsigned int shape = event->mmap.shape, outcome = event->mmap.outcome;
	struct program *program;

	if (shape >= NR_SHAPES || outcome >= NR_OUTCOMES)
		return;
	program = program_of(tally, event->tid);
	program->requests[shape][outcome]++;
	if (is_growable(shape, outcome))
		program->growable_bytes += event->mmap.len;
	else if (is_refused(shape, outcome))
		keep_call(tally, program, event);
}

static void take_grow(struct tally *tally, const struct event *event)
{
	struct program *program = program_of(tally, event->tid);

	if (!event->grow.error) {
		program->grown++;
		program->grown_bytes +=
			event->grow.old_start - event->grow.new_start;
	} else if (event->grow.reason < NR_GROW_REASONS) {
		program->denied[event->grow.reason]++;
	}
}

static void take_exit(struct tally *tally, const struct event *event)
{
	struct process *process = tasks_find(tally->tasks, event->tid);
	unsigned int i;

	if (!process || !process->counted)
		return;
	for (i = 0; i < process->program->nr_calls; i++) {
		struct call *call = &process->program->calls[i];

		if (call->tid == event->tid && !*call->name)
			snprintf(call->name, sizeof(call->name), "%s",
				 event->exit.name);
	}
}

void tally_take(const struct event *event, void *context)
{
	struct tally *tally = context;

	switch (event->kind) {
	case EVENT_MMAP:
		take_mmap(tally, event);
		break;
	case EVENT_GROW:
		take_grow(tally, event);
		break;
	case EVENT_TASK:
		tasks_fork(tally->tasks, event);
		break;
	case EVENT_EXEC:
		tasks_exec(tally->tasks, event)->program =
			find_program(tally, event->exec.file);
		break;
	case EVENT_EXIT:
		take_exit(tally, event);
		tasks_exit(tally->tasks, event);
		break;
	default:
		break;
	}
}

static void look_at(struct process *process)
{
	static char buf[1 << 16];
	unsigned long lines = 0;
	char path[32];
	ssize_t n, i;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/maps", process->pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (i = 0; i < n; i++)
			lines += buf[i] == '\n';
	close(fd);
	if (lines > process->program->peak_mappings)
		process->program->peak_mappings = lines;
}

void tally_look(struct tally *tally)
{
	tasks_for_each(tally->tasks, look_at);
}

struct call *tally_call(struct tally *tally, int pid, uint64_t prot,
			uint64_t flags)
{
	struct program *program;
	struct call *call;

	for (program = tally->programs; program; program = program->next) {
		call = find_call(program, prot, flags);
		if (call && call->pid == pid)
			return call;
	}
	return NULL;
}

static bool is_idle(const struct program *program)
{
	return !program->processes;
}

struct program *tally_programs(struct tally *tally)
{
	struct program *sorted = NULL, *program, **link;

	while ((program = tally->programs)) {
		tally->programs = program->next;
		if (is_idle(program)) {
			free(program->file);
			free(program);
			continue;
		}
		for (link = &sorted; *link && program_requests(*link) >=
						      program_requests(program);
		     link = &(*link)->next)
			;
		program->next = *link;
		*link = program;
	}
	tally->programs = sorted;
	return sorted;
}

void tally_free(struct tally *tally)
{
	struct program *program;
	unsigned int i, j;

	while ((program = tally->programs)) {
		tally->programs = program->next;
		for (i = 0; i < program->nr_calls; i++)
			for (j = 0; j < MAX_FRAMES; j++)
				free(program->calls[i].backtrace[j]);
		free(program->file);
		free(program);
	}
	tasks_free(tally->tasks);
	free(tally);
}

static unsigned long sum_if(const struct program *program,
			    bool (*matches)(enum shape shape,
					    enum outcome outcome))
{
	unsigned long sum = 0;
	int shape, outcome;

	for (shape = 0; shape < NR_SHAPES; shape++)
		for (outcome = 0; outcome < NR_OUTCOMES; outcome++)
			if (!matches || matches(shape, outcome))
				sum += program->requests[shape][outcome];
	return sum;
}

unsigned long program_requests(const struct program *program)
{
	return sum_if(program, NULL);
}

unsigned long program_growable(const struct program *program)
{
	return sum_if(program, is_growable);
}

unsigned long program_refused(const struct program *program)
{
	return sum_if(program, is_refused);
}

unsigned long program_outcomes(const struct program *program,
			       enum outcome outcome)
{
	unsigned long sum = 0;
	int shape;

	for (shape = 0; shape < NR_SHAPES; shape++)
		sum += program->requests[shape][outcome];
	return sum;
}

unsigned long program_shapes(const struct program *program, enum shape shape)
{
	unsigned long sum = 0;
	int outcome;

	for (outcome = 0; outcome < NR_OUTCOMES; outcome++)
		sum += program->requests[shape][outcome];
	return sum;
}

unsigned long program_denied(const struct program *program)
{
	unsigned long sum = 0;
	int reason;

	for (reason = 0; reason < NR_GROW_REASONS; reason++)
		sum += program->denied[reason];
	return sum;
}
