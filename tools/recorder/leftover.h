/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds how much of a grown stack its program left mapped when it unmapped it. */
#ifndef TOOLS_LEFTOVER_H
#define TOOLS_LEFTOVER_H

#include <stdio.h>

#include "recorder/table.h"

/**
 * leftover_in() - how much stayed of a stack when its first range was unmapped
 * @maps: the text of /proc/PID/maps of its process
 * @stack: the stack
 *
 * A program does not know that its stack grew, and unmaps the range that it mapped.
 * If something was mapped in that range since, nothing can be found.
 *
 * Return: bytes.
 */
unsigned long leftover_in(FILE *maps, const struct stack *stack);

/**
 * leftover_of() - leftover_in() of a process that may have ended
 * @stack: the stack
 *
 * Return: bytes; -1 if the process has ended.
 */
long leftover_of(const struct stack *stack);

#endif /* TOOLS_LEFTOVER_H */
