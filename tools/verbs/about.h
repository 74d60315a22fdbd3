/* SPDX-License-Identifier: GPL-2.0-only */
/* Adds a description of the recorded command to a report. */
#ifndef TOOLS_ABOUT_H
#define TOOLS_ABOUT_H

#include <jansson.h>

#include "machine/child.h"

/**
 * about_command() - add the command and how it ended
 * @document: from recording_json()
 * @command: its program and arguments
 * @child: the command, which has ended
 */
void about_command(json_t *document, char *const *command,
		   const struct child *child);

#endif /* TOOLS_ABOUT_H */
