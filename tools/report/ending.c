// SPDX-License-Identifier: GPL-2.0-only
/* Ranks how a command ended. See ending.h. */

#include <stdio.h>

#include "report/document.h"
#include "report/ending.h"

enum ending ending_rank(const json_t *run)
{
	long long status = document_number(run, "exit_status");

	if (document_text(run, "signal"))
		return ENDED_BY_SIGNAL;
	if (status < 0)
		return ENDED_UNKNOWN;
	return status ? ENDED_BADLY : ENDED_WELL;
}

const char *ending_text(const json_t *run, char *buf, size_t size)
{
	const char *signal = document_text(run, "signal");

	if (signal)
		snprintf(buf, size, "%s", signal);
	else
		snprintf(buf, size, "exit status %lld",
			 document_number(run, "exit_status"));
	return buf;
}
