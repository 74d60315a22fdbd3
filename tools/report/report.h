/* SPDX-License-Identifier: GPL-2.0-only */
/* The report of a run: as text, as JSON, and for Prometheus. */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <stdio.h>

#include "machine/settings.h"
#include "recorder/tally.h"

/* How something is printed. */
enum format {
	FORMAT_TEXT,
	FORMAT_JSON,
	FORMAT_PROMETHEUS,
	NR_FORMATS,
};

struct report {
	char *const *command; /* ends with NULL */
	const char *policy;
	int status; /* exit status that is passed on */
	double seconds;
	bool still_running; /* processes of the command outlived it */
	struct counter_values counters; /* of the run */
	unsigned long long events, lost; /* read, and lost */
	const struct program *programs;
};

/**
 * report_print() - print the report of a run
 * @report: what came of it
 * @format: how
 * @file: where to
 */
void report_print(const struct report *report, enum format format, FILE *file);

/**
 * report_text() - as report_print(), for people
 * @report: what came of it
 * @file: where to
 */
void report_text(const struct report *report, FILE *file);

/**
 * report_json() - as report_print(), for programs
 * @report: what came of it
 * @file: where to
 */
void report_json(const struct report *report, FILE *file);

/**
 * report_prometheus() - as report_print(), for node_exporter's textfiles
 * @report: what came of it
 * @file: where to
 */
void report_prometheus(const struct report *report, FILE *file);

/**
 * report_keep() - keep the report for "mapstack report"
 * @report: what came of the run
 *
 * In every format, below STATE_DIR.
 */
void report_keep(const struct report *report);

/**
 * report_again() - print the report of the last run again
 * @format: how
 *
 * Return: 0, or 1 after a complaint.
 */
int report_again(enum format format);

/**
 * report_is_forecast() - whether nothing was changed
 * @report: of which run
 */
bool report_is_forecast(const struct report *report);

/**
 * prometheus_label() - print a label's value
 * @file: where to
 * @value: printed in quotes, with what is special there escaped
 */
void prometheus_label(FILE *file, const char *value);

/**
 * prometheus_counters() - print the module's counters
 * @file: where to
 * @prefix: of the metrics' names
 * @type: "counter" or "gauge"
 * @counters: their values; what cannot be known is left out
 */
void prometheus_counters(FILE *file, const char *prefix, const char *type,
			 const struct counter_values *counters);

/**
 * json_counters() - write the module's counters as members
 * @json: where to
 * @counters: their values; what cannot be known is null
 */
struct json;
void json_counters(struct json *json, const struct counter_values *counters);

#endif /* TOOLS_REPORT_H */
