// SPDX-License-Identifier: GPL-2.0-only
/* Stacks that grow up. See growup.h. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/mm.h>
#include <linux/rwsem.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/spinlock.h>

#include "growup.h"

/*
 * The notes. A note is an address space whose do_mmap() has asked for growth
 * and has not called mmap_region() yet. mmap_lock is held for writing from
 * before the entry of do_mmap() until after mmap_region(), and only do_mmap()
 * calls mmap_region(). So an address space has at most one such call, whatever
 * its threads do. A task can be preempted in between. It shares nothing but
 * this table with others.
 *
 * A do_mmap() that fails in between leaves its note behind. The next do_mmap()
 * in that address space removes the note before it can do harm, because no
 * mmap_region() comes before a do_mmap(). If no other do_mmap() comes, because
 * the process sleeps or is gone, nobody holds the mmap_lock of the note. This
 * shows that the note is stale, and its place is taken when it is needed. The
 * reference keeps the lock in memory until then.
 */
static struct mm_struct *growup_notes[64];
static DEFINE_SPINLOCK(growup_lock);

/* The number of notes. Most calls find 0 and need not look for theirs. */
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
 * A task that leaves a note holds mmap_lock before it takes growup_lock. So an
 * mmap_lock that is free under growup_lock shows that the note is stale.
 */
static notrace struct mm_struct **find_stale_note(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(growup_notes); i++)
		if (!rwsem_is_locked(&growup_notes[i]->mmap_lock))
			return &growup_notes[i];
	return NULL;
}

/* Leaves a note for an address space that has none. */
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
	pr_warn_once("too many mmap() at once: some will not grow\n");
}

/* Removes the note of an address space. Returns whether there was one. */
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

notrace bool growup_ask(enum shape shape)
{
	if (shape != SHAPE_ANONYMOUS)
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
