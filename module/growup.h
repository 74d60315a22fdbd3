/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Stacks that grow up: carries a request from do_mmap() to mmap_region().
 *
 * Where stacks grow down, MAP_GROWSDOWN in the flags of do_mmap() is enough.
 * Where they grow up (CONFIG_STACK_GROWSUP, which is parisc) no flag asks for
 * growth. VM_GROWSUP can only be put into the vm_flags of mmap_region(), which
 * does not know the flags of mmap() any more. So the hook on do_mmap() leaves a
 * note for the hook on mmap_region().
 *
 * Since 5d698966fa7b (6.12, and stable 6.6, 6.10 and 6.11) MAP_STACK means
 * VM_GROWSUP on parisc.
 */
#ifndef MAPSTACK_GROWUP_H
#define MAPSTACK_GROWUP_H

#include <linux/types.h>

#include "policy.h"

#ifdef CONFIG_STACK_GROWSUP

/**
 * growup_ask() - make the requested mapping grow up
 * @shape: the shape of the request
 *
 * Context: ftrace callback on do_mmap(), under mmap_lock for writing; does not
 * sleep.
 * Return: true; or false if this is not private anonymous memory. Such memory
 * can never grow, and the caller must make do_mmap() refuse it.
 */
bool growup_ask(enum shape shape);

/**
 * growup_forget() - forget what an earlier do_mmap() asked for
 *
 * Must be called at the entry of every do_mmap(), because an earlier one may
 * have failed before it called mmap_region().
 *
 * Context: as growup_ask().
 */
void growup_forget(void);

/**
 * growup_answer() - do in mmap_region() what growup_ask() has asked for
 * @vm_flags: its argument
 *
 * Context: ftrace callback on mmap_region(); otherwise as growup_ask().
 */
void growup_answer(unsigned long *vm_flags);

/**
 * growup_forget_all() - forget everything
 *
 * Context: process, after the last callback.
 */
void growup_forget_all(void);

#else /* stacks grow down */

static inline bool growup_ask(enum shape shape)
{
	return false;
}

static inline void growup_forget(void)
{
}

static inline void growup_forget_all(void)
{
}

#endif

#endif /* MAPSTACK_GROWUP_H */
