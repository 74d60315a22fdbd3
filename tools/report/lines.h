/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compares the output of two runs of a command, line by line.
 *
 * Runs under the same conditions show which lines differ by themselves. These
 * are left out when runs under other conditions are compared with them.
 */
#ifndef TOOLS_LINES_H
#define TOOLS_LINES_H

#include <jansson.h>
#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

struct line {
	const char *text; /* with its newline; not terminated */
	size_t size;
	bool varies; /* by itself, so it is not compared */
};

struct lines {
	char *text; /* of all lines */
	struct line *line;
	size_t count;
	bool unlike; /* its length varies by itself, so nothing is compared */
};

/**
 * lines_split() - split a text into lines
 * @lines: to be filled in; free with lines_free()
 * @text: allocated; belongs to @lines, which changes it
 * @size: of @text, in bytes; it may contain NULs
 * @ignore: matching text is removed from each line; NULL: nothing is
 */
void lines_split(struct lines *lines, char *text, size_t size,
		 const regex_t *ignore);

/**
 * lines_learn() - learn which lines vary by themselves
 * @base: of one run
 * @other: of another run under the same conditions
 */
void lines_learn(struct lines *base, const struct lines *other);

/**
 * lines_varying() - how many lines vary by themselves
 * @base: the lines
 */
size_t lines_varying(const struct lines *base);

/**
 * lines_differ() - the first line that differs, but does not by itself
 * @base: of a run, after lines_learn() of others
 * @other: of a run under other conditions
 *
 * Return: a new reference: null, or an object with the number of the "line" and its
 * text in @other ("here") and in @base ("off"), null if there is no such line.
 */
json_t *lines_differ(const struct lines *base, const struct lines *other);

/**
 * lines_free() - forget them
 * @lines: from lines_split()
 */
void lines_free(struct lines *lines);

#endif /* TOOLS_LINES_H */
