/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes the document of a run. */
#ifndef TOOLS_COMPOSE_H
#define TOOLS_COMPOSE_H

#include <jansson.h>
#include <time.h>

#include "machine/settings.h"
#include "recorder/tally.h"

struct recording {
	char *const *command; /* ends with NULL */
	const char *policy, *scope;
	int status; /* exit status of the command */
	const char *signal; /* that ended it; NULL: none did */
	time_t start;
	double seconds;
	bool still_running; /* processes of the command outlived it */
	struct counter_values counters; /* of the run */
	unsigned long long lost; /* events */
	const struct program *programs;
};

/**
 * compose_document() - make the document of a run
 * @recording: what came of it
 *
 * Return: a new document, as schema.json has it.
 */
json_t *compose_document(const struct recording *recording);

#endif /* TOOLS_COMPOSE_H */
