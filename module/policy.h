/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Decides what to do with a MAP_STACK request: pure functions of its arguments.
 *
 * They read no kernel state, so that tests/unit can try every combination in
 * user space. They are inline, because a call would cost a MAP_STACK request
 * more instructions than the policy itself.
 */
#ifndef MAPSTACK_POLICY_H
#define MAPSTACK_POLICY_H

#include <linux/mman.h>

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#include <sys/cdefs.h>
#endif

/* Headers before 6.11 lack it. do_mmap() of such a kernel refuses the type. */
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif

/* In the order in which sysfs lists them. */
enum policy {
	POLICY_OBSERVE,
	POLICY_PAIRED,
	POLICY_FITTING,
	POLICY_PRIVATE,
	POLICY_RFC,
	NR_POLICIES,
};

/* What a request wants mapped. Every request has exactly one shape. */
enum shape {
	SHAPE_ANONYMOUS,
	SHAPE_SHARED,
	SHAPE_FILE,
	SHAPE_HUGETLB,
	SHAPE_DROPPABLE,
	NR_SHAPES,
};

/* What the policy does with it. Every request has exactly one outcome. */
enum outcome {
	OUTCOME_TRANSLATED,
	OUTCOME_ALREADY,
	OUTCOME_REFUSED,
	OUTCOME_SPARED,
	OUTCOME_OBSERVED,
	NR_OUTCOMES,
};

/* Which way stacks grow. */
enum direction {
	STACK_DOWN,
	STACK_UP,
};

/**
 * struct verdict - the judgement of policy_decide() on one request
 * @shape: what the request wants mapped
 * @outcome: what the policy does with it
 * @grow: whether to ask for a growable mapping
 */
struct verdict {
	enum shape shape;
	enum outcome outcome;
	bool grow;
};

/*
 * A hugetlbfs file mapped without MAP_HUGETLB counts as a file, because the
 * flags do not tell it apart. Anonymous memory of a type that do_mmap() does
 * not know, or does not take without a file (MAP_SHARED_VALIDATE), counts as
 * shared: like shared memory it can never grow.
 */
static __always_inline enum shape shape_of(unsigned long flags, bool has_file)
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

/**
 * policy_fits() - whether a stack could use growth, and has room to grow
 * @prot: the PROT_ bits that do_mmap() was given
 * @len: the length that it was given, in bytes
 * @stack_limit: RLIMIT_STACK of the caller, in bytes
 * @page_size: PAGE_SIZE, which user space does not have
 *
 * acct_stack_growth() limits the whole mapping, with the page that was touched,
 * to RLIMIT_STACK. So a mapping that can grow by a page is at least a page
 * shorter. A mapping that may not be written is a reservation, and mprotect()
 * opens its upper part later. Memory below that part is mapped already, so that
 * part never grows. The bottom of the reservation can grow, but nobody uses
 * that memory, and it is not accounted (VM_ACCOUNT).
 *
 * A length of 0, which do_mmap() refuses, fits no limit, and neither does a
 * length that is too long to be rounded up to pages.
 *
 * Context: any; reads nothing but its arguments.
 */
static __always_inline bool policy_fits(unsigned long prot, unsigned long len,
					unsigned long stack_limit,
					unsigned long page_size)
{
	return prot & PROT_WRITE &&
	       (len - 1) / page_size + 1 < stack_limit / page_size;
}

/* Whether the policy changes requests like this, if they can grow. */
static __always_inline bool policy_takes(enum policy policy, bool paired,
					 bool fits)
{
	/* One comparison for these, which are last. */
	if (policy >= POLICY_PRIVATE)
		return true;
	return policy == POLICY_PAIRED ? paired :
					 policy == POLICY_FITTING && fits;
}

/**
 * policy_decide() - judge one MAP_STACK request
 * @policy: the policy in force
 * @direction: which way stacks grow. MAP_GROWSDOWN asks for a growable stack
 * where they grow down, and for nothing where they grow up
 * @flags: the flags argument of do_mmap(), with MAP_STACK set
 * @has_file: whether do_mmap() was given a file
 * @fits: policy_fits() of the request; only the policy 'fitting' looks at it
 *
 * @flags and @has_file are what do_mmap() receives, not what the program
 * passed: ksys_mmap_pgoff() has already opened a hugetlbfs file for an
 * anonymous MAP_HUGETLB request.
 *
 * Context: any; reads nothing but its arguments.
 * Return: the verdict.
 */
static __always_inline struct verdict policy_decide(enum policy policy,
						    enum direction direction,
						    unsigned long flags,
						    bool has_file, bool fits)
{
	struct verdict verdict = {
		.shape = shape_of(flags, has_file),
	};
	bool paired = flags & MAP_GROWSDOWN;

	if (paired && direction == STACK_DOWN) {
		verdict.outcome = OUTCOME_ALREADY;
	} else if (!policy_takes(policy, paired, fits)) {
		verdict.outcome = policy == POLICY_OBSERVE ? OUTCOME_OBSERVED :
							     OUTCOME_SPARED;
	} else if (verdict.shape == SHAPE_ANONYMOUS) {
		verdict.outcome = OUTCOME_TRANSLATED;
		verdict.grow = true;
	} else if (policy == POLICY_PRIVATE || policy == POLICY_FITTING) {
		verdict.outcome = OUTCOME_SPARED;
	} else {
		/* do_mmap() refuses growth of all but private anonymous memory. */
		verdict.outcome = OUTCOME_REFUSED;
		verdict.grow = true;
	}
	return verdict;
}

#endif /* MAPSTACK_POLICY_H */
