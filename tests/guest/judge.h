/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes the result of a generated call as text. Two kernels, or two settings,
 * that treat the call alike give the same text to the last byte.
 */
#ifndef TESTS_GUEST_JUDGE_H
#define TESTS_GUEST_JUDGE_H

#include "calls.h"

#define RECORD_SIZE 2048

/* The result of one call. */
struct record {
	char text[RECORD_SIZE]; /* lines; the rest is zero */
};

/* The beginning of a line of a record, to look for it. */
#define RECORD_FLAGS "VmFlags: "
#define RECORD_GREW "1 page below: written"
#define RECORD_STOPPED "pages below: SEGV"

/**
 * judge_prepare() - remember the address space that the calls find
 *
 * Call once in a process, before judge_call().
 */
void judge_prepare(void);

/**
 * judge_call() - make a call and write down what comes of it
 * @call: the call
 * @more_flags: flags to add to its own
 *
 * The record says errno, or address, extent and VmFlags; what came of touching
 * the mapping, one page and many pages below it, and below its copy in a forked
 * child; what came of one more system call on it and of touching below the
 * result; and all mappings that were there at the end. Afterwards the address
 * space is as it was. Ends the program if that cannot be done.
 *
 * Return: the record, until the next call.
 */
const struct record *judge_call(const struct call *call, int more_flags);

#endif /* TESTS_GUEST_JUDGE_H */
