// SPDX-License-Identifier: GPL-2.0-only
/*
 * Backtraces of refused calls. See backtrace.h.
 *
 * What a process had mapped is not read from /proc, since it may have ended by
 * then: perf records every mapping of code, every fork and every exec. All
 * records are kept, and replayed in the order of time at the end.
 */

#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <tracefs.h>

#include "recorder/backtrace.h"
#include "recorder/decode.h"
#include "machine/files.h"
#include "recorder/perf.h"
#include "recorder/tally.h"
#include "recorder/unwind.h"

#define STACK_BYTES 16384
#define MAX_SAMPLES 256
#define SAMPLE_PAGES 128
#define TASK_PAGES 256

struct record {
	uint64_t time;
	struct perf_event_header *record;
};

struct backtraces {
	struct perf_rings *samples, *tasks;
	struct tep_handle *tep;
	struct record *records;
	size_t nr_records, room;
	/* Calls that have a sample already: the first of a kind is enough. */
	struct {
		int pid;
		uint64_t prot, flags;
	} sampled[MAX_SAMPLES];
	int nr_sampled;
};

/* The parts of a sample, in the order of the bits of SAMPLE_TYPE. */
#define SAMPLE_TYPE                                             \
	(PERF_SAMPLE_TID | PERF_SAMPLE_TIME | PERF_SAMPLE_RAW | \
	 PERF_SAMPLE_REGS_USER | PERF_SAMPLE_STACK_USER)

struct sample {
	struct perf_event_header header;
	uint32_t pid, tid;
	uint64_t time;
	uint32_t raw_len;
	char raw[];
};

/* What follows every other record, by sample_id_all. */
struct trailer {
	uint32_t pid, tid;
	uint64_t time;
};

static struct perf_rings *open_samples(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.sample_period = 1,
		.sample_type = SAMPLE_TYPE,
		.sample_regs_user = unwind_regs(),
		.sample_stack_user = STACK_BYTES,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};
	static const char only[] =
		"outcome == %d || outcome == %d || (outcome == %d && shape != %d)";
	char *id, filter[128];

	id = tracefs_event_file_read(NULL, "mapstack", "mapstack_mmap", "id",
				     NULL);
	if (!id)
		return NULL;
	attr.config = strtoul(id, NULL, 10);
	free(id);
	snprintf(filter, sizeof(filter), only, OUTCOME_REFUSED, OUTCOME_SPARED,
		 OUTCOME_OBSERVED, SHAPE_ANONYMOUS);
	return perf_open(&attr, filter, SAMPLE_PAGES);
}

static struct perf_rings *open_tasks(void)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_DUMMY,
		.size = sizeof(attr),
		.sample_type = PERF_SAMPLE_TID | PERF_SAMPLE_TIME,
		.sample_id_all = 1,
		.mmap = 1,
		.mmap2 = 1,
		.comm = 1,
		.comm_exec = 1,
		.task = 1,
		.use_clockid = 1,
		.clockid = CLOCK_MONOTONIC,
	};

	return perf_open(&attr, NULL, TASK_PAGES);
}

struct backtraces *backtraces_open(void)
{
	static const char *const systems[] = { "mapstack", NULL };
	struct backtraces *backtraces = xalloc(sizeof(*backtraces));

	if (!unwind_regs()) {
		say_err("--backtrace is not to be had on this architecture; run without it");
		free(backtraces);
		return NULL;
	}
	backtraces->tep = tracefs_local_events_system(NULL, systems);
	backtraces->tasks = open_tasks();
	backtraces->samples = open_samples();
	if (backtraces->tep && backtraces->tasks && backtraces->samples)
		return backtraces;
	say_err("cannot sample with perf events (%m); run without --backtrace");
	backtraces_close(backtraces);
	return NULL;
}

static void keep(struct backtraces *backtraces,
		 const struct perf_event_header *record, uint64_t time)
{
	struct record *kept;

	if (backtraces->nr_records == backtraces->room) {
		backtraces->room += 1024;
		backtraces->records =
			reallocarray(backtraces->records, backtraces->room,
				     sizeof(*backtraces->records));
		if (!backtraces->records) {
			say_err("out of memory");
			abort();
		}
	}
	kept = &backtraces->records[backtraces->nr_records++];
	kept->time = time;
	kept->record = xalloc(record->size);
	memcpy(kept->record, record, record->size);
}

static void keep_task(const struct perf_event_header *record, void *context)
{
	const char *end = (const char *)record + record->size;
	struct trailer trailer;

	if (record->type == PERF_RECORD_LOST ||
	    record->size < sizeof(*record) + sizeof(trailer))
		return;
	memcpy(&trailer, end - sizeof(trailer), sizeof(trailer));
	keep(context, record, trailer.time);
}

static bool decode(struct backtraces *backtraces, const struct sample *sample,
		   struct event *event)
{
	struct tep_record record = {
		.data = (void *)sample->raw,
		.size = sample->raw_len,
	};
	struct tep_event *format;

	format = tep_find_event_by_record(backtraces->tep, &record);
	return format && event_decode(event, format, &record) &&
	       event->kind == EVENT_MMAP;
}

