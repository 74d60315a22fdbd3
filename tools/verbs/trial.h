/* SPDX-License-Identifier: GPL-2.0-only */
/* One run of a command under one policy: a part of mapstack try. */
#ifndef TOOLS_TRIAL_H
#define TOOLS_TRIAL_H

#include <jansson.h>
#include <pwd.h>
#include <sys/types.h>

#include "machine/child.h"
#include "machine/session.h"
#include "verbs/verbs.h"

/* Shared by all runs of a try. */
struct trials {
	const struct options *options;
	const struct passwd *user; /* NULL: root */
	struct child child;
	struct session session; /* of all of them */
	const char *dir; /* for the output and the report of each run */
	int input; /* a descriptor; 0: standard input, from input_at on */
	off_t input_at;
};

/**
 * trial_path() - the path of a file of a run
 * @trials: the runs
 * @policy: of the run, as the user names it
 * @number: of the run under this policy, from 1
 * @what: "out", "err" or "json"
 *
 * Return: a path, to be freed.
 */
char *trial_path(const struct trials *trials, const char *policy, int number,
		 const char *what);

/**
 * trial_run() - run the command once
 * @trials: the runs; their session has begun
 * @policy: "off", or one of the module
 * @number: of the run under this policy, from 1
 *
 * "off" is the policy observe: it changes nothing and counts at the same price,
 * so that the comparison is of growable stacks and not of the instrument.
 * Leaves the module off. Leaves the report in a file, not in memory, because a
 * command's peak of memory is never below what fork() copies of this process.
 *
 * Return: a member of "runs" as schema.json has it, without its report and its
 * output; or NULL after a complaint, with @trials->child.status as the
 * exit status to end with.
 */
json_t *trial_run(struct trials *trials, const char *policy, int number);

#endif /* TOOLS_TRIAL_H */
