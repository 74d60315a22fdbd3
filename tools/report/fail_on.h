/* SPDX-License-Identifier: GPL-2.0-only */
/* --fail-on: the reasons for an exit status of 1, for CI. */
#ifndef TOOLS_FAIL_ON_H
#define TOOLS_FAIL_ON_H

#include <jansson.h>
#include <stdbool.h>

enum fail_reason {
	FAIL_REFUSED, /* a call, because of the policy */
	FAIL_DENIED, /* growth was refused */
	FAIL_DIFFERS, /* the end, or the output */
	FAIL_SLOWER, /* by a percentage */
	NR_FAIL_REASONS,
};

extern const char *const fail_names[NR_FAIL_REASONS];

struct fail_on {
	bool given; /* otherwise the verb has its own rule */
	bool on[NR_FAIL_REASONS];
	double slower; /* percent */
};

/**
 * fail_on_parse() - parse a list of reasons
 * @fail_on: to be filled in
 * @words: names with commas between; "slower" with a limit, as in "slower=5%"
 *
 * Return: whether it was understood.
 */
bool fail_on_parse(struct fail_on *fail_on, const char *words);

/**
 * fail_on_compares() - whether a reason needs something to compare with
 * @fail_on: the reasons
 */
bool fail_on_compares(const struct fail_on *fail_on);

/**
 * fail_on_report() - judge one recording
 * @fail_on: the reasons; only refused and denied are looked for
 * @document: a report; in a forecast, calls that would be refused count
 *
 * Prints the findings to standard error.
 *
 * Return: whether there are any.
 */
bool fail_on_report(const struct fail_on *fail_on, const json_t *document);

#endif /* TOOLS_FAIL_ON_H */
