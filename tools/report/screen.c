// SPDX-License-Identifier: GPL-2.0-only
/* Prints for a terminal. See screen.h. */

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "machine/files.h"
#include "report/screen.h"
#include "report/text.h"

#define WIDTH 80
#define LEAST_WIDTH 40
#define HANGING 4 /* the indent of what did not fit into a line */

static const char *const codes[] = {
	[COLOUR_BAD] = "31;1",
	[COLOUR_DEAR] = "33;1",
	[COLOUR_GOOD] = "32;1",
	[COLOUR_FAINT] = "2",
};

static bool is_set(const char *name)
{
	const char *value = getenv(name);

	return value && *value;
}

struct screen screen_open(int fd, FILE *file)
{
	struct screen screen = { .file = file, .width = WIDTH };
	struct winsize size;

	if (!isatty(fd))
		return screen;
	screen.wraps = true;
	if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
		screen.width = size.ws_col;
	if (screen.width < LEAST_WIDTH)
		screen.width = LEAST_WIDTH;
	screen.colour = !is_set("NO_COLOR") && is_set("TERM") &&
			strcmp(getenv("TERM"), "dumb");
	return screen;
}

void screen_paint(const struct screen *screen, enum colour colour,
		  const char *words)
{
	if (screen->colour)
		fprintf(screen->file, "\033[%sm%s\033[0m", codes[colour],
			words);
	else
		fputs(words, screen->file);
}

/* Counts columns. A colour takes none, a character of several bytes one. */
static int columns(const char *word)
{
	int count = 0;

	for (; *word; word++) {
		count += (*word & 0xc0) != 0x80;
		if (*word == '\033')
			count -= strcspn(word, "m") + 1;
	}
	return count;
}

/* The line is safe to print by now. */
static void wrap_line(const struct screen *screen, char *line, int at,
		      int indent)
{
	char *word;
	bool first = true;
	int length;

	while ((word = strsep(&line, " "))) {
		length = columns(word);
		if (screen->wraps && !first &&
		    at + 1 + length > screen->width) {
			fprintf(screen->file, "\n%*s", indent, "");
			at = indent;
		} else if (!first) {
			fputc(' ', screen->file);
			at++;
		}
		fputs(word, screen->file);
		at += length;
		first = false;
	}
	fputc('\n', screen->file);
}

void screen_wrap(const struct screen *screen, const char *text, int at,
		 int indent)
{
	char *safe = NULL;
	size_t size;
	FILE *file = xmemory(&safe, &size);

	text_put(file, text);
	fclose(file);
	wrap_line(screen, safe, at, indent);
	free(safe);
}

void screen_fill(const struct screen *screen, char *lines)
{
	char *line;

	while ((line = strsep(&lines, "\n")) && lines)
		wrap_line(screen, line, 0, strspn(line, " ") + HANGING);
}
