/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where in a program the calls were made that the kernel refuses: perf samples
 * of the tracepoint with the registers and the stack of the caller, unwound
 * after the run with libdw.
 */
#ifndef TOOLS_BACKTRACE_H
#define TOOLS_BACKTRACE_H

struct backtraces;
struct tally;

/**
 * backtraces_open() - begin to sample
 *
 * Complains if that fails.
 *
 * Return: to be closed with backtraces_close(), or NULL.
 */
struct backtraces *backtraces_open(void);

/**
 * backtraces_read() - take what was sampled, to make room for more
 * @backtraces: from backtraces_open()
 */
void backtraces_read(struct backtraces *backtraces);

/**
 * backtraces_resolve() - give refused calls their backtraces
 * @backtraces: from backtraces_open()
 * @tally: whose calls
 */
void backtraces_resolve(struct backtraces *backtraces, struct tally *tally);

/**
 * backtraces_close() - stop sampling
 * @backtraces: from backtraces_open(), or NULL
 */
void backtraces_close(struct backtraces *backtraces);

#endif /* TOOLS_BACKTRACE_H */
