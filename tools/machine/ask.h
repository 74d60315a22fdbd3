/* SPDX-License-Identifier: GPL-2.0-only */
/* Other programs of this machine that know what this one does not. */
#ifndef TOOLS_ASK_H
#define TOOLS_ASK_H

#include <stdbool.h>

/**
 * ask() - have a program answer
 * @words: the program and its arguments; ends with NULL
 * @there: whether there is such a program; NULL: do not tell
 *
 * What it prints on standard error is thrown away. It has 20 seconds.
 *
 * Return: the first line of what it printed, to be freed; NULL if it is not there
 * or failed.
 */
char *ask(const char *const *words, bool *there);

#endif /* TOOLS_ASK_H */
