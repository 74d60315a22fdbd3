// SPDX-License-Identifier: GPL-2.0-only
/* --fail-on. See fail_on.h. */

#include <stdlib.h>
#include <string.h>

#include "machine/files.h"
#include "report/document.h"
#include "report/fail_on.h"

const char *const fail_names[NR_FAIL_REASONS] = {
	[FAIL_REFUSED] = "refused",
	[FAIL_DENIED] = "denied",
	[FAIL_DIFFERS] = "differs",
	[FAIL_SLOWER] = "slower",
};

static bool parse_percent(struct fail_on *fail_on, const char *text)
{
	char *end;

	fail_on->slower = strtod(text, &end);
	return end != text && (!*end || !strcmp(end, "%")) &&
	       fail_on->slower >= 0 && fail_on->slower < 1e6;
}

static bool parse_word(struct fail_on *fail_on, char *word)
{
	char *value = strchr(word, '=');
	int i;

	if (value)
		*value++ = '\0';
	for (i = 0; i < NR_FAIL_REASONS; i++)
		if (!strcmp(word, fail_names[i]))
			break;
	if (i == NR_FAIL_REASONS)
		return false;
	fail_on->on[i] = true;
	if (i == FAIL_SLOWER)
		return value && parse_percent(fail_on, value);
	return !value;
}

bool fail_on_parse(struct fail_on *fail_on, const char *words)
{
	char *copy = xcopy(words), *rest = copy, *word;
	bool ok = true;

	*fail_on = (struct fail_on){ .given = true };
	while (ok && (word = strsep(&rest, ",")))
		ok = parse_word(fail_on, word);
	free(copy);
	return ok;
}

bool fail_on_compares(const struct fail_on *fail_on)
{
	return fail_on->on[FAIL_DIFFERS] || fail_on->on[FAIL_SLOWER];
}

static long long count_refused(const json_t *document)
{
	json_t *program;
	long long sum = 0;
	size_t i;

	if (!json_is_true(json_object_get(document, "forecast")))
		return document_count(json_object_get(document, "counters"),
				      "refused");
	json_array_foreach(json_object_get(document, "programs"), i, program)
		sum += document_count(program, "refused");
	return sum;
}

bool fail_on_report(const struct fail_on *fail_on, const json_t *document)
{
	long long refused = count_refused(document);
	long long denied = document_count(json_object_get(document, "counters"),
					  "grow_denied");
	bool found = false;

	if (fail_on->on[FAIL_REFUSED] && refused) {
		say_err("refused: %lld requests, so the exit status is 1 (--fail-on)",
			refused);
		found = true;
	}
	if (fail_on->on[FAIL_DENIED] && denied) {
		say_err("denied: growth, %lld times, so the exit status is 1 (--fail-on)",
			denied);
		found = true;
	}
	return found;
}
