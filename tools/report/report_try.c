// SPDX-License-Identifier: GPL-2.0-only
/* Prints a report of mapstack try for people. See report.h. */

#include <stdlib.h>
#include <string.h>

#include "machine/files.h"
#include "report/document.h"
#include "report/ending.h"
#include "report/report.h"
#include "report/screen.h"
#include "report/span.h"
#include "report/text.h"
#include "report/verdict.h"

#define LABEL 22 /* columns */
#define GAP 2 /* between two columns */
#define CELL 96

/* A row of the table. */
struct row {
	const char *label;
	/* Shows a policy, and in a program's table the program under it. */
	void (*show)(const struct row *row, const json_t *policy,
		     const char *program, char *cell);
	const char *member;
	bool sum; /* over the users and cgroups of a program */
};

static void show_span(struct span span, char *cell, const char *unit)
{
	if (!span.runs)
		snprintf(cell, CELL, "unknown");
	else if (span.least == span.most)
		snprintf(cell, CELL, "%lld%s", span.most, unit);
	else
		snprintf(cell, CELL, "%lld to %lld%s", span.least, span.most,
			 unit);
}

static void show_verdict(const struct row *row, const json_t *policy,
			 const char *program, char *cell)
{
	(void)row;
	(void)program;
	snprintf(cell, CELL, "%s", document_text(policy, "verdict") ?: "");
}

static void show_runs(const struct row *row, const json_t *policy,
		      const char *program, char *cell)
{
	(void)row;
	(void)program;
	snprintf(cell, CELL, "%zu", json_array_size(span_runs(policy)));
}

/* "0", "1 or SIGSEGV" */
static void show_ending(const struct row *row, const json_t *policy,
			const char *program, char *cell)
{
	char ending[64], *at = cell;
	const char *word;
	json_t *run;
	size_t i;

	(void)row;
	(void)program;
	json_array_foreach(span_runs(policy), i, run)
	{
		ending_text(run, ending, sizeof(ending));
		word = strncmp(ending, "exit ", 5) ? ending : ending + 5;
		if (!strstr(cell, word) && at - cell + 40 < CELL)
			at += sprintf(at, "%s%s", at > cell ? " or " : "",
				      word);
	}
}

static void show_output(const struct row *row, const json_t *policy,
			const char *program, char *cell)
{
	const json_t *stream;
	json_t *run;
	size_t i;

	(void)program;
	snprintf(cell, CELL, "the same");
	json_array_foreach(span_runs(policy), i, run)
	{
		stream = json_object_get(run, row->member);
		if (json_is_object(json_object_get(stream, "differs")))
			snprintf(cell, CELL, "differs");
	}
}

static void show_time(const struct row *row, const json_t *policy,
		      const char *program, char *cell)
{
	(void)program;
	snprintf(cell, CELL, "%.3f s",
		 document_median(span_runs(policy), row->member) / 1e6);
}

/* A single run has no range. */
static void show_between(const struct row *row, const json_t *policy,
			 const char *program, char *cell)
{
	struct span span = span_of_run(policy, row->member);

	(void)program;
	if (span.runs > 1)
		snprintf(cell, CELL, "%.3f to %.3f", span.least / 1e6,
			 span.most / 1e6);
}

static void show_memory(const struct row *row, const json_t *policy,
			const char *program, char *cell)
{
	(void)program;
	show_span(span_of_run(policy, row->member), cell, " KiB");
}

static void show_counter(const struct row *row, const json_t *policy,
			 const char *program, char *cell)
{
	(void)program;
	show_span(span_of_counter(policy, row->member), cell, "");
}

static void show_number(const struct row *row, const json_t *policy,
			const char *program, char *cell)
{
	struct span span =
		span_of_program(policy, program, row->member, row->sum);

	if (!span.runs)
		snprintf(cell, CELL, "-");
	else
		show_span(span, cell, "");
}

static const struct row whole[] = {
	{ "verdict", show_verdict, NULL, false },
	{ "runs", show_runs, NULL, false },
	{ "ended with", show_ending, NULL, false },
	{ "standard output", show_output, "stdout", false },
	{ "standard error", show_output, "stderr", false },
	{ "wall time", show_time, "wall_us", false },
	{ "  between", show_between, "wall_us", false },
	{ "user time", show_time, "user_us", false },
	{ "  between", show_between, "user_us", false },
	{ "system time", show_time, "system_us", false },
	{ "  between", show_between, "system_us", false },
	{ "peak memory", show_memory, "peak_kib", false },
	{ "requests", show_counter, "seen", false },
	{ "  refused", show_counter, "refused", false },
	{ "expansions", show_counter, "grown", false },
	{ "  pages", show_counter, "grown_pages", false },
	{ "  refused", show_counter, "grow_denied", false },
};

