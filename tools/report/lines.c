// SPDX-License-Identifier: GPL-2.0-only
/* Compares the output of two runs. See lines.h. */

#include <stdlib.h>
#include <string.h>

#include "machine/files.h"
#include "report/lines.h"
#include "report/text.h"

#define SHOWN 160 /* bytes of a line in a report */

/* Removes text that matches, and moves the rest up; returns the new size. */
static size_t take_out(const regex_t *ignore, char *text, size_t size)
{
	regmatch_t match;
	size_t at = 0;
	int flags = REG_STARTEND;

	while (at < size) {
		match.rm_so = at;
		match.rm_eo = size;
		if (regexec(ignore, text, 1, &match, flags))
			break;
		/* After a match the beginning of the text is not that of a line. */
		flags |= REG_NOTBOL;
		if (match.rm_eo == match.rm_so) {
			at = match.rm_eo + 1;
			continue;
		}
		memmove(text + match.rm_so, text + match.rm_eo,
			size - match.rm_eo);
		size -= match.rm_eo - match.rm_so;
		at = match.rm_so;
	}
	return size;
}

static size_t count_lines(const char *text, size_t size)
{
	const char *end = text + size, *at = text;
	size_t count = 0;

	while (at && at < end) {
		count++;
		at = memchr(at, '\n', end - at);
		at = at ? at + 1 : NULL;
	}
	return count;
}

void lines_split(struct lines *lines, char *text, size_t size,
		 const regex_t *ignore)
{
	char *at = text, *end = text + size, *next;
	struct line *line;
	size_t length;

	*lines = (struct lines){ .text = text };
	lines->count = count_lines(text, size);
	lines->line = xalloc((lines->count + 1) * sizeof(*line));
	for (line = lines->line; at < end; line++, at = next) {
		next = memchr(at, '\n', end - at);
		length = (next ?: end) - at;
		next = next ? next + 1 : end;
		line->text = at;
		line->size = length;
		if (ignore)
			line->size = take_out(ignore, at, length);
		/* A line without a newline differs from one with it. */
		if (next > at + length)
			at[line->size++] = '\n';
	}
}

static bool same_line(const struct line *a, const struct line *b)
{
	return a->size == b->size && !memcmp(a->text, b->text, a->size);
}

void lines_learn(struct lines *base, const struct lines *other)
{
	size_t i;

	if (base->count != other->count)
		base->unlike = true;
	for (i = 0; i < base->count && i < other->count; i++)
		if (!same_line(&base->line[i], &other->line[i]))
			base->line[i].varies = true;
}

size_t lines_varying(const struct lines *base)
{
	size_t i, count = 0;

	for (i = 0; i < base->count; i++)
		count += base->line[i].varies;
	return count;
}

static json_t *line_json(const struct lines *lines, size_t i)
{
	const struct line *line = &lines->line[i];
	char shown[SHOWN + 1];
	size_t size;

	if (i >= lines->count)
		return json_null();
	size = line->size;
	if (size && line->text[size - 1] == '\n')
		size--;
	if (size > SHOWN)
		size = SHOWN;
	memcpy(shown, line->text, size);
	shown[size] = '\0';
	return text_json(shown);
}

json_t *lines_differ(const struct lines *base, const struct lines *other)
{
	size_t i;

	if (base->unlike)
		return json_null();
	for (i = 0; i < base->count && i < other->count; i++)
		if (!base->line[i].varies &&
		    !same_line(&base->line[i], &other->line[i]))
			break;
	if (i == base->count && i == other->count)
		return json_null();
	return json_pack("{s:I,s:o,s:o}", "line", (json_int_t)i + 1, "off",
			 line_json(base, i), "here", line_json(other, i));
}

void lines_free(struct lines *lines)
{
	free(lines->line);
	free(lines->text);
	*lines = (struct lines){ 0 };
}
