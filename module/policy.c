// SPDX-License-Identifier: GPL-2.0-only
/* What to do with a MAP_STACK request. See policy.h. */

#include <linux/mman.h>

#include "policy.h"

/* Since 6.11, and not in older headers; older do_mmap() refuses the type. */
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif

#ifndef notrace /* user space */
#define notrace
#endif

/*
 * A hugetlbfs file mapped without MAP_HUGETLB counts as a file: the flags do
 * not tell. Anonymous memory of a type that do_mmap() does not know, or does
 * not take without a file (MAP_SHARED_VALIDATE), counts as shared: like shared
 * memory it can never grow.
 */
static notrace enum shape shape_of(unsigned long flags, bool has_file)
{
	if (flags & MAP_HUGETLB)
		return SHAPE_HUGETLB;
	if (has_file)
		return SHAPE_FILE;

	switch (flags & MAP_TYPE) {
	case MAP_PRIVATE:
		return SHAPE_ANONYMOUS;
	case MAP_DROPPABLE:
		return SHAPE_DROPPABLE;
	default:
		return SHAPE_SHARED;
	}
}

notrace struct verdict policy_decide(enum policy policy, unsigned long flags,
				     bool has_file)
{
	struct verdict verdict = {
		.shape = shape_of(flags, has_file),
	};

	if (flags & MAP_GROWSDOWN) {
		verdict.outcome = OUTCOME_ALREADY;
	} else if (policy == POLICY_OBSERVE) {
		verdict.outcome = OUTCOME_OBSERVED;
	} else if (verdict.shape == SHAPE_ANONYMOUS) {
		verdict.outcome = OUTCOME_TRANSLATED;
		verdict.grow = true;
	} else if (policy == POLICY_PRIVATE) {
		verdict.outcome = OUTCOME_SPARED;
	} else {
		/* do_mmap() lets nothing else than private anonymous grow. */
		verdict.outcome = OUTCOME_REFUSED;
		verdict.grow = true;
	}
	return verdict;
}
