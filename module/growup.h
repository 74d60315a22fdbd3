/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Growing up: the request, from do_mmap() to mmap_region().
 *
 * Where stacks grow down, MAP_GROWSDOWN in the flags of do_mmap() is all that it
 * takes. Where they grow up (CONFIG_STACK_GROWSUP, which is parisc) no flag asks
 * for it. VM_GROWSUP can only be put into the vm_flags of mmap_region(), where
 * the flags of mmap() are not known any more: do_mmap() leaves a note there.
 *
 * 5d698966fa7b (6.12, and stable 6.6) made MAP_STACK mean it on parisc.
 */
#ifndef MAPSTACK_GROWUP_H
#define MAPSTACK_GROWUP_H

#include <linux/types.h>

#ifdef CONFIG_STACK_GROWSUP

/**
 * growup_ask() - have the mapping that is asked for grow up
 * @flags: the flags argument of do_mmap()
 * @has_file: whether do_mmap() was given a file
 *
 * Context: ftrace callback on do_mmap(), under mmap_lock for writing; does not
 * sleep.
 * Return: true; or false if this is not private anonymous memory, which can
 * never grow, so that do_mmap() has to be made to refuse it.
 */
bool growup_ask(unsigned long flags, bool has_file);

/**
 * growup_forget() - forget what an earlier do_mmap() asked for
 *
 * To be called at the entry of every do_mmap(): the earlier one may have failed
 * before it came to mmap_region().
 *
 * Context: as growup_ask().
 */
void growup_forget(void);

/**
 * growup_answer() - give what was asked for to mmap_region()
 * @vm_flags: its argument
 *
 * Context: ftrace callback on mmap_region(); otherwise as growup_ask().
 */
void growup_answer(unsigned long *vm_flags);

/**
 * growup_forget_all() - forget everything
 *
 * Context: process, after the callbacks are gone.
 */
void growup_forget_all(void);

#else /* stacks grow down */

static inline bool growup_ask(unsigned long flags, bool has_file)
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
