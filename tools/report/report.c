// SPDX-License-Identifier: GPL-2.0-only
/* Prints a document in any format. See report.h. */

#include "report/document.h"
#include "report/report.h"

void report_json(const json_t *document, FILE *file)
{
	json_dumpf(document, file, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	fputc('\n', file);
}

static void print_for_people(const json_t *document,
			     const struct output *output)
{
	struct screen screen = screen_open(output->fd, output->file);

	if (document_is_try(document))
		report_try(document, &screen);
	else
		report_text(document, &screen);
}

int report_write(const json_t *document, enum format format,
		 struct output *output)
{
	switch (format) {
	case FORMAT_JSON:
		report_json(document, output->file);
		break;
	case FORMAT_PROMETHEUS:
		if (document_is_try(document))
			report_try_prometheus(document, output->file);
		else
			report_prometheus(document, output->file);
		break;
	case FORMAT_HTML:
		report_html(document, output->file);
		break;
	default:
		print_for_people(document, output);
	}
	return output_commit(output);
}
