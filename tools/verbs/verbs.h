/* SPDX-License-Identifier: GPL-2.0-only */
/* The verbs. main.c turns arguments into options, and calls one of these. */
#ifndef TOOLS_VERBS_H
#define TOOLS_VERBS_H

#include <regex.h>
#include <stdbool.h>

#include "report/fail_on.h"
#include "report/report.h"

/* Exit statuses of status. */
enum { STATUS_ON, STATUS_FAILED, STATUS_OFF = 3, STATUS_NOT_LOADED };

struct options {
	const char *policy; /* NULL: the one in force */
	const char *output; /* NULL: standard output */
	enum format format;
	const char *by; /* how to group programs; NULL: not at all */
	const char *user; /* who runs the command; NULL: root */
	bool wait; /* for all that the command started */
	bool detach; /* the same, in the background after the command has ended */
	bool quiet; /* no progress */
	bool backtrace; /* of refused calls */
	int runs; /* under each policy; 0: not given */
	const char *policies; /* with commas between; NULL: not given */
	bool fixed; /* do not randomize addresses */
	regex_t *ignore; /* in the command's output; NULL: nothing */
	const char *keep; /* a directory to make; NULL: keep nothing */
	struct fail_on fail_on;
	const char *unit, *cgroup, *pid, *container; /* to follow one of them */
	bool all; /* follow everything */
	long long duration; /* seconds to follow; 0: until a signal */
	long long interval; /* seconds between two reports; 0: only one report */
	char *const *command; /* what follows the options; ends with NULL */
};

/**
 * status() - print settings and counters, and what a killed run left
 * @options: format
 *
 * Return: the exit status.
 */
int status(const struct options *options);

/**
 * doctor() - print a line for everything that is wrong, with its remedy
 * @options: format
 *
 * Return: the exit status: 0, or 1 if there is a finding.
 */
int doctor(const struct options *options);

/**
 * self_test() - run the tests of the running kernel
 * @options: none
 *
 * Becomes tests/selftest/run, as it was installed.
 *
 * Return: EXIT_SELF after a complaint.
 */
int self_test(const struct options *options);

/**
 * turn_on() - switch on, and load the module if necessary
 * @options: policy, to be set first; NULL: leave it
 *
 * Puts back what a killed run left, before anything else.
 *
 * Return: the exit status: 0, or 1 after a complaint.
 */
int turn_on(const struct options *options);

/**
 * turn_off() - put back what a killed run left, and switch off
 * @options: none
 *
 * Return: the exit status: 0, or 1 after a complaint.
 */
int turn_off(const struct options *options);

/**
 * run() - run a command and report
 * @options: how
 *
 * Return: the exit status to pass on.
 */
int run(const struct options *options);

/**
 * try() - run a command under several policies, and judge
 * @options: how
 *
 * Return: the exit status: 0; 1 if a policy breaks the command, or, with fail_on,
 * if something of that list was found; EXIT_SELF after a complaint.
 */
int try(const struct options *options);

/**
 * watch() - follow something that already runs, and report
 * @options: how
 *
 * Return: the exit status: 0, also after SIGINT and SIGTERM; EXIT_SELF after a
 * complaint.
 */
int watch(const struct options *options);

/**
 * report() - print a report again
 * @options: format, output, by; a file, or none for the last one that was kept
 *
 * Return: the exit status: 0, or EXIT_SELF after a complaint.
 */
int report(const struct options *options);

/**
 * diff() - say what changed from one report to another
 * @options: format, output; two files
 *
 * Return: the exit status: 0, 1 if something breaks, EXIT_SELF after a complaint.
 */
int diff(const struct options *options);

/**
 * merge() - make one report of several, of many machines
 * @options: format, output; the files
 *
 * Return: the exit status: 0, or EXIT_SELF after a complaint.
 */
int merge(const struct options *options);

#endif /* TOOLS_VERBS_H */
