// SPDX-License-Identifier: GPL-2.0-only
/* Growing up. See growup.h. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>

#include "growup.h"

/*
 * The notes: each is an address space whose do_mmap() has asked and has not come
 * to mmap_region() yet. mmap_lock is held for writing from before the entry of
 * the one until after the other, and only do_mmap() calls mmap_region(), so an
 * address space has at most one such call, whatever its threads do. A task can
 * be preempted in between; what it shares with others is this table only.
 *
 * A do_mmap() that fails in between leaves its note behind. The next do_mmap() in
 * that address space forgets it before it can do harm: there is no mmap_region()
 * without one. If no other comes, because the process sleeps or is gone, the
 * note is known to be stale by its mmap_lock, which nobody holds, and its place
 * is taken when it is needed. The reference keeps the lock in memory till then.
 */
static struct mm_struct *growup_notes[64];
static DEFINE_SPINLOCK(growup_lock);

/* That there are notes at all, so that most calls need not look for theirs. */
static unsigned int growup_count;

static notrace struct mm_struct **find_note(struct mm_struct *mm)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(growup_notes); i++)
		if (growup_notes[i] == mm)
			return &growup_notes[i];
	return NULL;
}

/*
 * Who has left a live note holds its mmap_lock since before it took growup_lock,
 * so a lock that is seen free under growup_lock means that the note is stale.
 */
static notrace struct mm_struct **find_stale_note(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(growup_notes); i++)
		if (!rwsem_is_locked(&growup_notes[i]->mmap_lock))
			return &growup_notes[i];
	return NULL;
}

/* Leaves a note; there was none of this address space. */
static notrace void leave_note(struct mm_struct *mm)
{
	struct mm_struct **note, *stale = NULL;

	spin_lock(&growup_lock);
	note = find_note(NULL);
	if (note) {
		WRITE_ONCE(growup_count, growup_count + 1);
	} else {
		note = find_stale_note();
		if (note)
			stale = *note;
	}
	if (note) {
		mmgrab(mm);
		*note = mm;
	}
	spin_unlock(&growup_lock);

	if (stale)
		mmdrop(stale);
	if (note)
		return;
	pr_warn_once("too many mmap() at once, so some do not grow\n");
}

/* Takes the note of an address space away; whether there was one. */
static notrace bool take_note(struct mm_struct *mm)
{
	struct mm_struct **note;

	if (!READ_ONCE(growup_count))
		return false;
	spin_lock(&growup_lock);
	note = find_note(mm);
	if (note) {
		*note = NULL;
		WRITE_ONCE(growup_count, growup_count - 1);
	}
	spin_unlock(&growup_lock);

	if (note)
		mmdrop(mm);
	return note;
}

notrace bool growup_ask(unsigned long flags, bool has_file)
{
	if (has_file || (flags & MAP_TYPE) != MAP_PRIVATE)
		return false;
	leave_note(current->mm);
	return true;
}

notrace void growup_forget(void)
{
	take_note(current->mm);
}

notrace void growup_answer(unsigned long *vm_flags)
{
	if (take_note(current->mm))
		*vm_flags |= VM_GROWSUP;
}

void growup_forget_all(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(growup_notes); i++) {
		if (growup_notes[i])
			mmdrop(growup_notes[i]);
		growup_notes[i] = NULL;
	}
	growup_count = 0;
}
