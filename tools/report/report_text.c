// SPDX-License-Identifier: GPL-2.0-only
/* Prints the report for people. See report.h. */

#include <stdlib.h>
#include <string.h>

#include "machine/files.h"
#include "report/document.h"
#include "report/report.h"
#include "report/text.h"

static void print_number(FILE *file, const json_t *object, const char *name)
{
	long long value = document_number(object, name);

	if (value < 0)
		fputs("an unknown number", file);
	else
		fprintf(file, "%lld", value);
}

/* Prints members that are not 0, as in "anonymous 3, file 1"; returns their sum. */
static long long print_parts(FILE *file, const json_t *parts,
			     const char *before, const char *after)
{
	long long sum = 0;
	json_t *value;
	const char *name;

	json_object_foreach((json_t *)parts, name, value)
	{
		if (json_integer_value(value) <= 0)
			continue;
		fputs(sum ? ", " : before, file);
		text_put(file, name);
		fprintf(file, " %lld", (long long)json_integer_value(value));
		sum += json_integer_value(value);
	}
	if (sum)
		fputs(after, file);
	return sum;
}

static void print_sample(FILE *file, const json_t *sample)
{
	const char *error = document_text(sample, "backtrace_error");
	json_t *frame;
	size_t i;

	if (!json_is_object(sample))
		return;
	fputs(", for example by ", file);
	text_put(file, document_text(sample, "thread"));
	fprintf(file, " (pid %lld)", document_number(sample, "pid"));
	json_array_foreach(json_object_get(sample, "backtrace"), i, frame)
	{
		fputs("\n          ", file);
		text_put(file, json_string_value(frame));
	}
	if (error) {
		fputs("\n          no backtrace: ", file);
		text_put(file, error);
	}
}

/* Whether nothing was changed for the program; after merge programs may differ. */
static bool is_forecast(const json_t *program)
{
	return document_number(json_object_get(program, "outcomes"),
			       "observed") > 0;
}

void report_call(const json_t *call, FILE *file)
{
	const char *owner = document_text(call, "program");

	fprintf(file, "      %lld x ", document_number(call, "count"));
	text_put(file, document_text(call, "call"));
	if (owner) {
		fputs(" of ", file);
		text_put(file, owner);
	}
	print_sample(file, json_object_get(call, "sample"));
	fputc('\n', file);
}

static void print_refused(const json_t *program, const struct screen *screen)
{
	enum colour colour = COLOUR_BAD;
	FILE *file = screen->file;
	long long refused = document_number(program, "refused");
	const char *what = "the kernel refused, with EINVAL";
	json_t *call;
	size_t i;

	if (refused <= 0)
		return;
	if (is_forecast(program)) {
		what = "the kernel would refuse, with EINVAL";
	} else if (!document_number(json_object_get(program, "outcomes"),
				    "refused")) {
		what = "spared, which the kernel would refuse under rfc";
		colour = COLOUR_DEAR;
	}
	fprintf(file, "    %lld ", refused);
	screen_paint(screen, colour, what);
	fputs(":\n", file);
	json_array_foreach(json_object_get(program, "refused_calls"), i, call)
	{
		report_call(call, file);
	}
}

static void print_title(const json_t *document, const json_t *program,
			FILE *file)
{
	static const char *const members[] = { "program", "host",      "unit",
					       "cgroup",  "container", "user",
					       NULL };
	const char *by = document_text(document, "by") ?: members[0];
	const char *separator = " (", *value;
	const char *const *member;

	value = document_text(program, by);
	fputc('\n', file);
	if (value) {
		text_put(file, value);
	} else {
		fputs("no known ", file);
		text_put(file, by);
	}
	for (member = members; *member; member++) {
		value = document_text(program, *member);
		if (!value || !strcmp(*member, by))
			continue;
		/* The unit says the same, in fewer words. */
		if (!strcmp(*member, "cgroup") &&
		    document_text(program, "unit"))
			continue;
		fprintf(file, "%s%s ", separator, *member);
		text_put(file, value);
		separator = ", ";
	}
	fputs(separator[0] == ',' ? ")\n" : "\n", file);
}

