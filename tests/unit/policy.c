// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests module/policy.h against the rules of the design. The rules are written
 * down here a second time, as tables with the numbers of x86's ABI, so that a
 * slip in one is noticed.
 *
 * mmap() gives a meaning to the low 21 bits of the flags only, apart from the
 * size of a huge page. Every combination of these with MAP_STACK is tried, and
 * every higher bit alone. Lengths and limits are tried on both sides of every
 * power of two, of every page near it, and of each other.
 */

#include <stdio.h>
#include <string.h>

#include "ktap.h"
#include "policy.h"

#define WRITE 2UL
#define TYPE_MASK 0x0fUL
#define GROWSDOWN 0x100UL
#define STACK 0x20000UL
#define HUGETLB 0x40000UL
#define LOW_BITS 21

static const char *const policy_names[] = {
	[POLICY_OBSERVE] = "observe", [POLICY_PAIRED] = "paired",
	[POLICY_FITTING] = "fitting", [POLICY_PRIVATE] = "private",
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

/* The outcome of a request with MAP_STACK alone. */
static const struct rule alone[NR_POLICIES][2 /* can the kernel grow it? */] = {
	[POLICY_OBSERVE] = { { OUTCOME_OBSERVED, false },
			     { OUTCOME_OBSERVED, false } },
	[POLICY_PAIRED] = { { OUTCOME_SPARED, false },
			    { OUTCOME_SPARED, false } },
	[POLICY_FITTING] = { { OUTCOME_SPARED, false },
			     { OUTCOME_TRANSLATED, true } },
	[POLICY_PRIVATE] = { { OUTCOME_SPARED, false },
			     { OUTCOME_TRANSLATED, true } },
	[POLICY_RFC] = { { OUTCOME_REFUSED, true },
			 { OUTCOME_TRANSLATED, true } },
};

/* The outcome of a request with MAP_GROWSDOWN too, where stacks grow up. */
static const struct rule paired_up[NR_POLICIES][2] = {
	[POLICY_OBSERVE] = { { OUTCOME_OBSERVED, false },
			     { OUTCOME_OBSERVED, false } },
	[POLICY_PAIRED] = { { OUTCOME_REFUSED, true },
			    { OUTCOME_TRANSLATED, true } },
	[POLICY_FITTING] = { { OUTCOME_SPARED, false },
			     { OUTCOME_TRANSLATED, true } },
	[POLICY_PRIVATE] = { { OUTCOME_SPARED, false },
			     { OUTCOME_TRANSLATED, true } },
	[POLICY_RFC] = { { OUTCOME_REFUSED, true },
			 { OUTCOME_TRANSLATED, true } },
};

static enum direction direction;

static unsigned long met[NR_SHAPES][NR_OUTCOMES];

static struct verdict expect_verdict(enum policy policy, unsigned long flags,
				     bool has_file, bool fits)
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
	if (policy == POLICY_FITTING && !fits) {
		verdict.outcome = OUTCOME_SPARED;
		verdict.grow = false;
	}
	if (flags & GROWSDOWN && direction == STACK_DOWN) {
		verdict.outcome = OUTCOME_ALREADY;
		verdict.grow = false;
	}
	return verdict;
}

static bool try_request(enum policy policy, unsigned long flags, bool has_file,
			bool fits)
{
	struct verdict want = expect_verdict(policy, flags, has_file, fits);
	struct verdict got =
		policy_decide(policy, direction, flags, has_file, fits);

	if (got.shape < NR_SHAPES && got.outcome < NR_OUTCOMES)
		met[got.shape][got.outcome]++;
	if (got.shape == want.shape && got.outcome == want.outcome &&
	    got.grow == want.grow)
		return true;
	printf("# flags 0x%lx, fits %d: shape %u, outcome %u, grow %d", flags,
	       fits, got.shape, got.outcome, got.grow);
	printf("; expected: shape %u, outcome %u, grow %d\n", want.shape,
	       want.outcome, want.grow);
	return false;
}

static bool try_flags(enum policy policy, unsigned long flags, bool has_file)
{
	return try_request(policy, flags, has_file, false) &&
	       try_request(policy, flags, has_file, true);
}

/* Stops at the first difference. */
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
 * Whether each shape met each outcome that is possible. Only private anonymous
 * memory is translated, it is never refused, and no request has already asked
 * to grow up.
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

/* Calculates in numbers that do not overflow. */
static bool expect_fit(unsigned long prot, unsigned long len,
		       unsigned long limit, unsigned long page)
{
	unsigned __int128 pages = ((unsigned __int128)len + page - 1) / page;

	if (!(prot & WRITE) || !len)
		return false;
	return (pages + 1) * page <= limit;
}

static unsigned long fitting, unfitting;

static bool try_size(unsigned long len, unsigned long limit, unsigned long page)
{
	unsigned long prot;

	for (prot = 0; prot < 16; prot++) {
		bool fits = policy_fits(prot, len, limit, page);

		fitting += fits;
		unfitting += !fits;
		if (fits == expect_fit(prot, len, limit, page))
			continue;
		printf("# prot %#lx, length %#lx, limit %#lx, page %lu: %d\n",
		       prot, len, limit, page, fits);
		return false;
	}
	return true;
}

/* A power of two, its multiples and neighbours; some wrap around to 0. */
static unsigned long size_number(unsigned int n, unsigned long page)
{
	static const long pages[] = { -2, -1, 0, 1, 2 };
	static const long bytes[] = { -1, 0, 1 };

	return (1UL << n / 15) + pages[n / 3 % 5] * (long)page + bytes[n % 3];
}

static bool try_sizes(unsigned long page)
{
	unsigned int len, limit, sizes = 15 * 8 * sizeof(long);

	for (len = 0; len < sizes; len++)
		for (limit = 0; limit < sizes; limit++)
			if (!try_size(size_number(len, page),
				      size_number(limit, page), page))
				return false;
	return try_size(0, 0, page) && try_size(0, -1UL, page) && fitting &&
	       unfitting;
}

static void try_direction(enum direction where, const char *name)
{
	int policy;

	direction = where;
	memset(met, 0, sizeof(met));
	for (policy = 0; policy < NR_POLICIES; policy++) {
		ktap_result(try_low_bits(policy, false), "%s: %s, no file",
			    name, policy_names[policy]);
		ktap_result(try_low_bits(policy, true), "%s: %s, file", name,
			    policy_names[policy]);
		ktap_result(try_high_bits(policy, false),
			    "%s: %s, no file, bits without a meaning", name,
			    policy_names[policy]);
		ktap_result(try_high_bits(policy, true),
			    "%s: %s, file, bits without a meaning", name,
			    policy_names[policy]);
	}
	ktap_result(met_all(), "%s: every shape met every outcome that it can",
		    name);
}

int main(void)
{
	ktap_plan(2 + 2 * (4 * NR_POLICIES + 1));
	ktap_result(try_sizes(4096), "pages of 4 KiB: which requests fit");
	ktap_result(try_sizes(65536), "pages of 64 KiB: which requests fit");
	try_direction(STACK_DOWN, "stacks grow down");
	try_direction(STACK_UP, "stacks grow up");
	return ktap_end();
}
