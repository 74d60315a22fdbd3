// SPDX-License-Identifier: GPL-2.0-only
/* The report as a page that opens from disk. See report.h. */

#include <stdlib.h>
#include <string.h>

#include "report/report.h"

#define MARK "@DATA@"

/* "</script>" in a name would end the data. JSON has '<' in texts only. */
static void print_data(const json_t *document, FILE *file)
{
	char *text = json_dumps(document, JSON_ENSURE_ASCII | JSON_COMPACT);
	const char *at;

	for (at = text; at && *at; at++)
		if (*at == '<')
			fputs("\\u003c", file);
		else
			fputc(*at, file);
	free(text);
}

void report_html(const json_t *document, FILE *file)
{
	const char *mark = strstr(page_html, MARK);

	fwrite(page_html, 1, mark - page_html, file);
	print_data(document, file);
	fputs(mark + strlen(MARK), file);
}
