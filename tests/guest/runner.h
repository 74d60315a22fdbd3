/* SPDX-License-Identifier: GPL-2.0-only */
/* Runs test programs, one after another, and makes one report of theirs. */
#ifndef TESTS_GUEST_RUNNER_H
#define TESTS_GUEST_RUNNER_H

/**
 * runner_copy_lines() - copy a program's output to standard output
 * @fd: where to read, until its end; is closed
 * @indent: what to print before each line
 */
void runner_copy_lines(int fd, const char *indent);

/**
 * runner_run() - run test programs, each a subtest of the report
 * @dir: their directory; all programs in it are run, in the order of names
 * @seconds: the limit of each program; it is killed after that
 *
 * Call it from PID 1 of a guest or a namespace: nothing that a program starts
 * lives on into the next. The plan and the report go to standard output.
 *
 * Return: how many failed, or -1 if there is no program.
 */
int runner_run(const char *dir, unsigned int seconds);

#endif /* TESTS_GUEST_RUNNER_H */
