/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds the requests that can grow but are refused, during a recording. */
#ifndef MAPSTACK_RESULTS_H
#define MAPSTACK_RESULTS_H

#include <linux/types.h>

/**
 * results_follow() - call a function for each request that the kernel refuses
 * @failed: the function; @len is the length that was asked for, in bytes
 * @data: the first argument of @failed
 *
 * Follows requests in scope, of a shape that can grow, while the hook is on.
 * The answer to requests of other shapes follows from the policy. This uses a
 * kretprobe on do_mmap(), which costs nothing after results_leave().
 *
 * Context: process; may sleep. @failed is called with preemption off, in
 * process context. Only one caller at a time may follow.
 * Return: 0, or the error of register_kretprobe(); then nothing is followed.
 */
int results_follow(void (*failed)(void *data, unsigned long len), void *data);

/**
 * results_leave() - stop calling the function
 *
 * Returns after the last call of the function has returned. Does nothing if
 * nobody follows.
 *
 * Context: process; may sleep.
 */
void results_leave(void);

/**
 * results_are_known() - whether no request was missed until now
 *
 * Context: any.
 */
bool results_are_known(void);

#endif /* MAPSTACK_RESULTS_H */
