/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Follows the expansions of growable mappings other than a process's own
 * [stack]: what grew, by how much, and what was refused and why.
 */
#ifndef MAPSTACK_GROWTH_H
#define MAPSTACK_GROWTH_H

#include <linux/types.h>

/**
 * growth_follow() - begin to follow expansions
 *
 * Proves that the probe is called, as growth_is_known() does, and makes it anew
 * if it is not. If that does not help either, one line of the kernel log says so
 * and what to do, and all else works. A probe that others have switched off is
 * followed again as soon as they switch it on.
 *
 * Context: process; may sleep. The caller serialises it with growth_leave().
 */
void growth_follow(void);

/**
 * growth_leave() - stop following
 *
 * Nothing is left on expand_downwards(). An expansion that has begun may still
 * be counted when it ends. Does nothing if nothing is followed.
 *
 * Context: process; may sleep.
 * Return: 0, or an error, also from then on, if the kernel did not take its
 * probe away: the module must stay.
 */
int growth_leave(void);

/**
 * growth_exit() - give back what following took
 *
 * Returns after the last handler has. Nothing is followed any more.
 *
 * Context: process; may sleep.
 */
void growth_exit(void);

/**
 * growth_is_known() - whether the counters of growth can be believed
 *
 * While expansions are followed: whether they are now, which a mapping of the
 * caller's own that is made to grow proves. It is not counted, and gone when this
 * returns. Else whether they were the last time.
 *
 * Context: process, outside mmap_lock; may sleep.
 * Return: false also if there is no address space, or the mapping could not be
 * made.
 */
bool growth_is_known(void);

/**
 * growth_missed() - expansions not looked at since loading
 *
 * More of them were under way at a time than there was room to remember.
 *
 * Context: process. The caller need not serialise.
 */
unsigned long growth_missed(void);

#endif /* MAPSTACK_GROWTH_H */
