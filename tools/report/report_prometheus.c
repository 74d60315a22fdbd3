// SPDX-License-Identifier: GPL-2.0-only
/* The report for node_exporter's textfile collector. See report.h. */

#include <string.h>
#include <unistd.h>

#include "machine/files.h"
#include "report/names.h"
#include "report/report.h"

void prometheus_label(FILE *file, const char *value)
{
	fputc('"', file);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("\\n", file);
		else if (*value == '"' || *value == '\\')
			fprintf(file, "\\%c", *value);
		else
			fputc(*value, file);
	}
	fputc('"', file);
}

void prometheus_counters(FILE *file, const char *prefix, const char *type,
			 const struct counter_values *counters)
{
	const char *end = strcmp(type, "counter") ? "" : "_total";
	int i;

	for (i = 0; i < NR_COUNTER_NAMES; i++) {
		if (counters->value[i] < 0)
			continue;
		fprintf(file, "# TYPE %s_%s%s %s\n%s_%s%s %lld\n", prefix,
			counter_names[i], end, type, prefix, counter_names[i],
			end, counters->value[i]);
	}
}

static void print_type(FILE *file, const char *name)
{
	fprintf(file, "# TYPE mapstack_run_program_%s gauge\n", name);
}

static void begin(FILE *file, const char *name, const struct program *program)
{
	fprintf(file, "mapstack_run_program_%s{program=", name);
	prometheus_label(file, program->file);
}

static void print_requests(const struct report *report, FILE *file)
{
	const struct program *program;
	int shape, outcome;

	print_type(file, "requests");
	for (program = report->programs; program; program = program->next)
		for (shape = 0; shape < NR_SHAPES; shape++)
			for (outcome = 0; outcome < NR_OUTCOMES; outcome++) {
				unsigned long count =
					program->requests[shape][outcome];

				if (!count)
					continue;
				begin(file, "requests", program);
				fprintf(file,
					",shape=\"%s\",outcome=\"%s\"} %lu\n",
					shape_names[shape],
					outcome_names[outcome], count);
			}
}

static void print_denied(const struct report *report, FILE *file)
{
	const struct program *program;
	int reason;

	print_type(file, "grow_denied");
	for (program = report->programs; program; program = program->next)
		for (reason = GROW_DONE + 1; reason < NR_GROW_REASONS;
		     reason++) {
			if (!program->denied[reason])
				continue;
			begin(file, "grow_denied", program);
			fprintf(file, ",reason=\"%s\"} %lu\n",
				reason_names[reason], program->denied[reason]);
		}
}

static unsigned long growable(const struct program *program)
{
	return program_growable(program);
}

static unsigned long refused(const struct program *program)
{
	return program_refused(program);
}

static unsigned long grown(const struct program *program)
{
	return program->grown;
}

static unsigned long grown_pages(const struct program *program)
{
	return program->grown_bytes / sysconf(_SC_PAGESIZE);
}

static unsigned long peak_mappings(const struct program *program)
{
	return program->peak_mappings;
}

static const struct {
	const char *name;
	unsigned long (*value)(const struct program *program);
} metrics[] = {
	{ "growable", growable },
	{ "refused", refused },
	{ "grown", grown },
	{ "grown_pages", grown_pages },
	{ "peak_mappings", peak_mappings },
};

void report_prometheus(const struct report *report, FILE *file)
{
	const struct program *program;
	size_t i;

	prometheus_counters(file, "mapstack_run", "gauge", &report->counters);
	fprintf(file,
		"# TYPE mapstack_run_events_lost gauge\nmapstack_run_events_lost %llu\n"
		"# TYPE mapstack_run_exit_status gauge\nmapstack_run_exit_status %d\n",
		report->lost, report->status);
	print_requests(report, file);
	for (i = 0; i < ARRAY_SIZE(metrics); i++) {
		print_type(file, metrics[i].name);
		for (program = report->programs; program;
		     program = program->next) {
			begin(file, metrics[i].name, program);
			fprintf(file, "} %lu\n", metrics[i].value(program));
		}
	}
	print_denied(report, file);
}
