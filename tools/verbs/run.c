// SPDX-License-Identifier: GPL-2.0-only
/* mapstack run: one command, in a scope of its own. See verbs.h. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "recorder/backtrace.h"
#include "machine/child.h"
#include "recorder/compose.h"
#include "recorder/events.h"
#include "machine/files.h"
#include "machine/session.h"
#include "machine/settings.h"
#include "recorder/tally.h"
#include "report/document.h"
#include "verbs/verbs.h"

#define READ_MS 100
#define LOOK_MS 500
#define PROGRESS_MS 10000 /* on a terminal */
#define PROGRESS_LOG_MS 60000 /* elsewhere */

struct run {
	const struct options *options;
	struct session session;
	const char *policy;
	char scope[32];
	time_t start;
	struct output output;
	struct counter_values before, counted;
	struct events *events;
	struct backtraces *backtraces; /* NULL: not asked for */
	struct tally *tally;
	struct child child;
	long long requests; /* those of MAP_STACK among them */
	long long started, looked, told; /* ms */
};

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static int apply(struct run *run)
{
	run->policy = run->options->policy;
	if (!run->policy)
		run->policy = run->session.state.settings.policy;
	snprintf(run->scope, sizeof(run->scope), "pid:%d", getpid());
	if (session_switch_on(run->scope, run->policy))
		return -1;
	counters_read_all(&run->before);
	return 0;
}

static void take(const struct event *event, void *context)
{
	struct run *run = context;

	run->requests += event->kind == EVENT_MMAP;
	tally_take(event, run->tally);
}

static void read_events(struct run *run, bool last)
{
	events_read(run->events, last, take, run);
	if (run->backtraces)
		backtraces_read(run->backtraces);
}

static void tell_progress(struct run *run)
{
	long long period = isatty(STDERR_FILENO) ? PROGRESS_MS :
						   PROGRESS_LOG_MS;
	struct counter_values counters;

	if (run->options->quiet || now_ms() - run->told < period)
		return;
	run->told = now_ms();
	if (counters_read_all(&counters))
		return;
	counters_since(&counters, &run->before);
	say_err("%lld s: %lld requests, %lld refused, %lld grown",
		(run->told - run->started) / 1000, counters.value[C_SEEN],
		counters.value[C_REFUSED], counters.value[C_GROWN]);
}

static bool is_over(const struct run *run)
{
	if (run->child.given_up)
		return true;
	return run->child.ended && (run->child.alone || !run->options->wait);
}

static void follow(struct run *run)
{
	while (!is_over(run)) {
		child_wait(&run->child, READ_MS);
		read_events(run, false);
		if (now_ms() - run->looked >= LOOK_MS) {
			tally_look(run->tally);
			run->looked = now_ms();
		}
		tell_progress(run);
	}
}

/*
 * On a busy machine 27 of 20,000 events did not come, and the kernel (6.12) said
 * that it had lost none. The module's counters know how many there were.
 */
static unsigned long long count_lost(const struct run *run)
{
	unsigned long long lost = events_lost(run->events);
	long long missing = run->counted.value[C_SEEN] - run->requests;

	if (missing < 0 || (unsigned long long)missing < lost)
		return lost;
	return missing;
}

static int report_run(struct run *run)
{
	struct recording recording = {
		.command = run->options->command,
		.policy = run->policy,
		.scope = run->scope,
		.status = run->child.status,
		.start = run->start,
		.seconds = (now_ms() - run->started) / 1000.0,
		.still_running = !run->child.alone,
		.counters = run->counted,
		.lost = count_lost(run),
	};
	json_t *document;
	int ret;

	if (run->backtraces)
		backtraces_resolve(run->backtraces, run->tally);
	recording.programs = tally_programs(run->tally);
	document = compose_document(&recording);
	ret = document_keep(document);
	ret |= report_write(document, run->options->format, &run->output);
	json_decref(document);
	return ret ? EXIT_SELF : recording.status;
}

static int run_prepared(struct run *run)
{
	int status;

	if (run->options->backtrace) {
		run->backtraces = backtraces_open();
		if (!run->backtraces)
			return EXIT_SELF;
	}
	if (apply(run) || events_start(run->events))
		return EXIT_SELF;
	run->start = time(NULL);
	run->started = now_ms();
	run->looked = run->started;
	run->told = run->started;
	status = child_start(&run->child, run->options->command);
	if (status)
		return status;

	follow(run);
	run->counted = run->before;
	/* First: what is counted has to have been recorded. */
	counters_read_all(&run->counted);
	events_stop(run->events);
	counters_since(&run->counted, &run->before);
	read_events(run, true);
	return -1;
}

static int run_begun(struct run *run)
{
	int status = EXIT_SELF;

	if (child_prepare(&run->child))
		goto out_end;
	run->events = events_open(run->options->kib);
	if (!run->events)
		goto out_end;
	run->tally = tally_new();

	status = run_prepared(run);
	session_end(&run->session);
	/* -1: the command ran, and its report is still to be made. */
	if (status < 0)
		status = report_run(run);
	backtraces_close(run->backtraces);
	events_close(run->events);
	tally_free(run->tally);
	return status;

out_end:
	session_end(&run->session);
	return status;
}

int run(const struct options *options)
{
	struct run run = { .options = options };
	int status = EXIT_SELF;

	if (!module_load() || output_open(&run.output, options->output, false))
		return EXIT_SELF;
	if (!session_begin(&run.session, "run", options->command[0]))
		status = run_begun(&run);
	output_abandon(&run.output);
	return status;
}
