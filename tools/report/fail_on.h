/* SPDX-License-Identifier: GPL-2.0-only */
/* --fail-on: what makes an exit status of 1, for CI. */
#ifndef TOOLS_FAIL_ON_H
#define TOOLS_FAIL_ON_H

#include <jansson.h>
#include <stdbool.h>

enum fail_reason {
	FAIL_REFUSED, /* a call that works without */
	FAIL_DENIED, /* growth that was not allowed */
	FAIL_DIFFERS, /* how it ends, or what it prints */
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
 * fail_on_parse() - understand a list of reasons
 * @fail_on: to be filled in
 * @words: names with commas between; "slower" with "=5%", for example
 *
 * Return: whether it was understood.
 */
bool fail_on_parse(struct fail_on *fail_on, const char *words);

/**
 * fail_on_compares() - whether a reason needs something to compare with
 * @fail_on: which
 */
bool fail_on_compares(const struct fail_on *fail_on);

/**
 * fail_on_report() - judge one recording
 * @fail_on: refused and denied are looked for
 * @document: a report; of a forecast, what would be refused counts
 *
 * Says on standard error what was found.
 *
 * Return: whether something was.
 */
bool fail_on_report(const struct fail_on *fail_on, const json_t *document);

#endif /* TOOLS_FAIL_ON_H */
