/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verdict of mapstack try: whether a command works as it does without
 * growable stacks, and what they cost it. A pure function of the recorded
 * document.
 *
 * A policy breaks a command if
 * - the kernel refuses a call under the policy that it takes without it;
 * - the command ends in a way that no run of off ended in, unless that is
 *   better than the best of them (exit status 0, then another, then a signal),
 *   which is a gain; or
 * - it prints something else, in a line that did not vary among the runs of
 *   off.
 *
 * Otherwise a policy costs something if each of its runs has more of it than
 * every run of off, and more than the most of off by the spread of off:
 * - mappings of one process, when it asked for a stack;
 * - peak memory; a sixteenth of it and a MiB are not counted, because the
 *   memory that a process touches depends on addresses;
 * - user, system or wall time, with at least MIN_TIMED runs of either: then all
 *   of them are slower by chance once in 462 times.
 *
 * Refused growth is neither: without the policy the access would be SIGSEGV
 * too.
 */
#ifndef TOOLS_VERDICT_H
#define TOOLS_VERDICT_H

#include <jansson.h>

#include "report/fail_on.h"

#define MIN_TIMED 5 /* runs, before a time is judged */

/* The verdicts, worst first; verdict_names has the word of each. */
enum found { FOUND_BREAKS, FOUND_COSTS, FOUND_GAINS, NR_FOUND };

extern const char *const verdict_names[NR_FOUND];

/**
 * verdict_judge() - say what became of a command
 * @document: of mapstack try, without what is added here: "verdict", also of
 * each policy; "breaks", "costs", "gains" and "notes", sentences; "failed_on"
 * @fail_on: what "failed_on" is looked for in; if it was not given, what breaks
 *
 * Return: whether "failed_on" has something.
 */
bool verdict_judge(json_t *document, const struct fail_on *fail_on);

/**
 * verdict_ending() - how a run ended
 * @run: a member of a policy's "runs"
 * @buf: where to
 * @size: of @buf, in bytes
 *
 * Return: @buf.
 */
const char *verdict_ending(const json_t *run, char *buf, size_t size);

#endif /* TOOLS_VERDICT_H */
