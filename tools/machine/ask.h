/* SPDX-License-Identifier: GPL-2.0-only */
/* Asks other programs of this machine. */
#ifndef TOOLS_ASK_H
#define TOOLS_ASK_H

#include <stdbool.h>

/**
 * ask() - run a program and take its answer
 * @words: the program and its arguments; ends with NULL
 * @there: becomes whether the program exists; may be NULL
 *
 * The program's standard error is discarded. It has 20 seconds to answer.
 *
 * Return: the first line of its output, to be freed; NULL if it does not exist or
 * failed.
 */
char *ask(const char *const *words, bool *there);

#endif /* TOOLS_ASK_H */
