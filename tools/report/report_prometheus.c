// SPDX-License-Identifier: GPL-2.0-only
/* Prints the report as textfiles of node_exporter for Prometheus. See report.h. */

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "machine/files.h"
#include "report/document.h"
#include "report/report.h"
#include "report/text.h"

/* Each label makes time series that stay, so all other programs share one. */
#define MOST_PROGRAMS 200

#define PROGRAM "mapstack_program_"

void prometheus_head(FILE *file, const char *name, const char *help)
{
	size_t len = strlen(name);
	bool total = len > 6 && !strcmp(name + len - 6, "_total");

	fprintf(file, "# HELP %s %s\n# TYPE %s %s\n", name, help, name,
		total ? "counter" : "gauge");
}

void prometheus_label(FILE *file, const char *name, const char *value)
{
	char *safe = NULL, *at;
	size_t size;
	FILE *memory;

	memory = xmemory(&safe, &size);
	text_put(memory, value);
	fclose(memory);
	fprintf(file, "%s=\"", name);
	for (at = safe; *at; at++)
		fprintf(file, *at == '"' || *at == '\\' ? "\\%c" : "%c", *at);
	fputc('"', file);
	free(safe);
}

static const struct {
	const char *name, *metric, *help;
} counters_help[] = {
	{ "seen", "requests_total",
	  "Calls of mmap() with MAP_STACK in scope." },
	{ "translated", "translated_total",
	  "Requests that were made growable." },
	{ "already", "already_total",
	  "Requests that had MAP_GROWSDOWN themselves." },
	{ "refused", "refused_total",
	  "Requests made growable that the kernel refuses for it." },
	{ "spared", "spared_total", "Requests that the policy left alone." },
	{ "observed", "observed_total",
	  "Requests that were only counted (policy observe)." },
	{ "shape_anonymous", "shape_anonymous_total",
	  "Requests for private anonymous memory." },
	{ "shape_shared", "shape_shared_total",
	  "Requests for shared anonymous memory." },
	{ "shape_file", "shape_file_total", "Requests for a file." },
	{ "shape_hugetlb", "shape_hugetlb_total", "Requests for huge pages." },
	{ "shape_droppable", "shape_droppable_total",
	  "Requests for droppable memory." },
	{ "out_of_scope", "out_of_scope_total",
	  "Calls of mmap() with MAP_STACK out of scope." },
	{ "grown", "grown_total", "Expansions of growable mappings." },
	{ "grown_pages", "grown_bytes_total",
	  "What growable mappings grew by." },
	{ "grow_denied", "grow_denied_total",
	  "Expansions that the kernel refused." },
	{ "grow_missed", "grow_missed_total",
	  "Expansions that could not be followed." },
};

void prometheus_counters(FILE *file, const char *prefix, const json_t *counters,
			 long long page_size)
{
	char metric[128];
	long long value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counters_help); i++) {
		value = document_number(counters, counters_help[i].name);
		if (value < 0)
			continue;
		if (!strcmp(counters_help[i].name, "grown_pages"))
			value *= page_size;
		snprintf(metric, sizeof(metric), "%s%s", prefix,
			 counters_help[i].metric);
		prometheus_head(file, metric, counters_help[i].help);
		fprintf(file, "%s %lld\n", metric, value);
	}
}

static void print_gauge(FILE *file, const char *name, const char *help,
			double value)
{
	prometheus_head(file, name, help);
	fprintf(file, "%s %.15g\n", name, value);
}

