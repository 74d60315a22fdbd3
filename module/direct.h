/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hook on do_mmap() by a direct call of ftrace: do_mmap() calls a few
 * instructions of ours, with no trampoline of ftrace between. See "A direct
 * call" in docs/design.md for what that costs others.
 *
 * A part of the hook: hook.c calls it, and is called back.
 */
#ifndef MAPSTACK_DIRECT_H
#define MAPSTACK_DIRECT_H

#include <linux/errno.h>

#if defined(CONFIG_X86_64) && defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)
#define DIRECT_CALLS

/**
 * direct_init() - look do_mmap() up
 *
 * An error is one of direct_attach().
 *
 * Context: process; may sleep.
 */
void direct_init(void);

/**
 * direct_exit() - give back what direct_init() took, or nothing
 *
 * Context: process; may sleep. Not attached.
 */
void direct_exit(void);

/**
 * direct_attach() - have do_mmap() call us
 *
 * While ftrace is switched off (up to 7.2) it can succeed and not be called.
 *
 * Context: process; may sleep; the caller serialises.
 * Return: 0; -EBUSY if another user has the direct call of do_mmap();
 * -EOPNOTSUPP if this kernel has none that a module can take; or what ftrace
 * answered.
 */
int direct_attach(void);

/**
 * direct_detach() - undo direct_attach()
 *
 * Returns when nobody is in our instructions any more.
 *
 * Context: process; may sleep; the caller serialises.
 * Return: 0; or what ftrace answered, see hook_detach().
 */
int direct_detach(void);

#else /* no direct calls, or not written for this architecture */

static inline void direct_init(void)
{
}

static inline void direct_exit(void)
{
}

static inline int direct_attach(void)
{
	return -EOPNOTSUPP;
}

static inline int direct_detach(void)
{
	return -EOPNOTSUPP;
}

#endif

#endif /* MAPSTACK_DIRECT_H */
