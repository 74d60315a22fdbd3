/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asks the kernel of a guest, when all programs have ended, what leaked and
 * which lines of the module ran, if the kernel was built to tell.
 */
#ifndef TESTS_GUEST_AFTER_H
#define TESTS_GUEST_AFTER_H

/**
 * after_prepare() - forget what the kernel lost before the first program
 */
void after_prepare(void);

/**
 * after_report_leaks() - look for memory that nothing refers to any more
 *
 * Prints "# leaks N" (-1: kmemleak has given up) and the reports, or nothing
 * where the kernel has no kmemleak.
 */
void after_report_leaks(void);

/**
 * after_report_coverage() - print what gcov counted in the module
 *
 * One line for each file, "# gcda PATH HEXADECIMAL", or nothing where neither
 * the kernel nor the module was built to count.
 */
void after_report_coverage(void);

/**
 * after_switch_on() - load the module, switched on, for powering off with it
 *
 * Return: 0, also if there is no module here, or the kernel takes no module
 * that is not signed; or -errno.
 */
int after_switch_on(void);

#endif /* TESTS_GUEST_AFTER_H */