static void print_growable(const json_t *document, const json_t *program,
			   FILE *file)
{
	const json_t *outcomes = json_object_get(program, "outcomes");
	const json_t *complete = json_object_get(document, "complete");
	long long bytes = document_number(program, "bytes");
	const char *what = "became growable";

	if (is_forecast(program))
		what = "would become growable";
	else if (!json_is_true(json_object_get(complete, "results")))
		what = "were passed on as growable";
	fputs("    ", file);
	print_number(file, program, "growable");
	fprintf(file, " %s", what);
	if (bytes >= 0)
		fprintf(file, ", %lld KiB in total", bytes / 1024);
	if (document_number(outcomes, "already") > 0)
		fprintf(file, "; %lld had asked for it (MAP_GROWSDOWN)",
			document_number(outcomes, "already"));
	fputc('\n', file);
	if (document_number(program, "failed") > 0)
		fprintf(file,
			"    %lld the kernel refused for a reason of its own, such as ENOMEM\n",
			document_number(program, "failed"));
}

static void print_growth(const json_t *document, const json_t *program,
			 FILE *file)
{
	long long pages = document_number(program, "grown_pages");

	if (document_number(program, "grown") < 0)
		return;
	fprintf(file, "    %lld grew, by %lld KiB; ",
		document_number(program, "grown"),
		pages * document_page_size(document) / 1024);
	if (!print_parts(file, json_object_get(program, "grow_denied"),
			 "growth was refused: ", "\n"))
		fputs("growth was never refused\n", file);
}

static long long deepest(const json_t *stacks, const json_t **stack)
{
	long long most = -1, size;
	json_t *each;
	size_t i;

	json_array_foreach(stacks, i, each)
	{
		size = document_number(each, "size");
		if (size <= most)
			continue;
		most = size;
		*stack = each;
	}
	return most;
}

static void print_deepest(const json_t *stacks, FILE *file)
{
	const json_t *stack = NULL;
	long long size = deepest(stacks, &stack), space;

	if (size < 0)
		return;
	space = document_number(stack, "space");
	fputs("    the deepest, of thread ", file);
	text_put(file, document_text(stack, "thread"));
	fprintf(file,
		" (pid %lld), was mapped with %lld KiB and has %lld KiB, ",
		document_number(stack, "pid"),
		document_number(stack, "mapped") / 1024, size / 1024);
	if (space < 0)
		fputs("far above any mapping below", file);
	else
		fprintf(file, "%lld KiB above the mapping below", space / 1024);
	if (document_number(stack, "denied") > 0) {
		fprintf(file,
			"; growth was refused %lld times, last because of ",
			document_number(stack, "denied"));
		text_put(file, document_text(stack, "reason"));
	}
	fputc('\n', file);
}

static void print_leftover(const json_t *stacks, FILE *file)
{
	long long sum = 0, left;
	json_t *stack;
	size_t i;

	json_array_foreach(stacks, i, stack)
	{
		left = document_number(stack, "leftover");
		sum += left > 0 ? left : 0;
	}
	if (sum)
		fprintf(file,
			"    %lld KiB of growth stayed mapped after the stacks were unmapped (leftover)\n",
			sum / 1024);
}

/* Prints the sizes of requests, how far stacks grew, and what was left of them. */
static void print_depths(const json_t *program, FILE *file)
{
	const json_t *stacks = json_object_get(program, "stacks");

	print_parts(file, json_object_get(program, "sizes"),
		    "    anonymous requests by size, up to: ", "\n");
	print_parts(file, json_object_get(program, "grew_past"),
		    "    stacks that grew past: ", "\n");
	print_deepest(stacks, file);
	print_leftover(stacks, file);
}

static void print_program(const json_t *document, const json_t *program,
			  const struct screen *screen)
{
	FILE *file = screen->file;
	long long peak = document_number(program, "peak_mappings");
	long long kib = document_number(program, "peak_address_space_kib");

	print_title(document, program, file);
	fputs("    ", file);
	print_number(file, program, "requests");
	fputs(" requests", file);
	print_parts(file, json_object_get(program, "shapes"), ": ", "");
	fputc('\n', file);
	print_growable(document, program, file);
	print_refused(program, screen);
	print_growth(document, program, file);
	print_depths(program, file);
	if (peak > 0)
		fprintf(file, "    at most %lld mappings in one process\n",
			peak);
	if (kib > 0)
		fprintf(file,
			"    at most %lld KiB of address space in one process\n",
			kib);
}

static void print_end(const json_t *document, FILE *file)
{
	const char *signal = document_text(document, "signal");
	const char *policy = document_text(document, "policy");
	long long ms = document_number(document, "milliseconds");
	long long status = document_number(document, "exit_status");

	if (ms >= 0)
		fprintf(file, "%.1f seconds ", ms / 1000.0);
	fputs("under policy ", file);
	text_put(file, policy ?: "(several)");
	if (json_is_true(json_object_get(document, "forecast")))
		fputs(" (a forecast: nothing was changed)", file);
	if (signal) {
		fputs(", ended by ", file);
		text_put(file, signal);
	} else if (status >= 0) {
		fprintf(file, ", exit status %lld", status);
	}
	fputc('\n', file);
}

