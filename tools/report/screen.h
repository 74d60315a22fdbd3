/* SPDX-License-Identifier: GPL-2.0-only */
/* The terminal that a report is printed on: its width and its colours. */
#ifndef TOOLS_SCREEN_H
#define TOOLS_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

struct screen {
	FILE *file;
	int width; /* in columns */
	bool wraps; /* sentences at the width; otherwise one is a line */
	bool colour;
};

enum colour { COLOUR_BAD, COLOUR_DEAR, COLOUR_GOOD, COLOUR_FAINT };

/**
 * screen_open() - look at the terminal or file that will be printed on
 * @fd: where the text goes in the end
 * @file: print here
 *
 * Without a terminal there are 80 columns and no colours, and lines are as long
 * as the sentences, so that a script finds them. A terminal has no colour if
 * NO_COLOR is set and not empty, or TERM is dumb.
 *
 * Return: what to give to the others.
 */
struct screen screen_open(int fd, FILE *file);

/**
 * screen_paint() - print words in a colour, if there is one
 * @screen: from screen_open()
 * @colour: which
 * @words: ours; what others chose goes through text_put()
 */
void screen_paint(const struct screen *screen, enum colour colour,
		  const char *words);

/**
 * screen_wrap() - print a text that somebody else chose, broken if lines are
 * @screen: from screen_open()
 * @text: which
 * @at: the column that it begins in
 * @indent: of its other lines; a newline follows
 */
void screen_wrap(const struct screen *screen, const char *text, int at,
		 int indent);

#endif /* TOOLS_SCREEN_H */
