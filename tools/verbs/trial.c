// SPDX-License-Identifier: GPL-2.0-only
/* One run of a command under one policy. See trial.h. */

#include <fcntl.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "machine/files.h"
#include "report/text.h"
#include "verbs/about.h"
#include "verbs/recording.h"
#include "verbs/trial.h"

struct trial {
	struct trials *trials;
	const char *policy;
	int number;
	char scope[32];
	struct options options; /* of its recording */
	struct recording recording;
};

static const char *module_policy(const char *policy)
{
	return strcmp(policy, "off") ? policy : "observe";
}

char *trial_path(const struct trials *trials, const char *policy, int number,
		 const char *what)
{
	char *path;

	if (asprintf(&path, "%s/%s-%d.%s", trials->dir, policy, number, what) <
	    0) {
		say_err("out of memory");
		abort();
	}
	return path;
}

/* O_APPEND, because a command may open its output again, as /dev/stdout. */
static int open_output(const struct trial *trial, const char *what)
{
	const struct passwd *user = trial->trials->user;
	char *path =
		trial_path(trial->trials, trial->policy, trial->number, what);
	int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC,
		      0600);

	if (fd >= 0 && user && fchown(fd, user->pw_uid, user->pw_gid)) {
		close(fd);
		fd = -1;
	}
	if (fd < 0)
		say_err("cannot open %s for what the command prints (%m), so it was not started; --keep takes another directory",
			path);
	free(path);
	return fd;
}

static int begin_output(const struct trial *trial)
{
	struct surroundings *wanted = &trial->trials->child.surroundings;

	wanted->fixed_layout = trial->trials->options->fixed;
	wanted->input = trial->trials->input;
	if (!wanted->input)
		lseek(STDIN_FILENO, trial->trials->input_at, SEEK_SET);
	wanted->output = open_output(trial, "out");
	if (wanted->output < 0)
		return -1;
	wanted->error = open_output(trial, "err");
	if (wanted->error >= 0)
		return 0;
	close(wanted->output);
	return -1;
}

static void end_output(const struct trial *trial)
{
	close(trial->trials->child.surroundings.output);
	close(trial->trials->child.surroundings.error);
}

/*
 * The report of a run is one of mapstack run, which report and diff take. Only
 * the first run of a policy has backtraces. perf must not become a child of
 * this process (see execute() in recorder/perf.c).
 */
static int prepare(struct trial *trial, const char *path)
{
	int ret;

	trial->options = *trial->trials->options;
	trial->options.output = path;
	trial->options.format = FORMAT_JSON;
	trial->options.backtrace &= trial->number == 1;
	snprintf(trial->scope, sizeof(trial->scope), "pid:%d", getpid());
	prctl(PR_SET_CHILD_SUBREAPER, 0);
	ret = recording_prepare(&trial->recording, &trial->options);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	trial->recording.session = trial->trials->session;
	trial->recording.held = true;
	return ret;
}

static void follow(struct trial *trial)
{
	struct child *child = &trial->trials->child;
	bool wait = trial->options.wait;

	while (!child->given_up && !(child->ended && (child->alone || !wait))) {
		child_wait(child, LOOK_MS);
		recording_look(&trial->recording, !trial->options.quiet);
	}
}

static int write_report(struct trial *trial)
{
	json_t *document = recording_json(&trial->recording, "run");
	int ret;

	about_command(document, trial->options.command, &trial->trials->child);
	ret = recording_write(&trial->recording, document);
	json_decref(document);
	return ret;
}

/* Returns 0; or an exit status after a complaint. */
static int run_command(struct trial *trial)
{
	const struct options *options = &trial->options;
	int status;

	if (recording_begin(&trial->recording, "try", options->command[0],
			    trial->scope, module_policy(trial->policy)))
		return EXIT_SELF;
	malloc_trim(0);
	status = child_start(&trial->trials->child, options->command,
			     trial->trials->user);
	if (!status)
		follow(trial);
	if (recording_end(&trial->recording) && !status)
		return EXIT_SELF;
	if (!status && write_report(trial))
		return EXIT_SELF;
	return status;
}

static json_t *run_json(const struct child *child)
{
	const char *signal = child_signal(child);

	return json_pack("{s:o,s:o,s:b,s:I,s:I,s:I,s:I}", "exit_status",
			 signal ? json_null() : json_integer(child->status),
			 "signal", text_json(signal), "still_running",
			 !child->alone, "wall_us",
			 (json_int_t)child->usage.wall, "user_us",
			 (json_int_t)child->usage.user, "system_us",
			 (json_int_t)child->usage.system, "peak_kib",
			 (json_int_t)child->usage.peak);
}

json_t *trial_run(struct trials *trials, const char *policy, int number)
{
	struct trial trial = { .trials = trials,
			       .policy = policy,
			       .number = number };
	char *path = trial_path(trials, policy, number, "json");
	int status = EXIT_SELF;

	if (!begin_output(&trial)) {
		if (!prepare(&trial, path)) {
			status = run_command(&trial);
			recording_close(&trial.recording);
		}
		end_output(&trial);
	}
	free(path);
	if (!status)
		return run_json(&trials->child);
	trials->child.status = status;
	trials->child.signal = 0;
	return NULL;
}