/* Prints what was recorded, where and when. */
static void print_origin(const json_t *document, FILE *file)
{
	const json_t *hosts = json_object_get(document, "hosts");
	const json_t *list = json_object_get(document, "command");
	const char *followed = document_text(document, "followed");
	json_t *item;
	size_t i;

	fputs("mapstack ", file);
	text_put(file, document_text(document, "verb") ?: "report");
	if (json_array_size(list) || followed)
		fputs(followed ? ": " : ":", file);
	text_put(file, followed);
	json_array_foreach(list, i, item)
	{
		fputc(' ', file);
		text_put(file, json_string_value(item));
	}
	fputs("\non ", file);
	json_array_foreach(hosts, i, item)
	{
		fputs(i ? ", " : "", file);
		text_put(file, document_text(item, "host"));
	}
	if (!hosts) {
		text_put(file, document_text(document, "host"));
		fputs(", Linux ", file);
		text_put(file, document_text(document, "kernel"));
		fputc(' ', file);
		text_put(file, document_text(document, "architecture"));
	}
	fputs(", from ", file);
	text_put(file, document_text(document, "start"));
	fputs(" to ", file);
	text_put(file, document_text(document, "end"));
	fputc('\n', file);
}

static void print_head(const json_t *document, FILE *file)
{
	static const char *const outcomes[] = { "translated", "already",
						"refused", "spared",
						"observed" };
	const json_t *counters = json_object_get(document, "counters");
	size_t i;

	print_origin(document, file);
	print_end(document, file);
	print_number(file, counters, "seen");
	fputs(" requests", file);
	for (i = 0; i < ARRAY_SIZE(outcomes); i++) {
		fputs(i ? ", " : ": ", file);
		print_number(file, counters, outcomes[i]);
		fprintf(file, " %s", outcomes[i]);
	}
	fputc('\n', file);
	if (document_number(counters, "grown") < 0)
		fputs("growth could not be followed\n", file);
	else
		fprintf(file,
			"%lld times a mapping grew, by %lld KiB in all; %lld times growth was refused\n",
			document_number(counters, "grown"),
			document_number(counters, "grown_pages") *
				document_page_size(document) / 1024,
			document_number(counters, "grow_denied"));
}

static void print_caveats(const json_t *document, FILE *file)
{
	const json_t *counters = json_object_get(document, "counters");
	const json_t *complete = json_object_get(document, "complete");
	const json_t *programs = json_object_get(document, "programs");
	long long outside = document_number(counters, "out_of_scope");
	long long dropped = document_number(complete, "dropped");
	long long n;

	if (dropped > 0)
		fprintf(file,
			"\n%lld requests belong to no program below: there were more programs than the kernel had room for\n",
			dropped);
	n = document_number(complete, "samples_lost");
	if (n > 0)
		fprintf(file,
			"\n%lld refused calls were counted but not examined\n",
			n);
	n = document_number(complete, "gone");
	if (n > 0)
		fprintf(file,
			"\nthe target was gone %lld times; its first moments after each return are not below\n",
			n);
	n = document_number(counters, "grow_missed");
	if (n > 0)
		fprintf(file, "\n%lld expansions were missed\n", n);
	if (json_is_true(json_object_get(document, "still_running")))
		fputs("\nprocesses that the command started run on; they are not followed any more (see --wait)\n",
		      file);
	if (!json_array_size(programs) && dropped <= 0)
		fprintf(file, "\nno program %sused MAP_STACK\n",
			outside > 0 ? "in scope " : "");
	if (outside > 0 && document_text(document, "followed"))
		fprintf(file,
			"\n%lld requests were made out of scope at that time, by processes that were not followed\n",
			outside);
	else if (outside > 0)
		fprintf(file,
			"\n%lld requests were made out of scope at that time, by processes that the command did not start itself\n"
			"(a service manager or a container engine may have); 'mapstack watch --unit' or '--all' follows those\n",
			outside);
}

static void print_all(const json_t *document, const struct screen *screen)
{
	json_t *program;
	size_t i;

	print_head(document, screen->file);
	print_caveats(document, screen->file);
	json_array_foreach(json_object_get(document, "programs"), i, program)
		print_program(document, program, screen);
}

void report_text(const json_t *document, const struct screen *screen)
{
	struct screen ready = *screen;
	char *lines = NULL;
	size_t size;

	ready.file = xmemory(&lines, &size);
	print_all(document, &ready);
	fclose(ready.file);
	screen_fill(screen, lines);
	free(lines);
}
