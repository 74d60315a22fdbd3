// SPDX-License-Identifier: GPL-2.0-only
/* mapstack run: one command, in a scope of its own. See verbs.h. */

#include <stdio.h>
#include <unistd.h>

#include "machine/background.h"
#include "machine/child.h"
#include "machine/files.h"
#include "report/store.h"
#include "verbs/about.h"
#include "verbs/recording.h"
#include "verbs/verbs.h"

struct run {
	const struct options *options;
	struct recording recording;
	char scope[32];
	struct child child;
	const struct passwd *user; /* NULL: root */
	int foreground; /* the descriptor for background_tell(); -1: none */
};

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
		child_wait(&run->child, LOOK_MS);
		if (run->child.ended && !run->child.alone)
			background_tell(&run->foreground, &run->child);
		recording_look(&run->recording, !run->options->quiet);
	}
}

static int report_run(struct run *run)
{
	json_t *document = recording_json(&run->recording, "run");
	bool failed;
	int ret;

	about_command(document, run->options->command, &run->child);
	ret = document_keep(document);
	ret |= recording_write(&run->recording, document);
	failed = fail_on_report(&run->options->fail_on, document);
	json_decref(document);
	if (ret)
		return EXIT_SELF;
	return run->child.status ?: failed;
}

static int run_begun(struct run *run)
{
	int status = child_start(&run->child, run->options->command, run->user);
	bool started = !status;

	if (started)
		follow(run);
	if (recording_end(&run->recording) && started)
		return EXIT_SELF;
	return started ? report_run(run) : status;
}

static int run_guarded(struct run *run)
{
	const struct options *options = run->options;
	int status = EXIT_SELF;

	if (recording_prepare(&run->recording, options))
		return EXIT_SELF;
	snprintf(run->scope, sizeof(run->scope), "pid:%d", getpid());
	if (!child_prepare(&run->child) &&
	    !recording_begin(&run->recording, "run", options->command[0],
			     run->scope, options->policy))
		status = run_begun(run);
	recording_close(&run->recording);
	return child_end(&run->child, status);
}

int run(const struct options *options)
{
	struct run run = { .options = options, .foreground = -1 };
	struct child front = { 0 };

	if (fail_on_compares(&options->fail_on)) {
		say_err("only 'mapstack try' compares, so nothing was done; use it for differs and slower");
		return EXIT_SELF;
	}
	if (child_user(options->user, &run.user) || !module_load())
		return EXIT_SELF;
	if (options->detach) {
		run.foreground = background_go(&front);
		if (run.foreground < 0)
			return child_end(&front, front.status);
	}
	return run_guarded(&run);
}