static const struct row each[] = {
	{ "requests", show_number, "requests", true },
	{ "  can grow", show_number, "growable", true },
	{ "  refused under rfc", show_number, "refused", true },
	{ "  failed otherwise", show_number, "failed", true },
	{ "expansions", show_number, "grown", true },
	{ "mappings at most", show_number, "peak_mappings", false },
	{ "address space, KiB", show_number, "peak_address_space_kib", false },
};

static enum colour colour_of(const char *verdict)
{
	if (!strcmp(verdict, verdict_names[FOUND_BREAKS]))
		return COLOUR_BAD;
	if (!strcmp(verdict, verdict_names[FOUND_COSTS]))
		return COLOUR_DEAR;
	return COLOUR_GOOD;
}

struct table {
	const struct screen *screen;
	const json_t *policies;
	const char *program; /* NULL: all */
	int *width; /* of the column of each policy */
	bool stacked; /* policies one below the other, because the screen is narrow */
};

static void print_cell(const struct table *table, const struct row *row,
		       const json_t *policy, int width)
{
	char cell[CELL] = "";

	row->show(row, policy, table->program, cell);
	if (!*cell && !width)
		return;
	fprintf(table->screen->file, "%*s", GAP, "");
	/* The last column is not padded. */
	if (row->show == show_verdict && *cell)
		screen_paint(table->screen, colour_of(cell), cell);
	else
		text_put(table->screen->file, cell);
	if (width)
		fprintf(table->screen->file, "%*s", width - (int)strlen(cell),
			"");
}

static void measure(struct table *table, const struct row *rows, size_t count)
{
	size_t policies = json_array_size(table->policies), i, j;
	int all = LABEL, length;
	char cell[CELL];
	json_t *policy;

	table->width = xalloc((policies + 1) * sizeof(*table->width));
	json_array_foreach(table->policies, i, policy)
	{
		table->width[i] = strlen(document_text(policy, "policy") ?: "");
		for (j = 0; j < count; j++) {
			*cell = '\0';
			rows[j].show(&rows[j], policy, table->program, cell);
			length = strlen(cell);
			if (length > table->width[i])
				table->width[i] = length;
		}
		all += GAP + table->width[i];
	}
	table->stacked = all > table->screen->width;
}

static void print_beside(const struct table *table, const struct row *rows,
			 size_t count)
{
	size_t last = json_array_size(table->policies) - 1, i, j;
	FILE *file = table->screen->file;
	json_t *policy;

	fprintf(file, "%*s", LABEL, "");
	json_array_foreach(table->policies, i, policy)
		fprintf(file, "%*s%-*s", GAP, "",
			i == last ? 0 : table->width[i],
			document_text(policy, "policy") ?: "");
	fputc('\n', file);
	for (j = 0; j < count; j++) {
		fprintf(file, "%-*s", LABEL, rows[j].label);
		json_array_foreach(table->policies, i, policy)
			print_cell(table, &rows[j], policy,
				   i == last ? 0 : table->width[i]);
		fputc('\n', file);
	}
}

/* Leaves out empty rows. */
static void print_below(const struct table *table, const struct row *rows,
			size_t count)
{
	FILE *file = table->screen->file;
	char cell[CELL];
	json_t *policy;
	size_t i, j;

	json_array_foreach(table->policies, i, policy)
	{
		fprintf(file, "%s\n", document_text(policy, "policy") ?: "");
		for (j = 0; j < count; j++) {
			*cell = '\0';
			rows[j].show(&rows[j], policy, table->program, cell);
			if (!*cell)
				continue;
			fprintf(file, "  %-*s", LABEL, rows[j].label);
			print_cell(table, &rows[j], policy, 0);
			fputc('\n', file);
		}
	}
}

static void print_table(const struct screen *screen, const json_t *document,
			const char *program, const struct row *rows,
			size_t count)
{
	struct table table = {
		.screen = screen,
		.policies = json_object_get(document, "policies"),
		.program = program,
	};

	measure(&table, rows, count);
	if (table.stacked)
		print_below(&table, rows, count);
	else
		print_beside(&table, rows, count);
	free(table.width);
}

