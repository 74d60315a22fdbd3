/* SPDX-License-Identifier: GPL-2.0-only */
/* Sees what the kernel answers to requests that can grow, during a recording. */
#ifndef MAPSTACK_RESULTS_H
#define MAPSTACK_RESULTS_H

#include <linux/types.h>

/**
 * results_follow() - call a function for each request that the kernel refuses
 * @failed: what to call; @len is what was asked for, in bytes
 * @data: for it
 *
 * The requests are those in scope, while the hook is on, of a shape that can
 * grow. Requests of other shapes are refused because of the flag, so their
 * answer is known. This uses a kretprobe on do_mmap(), which costs nothing
 * otherwise.
 *
 * Context: process; may sleep. @failed is called with preemption off, in
 * process context. One at a time may follow.
 * Return: 0, or the error of register_kretprobe(); then nothing is followed.
 */
int results_follow(void (*failed)(void *data, unsigned long len), void *data);

/**
 * results_leave() - stop calling the function
 *
 * Returns after the last call has returned. Does nothing if nobody follows.
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
