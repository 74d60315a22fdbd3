/* SPDX-License-Identifier: GPL-2.0-only */
/* mapstack run. */
#ifndef TOOLS_RUN_H
#define TOOLS_RUN_H

#include "report/report.h"

/* The tool itself failed, as env(1) and timeout(1) say it. */
#define EXIT_SELF 125

struct run_options {
	const char *policy; /* NULL: the one in force */
	const char *output; /* NULL: standard output */
	enum format format;
	unsigned long kib; /* buffer of each CPU */
	bool wait; /* for all that the command started */
	bool quiet; /* no progress */
	bool backtrace; /* of refused calls */
	char *const *command; /* ends with NULL */
};

/**
 * run() - run a command and report
 * @options: how
 *
 * Return: the exit status to pass on.
 */
int run(const struct run_options *options);

#endif /* TOOLS_RUN_H */
