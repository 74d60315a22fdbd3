// SPDX-License-Identifier: GPL-2.0-only
/* mapstack diff: what changed from one report to another. See verbs.h. */

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "machine/files.h"
#include "report/document.h"
#include "report/ending.h"
#include "report/span.h"
#include "report/store.h"
#include "report/text.h"
#include "verbs/verbs.h"

#define STATUS_BREAKS 1

/* The kinds of findings, worst first. */
enum { BREAKS, COSTS, GAINS, NR_KINDS };

static const char *const kinds[NR_KINDS] = { "breaks", "costs", "gains" };

struct diff {
	json_t *before, *after;
	bool forecast; /* both are forecasts: compare calls that would fail */
	bool same_end; /* otherwise costs cannot be compared */
	json_t *found[NR_KINDS], *notes; /* sentences */
};

__attribute__((format(printf, 3, 4))) static void
find(struct diff *diff, int kind, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	json_array_append_new(diff->found[kind], json_vsprintf(format, args));
	va_end(args);
}

static long long refused(const struct diff *diff, const json_t *program)
{
	if (diff->forecast)
		return document_count(program, "refused");
	return document_count(json_object_get(program, "outcomes"), "refused");
}

static long long denied(const json_t *program)
{
	json_t *parts = json_object_get(program, "grow_denied"), *value;
	long long sum = 0;
	const char *name;

	json_object_foreach(parts, name, value)
	{
		sum += json_integer_value(value);
	}
	return sum;
}

static bool has_call(const json_t *program, const char *text)
{
	json_t *call;
	size_t i;

	json_array_foreach(json_object_get(program, "refused_calls"), i, call)
	{
		if (!strcmp(document_text(call, "call") ?: "", text))
			return true;
	}
	return false;
}

static void compare_refused(struct diff *diff, const char *name,
			    const json_t *before, const json_t *after)
{
	long long was = refused(diff, before), is = refused(diff, after);
	const char *text;
	bool named = false;
	json_t *call;
	size_t i;

	if (is < was)
		find(diff, GAINS, "%s: %lld requests are refused, %lld before",
		     name, is, was);
	if (is <= was)
		return;
	json_array_foreach(json_object_get(after, "refused_calls"), i, call)
	{
		text = document_text(call, "call") ?: "?";
		if (was && has_call(before, text))
			continue;
		named = true;
		find(diff, BREAKS, "%s: %s %s refused, %lld times", name, text,
		     diff->forecast ? "would be" : "is",
		     document_count(call, "count"));
	}
	if (!named)
		find(diff, BREAKS, "%s: %lld requests are refused, %lld before",
		     name, is, was);
}

/* Compares a figure of a program: more is worse, less is a gain. */
static void compare_figure(struct diff *diff, int kind, const char *name,
			   long long was, long long is, const char *what)
{
	if (is == was)
		return;
	find(diff, is > was ? kind : GAINS, "%s: %s %lld, %lld before", name,
	     what, is, was);
}

/* Without a growable stack the access would be SIGSEGV too. */
static void compare_denied(struct diff *diff, const char *name,
			   const json_t *before, const json_t *after)
{
	long long was = denied(before), is = denied(after);
	json_t *note;

	if (is == was)
		return;
	note = json_sprintf("%s: growth was refused %lld times, %lld before",
			    name, is, was);
	json_array_append_new(diff->notes, note);
}

static void compare_known(struct diff *diff, int kind, const char *name,
			  const json_t *before, const json_t *after,
			  const char *member, const char *what)
{
	long long is = document_number(after, member);
	long long was = before ? document_number(before, member) : 0;

	if (is >= 0 && was >= 0 && llabs(is - was) > span_slack(member, was))
		compare_figure(diff, kind, name, was, is, what);
}

/* In KiB, because the pages of the two machines may have different sizes. */
static void compare_grown(struct diff *diff, const char *name,
			  const json_t *before, const json_t *after)
{
	long long is = document_number(after, "grown_pages");
	long long was = before ? document_number(before, "grown_pages") : 0;

	if (is < 0 || was < 0)
		return;
	compare_figure(diff, COSTS, name,
		       was * document_page_size(diff->before) / 1024,
		       is * document_page_size(diff->after) / 1024,
		       "KiB that stacks grew by:");
}

static void compare_costs(struct diff *diff, const char *name,
			  const json_t *before, const json_t *after)
{
	compare_grown(diff, name, before, after);
	/* A program that is new had mappings before, too. */
	if (!before)
		return;
	compare_known(diff, COSTS, name, before, after, "peak_mappings",
		      "peak mappings of one process:");
	compare_known(diff, COSTS, name, before, after,
		      "peak_address_space_kib",
		      "peak KiB of address space of one process:");
}

static void compare_program(struct diff *diff, const json_t *before,
			    const json_t *after)
{
	const char *name = document_text(after ?: before, "program") ?: "?";

	compare_refused(diff, name, before, after);
	compare_denied(diff, name, before, after);
	if (!after)
		return;
	compare_known(diff, BREAKS, name, before, after, "failed",
		      "requests that the kernel refused for another reason:");
	if (diff->same_end)
		compare_costs(diff, name, before, after);
}

