// SPDX-License-Identifier: GPL-2.0-only
/* mapstack run: one command, in a scope of its own. See verbs.h. */

#include <pwd.h>
#include <stdio.h>
#include <unistd.h>

#include "machine/background.h"
#include "machine/child.h"
#include "machine/files.h"
#include "report/document.h"
#include "report/text.h"
#include "verbs/recording.h"
#include "verbs/verbs.h"

struct run {
	const struct options *options;
	struct recording recording;
	char scope[32];
	struct child child;
	const struct passwd *user; /* NULL: root */
	int foreground; /* who waits for the command only; -1: nobody */
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
	const char *signal = child_signal(&run->child);
	json_t *command = json_array();
	char *const *word;
	int ret;

	for (word = run->options->command; *word; word++)
		json_array_append_new(command, text_json(*word));
	json_object_set_new(document, "command", command);
	json_object_set_new(document, "signal", text_json(signal));
	json_object_set_new(document, "exit_status",
			    signal ? json_null() :
				     json_integer(run->child.status));
	json_object_set_new(document, "still_running",
			    json_boolean(!run->child.alone));
	ret = document_keep(document);
	ret |= recording_write(&run->recording, document);
	json_decref(document);
	return ret ? EXIT_SELF : run->child.status;
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

	if (find_user(&run) || !module_load())
		return EXIT_SELF;
	if (options->detach) {
		run.foreground = background_go(&front);
		if (run.foreground < 0)
			return child_end(&front, front.status);
	}
	return run_guarded(&run);
}
