/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes a report to standard output, or to a file that is replaced as a whole.
 *
 * The output is opened before there is anything to write, so that a mistake
 * shows at once and not after a day. Nobody ever reads half of a report.
 */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct output {
	const char *name; /* for messages */
	FILE *file; /* print here; it is kept in memory until the commit */
	char *text; /* what was printed */
	size_t size;
	int fd;
	char *path, *aside; /* rename @aside to @path; NULL: write as it is */
};

/**
 * output_open() - open what will be written
 * @output: to be filled in
 * @path: a file; NULL: standard output
 * @secret: whether it shall be readable by its owner only
 *
 * A regular file is written aside, in the same directory. A pipe or a device is
 * written directly. Complains if it cannot be opened.
 *
 * Return: 0 or -1.
 */
int output_open(struct output *output, const char *path, bool secret);

/**
 * output_commit() - write what was printed
 * @output: from output_open(); nothing of it is left
 *
 * Complains if not everything could be written. A closed pipe is a complaint
 * too and no signal.
 *
 * Return: 0 or -1; then a regular file is as it was before.
 */
int output_commit(struct output *output);

/**
 * output_abandon() - write nothing
 * @output: from output_open(); nothing of it is left
 */
void output_abandon(struct output *output);

#endif /* TOOLS_OUTPUT_H */