static void compare_ends(struct diff *diff)
{
	enum ending was = ending_rank(diff->before);
	enum ending is = ending_rank(diff->after);
	char before[64], after[64];

	ending_text(diff->before, before, sizeof(before));
	ending_text(diff->after, after, sizeof(after));
	diff->same_end = was == ENDED_UNKNOWN || is == ENDED_UNKNOWN ||
			 !strcmp(before, after);
	if (!diff->same_end)
		find(diff, is < was ? GAINS : BREAKS,
		     "the command ended with %s, with %s before", after,
		     before);
}

static void compare(struct diff *diff)
{
	json_t *before = document_programs(diff->before);
	json_t *after = document_programs(diff->after), *program;
	const char *name;

	diff->forecast =
		json_is_true(json_object_get(diff->before, "forecast")) &&
		json_is_true(json_object_get(diff->after, "forecast"));
	compare_ends(diff);
	json_object_foreach(after, name, program)
	{
		compare_program(diff, json_object_get(before, name), program);
	}
	json_object_foreach(before, name, program)
	{
		if (!json_object_get(after, name))
			compare_program(diff, program, NULL);
	}
	json_decref(before);
	json_decref(after);
}

static const char *verdict(const struct diff *diff)
{
	int kind;

	for (kind = 0; kind < NR_KINDS; kind++)
		if (json_array_size(diff->found[kind]))
			return kinds[kind];
	return "unchanged";
}

static void print_side(FILE *file, const char *side, const json_t *document)
{
	static const char *const members[] = { "seen", "refused", "grown",
					       "grow_denied" };
	const json_t *counters = json_object_get(document, "counters");
	size_t i;

	fprintf(file, "%s: ", side);
	text_put(file, document_text(document, "host") ?: "several machines");
	fputs(", policy ", file);
	text_put(file, document_text(document, "policy") ?: "(several)");
	fprintf(file, ", %.1f seconds",
		document_count(document, "milliseconds") / 1000.0);
	for (i = 0; i < ARRAY_SIZE(members); i++)
		if (document_number(counters, members[i]) >= 0)
			fprintf(file, ", %s %lld", members[i],
				document_number(counters, members[i]));
	fputc('\n', file);
}

static void print_text(const struct diff *diff, FILE *file)
{
	json_t *sentence;
	size_t i, count;
	int kind;

	if (!strcmp(verdict(diff), "unchanged"))
		fputs("unchanged\n", file);
	for (kind = 0; kind < NR_KINDS; kind++) {
		count = json_array_size(diff->found[kind]);
		json_array_foreach(diff->found[kind], i, sentence)
		{
			fprintf(file, i ? "        " : "%s: ", kinds[kind]);
			text_put(file, json_string_value(sentence));
			fputs(i + 1 < count ? ";\n" : "\n", file);
		}
	}
	json_array_foreach(diff->notes, i, sentence)
	{
		fputs("- ", file);
		text_put(file, json_string_value(sentence));
		fputc('\n', file);
	}
	print_side(file, "before", diff->before);
	print_side(file, "after", diff->after);
}

static void print_json(const struct diff *diff, FILE *file)
{
	json_t *json =
		json_pack("{s:i, s:s}", "version", 1, "verdict", verdict(diff));
	int kind;

	for (kind = 0; kind < NR_KINDS; kind++)
		json_object_set(json, kinds[kind], diff->found[kind]);
	json_object_set(json, "notes", diff->notes);
	report_json(json, file);
	json_decref(json);
}

static int diff_documents(struct diff *diff, const struct options *options)
{
	struct output output;
	int kind, status;

	if (output_open(&output, options->output, false))
		return EXIT_SELF;
	for (kind = 0; kind < NR_KINDS; kind++)
		diff->found[kind] = json_array();
	diff->notes = json_array();
	compare(diff);
	if (options->format == FORMAT_JSON)
		print_json(diff, output.file);
	else
		print_text(diff, output.file);
	status = json_array_size(diff->found[BREAKS]) ? STATUS_BREAKS : 0;
	if (output_commit(&output))
		status = EXIT_SELF;
	for (kind = 0; kind < NR_KINDS; kind++)
		json_decref(diff->found[kind]);
	json_decref(diff->notes);
	return status;
}

int diff(const struct options *options)
{
	char *const *files = options->command;
	struct diff diff = { 0 };
	int status = EXIT_SELF;

	if (!files[1] || files[2]) {
		say_err("two reports are needed, the one before and the one after; "
			"nothing was done; name both");
		return EXIT_SELF;
	}
	diff.before = document_load(files[0], true);
	if (diff.before)
		diff.after = document_load(files[1], true);
	if (diff.after)
		status = diff_documents(&diff, options);
	json_decref(diff.before);
	json_decref(diff.after);
	return status;
}
