/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes a report to standard output, or to a file that is replaced atomically, so
 * that nobody ever reads half of a report.
 *
 * The output is opened before the recording, so that a mistake is noticed at once
 * and not after a day.
 */
#ifndef TOOLS_OUTPUT_H
#define TOOLS_OUTPUT_H

#include <stdbool.h>
#include <stdio.h>

struct output {
	const char *name; /* for messages */
	FILE *file; /* print here; it is kept in memory until the commit */
	char *text; /* the printed text */
	size_t size;
	int fd;
	char *path, *aside; /* rename @aside to @path; NULL: write as it is */
};

/**
 * output_open() - open the output
 * @output: to be filled in
 * @path: a file; NULL: standard output
 * @secret: whether only its owner may read it
 *
 * A regular file is replaced by one that is written in the same directory. A pipe or
 * a device is written directly. Complains if it cannot be opened.
 *
 * Return: 0 or -1.
 */
int output_open(struct output *output, const char *path, bool secret);

/**
 * output_commit() - write everything that was printed
 * @output: from output_open(); is freed
 *
 * Complains if not everything could be written. A closed pipe is a complaint too,
 * and not a signal.
 *
 * Return: 0; or -1, and then a regular file is as it was.
 */
int output_commit(struct output *output);

/**
 * output_abandon() - write nothing
 * @output: from output_open(); is freed
 */
void output_abandon(struct output *output);

#endif /* TOOLS_OUTPUT_H */