static void print_found(const struct screen *screen, const json_t *document,
			enum found kind)
{
	const char *name = verdict_names[kind];
	int indent = strlen(name) + 2;
	json_t *sentence;
	size_t i;

	json_array_foreach(json_object_get(document, name), i, sentence)
	{
		if (i) {
			fprintf(screen->file, "%*s", indent, "");
		} else {
			screen_paint(screen, colour_of(name), name);
			fputs(": ", screen->file);
		}
		screen_wrap(screen, json_string_value(sentence) ?: "", indent,
			    indent);
	}
}

static void print_verdict(const struct screen *screen, const json_t *document)
{
	const char *verdict = document_text(document, "verdict") ?: "unknown";
	json_t *sentence;
	size_t i;
	int kind;

	if (!strcmp(verdict, "unchanged")) {
		screen_paint(screen, COLOUR_GOOD, verdict);
		fputc('\n', screen->file);
	}
	for (kind = 0; kind < NR_FOUND; kind++)
		print_found(screen, document, kind);
	fputc('\n', screen->file);
	json_array_foreach(json_object_get(document, "notes"), i, sentence)
	{
		fputs("- ", screen->file);
		screen_wrap(screen, json_string_value(sentence) ?: "", 2, 2);
	}
}

static void print_command(const struct screen *screen, const json_t *document)
{
	char *words = NULL;
	json_t *word;
	size_t i;

	fputs("mapstack try:", screen->file);
	json_array_foreach(json_object_get(document, "command"), i, word)
	{
		fputc(' ', screen->file);
		text_put(screen->file, json_string_value(word));
	}
	fputc('\n', screen->file);
	if (asprintf(&words, "on %s, Linux %s %s, from %s to %s",
		     document_text(document, "host") ?: "?",
		     document_text(document, "kernel") ?: "?",
		     document_text(document, "architecture") ?: "?",
		     document_text(document, "start") ?: "?",
		     document_text(document, "end") ?: "?") < 0)
		return;
	screen_wrap(screen, words, 0, 0);
	free(words);
	fputc('\n', screen->file);
}

/* Lists every program of any policy once, by the policy that changes most. */
static json_t *list_programs(const json_t *document)
{
	json_t *policies = json_object_get(document, "policies");
	json_t *names = json_object(), *more;
	size_t i;

	for (i = json_array_size(policies); i-- > 0;) {
		more = span_programs(json_array_get(policies, i));
		json_object_update_missing_new(names, more);
	}
	return names;
}

static void print_calls(const struct screen *screen, const json_t *policy,
			json_t *calls)
{
	char *lines = NULL;
	const char *text;
	json_t *call;
	size_t size;
	FILE *file = xmemory(&lines, &size);

	fputs("refused under ", file);
	text_put(file, document_text(policy, "policy") ?: "?");
	fputs(", with EINVAL:\n", file);
	json_object_foreach(calls, text, call)
	{
		report_call(call, file);
	}
	fclose(file);
	screen_fill(screen, lines);
	free(lines);
}

/* Prints the calls of a program under the last policy that refused any. */
static void print_refused(const struct screen *screen, const json_t *document,
			  const char *program)
{
	json_t *policies = json_object_get(document, "policies");
	json_t *policy, *programs, *calls;
	size_t i = json_array_size(policies);
	bool found = false;

	while (i-- > 0 && !found) {
		policy = json_array_get(policies, i);
		programs = span_refused(policy);
		calls = json_object_get(programs, program);
		found = json_object_size(calls);
		if (found)
			print_calls(screen, policy, calls);
		json_decref(programs);
	}
}

void report_try(const json_t *document, const struct screen *screen)
{
	json_t *programs = list_programs(document), *value;
	const char *name;

	print_verdict(screen, document);
	fputc('\n', screen->file);
	print_command(screen, document);
	print_table(screen, document, NULL, whole, ARRAY_SIZE(whole));
	json_object_foreach(programs, name, value)
	{
		fputc('\n', screen->file);
		text_put(screen->file, name);
		fputc('\n', screen->file);
		print_table(screen, document, name, each, ARRAY_SIZE(each));
		print_refused(screen, document, name);
	}
	json_decref(programs);
}
