/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Ways to change a flag of a system call from user space: a tracer, with and
 * without a seccomp filter that chooses the calls.
 *
 * seccomp's user notification cannot do it: its supervisor may refuse a call,
 * answer it, or let it go on unchanged.
 */
#ifndef TESTS_BENCH_WAYS_H
#define TESTS_BENCH_WAYS_H

#include <stdbool.h>

/**
 * ways_can_trace() - whether a tracer can change the flag here
 *
 * Return: false where the flags of mmap() are not in a register (s390x), or no
 * flag makes a mapping grow (parisc).
 */
bool ways_can_trace(void);

/**
 * ways_run_traced() - run a function whose MAP_STACK calls are made growable
 * @function: what to run, in a child process
 * @seccomp: stop only at mmap() with MAP_STACK, not at every call
 *
 * Return: whether the child ran to its end.
 */
bool ways_run_traced(void (*function)(void), bool seccomp);

#endif /* TESTS_BENCH_WAYS_H */
