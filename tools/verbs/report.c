// SPDX-License-Identifier: GPL-2.0-only
/* mapstack report. See verbs.h. */

#include "machine/files.h"
#include "report/document.h"
#include "report/store.h"
#include "verbs/verbs.h"

int report(const struct options *options)
{
	json_t *document, *grouped;
	struct output output;
	int ret = -1;

	if (options->command[0] && options->command[1]) {
		say_err("only one file can be printed at a time; nothing was printed; 'mapstack merge' makes one of several");
		return EXIT_SELF;
	}
	document = document_load(options->command[0], options->by);
	if (!document)
		return EXIT_SELF;
	if (options->by) {
		grouped = document_by(document, options->by);
		json_decref(document);
		document = grouped;
	}
	if (!output_open(&output, options->output, false))
		ret = report_write(document, options->format, &output);
	json_decref(document);
	return ret ? EXIT_SELF : 0;
}
