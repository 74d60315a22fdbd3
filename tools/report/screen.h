/* SPDX-License-Identifier: GPL-2.0-only */
/* Prints for a terminal, by its width and its colours. */
#ifndef TOOLS_SCREEN_H
#define TOOLS_SCREEN_H

#include <stdbool.h>
#include <stdio.h>

struct screen {
	FILE *file;
	int width; /* in columns */
	bool wraps; /* sentences at the width; otherwise each is one line */
	bool colour;
};

enum colour { COLOUR_BAD, COLOUR_DEAR, COLOUR_GOOD, COLOUR_FAINT };

/**
 * screen_open() - find out about the terminal or file to print on
 * @fd: where the text goes in the end
 * @file: print here
 *
 * If it is not a terminal, there are 80 columns and no colours, and each sentence is
 * one line, so that a script finds it. A terminal has no colours if NO_COLOR is set
 * and not empty, or TERM is dumb.
 *
 * Return: the screen, for the functions below.
 */
struct screen screen_open(int fd, FILE *file);

/**
 * screen_paint() - print words in a colour, if there are colours
 * @screen: from screen_open()
 * @colour: the colour
 * @words: our own; print names that others chose with text_put()
 */
void screen_paint(const struct screen *screen, enum colour colour,
		  const char *words);

/**
 * screen_wrap() - print a text that somebody else chose, in lines if they wrap
 * @screen: from screen_open()
 * @text: the text; a newline follows it
 * @at: the column where it begins
 * @indent: of the lines after the first
 */
void screen_wrap(const struct screen *screen, const char *text, int at,
		 int indent);

/**
 * screen_fill() - print finished lines, and break them if the screen wraps
 * @screen: from screen_open()
 * @lines: each with its newline, perhaps with colours; changed by this
 *
 * The rest of a line that is broken is indented more than the line.
 */
void screen_fill(const struct screen *screen, char *lines);

#endif /* TOOLS_SCREEN_H */
