/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where a report goes: standard output, or a file that is replaced whole.
 *
 * It is opened before there is anything to write, so that a mistake shows
 * before a day has passed, and nobody ever reads half of it.
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
 * A regular file is written aside, in the same directory; what is none, such
 * as a pipe or a device, is written as it is. Complains if it cannot be.
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
 * Return: 0 or -1; then a regular file is what it was before.
 */
int output_commit(struct output *output);

/**
 * output_abandon() - write nothing
 * @output: from output_open(); nothing of it is left
 */
void output_abandon(struct output *output);

#endif /* TOOLS_OUTPUT_H */
