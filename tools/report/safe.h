/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Prints texts that somebody else chose: names of programs, threads and cgroups.
 *
 * A name may contain a control sequence of the terminal, a line of a report, or
 * bytes that are not UTF-8, and an unprivileged user may have chosen it.
 */
#ifndef TOOLS_SAFE_H
#define TOOLS_SAFE_H

#include <stdio.h>

/**
 * text_put() - print a text that somebody else chose
 * @file: where to print
 * @text: any bytes; NULL prints nothing
 *
 * Prints bytes that are not UTF-8, control characters, and characters that
 * change the direction of writing as \xNN, a byte each.
 */
void text_put(FILE *file, const char *text);

#endif /* TOOLS_SAFE_H */
