// SPDX-License-Identifier: GPL-2.0-only
/*
 * module/policy.h against the design's rules, written down a second time: as
 * tables, and with the numbers of x86's ABI, so that no slip of the one is in
 * the other.
 *
 * The low 21 bits of the flags are all that mmap() gives a meaning to, apart
 * from the size of a huge page; every combination of them that has MAP_STACK is
 * tried, and every higher bit alone.
 */

#include <stdio.h>
#include <string.h>

#include "policy.h"

#define TYPE_MASK 0x0fUL
#define GROWSDOWN 0x100UL
#define STACK 0x20000UL
#define HUGETLB 0x40000UL
#define LOW_BITS 21

static const char *const policy_names[] = {
	[POLICY_OBSERVE] = "observe",
	[POLICY_PAIRED] = "paired",
	[POLICY_PRIVATE] = "private",
	[POLICY_RFC] = "rfc",
};

/* Memory without a file, by its type: 2 is private, 8 is droppable. */
static const enum shape shape_by_type[TYPE_MASK + 1] = {
	SHAPE_SHARED,	 SHAPE_SHARED, SHAPE_ANONYMOUS, SHAPE_SHARED,
	SHAPE_SHARED,	 SHAPE_SHARED, SHAPE_SHARED,	SHAPE_SHARED,
	SHAPE_DROPPABLE, SHAPE_SHARED, SHAPE_SHARED,	SHAPE_SHARED,
	SHAPE_SHARED,	 SHAPE_SHARED, SHAPE_SHARED,	SHAPE_SHARED,
};

struct rule {
	enum outcome outcome;
	bool grow;
};

/* What comes of a request with MAP_STACK alone. */
static const struct rule alone[NR_POLICIES][2 /* can the kernel grow it? */] = {
	[POLICY_OBSERVE] = { { OUTCOME_OBSERVED, false },
			     { OUTCOME_OBSERVED, false } },
	[POLICY_PAIRED] = { { OUTCOME_SPARED, false },
			    { OUTCOME_SPARED, false } },
	[POLICY_PRIVATE] = { { OUTCOME_SPARED, false },
			     { OUTCOME_TRANSLATED, true } },
	[POLICY_RFC] = { { OUTCOME_REFUSED, true },
			 { OUTCOME_TRANSLATED, true } },
};

/* What comes of one with MAP_GROWSDOWN too, where stacks grow up. */
static const struct rule paired_up[NR_POLICIES][2] = {
	[POLICY_OBSERVE] = { { OUTCOME_OBSERVED, false },
			     { OUTCOME_OBSERVED, false } },
	[POLICY_PAIRED] = { { OUTCOME_REFUSED, true },
			    { OUTCOME_TRANSLATED, true } },
	[POLICY_PRIVATE] = { { OUTCOME_SPARED, false },
			     { OUTCOME_TRANSLATED, true } },
	[POLICY_RFC] = { { OUTCOME_REFUSED, true },
			 { OUTCOME_TRANSLATED, true } },
};

static enum direction direction;

static unsigned int results, failures;
static unsigned long met[NR_SHAPES][NR_OUTCOMES];

static void report(bool passed, const char *where, int policy, const char *what)
{
	failures += !passed;
	printf("%sok %u - %s: %s%s%s\n", passed ? "" : "not ", ++results, where,
	       policy < 0 ? "" : policy_names[policy], policy < 0 ? "" : ", ",
	       what);
}

static struct verdict expect_verdict(enum policy policy, unsigned long flags,
				     bool has_file)
{
	struct verdict verdict = { .shape = shape_by_type[flags & TYPE_MASK] };
	const struct rule *rule;
	bool can_grow;

	if (has_file)
		verdict.shape = SHAPE_FILE;
	if (flags & HUGETLB)
		verdict.shape = SHAPE_HUGETLB;
	can_grow = verdict.shape == SHAPE_ANONYMOUS;
	rule = &alone[policy][can_grow];
	if (flags & GROWSDOWN)
		rule = &paired_up[policy][can_grow];
	verdict.outcome = rule->outcome;
	verdict.grow = rule->grow;
	if (flags & GROWSDOWN && direction == STACK_DOWN) {
		verdict.outcome = OUTCOME_ALREADY;
		verdict.grow = false;
	}
	return verdict;
}

static bool try_flags(enum policy policy, unsigned long flags, bool has_file)
{
	struct verdict want = expect_verdict(policy, flags, has_file);
	struct verdict got = policy_decide(policy, direction, flags, has_file);

	if (got.shape < NR_SHAPES && got.outcome < NR_OUTCOMES)
		met[got.shape][got.outcome]++;
	if (got.shape == want.shape && got.outcome == want.outcome &&
	    got.grow == want.grow)
		return true;
	printf("# flags 0x%lx: shape %u, outcome %u, grow %d", flags, got.shape,
	       got.outcome, got.grow);
	printf("; expected: shape %u, outcome %u, grow %d\n", want.shape,
	       want.outcome, want.grow);
	return false;
}

/* Stops at the first difference: one is enough to look at. */
static bool try_low_bits(enum policy policy, bool has_file)
{
	unsigned long flags;

	for (flags = 0; flags < 1UL << LOW_BITS; flags++)
		if (flags & STACK && !try_flags(policy, flags, has_file))
			return false;
	return true;
}

static bool try_high_bits(enum policy policy, bool has_file)
{
	unsigned long low[] = { STACK, STACK | GROWSDOWN, STACK | HUGETLB,
				STACK | HUGETLB | GROWSDOWN };
	unsigned int bit, type, i;

	for (bit = LOW_BITS; bit < 8 * sizeof(long); bit++)
		for (type = 0; type <= TYPE_MASK; type++)
			for (i = 0; i < sizeof(low) / sizeof(*low); i++)
				if (!try_flags(policy,
					       1UL << bit | low[i] | type,
					       has_file))
					return false;
	return true;
}

/*
 * What can be met at all: each shape with each outcome, except that only
 * private anonymous memory is translated, that it is never refused, and that
 * nothing has asked to grow up already.
 */
static bool met_all(void)
{
	bool passed = true;
	int shape, outcome;

	for (shape = 0; shape < NR_SHAPES; shape++) {
		for (outcome = 0; outcome < NR_OUTCOMES; outcome++) {
			bool anonymous = shape == SHAPE_ANONYMOUS;
			bool possible = true;

			if (outcome == OUTCOME_TRANSLATED)
				possible = anonymous;
			if (outcome == OUTCOME_REFUSED)
				possible = !anonymous;
			if (outcome == OUTCOME_ALREADY)
				possible = direction == STACK_DOWN;
			if (!met[shape][outcome] == !possible)
				continue;
			printf("# shape %d with outcome %d: %lu times\n", shape,
			       outcome, met[shape][outcome]);
			passed = false;
		}
	}
	return passed;
}

static void try_direction(enum direction where, const char *name)
{
	int policy;

	direction = where;
	memset(met, 0, sizeof(met));
	for (policy = 0; policy < NR_POLICIES; policy++) {
		report(try_low_bits(policy, false), name, policy, "no file");
		report(try_low_bits(policy, true), name, policy, "file");
		report(try_high_bits(policy, false), name, policy,
		       "no file, bits without a meaning");
		report(try_high_bits(policy, true), name, policy,
		       "file, bits without a meaning");
	}
	report(met_all(), name, -1,
	       "every shape met every outcome that it can");
}

int main(void)
{
	printf("1..%d\n", 2 * (4 * NR_POLICIES + 1));
	try_direction(STACK_DOWN, "stacks grow down");
	try_direction(STACK_UP, "stacks grow up");
	return failures != 0;
}
