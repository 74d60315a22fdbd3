// SPDX-License-Identifier: GPL-2.0-only
/* The report for people. See report.h. */

#include <string.h>
#include <unistd.h>

#include "report/names.h"
#include "report/report.h"

static void print_calls(const struct program *program, FILE *file)
{
	unsigned int i, j;
	char text[512];

	for (i = 0; i < program->nr_calls; i++) {
		const struct call *call = &program->calls[i];

		fprintf(file, "      %lu x %s, first by %s (pid %d)\n",
			call->count,
			call_text(text, sizeof(text), call->has_addr, call->len,
				  call->prot, call->flags),
			*call->name ? call->name : "a task", call->pid);
		for (j = 0; j < MAX_FRAMES && call->backtrace[j]; j++)
			fprintf(file, "          %s\n", call->backtrace[j]);
	}
	if (program->calls_left_out)
		fprintf(file, "      %lu x calls of other kinds\n",
			program->calls_left_out);
}

static void print_shapes(const struct program *program, FILE *file)
{
	const char *separator = "";
	int shape;

	for (shape = 0; shape < NR_SHAPES; shape++) {
		unsigned long count = program_shapes(program, shape);

		if (!count)
			continue;
		fprintf(file, "%s%s %lu", separator, shape_names[shape], count);
		separator = ", ";
	}
}

static void print_denied(const struct program *program, FILE *file)
{
	unsigned long denied = program_denied(program);
	const char *separator = "";
	int reason;

	fprintf(file, "%lu refused", denied);
	if (!denied)
		return;
	fputs(" (", file);
	for (reason = 0; reason < NR_GROW_REASONS; reason++) {
		if (!program->denied[reason])
			continue;
		fprintf(file, "%s%s %lu", separator, reason_names[reason],
			program->denied[reason]);
		separator = ", ";
	}
	fputc(')', file);
}

static void print_refused(const struct report *report,
			  const struct program *program, FILE *file)
{
	unsigned long refused = program_refused(program);
	const char *what = "the kernel refused, with EINVAL";

	if (!refused)
		return;
	if (report_is_forecast(report))
		what = "the kernel would refuse, with EINVAL";
	else if (!program_outcomes(program, OUTCOME_REFUSED))
		what = "spared, which the kernel would refuse under rfc";
	fprintf(file, "    %lu %s:\n", refused, what);
	print_calls(program, file);
}

static void print_program(const struct report *report,
			  const struct program *program, FILE *file)
{
	long page = sysconf(_SC_PAGESIZE);

	fprintf(file, "\n%s, %lu process%s\n", program->file,
		program->processes, program->processes == 1 ? "" : "es");
	fprintf(file, "    %lu requests", program_requests(program));
	if (program_requests(program)) {
		fputs(": ", file);
		print_shapes(program, file);
	}
	fprintf(file, "\n    %lu %s growable, %llu KiB",
		program_growable(program),
		report_is_forecast(report) ? "would become" : "became",
		(unsigned long long)program->growable_bytes / 1024);
	if (program_outcomes(program, OUTCOME_ALREADY))
		fprintf(file, "; %lu had asked for it (MAP_GROWSDOWN)",
			program_outcomes(program, OUTCOME_ALREADY));
	fputc('\n', file);
	print_refused(report, program, file);
	if (report->counters.value[C_GROWN] >= 0) {
		fprintf(file, "    %lu grew, by %llu pages; ", program->grown,
			(unsigned long long)program->grown_bytes / page);
		print_denied(program, file);
		fputc('\n', file);
	}
	if (program->peak_mappings)
		fprintf(file, "    %lu mappings at most in one process\n",
			program->peak_mappings);
}

static void print_head(const struct report *report, FILE *file)
{
	const long long *value = report->counters.value;
	char *const *word;

	fputs("mapstack:", file);
	for (word = report->command; *word; word++)
		fprintf(file, " %s", *word);
	fprintf(file, "\n%.1f seconds under policy %s%s, exit status %d\n",
		report->seconds, report->policy,
		report_is_forecast(report) ?
			" (a forecast: nothing was changed)" :
			"",
		report->status);
	fprintf(file,
		"%lld requests: %lld translated, %lld already growable, %lld refused, %lld spared, %lld observed\n",
		value[C_SEEN], value[C_TRANSLATED], value[C_ALREADY],
		value[C_REFUSED], value[C_SPARED], value[C_OBSERVED]);
	if (value[C_GROWN] < 0)
		fputs("growth cannot be followed on this kernel\n", file);
	else
		fprintf(file,
			"%lld times a mapping grew, by %lld pages; %lld times growth was refused\n",
			value[C_GROWN], value[C_GROWN_PAGES],
			value[C_GROW_DENIED]);
}

static void print_caveats(const struct report *report, FILE *file)
{
	if (report->lost)
		fprintf(file,
			"\n%llu events were lost: the sums above are right, what follows lacks some; try a larger --buffer\n",
			report->lost);
	if (report->counters.value[C_GROW_MISSED] > 0)
		fprintf(file, "\n%lld expansions were missed\n",
			report->counters.value[C_GROW_MISSED]);
	if (report->still_running)
		fputs("\nprocesses that the command started run on; they are not followed any more (see --wait)\n",
		      file);
	if (!report->programs && !report->lost)
		fputs("\nno program used MAP_STACK\n", file);
}

void report_text(const struct report *report, FILE *file)
{
	const struct program *program;

	print_head(report, file);
	print_caveats(report, file);
	for (program = report->programs; program; program = program->next)
		print_program(report, program, file);
}
