/* SPDX-License-Identifier: GPL-2.0-only */
/* The range of a value in the runs of a policy of mapstack try. */
#ifndef TOOLS_SPAN_H
#define TOOLS_SPAN_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct span {
	long long least, most;
	size_t runs; /* that know the value; if 0, the others are 0 too */
};

/**
 * span_runs() - the runs of a policy
 * @policy: a member of "policies"
 *
 * Return: an array, which belongs to @policy.
 */
json_t *span_runs(const json_t *policy);

/**
 * span_counters() - the counters of a run
 * @run: a member of "runs"
 *
 * Return: an object, which belongs to @run; or NULL.
 */
json_t *span_counters(const json_t *run);

/**
 * span_programs() - the programs of all runs
 * @policy: a member of "policies"
 *
 * Return: a new object with a member for each name.
 */
json_t *span_programs(const json_t *policy);

/**
 * span_refused() - the calls that were refused in any run
 * @policy: a member of "policies"
 *
 * Return: a new object. It has an object for the name of each program with such
 * calls, and that has each call by its text, as in the first run with it.
 */
json_t *span_refused(const json_t *policy);

/**
 * span_slack() - how much larger a value may be and still count as the same
 * @member: its name; memory and address space (_kib) depend a little on random
 * addresses and hashes, and numbers do not
 * @value: to compare with
 */
long long span_slack(const char *member, long long value);

/**
 * span_of_run() - the range of an integer of a run
 * @policy: a member of "policies"
 * @member: of its runs
 */
struct span span_of_run(const json_t *policy, const char *member);

/**
 * span_of_counter() - the range of one of the module's counters
 * @policy: a member of "policies"
 * @member: of the counters of its runs
 */
struct span span_of_counter(const json_t *policy, const char *member);

/**
 * span_of_program() - the range of an integer of a program
 * @policy: a member of "policies"
 * @name: of the program, with all its users and cgroups
 * @member: of the program
 * @sum: whether to add these up; otherwise the largest is taken
 */
struct span span_of_program(const json_t *policy, const char *name,
			    const char *member, bool sum);

#endif /* TOOLS_SPAN_H */
