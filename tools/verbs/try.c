// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapstack try: runs a command under several policies. See verbs.h.
 *
 * This file orders the runs, and puts everything back whatever ends them.
 * trial.c makes one run, outputs.c compares what the runs printed, and
 * report/verdict.c finds the verdict.
 */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine/files.h"
#include "report/document.h"
#include "report/ending.h"
#include "report/store.h"
#include "report/verdict.h"
#include "verbs/outputs.h"
#include "verbs/trial.h"

#define STATUS_FAILED_ON 1

struct
try {
	struct trials trials;
	struct output output;
	char *dir;
	bool keep; /* the directory */
	json_t *policies; /* as schema.json has them */
};

static int make_dir(struct try *try)
{
	const char *wanted = try->trials.options->keep;
	const char *temporary = getenv("TMPDIR");

	try->keep = wanted;
	if (wanted) {
		try->dir = xcopy(wanted);
		if (!mkdir(wanted, 0700))
			goto out;
		say_err("cannot make the directory %s (%m), so nothing was done; --keep takes a new directory",
			wanted);
		goto err;
	}
	if (asprintf(&try->dir, "%s/mapstack-try-XXXXXX",
		     temporary && *temporary == '/' ? temporary : "/tmp") < 0)
		abort();
	if (mkdtemp(try->dir))
		goto out;
	say_err("cannot make a directory as %s (%m), so nothing was done; TMPDIR or --keep names another place",
		try->dir);
err:
	free(try->dir);
	try->dir = NULL;
	return -1;
out:
	try->trials.dir = try->dir;
	return 0;
}

static void remove_dir(struct try *try)
{
	struct dirent *entry;
	DIR *dir;

	if (try->dir && !try->keep) {
		dir = opendir(try->dir);
		while (dir && (entry = readdir(dir)))
			unlinkat(dirfd(dir), entry->d_name, 0);
		if (dir)
			closedir(dir);
		rmdir(try->dir);
	}
	free(try->dir);
}

/* Each run reads a file from the same place. Other input becomes /dev/null. */
static int open_input(struct trials *trials)
{
	struct stat stat;

	if (!fstat(STDIN_FILENO, &stat) && S_ISREG(stat.st_mode)) {
		trials->input_at = lseek(STDIN_FILENO, 0, SEEK_CUR);
		return 0;
	}
	trials->input = open("/dev/null", O_RDONLY | O_CLOEXEC);
	if (trials->input >= 0)
		return 0;
	say_err("cannot open /dev/null (%m), so nothing was done");
	return -1;
}

static void add_policy(struct try *try, const char *name)
{
	json_array_append_new(try->policies,
			      json_pack("{s:s,s:[]}", "policy", name, "runs"));
}

/* Off comes first, named or not, because the others are compared with it. */
static void list_policies(struct try *try)
{
	char *copy = xcopy(try->trials.options->policies ?: "private,rfc");
	char *rest = copy, *word;

	try->policies = json_array();
	add_policy(try, "off");
	while ((word = strsep(&rest, ",")))
		if (strcmp(word, "off"))
			add_policy(try, word);
	free(copy);
}

static bool is_ended(const struct child *child)
{
	switch (child->given_up ?: child->passed_on) {
	case SIGHUP:
	case SIGINT:
	case SIGQUIT:
	case SIGTERM:
		return true;
	}
	return child->given_up;
}

static void tell_progress(const struct try *try, const json_t *policy,
			  const json_t *run)
{
	char ending[64];

	if (try->trials.options->quiet)
		return;
	say_err("%s, run %zu: %.2f s, %s", document_text(policy, "policy"),
		json_array_size(json_object_get(policy, "runs")),
		document_number(run, "wall_us") / 1e6,
		ending_text(run, ending, sizeof(ending)));
}

