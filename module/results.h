/* SPDX-License-Identifier: GPL-2.0-only */
/* What the kernel answers to requests that can grow, while somebody asks. */
#ifndef MAPSTACK_RESULTS_H
#define MAPSTACK_RESULTS_H

#include <linux/types.h>

/**
 * results_follow() - call a function for each request that the kernel refuses
 * @failed: what to call; @len is what was asked for, in bytes
 * @data: for it
 *
 * Requests in scope, while the hook is on, of a shape that can grow: those of other
 * shapes are refused because of the flag, and need no answer. A kretprobe on
 * do_mmap(): whoever does not follow pays nothing.
 *
 * Context: process; may sleep. @failed is called with preemption off, in process
 * context. One at a time may follow.
 * Return: 0, or what register_kretprobe() answered; then nobody is told.
 */
int results_follow(void (*failed)(void *data, unsigned long len), void *data);

/**
 * results_leave() - call nothing any more
 *
 * Returns after the last call has. Does nothing if nobody follows.
 *
 * Context: process; may sleep.
 */
void results_leave(void);

/**
 * results_are_known() - whether all requests were followed until now
 *
 * Context: any.
 */
bool results_are_known(void);

#endif /* MAPSTACK_RESULTS_H */
