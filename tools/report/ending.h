/* SPDX-License-Identifier: GPL-2.0-only */
/* How a command ended, and which end is better. */
#ifndef TOOLS_ENDING_H
#define TOOLS_ENDING_H

#include <jansson.h>
#include <stddef.h>

/* The best first. */
enum ending { ENDED_WELL, ENDED_BADLY, ENDED_BY_SIGNAL, ENDED_UNKNOWN };

/**
 * ending_rank() - how good an end is
 * @run: a report, or a member of a policy's "runs"
 *
 * Return: exit status 0 is better than another, and that is better than a signal.
 */
enum ending ending_rank(const json_t *run);

/**
 * ending_text() - how a run ended
 * @run: a report, or a member of a policy's "runs", with a known end
 * @buf: becomes the words
 * @size: of @buf, in bytes
 *
 * Return: @buf.
 */
const char *ending_text(const json_t *run, char *buf, size_t size);

#endif /* TOOLS_ENDING_H */
