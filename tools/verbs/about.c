// SPDX-License-Identifier: GPL-2.0-only
/* Adds a description of the command to a report. See about.h. */

#include "report/text.h"
#include "verbs/about.h"

void about_command(json_t *document, char *const *command,
		   const struct child *child)
{
	const char *signal = child_signal(child);
	json_t *words = json_array();

	for (; *command; command++)
		json_array_append_new(words, text_json(*command));
	json_object_set_new(document, "command", words);
	json_object_set_new(document, "signal", text_json(signal));
	json_object_set_new(document, "exit_status",
			    signal ? json_null() : json_integer(child->status));
	json_object_set_new(document, "still_running",
			    json_boolean(!child->alone));
}
