// SPDX-License-Identifier: GPL-2.0-only
/* mapstack run: one command, in a scope of its own. See verbs.h. */

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "recorder/backtrace.h"
#include "machine/background.h"
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
	const struct passwd *user; /* NULL: root */
	int foreground; /* who waits for the command only; -1: nobody */
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

/*
 * A pager, an editor or a shell that reads keys paints the terminal itself. So
 * does what the terminal belongs to if that is not this group of processes.
 */
static bool is_painted(void)
{
	struct termios terminal;

	return !tcgetattr(STDERR_FILENO, &terminal) &&
	       (!(terminal.c_lflag & ICANON) ||
		tcgetpgrp(STDERR_FILENO) != getpgrp());
}

static void tell_progress(struct run *run)
{
	long long period = isatty(STDERR_FILENO) ? PROGRESS_MS :
						   PROGRESS_LOG_MS;
	struct counter_values counters;

	if (run->options->quiet || now_ms() - run->told < period)
		return;
	run->told = now_ms();
	if (is_painted() || counters_read_all(&counters))
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
	return run->child.ended &&
	       (run->child.alone ||
		!(run->options->wait || run->options->detach));
}

static void follow(struct run *run)
{
	while (!is_over(run)) {
		child_wait(&run->child, READ_MS);
		if (run->child.ended && !run->child.alone)
			background_tell(&run->foreground, &run->child);
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
		.signal = child_signal(&run->child),
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
	status = child_start(&run->child, run->options->command, run->user);
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

static int find_user(struct run *run)
{
	const char *name = run->options->user;

	if (!name)
		return 0;
	run->user = getpwnam(name);
	if (run->user)
		return 0;
	say_err("there is no user %s, so nothing was changed", name);
	return -1;
}

static int run_guarded(struct run *run)
{
	int status = EXIT_SELF;

	if (output_open(&run->output, run->options->output, false))
		return EXIT_SELF;
	if (!child_prepare(&run->child) &&
	    !session_begin(&run->session, "run", run->options->command[0]))
		status = run_begun(run);
	output_abandon(&run->output);
	return child_end(&run->child, status);
}

int run(const struct options *options)
{
	struct run run = { .options = options, .foreground = -1 };
	struct child front = { 0 };

	if (find_user(&run) || !module_load())
		return EXIT_SELF;
	if (options->detach) {
		run.foreground = background_go(&front);
		if (run.foreground < 0)
			return child_end(&front, front.status);
	}
	return run_guarded(&run);
}
