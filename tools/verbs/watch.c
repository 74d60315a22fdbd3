// SPDX-License-Identifier: GPL-2.0-only
/* mapstack watch: follows what already runs. See verbs.h. */

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "machine/child.h"
#include "machine/clock.h"
#include "machine/files.h"
#include "machine/settings.h"
#include "machine/target.h"
#include "report/store.h"
#include "report/text.h"
#include "verbs/recording.h"
#include "verbs/verbs.h"

struct watch {
	const struct options *options;
	struct recording recording;
	struct child child; /* without a command: takes the signals */
	struct target target;
	const char *policy;
	bool is_process; /* then the target cannot come back */
	enum target_state state;
	long long until; /* clock_ms(); 0: no end */
	long long next; /* clock_ms() of the next report */
	int gone; /* how often the target was found gone */
};

static int refuse(const char *why)
{
	say_err("%s; nothing was done; 'mapstack watch --help' says what there is",
		why);
	return -1;
}

/* Chooses the target, in the order of enum target_kind. */
static int choose(struct watch *watch)
{
	const struct options *options = watch->options;
	const char *const names[] = { options->all ? "" : NULL, options->unit,
				      options->cgroup, options->pid,
				      options->container };
	enum target_kind kind = TARGET_ALL;
	unsigned int chosen = 0, i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (!names[i])
			continue;
		kind = i;
		chosen++;
	}
	if (chosen > 1)
		return refuse("only one thing is followed at a time");
	watch->policy = options->policy ?: "observe";
	if (!chosen && strcmp(watch->policy, "observe"))
		return refuse("--policy needs a target: --all, --unit");
	watch->is_process = kind == TARGET_PID;
	return target_find(&watch->target, kind, names[kind]);
}

static int check_options(const struct options *options)
{
	if (options->interval && !options->output)
		return refuse("--interval rewrites a file: add --output");
	if (options->interval && options->backtrace)
		return refuse("--backtrace does not work with --interval");
	if (fail_on_compares(&options->fail_on))
		return refuse("--fail-on differs, slower need mapstack try");
	return 0;
}

static void say_begun(const struct watch *watch)
{
	time_t end = time(NULL) + watch->options->duration;
	char until[64] = "";

	if (watch->until)
		strftime(until, sizeof(until), "%F %T %Z, ", localtime(&end));
	say_err("following %s (scope %s) under policy %s%s until %sSIGINT or SIGTERM",
		watch->target.what, watch->target.scope, watch->policy,
		strcmp(watch->policy, "observe") ? "" :
						   ", which changes nothing,",
		until);
}

static void say_gone(const struct watch *watch)
{
	say_err(watch->is_process ?
			"%s has ended, so there is nothing left to follow" :
			"%s is gone; it is followed again when it is back",
		watch->target.what);
}

static void look_at_target(struct watch *watch)
{
	enum target_state before = watch->state;

	watch->state = target_look(&watch->target);
	switch (watch->state) {
	case TARGET_THERE:
		break;
	case TARGET_GONE:
		if (before == TARGET_GONE)
			break;
		watch->gone++;
		say_gone(watch);
		break;
	case TARGET_BACK:
		watch->gone += before != TARGET_GONE;
		say_err("%s was gone, is back, and is followed again; what it did at first was not seen",
			watch->target.what);
		break;
	case TARGET_LOST:
		say_err("somebody else has changed the module's settings, so this ends here");
		break;
	}
}

static bool is_over(const struct watch *watch)
{
	return watch->child.given_up ||
	       (watch->until && clock_ms() >= watch->until) ||
	       (watch->is_process && watch->state == TARGET_GONE) ||
	       watch->state == TARGET_LOST;
}

static json_t *watch_json(const struct watch *watch)
{
	json_t *document = recording_json(&watch->recording, "watch");

	json_object_set_new(document, "followed",
			    text_json(watch->target.what));
	json_object_set_new(json_object_get(document, "complete"), "gone",
			    json_integer(watch->gone));
	return document;
}

static int report_watch(struct watch *watch)
{
	json_t *document = watch_json(watch);
	int ret = document_keep(document);
	bool failed;

	ret |= recording_write(&watch->recording, document);
	failed = fail_on_report(&watch->options->fail_on, document);
	json_decref(document);
	return ret ? EXIT_SELF : failed;
}

/* If a report cannot be written, the next one may be. */
static void report_so_far(struct watch *watch)
{
	json_t *document;

	if (!watch->options->interval || clock_ms() < watch->next)
		return;
	watch->next = clock_ms() + watch->options->interval * 1000;
	if (recorder_take(watch->recording.recorder))
		return;
	document = watch_json(watch);
	recording_write(&watch->recording, document);
	json_decref(document);
}

static int watch_begun(struct watch *watch)
{
	const struct options *options = watch->options;

	if (options->duration)
		watch->until = clock_ms() + options->duration * 1000;
	if (!options->quiet)
		say_begun(watch);
	while (!is_over(watch)) {
		recording_look(&watch->recording,
			       !options->quiet && !options->interval);
		look_at_target(watch);
		report_so_far(watch);
		child_wait(&watch->child, LOOK_MS);
	}
	if (recording_end(&watch->recording))
		return EXIT_SELF;
	return report_watch(watch)		   ?:
		       watch->state == TARGET_LOST ? EXIT_SELF :
						     0;
}

/* SIGINT and SIGTERM are the usual end. Any other signal ends the process. */
static int end(struct watch *watch, int status)
{
	int *signal = &watch->child.given_up;

	if (*signal == SIGINT || *signal == SIGTERM)
		return status;
	return child_end(&watch->child, status);
}

int watch(const struct options *options)
{
	struct watch watch = { .options = options };
	int status = EXIT_SELF;

	if (check_options(options) || choose(&watch) || !module_load() ||
	    recording_prepare(&watch.recording, options))
		return EXIT_SELF;
	if (!child_prepare(&watch.child) &&
	    !recording_begin(&watch.recording, "watch", watch.target.what,
			     watch.target.scope, watch.policy))
		status = watch_begun(&watch);
	recording_close(&watch.recording);
	return end(&watch, status);
}
