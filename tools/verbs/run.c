// SPDX-License-Identifier: GPL-2.0-only
/* mapstack run: one command, in a scope of its own. See verbs.h. */

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "machine/background.h"
#include "machine/child.h"
#include "machine/files.h"
#include "machine/session.h"
#include "machine/settings.h"
#include "recorder/recorder.h"
#include "report/document.h"
#include "report/text.h"
#include "verbs/verbs.h"

#define LOOK_MS 100
#define PROGRESS_MS 10000 /* on a terminal */
#define PROGRESS_LOG_MS 60000 /* elsewhere */

struct run {
	const struct options *options;
	struct session session;
	const char *policy;
	char scope[32];
	struct output output;
	struct recorder *recorder;
	struct child child;
	const struct passwd *user; /* NULL: root */
	int foreground; /* who waits for the command only; -1: nobody */
	long long started, told; /* ms */
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
	return recorder_start(run->recorder);
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

static void tell_progress(struct run *run, const struct counter_values *counted)
{
	long long period = isatty(STDERR_FILENO) ? PROGRESS_MS :
						   PROGRESS_LOG_MS;

	if (run->options->quiet || now_ms() - run->told < period)
		return;
	run->told = now_ms();
	if (is_painted())
		return;
	say_err("%lld s: %lld requests, %lld refused, %lld grown",
		(run->told - run->started) / 1000, counted->value[C_SEEN],
		counted->value[C_REFUSED], counted->value[C_GROWN]);
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
	struct counter_values counted = {};

	while (!is_over(run)) {
		child_wait(&run->child, LOOK_MS);
		if (run->child.ended && !run->child.alone)
			background_tell(&run->foreground, &run->child);
		recorder_look(run->recorder, &counted);
		tell_progress(run, &counted);
	}
}

static int report_run(struct run *run)
{
	json_t *document = recorder_json(run->recorder);
	const char *signal = child_signal(&run->child);
	json_t *command = json_array(), *about;
	char *const *word;
	int ret;

	for (word = run->options->command; *word; word++)
		json_array_append_new(command, text_json(*word));
	about = json_pack("{s:s,s:o,s:s,s:s,s:b,s:o,s:b}", "verb", "run",
			  "command", command, "scope", run->scope, "policy",
			  run->policy, "forecast",
			  !strcmp(run->policy, "observe"), "signal",
			  text_json(signal), "still_running",
			  !run->child.alone);
	json_object_set_new(about, "exit_status",
			    signal ? json_null() :
				     json_integer(run->child.status));
	json_object_update_new(document, about);
	ret = document_keep(document);
	ret |= report_write(document, run->options->format, &run->output);
	json_decref(document);
	return ret ? EXIT_SELF : run->child.status;
}

/* Returns -1 if there is something to report. */
static int run_begun(struct run *run)
{
	int status;

	if (apply(run))
		return EXIT_SELF;
	run->started = now_ms();
	run->told = run->started;
	status = child_start(&run->child, run->options->command, run->user);
	if (status)
		return status;

	follow(run);
	/* What runs on would be counted between the reading of two files. */
	setting_write("enabled", "0");
	return recorder_stop(run->recorder) ? EXIT_SELF : -1;
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
	run->recorder = recorder_prepare(run->options->backtrace);
	if (!run->recorder) {
		output_abandon(&run->output);
		return EXIT_SELF;
	}
	if (!child_prepare(&run->child) &&
	    !session_begin(&run->session, "run", run->options->command[0])) {
		status = run_begun(run);
		session_end(&run->session);
	}
	if (status < 0)
		status = report_run(run);
	recorder_close(run->recorder);
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
