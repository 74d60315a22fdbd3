/* SPDX-License-Identifier: GPL-2.0-only */
/* What a report of mapstack selftest says about the machine. */
#ifndef TESTS_SELFTEST_HEADER_H
#define TESTS_SELFTEST_HEADER_H

/**
 * header_print() - print kernel, its configuration, system and processor
 *
 * As comments of KTAP, to standard output.
 */
void header_print(void);

#endif /* TESTS_SELFTEST_HEADER_H */
