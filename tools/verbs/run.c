// SPDX-License-Identifier: GPL-2.0-only
/* mapstack run: one command, in a scope of its own. See run.h. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "recorder/backtrace.h"
#include "machine/child.h"
#include "recorder/events.h"
#include "machine/files.h"
#include "verbs/run.h"
#include "machine/settings.h"
#include "machine/state.h"
#include "recorder/tally.h"

#define READ_MS 100
#define LOOK_MS 500
#define PROGRESS_MS 10000 /* on a terminal */
#define PROGRESS_LOG_MS 60000 /* elsewhere */

struct run {
	const struct run_options *options;
	int lock;
	struct state state; /* what to put back */
	const char *policy;
	struct counter_values before, counted;
	struct events *events;
	struct backtraces *backtraces; /* NULL: not asked for */
	struct tally *tally;
	struct child child;
	unsigned long long read; /* events */
	long long requests; /* those of MAP_STACK among them */
	long long started, looked, told; /* ms */
};

static long long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

static void note_command(struct state *state, char *const *command)
{
	size_t len = 0;

	for (; *command && len < sizeof(state->command); command++)
		len += snprintf(state->command + len,
				sizeof(state->command) - len, "%s%s",
				len ? " " : "", *command);
	/* The file has one line for each field. */
	for (len = 0; state->command[len]; len++)
		if (state->command[len] == '\n')
			state->command[len] = ' ';
}

static int note_state(struct run *run)
{
	struct state *state = &run->state;
	int ret, pid;

	ret = settings_read(&state->settings);
	if (!ret)
		ret = counters_read_all(&run->before);
	if (ret) {
		say_err("cannot read the module's files (%s), so nothing was changed",
			strerror(-ret));
		return -1;
	}
	state->pid = getpid();
	state->start = process_start(getpid());
	if (sscanf(state->settings.scope, "pid:%d", &pid) == 1)
		state->scope_start = process_start(pid);
	note_command(state, run->options->command);
	ret = state_save(run->lock, state);
	if (ret)
		say_err("cannot write down what to put back (%s), so nothing was changed",
			strerror(-ret));
	return ret;
}

/* The scope first, so that nobody else is touched at any moment. */
static int apply(struct run *run)
{
	char scope[32];

	run->policy = run->options->policy ?: run->state.settings.policy;
	snprintf(scope, sizeof(scope), "pid:%d", getpid());
	if (setting_write("scope", scope) ||
	    setting_write("policy", run->policy) ||
	    setting_write("enabled", "1"))
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
	int n = events_read(run->events, last, take, run);

	if (n > 0)
		run->read += n;
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

static int print_report(const struct run *run, struct report *report)
{
	const char *output = run->options->output;
	FILE *file = stdout;

	report_keep(report);
	if (output)
		file = fopen(output, "we");
	if (file) {
		report_print(report, run->options->format, file);
		if (!fflush(file) && (!output || !fclose(file)))
			return 0;
	}
	say_err("cannot write the report to %s (%m); 'mapstack report' prints it",
		output ?: "standard output");
	return -1;
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
	struct report report = {
		.command = run->options->command,
		.policy = run->policy,
		.status = run->child.status,
		.seconds = (now_ms() - run->started) / 1000.0,
		.still_running = !run->child.alone,
		.counters = run->counted,
		.events = run->read,
		.lost = count_lost(run),
	};

	if (run->backtraces)
		backtraces_resolve(run->backtraces, run->tally);
	report.programs = tally_programs(run->tally);
	print_report(run, &report);
	return report.status;
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

static int run_locked(struct run *run)
{
	int status = EXIT_SELF;

	if (state_recover(run->lock, &run->state) || note_state(run))
		return EXIT_SELF;
	if (child_prepare(&run->child))
		goto out_forget;
	run->events = events_open(run->options->kib);
	if (!run->events)
		goto out_forget;
	run->tally = tally_new();

	status = run_prepared(run);
	/* -1: the command ran, and its report is still to be made. */
	if (state_settings_back(&run->state))
		say_err("'mapstack status' explains what was left");
	else
		state_forget(run->lock);
	if (status < 0)
		status = report_run(run);
	backtraces_close(run->backtraces);
	events_close(run->events);
	tally_free(run->tally);
	return status;

out_forget:
	state_forget(run->lock);
	return status;
}

int run(const struct run_options *options)
{
	struct run run = { .options = options };
	int status;

	if (geteuid()) {
		say_err("it needs root to change the module's settings and to trace; nothing was changed; use sudo");
		return EXIT_SELF;
	}
	if (!module_load())
		return EXIT_SELF;
	run.lock = state_lock(&run.state);
	if (run.lock < 0)
		return EXIT_SELF;
	status = run_locked(&run);
	close(run.lock);
	return status;
}
