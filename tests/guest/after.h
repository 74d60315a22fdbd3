/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Asks the kernel of a guest, after all programs have ended, what leaked and
 * which lines of the module ran. Only some kernels are built to tell.
 */
#ifndef TESTS_GUEST_AFTER_H
#define TESTS_GUEST_AFTER_H

/**
 * after_prepare() - have kmemleak forget leaks older than the first program
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
 * after_switch_on() - load the module and switch it on before powering off
 *
 * Return: 0 or -errno. It is also 0 if there is no module here, or if the
 * kernel refuses modules without a signature.
 */
int after_switch_on(void);

#endif /* TESTS_GUEST_AFTER_H */
