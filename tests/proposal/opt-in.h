/* SPDX-License-Identifier: GPL-2.0-only */
/* The opt-in of docs/proposal/alternatives, which no header of the C library has. */
#ifndef TESTS_PROPOSAL_OPT_IN_H
#define TESTS_PROPOSAL_OPT_IN_H

#include <sys/prctl.h>

#define PR_SET_MAP_STACK_GROWS 82
#define PR_GET_MAP_STACK_GROWS 83

/**
 * opt_in_set() - choose whether MAP_STACK mappings grow from now on
 * @grows: 1 or 0
 *
 * Return: 0, or -1 with errno EINVAL: the kernel lacks the patch.
 */
static inline int opt_in_set(unsigned long grows)
{
	return prctl(PR_SET_MAP_STACK_GROWS, grows, 0, 0, 0);
}

/**
 * opt_in_get() - ask for the setting
 *
 * Return: 1 or 0, or -1 with errno EINVAL: the kernel lacks the patch.
 */
static inline int opt_in_get(void)
{
	return prctl(PR_GET_MAP_STACK_GROWS, 0, 0, 0, 0);
}

#endif /* TESTS_PROPOSAL_OPT_IN_H */
