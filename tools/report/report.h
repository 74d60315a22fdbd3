/* SPDX-License-Identifier: GPL-2.0-only */
/* Prints a document: as text, as JSON, for Prometheus, or as a page. */
#ifndef TOOLS_REPORT_H
#define TOOLS_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "report/output.h"
#include "report/screen.h"

/* The format of an output. */
enum format {
	FORMAT_TEXT,
	FORMAT_JSON,
	FORMAT_PROMETHEUS,
	FORMAT_HTML,
	NR_FORMATS,
};

/**
 * report_text() - print a recording for people
 * @document: the recording
 * @screen: where to print
 */
void report_text(const json_t *document, const struct screen *screen);

/**
 * report_call() - print a kind of refused call, and where it was made
 * @call: a member of "refused_calls"
 * @file: where to print
 */
void report_call(const json_t *call, FILE *file);

/**
 * report_try() - print a report of mapstack try for people
 * @document: of mapstack try
 * @screen: where to print
 */
void report_try(const json_t *document, const struct screen *screen);

/**
 * report_json() - print a document for programs
 * @document: any JSON
 * @file: where to print
 */
void report_json(const json_t *document, FILE *file);

/**
 * report_prometheus() - print a document for node_exporter's textfiles
 * @document: a report
 * @file: where to print
 */
void report_prometheus(const json_t *document, FILE *file);

/**
 * report_try_prometheus() - print a report of mapstack try for textfiles
 * @document: of mapstack try
 * @file: where to print
 */
void report_try_prometheus(const json_t *document, FILE *file);

/* The template of a page; page.S has it. */
extern const char page_html[];

/**
 * report_html() - print a document as a page that needs no other file
 * @document: a report
 * @file: where to print
 */
void report_html(const json_t *document, FILE *file);

/**
 * report_write() - print a report and commit it
 * @document: the report
 * @format: its format
 * @output: from output_open(); is freed
 *
 * Complains if not everything could be written.
 *
 * Return: 0 or -1.
 */
int report_write(const json_t *document, enum format format,
		 struct output *output);

/**
 * prometheus_head() - print HELP and TYPE of a metric
 * @file: where to print
 * @name: of the metric; if it ends in _total it is a counter, else a gauge
 * @help: one sentence
 */
void prometheus_head(FILE *file, const char *name, const char *help);

/**
 * prometheus_label() - print a label
 * @file: where to print
 * @name: of the label
 * @value: printed in quotes, with special characters escaped
 */
void prometheus_label(FILE *file, const char *name, const char *value);

/**
 * prometheus_counters() - print the module's counters
 * @file: where to print
 * @prefix: of the metrics' names
 * @counters: the object of that name; unknown counters are left out
 * @page_size: in bytes
 */
void prometheus_counters(FILE *file, const char *prefix, const json_t *counters,
			 long long page_size);

#endif /* TOOLS_REPORT_H */