static void keep_sample(const struct perf_event_header *record, void *context)
{
	const struct sample *sample = (const struct sample *)record;
	struct backtraces *backtraces = context;
	struct event event;
	int i;

	if (record->type != PERF_RECORD_SAMPLE ||
	    backtraces->nr_sampled == MAX_SAMPLES ||
	    !decode(backtraces, sample, &event))
		return;
	for (i = 0; i < backtraces->nr_sampled; i++)
		if (backtraces->sampled[i].pid == (int)sample->pid &&
		    backtraces->sampled[i].prot == event.mmap.prot &&
		    backtraces->sampled[i].flags == event.mmap.flags)
			return;
	backtraces->sampled[i].pid = sample->pid;
	backtraces->sampled[i].prot = event.mmap.prot;
	backtraces->sampled[i].flags = event.mmap.flags;
	backtraces->nr_sampled++;
	keep(backtraces, record, sample->time);
}

void backtraces_read(struct backtraces *backtraces)
{
	perf_read(backtraces->tasks, keep_task, backtraces);
	perf_read(backtraces->samples, keep_sample, backtraces);
}

/* The code of a process, while records are replayed. */
struct space {
	struct space *next;
	int pid;
	struct code *code;
};

static struct space *find_space(struct space **spaces, int pid)
{
	struct space *space;

	for (space = *spaces; space; space = space->next)
		if (space->pid == pid)
			return space;
	space = xalloc(sizeof(*space));
	space->pid = pid;
	space->next = *spaces;
	*spaces = space;
	return space;
}

static void clear_space(struct space *space)
{
	struct code *code;

	while ((code = space->code)) {
		space->code = code->next;
		free(code->file);
		free(code);
	}
}

static void add_code(struct space *space, uint64_t start, uint64_t len,
		     uint64_t offset, const char *file)
{
	struct code *code = xalloc(sizeof(*code));

	code->start = start;
	code->len = len;
	code->offset = offset;
	code->file = xcopy(file);
	code->next = space->code;
	space->code = code;
}

static void replay_mmap(struct space **spaces,
			const struct perf_event_header *record)
{
	const struct {
		struct perf_event_header header;
		uint32_t pid, tid;
		uint64_t addr, len, pgoff;
		char build_id[24]; /* or device and inode */
		uint32_t prot, flags;
		char file[];
	} *mmap = (const void *)record;

	add_code(find_space(spaces, mmap->pid), mmap->addr, mmap->len,
		 mmap->pgoff, mmap->file);
}

static void replay_fork(struct space **spaces,
			const struct perf_event_header *record)
{
	const struct {
		struct perf_event_header header;
		uint32_t pid, ppid;
	} *fork = (const void *)record;
	struct space *child;
	struct code *code;

	if (fork->pid == fork->ppid)
		return; /* a thread */
	child = find_space(spaces, fork->pid);
	clear_space(child);
	for (code = find_space(spaces, fork->ppid)->code; code;
	     code = code->next)
		add_code(child, code->start, code->len, code->offset,
			 code->file);
}

static void replay_exec(struct space **spaces,
			const struct perf_event_header *record)
{
	const struct {
		struct perf_event_header header;
		uint32_t pid, tid;
	} *comm = (const void *)record;

	if (record->misc & PERF_RECORD_MISC_COMM_EXEC)
		clear_space(find_space(spaces, comm->pid));
}

static void replay_sample(struct backtraces *backtraces, struct space **spaces,
			  struct tally *tally,
			  const struct perf_event_header *record)
{
	const struct sample *sample = (const struct sample *)record;
	const uint64_t *at = (const void *)(sample->raw + sample->raw_len);
	struct snapshot snapshot = { .pid = sample->pid };
	struct event event;
	struct call *call;

	/* 32-bit programs have other registers. */
	if (!decode(backtraces, sample, &event) ||
	    *at++ != PERF_SAMPLE_REGS_ABI_64)
		return;
	snapshot.regs = at;
	at += __builtin_popcountll(unwind_regs());
	snapshot.stack_len = *at++;
	if (snapshot.stack_len) {
		snapshot.stack = (const char *)at;
		snapshot.stack_start = unwind_stack_pointer(snapshot.regs);
	}
	call = tally_call(tally, sample->pid, event.mmap.prot,
			  event.mmap.flags);
	if (call && !call->backtrace[0])
		unwind(&snapshot, find_space(spaces, sample->pid)->code,
		       call->backtrace, MAX_FRAMES);
}

static int by_time(const void *one, const void *two)
{
	const struct record *a = one, *b = two;

	return (a->time > b->time) - (a->time < b->time);
}

void backtraces_resolve(struct backtraces *backtraces, struct tally *tally)
{
	struct space *spaces = NULL, *space;
	size_t i;

	backtraces_read(backtraces);
	if (backtraces->nr_records)
		qsort(backtraces->records, backtraces->nr_records,
		      sizeof(*backtraces->records), by_time);
	for (i = 0; i < backtraces->nr_records; i++) {
		struct perf_event_header *record =
			backtraces->records[i].record;

		if (record->type == PERF_RECORD_MMAP2)
			replay_mmap(&spaces, record);
		else if (record->type == PERF_RECORD_FORK)
			replay_fork(&spaces, record);
		else if (record->type == PERF_RECORD_COMM)
			replay_exec(&spaces, record);
		else if (record->type == PERF_RECORD_SAMPLE)
			replay_sample(backtraces, &spaces, tally, record);
	}
	while ((space = spaces)) {
		spaces = space->next;
		clear_space(space);
		free(space);
	}
}

void backtraces_close(struct backtraces *backtraces)
{
	size_t i;

	if (!backtraces)
		return;
	perf_close(backtraces->samples);
	perf_close(backtraces->tasks);
	if (backtraces->tep)
		tep_free(backtraces->tep);
	for (i = 0; i < backtraces->nr_records; i++)
		free(backtraces->records[i].record);
	free(backtraces->records);
	free(backtraces);
}
