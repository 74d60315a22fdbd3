/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What to do with a MAP_STACK request: a pure function of its flags.
 *
 * No kernel state is read, so that tests/unit can try every combination in
 * user space.
 */
#ifndef MAPSTACK_POLICY_H
#define MAPSTACK_POLICY_H

#ifdef __KERNEL__
#include <linux/types.h>
#else
#include <stdbool.h>
#endif

/* In the order in which sysfs lists them. */
enum policy {
	POLICY_OBSERVE,
	POLICY_PRIVATE,
	POLICY_RFC,
	NR_POLICIES,
};

/* What is to be mapped. Every request has exactly one shape. */
enum shape {
	SHAPE_ANONYMOUS,
	SHAPE_SHARED,
	SHAPE_FILE,
	SHAPE_HUGETLB,
	SHAPE_DROPPABLE,
	NR_SHAPES,
};

/* What came of it. Every request has exactly one outcome. */
enum outcome {
	OUTCOME_TRANSLATED,
	OUTCOME_ALREADY,
	OUTCOME_REFUSED,
	OUTCOME_SPARED,
	OUTCOME_OBSERVED,
	NR_OUTCOMES,
};

/**
 * struct verdict - what policy_decide() says of one request
 * @shape: what is to be mapped
 * @outcome: what comes of it
 * @grow: whether the mapping shall be asked for as a growable one
 */
struct verdict {
	enum shape shape;
	enum outcome outcome;
	bool grow;
};

/**
 * policy_decide() - judge one MAP_STACK request
 * @policy: the policy in force
 * @flags: the flags argument of do_mmap(), with MAP_STACK set
 * @has_file: whether do_mmap() was given a file
 *
 * @flags and @has_file are what do_mmap() receives, not what the program
 * passed: ksys_mmap_pgoff() has already opened a hugetlbfs file for an
 * anonymous MAP_HUGETLB request.
 *
 * Context: any; reads nothing but its arguments.
 * Return: the verdict.
 */
struct verdict policy_decide(enum policy policy, unsigned long flags,
			     bool has_file);

#endif /* MAPSTACK_POLICY_H */
