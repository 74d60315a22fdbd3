/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes the programs of a report from what was counted. */
#ifndef TOOLS_COMPOSE_H
#define TOOLS_COMPOSE_H

#include <jansson.h>
#include <stdbool.h>

#include "recorder/owner.h"
#include "recorder/perf.h"
#include "recorder/table.h"

/**
 * compose_programs() - make the "programs" of a report
 * @table: what was counted
 * @owners: knows the names of users and cgroups
 * @perf: knows where calls were made; NULL: backtraces were not asked for
 * @growth: whether growth was followed
 *
 * Return: a new array, as schema.json has it. Programs with refused calls come
 * first, the rest by requests, and at the end "(others)" if there are any.
 */
json_t *compose_programs(const struct table *table, struct owners *owners,
			 const struct perf *perf, bool growth);

#endif /* TOOLS_COMPOSE_H */
