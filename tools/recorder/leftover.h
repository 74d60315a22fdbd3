/* SPDX-License-Identifier: GPL-2.0-only */
/* What a stack grew by and left behind. */
#ifndef TOOLS_LEFTOVER_H
#define TOOLS_LEFTOVER_H

#include <stdio.h>

#include "recorder/table.h"

/**
 * leftover_in() - what stayed mapped of a stack when its first range was unmapped
 * @maps: the text of /proc/PID/maps of its process
 * @stack: which
 *
 * Who mapped the stack does not know that it grew, and unmaps what it mapped. What
 * has been mapped in that place since hides it.
 *
 * Return: bytes.
 */
unsigned long leftover_in(FILE *maps, const struct stack *stack);

/**
 * leftover_of() - the same of a process that may have gone
 * @stack: which
 *
 * Return: bytes; -1 if the process has gone.
 */
long leftover_of(const struct stack *stack);

#endif /* TOOLS_LEFTOVER_H */
