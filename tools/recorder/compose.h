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
 * compose_programs() - make "programs" of a report
 * @table: what was counted
 * @owners: who knows names of users and cgroups
 * @perf: who knows where calls were made; NULL: nobody was asked
 * @growth: whether growth was followed
 *
 * Return: a new array, as schema.json has it: what would break first, then by
 * requests, and at the end "(others)", if there are.
 */
json_t *compose_programs(const struct table *table, struct owners *owners,
			 const struct perf *perf, bool growth);

#endif /* TOOLS_COMPOSE_H */