/* Returns whether the next run may begin. */
static bool run_once(struct try *try, json_t *policy)
{
	json_t *runs = json_object_get(policy, "runs"), *run;
	struct child *child = &try->trials.child;

	run = trial_run(&try->trials, document_text(policy, "policy"),
			json_array_size(runs) + 1);
	if (!run)
		return false;
	json_array_append_new(runs, run);
	if (is_ended(child)) {
		child->given_up = child->given_up ?: child->passed_on;
		say_err("SIG%s came, so there is no verdict; all settings are as they were",
			sigabbrev_np(child->given_up) ?: "NAL");
		child->status = EXIT_SELF;
		return false;
	}
	tell_progress(try, policy, run);
	return true;
}

/*
 * Begins with two runs of off, so that it is known at once what differs by
 * itself. The policies take turns, so that a machine that becomes slower does
 * so for all.
 */
static bool run_all(struct try *try)
{
	int round, rounds = try->trials.options->runs ?: 1;
	json_t *policy;
	size_t i;

	if (!run_once(try, json_array_get(try->policies, 0)))
		return false;
	for (round = 0; round < rounds; round++) {
		json_array_foreach(try->policies, i, policy)
		{
			if (!run_once(try, policy))
				return false;
		}
	}
	return true;
}

static int load_reports(struct try *try)
{
	json_t *policy, *run, *report;
	size_t i, j;
	char *path;

	json_array_foreach(try->policies, i, policy)
		json_array_foreach(json_object_get(policy, "runs"), j, run)
	{
		path = trial_path(&try->trials, document_text(policy, "policy"),
				  j + 1, "json");
		report = document_load(path, true);
		free(path);
		if (!report)
			return -1;
		json_object_set_new(run, "report", report);
	}
	return 0;
}

static json_t *report_at(const struct try *try, bool last)
{
	size_t policies = json_array_size(try->policies), runs;
	json_t *policy = json_array_get(try->policies, last ? policies - 1 : 0);
	json_t *list = json_object_get(policy, "runs");

	runs = json_array_size(list);
	return json_object_get(json_array_get(list, last ? runs - 1 : 0),
			       "report");
}

static json_t *make_document(const struct try *try)
{
	static const char *const members[] = { "host",	       "kernel",
					       "architecture", "module",
					       "mapstack",     "page_size",
					       "command",      "start" };
	json_t *document = json_pack("{s:i,s:s}", "version", 1, "verb", "try");
	size_t i;

	for (i = 0; i < ARRAY_SIZE(members); i++)
		json_object_set(document, members[i],
				json_object_get(report_at(try, false),
						members[i]));
	json_object_set(document, "end",
			json_object_get(report_at(try, true), "end"));
	json_object_set(document, "policies", try->policies);
	return document;
}

static int report_all(struct try *try)
{
	const struct options *options = try->trials.options;
	json_t *document;
	bool failed;
	int ret = load_reports(try);

	if (!ret)
		ret = outputs_compare(&try->trials, try->policies);
	if (ret)
		return EXIT_SELF;
	document = make_document(try);
	failed = verdict_judge(document, &options->fail_on);
	ret = document_keep(document);
	ret |= report_write(document, options->format, &try->output);
	json_decref(document);
	return ret ? EXIT_SELF : failed ? STATUS_FAILED_ON : 0;
}

static int run_guarded(struct try *try)
{
	struct child *child = &try->trials.child;
	struct session *session = &try->trials.session;
	int status = EXIT_SELF;
	bool done;

	if (child_prepare(child) ||
	    session_begin(session, "try", try->trials.options->command[0]))
		return EXIT_SELF;
	done = run_all(try);
	if (!done)
		status = child->status;
	if (session_end(session))
		done = false;
	if (done)
		status = report_all(try);
	/* The signal that ended a run is in the report, and does not end try. */
	child->status = status;
	child->signal = 0;
	return status;
}

int try(const struct options *options)
{
	struct try try = { .trials.options = options };
	int status;

	if (child_user(options->user, &try.trials.user) || !module_load() ||
	    open_input(&try.trials) ||
	    output_open(&try.output, options->output, false))
		return EXIT_SELF;
	if (make_dir(&try)) {
		output_abandon(&try.output);
		return EXIT_SELF;
	}
	list_policies(&try);
	status = run_guarded(&try);
	json_decref(try.policies);
	remove_dir(&try);
	output_abandon(&try.output);
	return child_end(&try.trials.child, status);
}
