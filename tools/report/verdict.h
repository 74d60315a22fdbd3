/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verdict of mapstack try: whether a command works as it does without growable
 * stacks, and what they cost it. A pure function of the recorded document.
 *
 * A policy breaks a command if
 * - the module counts a call as refused: under the policy the kernel refuses every call
 *   with such flags. It is not known whether the kernel accepts this one without the
 *   policy;
 * - the command ends in a way in which no run of off ended. If that is better than
 *   the best end of off (exit status 0, then another, then a signal), it is a gain
 *   instead; or
 * - it prints something else, in a line that did not vary among the runs of off.
 *
 * Otherwise a policy costs something if each of its runs has more than every run of
 * off, and more than the largest value of off by more than the spread of off:
 * - mappings and address space of one process, if the command asked for a stack;
 * - peak memory;
 * - (of memory and address space, the larger of 1 MiB and a sixteenth is not counted,
 *   because they depend on random addresses and hashes;)
 * - user, system or wall time, with at least MIN_TIMED runs of either. Then all of
 *   them are slower by chance once in 462 times.
 *
 * Refused growth is neither, because without the policy the access would be SIGSEGV
 * too.
 */
#ifndef TOOLS_VERDICT_H
#define TOOLS_VERDICT_H

#include <jansson.h>

#include "report/fail_on.h"

#define MIN_TIMED 5 /* runs that are needed to judge a time */

/* The verdicts, worst first; verdict_names has the word of each. */
enum found { FOUND_BREAKS, FOUND_COSTS, FOUND_GAINS, NR_FOUND };

extern const char *const verdict_names[NR_FOUND];

/**
 * verdict_judge() - judge a command
 * @document: of mapstack try. This adds "verdict", also to each policy; the
 * sentences "breaks", "costs", "gains" and "notes"; and "failed_on"
 * @fail_on: the reasons for "failed_on"; if none were given, whatever breaks
 *
 * Return: whether "failed_on" has something.
 */
bool verdict_judge(json_t *document, const struct fail_on *fail_on);

#endif /* TOOLS_VERDICT_H */
