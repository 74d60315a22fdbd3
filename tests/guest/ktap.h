/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KTAP, the test report format of the kernel (Documentation/dev-tools/ktap.rst).
 *
 * A test program prints its plan first, so that a missing result is noticed.
 */
#ifndef TESTS_GUEST_KTAP_H
#define TESTS_GUEST_KTAP_H

#include <stdbool.h>

/**
 * ktap_plan() - begin the report
 * @tests: how many results will follow
 */
void ktap_plan(unsigned int tests);

/**
 * ktap_result() - report one result
 * @passed: whether the test passed
 * @format: its name, for printf
 *
 * Return: @passed.
 */
bool ktap_result(bool passed, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * ktap_skip() - report that a test did not run
 * @reason: why, for a person
 * @format: its name, for printf
 */
void ktap_skip(const char *reason, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * ktap_note() - print a comment about the next result
 * @format: the line, for printf
 */
void ktap_note(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * ktap_end() - end the report
 *
 * Return: the exit status: 0 if all passed, 4 if every test was skipped, 1 if
 * one failed or the plan was not kept.
 */
int ktap_end(void);

#endif /* TESTS_GUEST_KTAP_H */
