/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Follows the expansions of growable mappings, except of a process's own
 * [stack]: which mappings grew and by how much, and which could not and why.
 */
#ifndef MAPSTACK_GROWTH_H
#define MAPSTACK_GROWTH_H

#include <linux/types.h>

/**
 * growth_follow() - begin to follow expansions
 *
 * Proves that the probe is called, as growth_is_known() does, and registers it
 * anew if it is not. If that does not help, one line of the kernel log says so
 * and what to do, and everything else works. If others have switched kprobes
 * off, growth is followed again as soon as they switch them on.
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
 * Return: 0, or an error if the kernel did not remove the probe. Then all later
 * calls fail too, and the module must stay loaded.
 */
int growth_leave(void);

/**
 * growth_exit() - unregister the probe
 *
 * Returns after the last handler has returned. Nothing is followed any more.
 *
 * Context: process; may sleep.
 */
void growth_exit(void);

/**
 * growth_is_known() - whether the counters of growth can be believed
 *
 * While expansions are followed, a mapping in the caller's address space is
 * made to grow, to prove that the probe still sees them. It is not counted, and
 * is unmapped when this returns. Otherwise this tells whether expansions were
 * followed the last time.
 *
 * Context: process, outside mmap_lock; may sleep.
 * Return: false also if there is no address space, or the mapping could not be
 * made.
 */
bool growth_is_known(void);

/**
 * growth_missed() - expansions that the probe missed since loading
 *
 * The probe can follow a limited number of expansions at a time.
 *
 * Context: process. The caller need not serialise.
 */
unsigned long growth_missed(void);

#endif /* MAPSTACK_GROWTH_H */
