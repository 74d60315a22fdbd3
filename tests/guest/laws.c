// SPDX-License-Identifier: GPL-2.0-only
/* The laws of the counters. See laws.h. */

#include "guest.h"
#include "ktap.h"
#include "laws.h"
#include "mapstack.h"

const char *const laws_outcomes[NR_OUTCOMES] = { "translated", "already",
						 "refused", "spared",
						 "observed" };
const char *const laws_shapes[NR_SHAPES] = { "shape_anonymous", "shape_shared",
					     "shape_file", "shape_hugetlb",
					     "shape_droppable" };

unsigned long laws_sum(const char *const *names, size_t n)
{
	unsigned long sum = 0;

	while (n--)
		sum += mapstack_counter(names[n]);
	return sum;
}

static bool law_holds(const char *const *names, size_t n)
{
	unsigned long before = mapstack_counter("seen");
	unsigned long sum = laws_sum(names, n);
	unsigned long after = mapstack_counter("seen");

	if (before <= sum && sum <= after)
		return true;
	ktap_note("%s and so on: %lu, seen %lu before, %lu after", names[0],
		  sum, before, after);
	return false;
}

bool laws_hold(void)
{
	return law_holds(laws_outcomes, NR_OUTCOMES) &&
	       law_holds(laws_shapes, NR_SHAPES);
}
