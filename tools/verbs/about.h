/* SPDX-License-Identifier: GPL-2.0-only */
/* Adds to a report what it says of the command that was recorded. */
#ifndef TOOLS_ABOUT_H
#define TOOLS_ABOUT_H

#include <jansson.h>

#include "machine/child.h"

/**
 * about_command() - say what was recorded, and how it ended
 * @document: from recording_json()
 * @command: its words
 * @child: the command, which has ended
 */
void about_command(json_t *document, char *const *command,
		   const struct child *child);

#endif /* TOOLS_ABOUT_H */