static void print_time(FILE *file, const json_t *document, const char *member,
		       const char *name, const char *help)
{
	const char *text = document_text(document, member);
	struct tm tm = { 0 };

	if (text && strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		print_gauge(file, name, help, timegm(&tm));
}

static void print_report(FILE *file, const json_t *document)
{
	static const char *const members[] = { "verb",	 "host",
					       "kernel", "architecture",
					       "policy", "module",
					       NULL };
	const char *const *member, *separator = "";
	long long value;

	prometheus_head(file, "mapstack_report_info",
			"What was recorded, where and how.");
	fputs("mapstack_report_info{", file);
	for (member = members; *member; member++) {
		if (!document_text(document, *member))
			continue;
		fputs(separator, file);
		prometheus_label(file, *member,
				 document_text(document, *member));
		separator = ",";
	}
	fputs("} 1\n", file);
	print_time(file, document, "start",
		   "mapstack_report_start_timestamp_seconds",
		   "When recording began.");
	print_time(file, document, "end",
		   "mapstack_report_end_timestamp_seconds",
		   "When recording ended, or this was written.");
	value = document_number(document, "milliseconds");
	if (value >= 0)
		print_gauge(file, "mapstack_report_duration_seconds",
			    "Recording time.", value / 1000.0);
	value = document_number(document, "exit_status");
	if (value >= 0)
		print_gauge(file, "mapstack_report_exit_status",
			    "Exit status of the command.", value);
	value = document_number(json_object_get(document, "complete"),
				"dropped");
	if (value >= 0) {
		prometheus_head(file, "mapstack_report_dropped_total",
				"Requests of no program below.");
		fprintf(file, "mapstack_report_dropped_total %lld\n", value);
	}
	value = document_number(json_object_get(document, "complete"), "gone");
	if (value >= 0) {
		prometheus_head(file, "mapstack_report_gone_total",
				"How often the target was gone.");
		fprintf(file, "mapstack_report_gone_total %lld\n", value);
	}
	prometheus_counters(file, "mapstack_report_",
			    json_object_get(document, "counters"),
			    document_page_size(document));
}

/*
 * Returns the unit of a program, to be freed. The name of a scope has the
 * number of one session or container, so this returns the slice or service
 * around it instead.
 */
static char *lasting_unit(const json_t *program)
{
	const char *cgroup = document_text(program, "cgroup");
	const char *unit = document_text(program, "unit");
	char *copy, *last, *dot;

	dot = unit ? strrchr(unit, '.') : NULL;
	if (!dot || strcmp(dot, ".scope") || !cgroup)
		return unit ? strdup(unit) : NULL;
	copy = strdup(cgroup);
	while (copy && (last = strrchr(copy, '/'))) {
		dot = strrchr(last, '.');
		if (dot &&
		    (!strcmp(dot, ".slice") || !strcmp(dot, ".service"))) {
			memmove(copy, last + 1, strlen(last));
			return copy;
		}
		*last = '\0';
	}
	free(copy);
	return NULL;
}

/* Makes the labels of a program, which are also the key of its group; to be freed. */
static char *program_labels(const json_t *program)
{
	static const char *const members[] = { "host", "container", "user",
					       NULL };
	char *labels = NULL, *unit;
	const char *const *member;
	size_t size;
	FILE *file;

	file = xmemory(&labels, &size);
	unit = lasting_unit(program);
	prometheus_label(file, "program",
			 document_text(program, "program") ?: "(several)");
	if (unit || document_text(program, "cgroup")) {
		fputc(',', file);
		prometheus_label(file, unit ? "unit" : "cgroup",
				 unit ?: document_text(program, "cgroup"));
	}
	for (member = members; *member; member++) {
		if (!document_text(program, *member))
			continue;
		fputc(',', file);
		prometheus_label(file, *member,
				 document_text(program, *member));
	}
	fclose(file);
	free(unit);
	return labels;
}

/* Groups programs by their labels, so that no two have the same; a new array. */
static json_t *label_programs(const json_t *programs)
{
	json_t *groups = json_object(), *program, *sorted, *other = NULL;
	char *labels;
	const char *key;
	size_t i;

	json_array_foreach(programs, i, program)
	{
		labels = program_labels(program);
		document_group(groups, labels, program);
		free(labels);
	}
	json_object_foreach(groups, key, program)
		json_object_set_new(program, "labels", json_string(key));
	sorted = document_sorted(groups);
	while (json_array_size(sorted) > MOST_PROGRAMS) {
		i = json_array_size(sorted) - 1;
		program = json_array_get(sorted, i);
		if (other)
			document_add(other, program);
		else
			other = json_deep_copy(program);
		json_array_remove(sorted, i);
	}
	if (other) {
		json_object_set_new(other, "labels",
				    json_string("program=\"(other)\""));
		json_array_append_new(sorted, other);
	}
	json_decref(groups);
	return sorted;
}

static const struct {
	const char *member, *metric, *label, *help;
} metrics[] = {
	{ "shapes", PROGRAM "requests_total", "shape",
	  "Calls of mmap() with MAP_STACK by what they map." },
	{ "outcomes", PROGRAM "outcomes_total", "outcome",
	  "Calls of mmap() with MAP_STACK by what the module did." },
	{ "growable", PROGRAM "growable_total", NULL,
	  "Requests that became growable, or would." },
	{ "failed", PROGRAM "failed_total", NULL,
	  "Growable requests that the kernel refused for another reason." },
	{ "bytes", PROGRAM "asked_bytes_total", NULL,
	  "What all growable requests asked for." },
	{ "refused", PROGRAM "refused_total", NULL,
	  "Requests refused because of MAP_STACK, or that rfc would refuse." },
	{ "grown", PROGRAM "grown_total", NULL,
	  "Expansions of growable mappings." },
	{ "grown_pages", PROGRAM "grown_bytes_total", NULL,
	  "What growable mappings grew by." },
	{ "grow_denied", PROGRAM "grow_denied_total", "reason",
	  "Expansions that the kernel refused, by reason." },
	{ "sizes", PROGRAM "sizes_total", "up_to",
	  "Requests for private anonymous memory by size." },
	{ "grew_past", PROGRAM "grew_past_total", "size",
	  "Mappings that grew to more than a size." },
	{ "peak_mappings", PROGRAM "peak_mappings", NULL,
	  "Most mappings of one process." },
	{ "peak_address_space_kib", PROGRAM "peak_address_space_bytes", NULL,
	  "Most address space of one process." },
};

static void print_metric(FILE *file, const json_t *document,
			 const json_t *programs, size_t metric)
{
	const char *name = metrics[metric].metric, *part;
	const char *label = metrics[metric].label;
	long long unit = 1, value;
	json_t *program, *parts;
	size_t i;

	if (!strcmp(metrics[metric].member, "grown_pages"))
		unit = document_page_size(document);
	else if (strstr(metrics[metric].member, "_kib"))
		unit = 1024;
	prometheus_head(file, name, metrics[metric].help);
	json_array_foreach(programs, i, program)
	{
		const char *labels = document_text(program, "labels");

		value = document_number(program, metrics[metric].member);
		if (!label && value >= 0)
			fprintf(file, "%s{%s} %lld\n", name, labels,
				value * unit);
		if (!label)
			continue;
		parts = json_object_get(program, metrics[metric].member);
		json_object_foreach(parts, part, program)
		{
			value = json_integer_value(program);
			if (value <= 0)
				continue;
			fprintf(file, "%s{%s,", name, labels);
			prometheus_label(file, label, part);
			fprintf(file, "} %lld\n", value);
		}
	}
}

void report_prometheus(const json_t *document, FILE *file)
{
	json_t *programs;
	size_t i;

	print_report(file, document);
	programs = label_programs(json_object_get(document, "programs"));
	for (i = 0; i < ARRAY_SIZE(metrics); i++)
		print_metric(file, document, programs, i);
	json_decref(programs);
}
