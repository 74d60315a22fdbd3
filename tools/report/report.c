// SPDX-License-Identifier: GPL-2.0-only
/* Prints a document, whatever the format. See report.h. */

#include "report/report.h"

void report_json(const json_t *document, FILE *file)
{
	json_dumpf(document, file, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	fputc('\n', file);
}

int report_write(const json_t *document, enum format format,
		 struct output *output)
{
	static void (*const print[NR_FORMATS])(const json_t *document,
					       FILE *file) = {
		[FORMAT_TEXT] = report_text,
		[FORMAT_JSON] = report_json,
		[FORMAT_PROMETHEUS] = report_prometheus,
		[FORMAT_HTML] = report_html,
	};

	print[format](document, output->file);
	return output_commit(output);
}
