/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Writes the result of a generated call as text. If two kernels, or two
 * settings, treat the call alike, the two texts are the same to the last byte.
 */
#ifndef TESTS_GUEST_JUDGE_H
#define TESTS_GUEST_JUDGE_H

#include "calls.h"

#define RECORD_SIZE 2048

/* The result of one call. */
struct record {
	char text[RECORD_SIZE]; /* lines; the rest is zero */
};

/* Beginnings of lines of a record. */
#define RECORD_FLAGS "VmFlags: "
#define RECORD_GREW "1 page below: written"
#define RECORD_STOPPED "pages below: SEGV"
#define RECORD_GROWABLE " gd "
/* The lowest page that mmap() returned was unmapped: a hole in what has grown. */
#define RECORD_UNMAPPED "munmap: 0"

/**
 * judge_prepare() - remember the address space before the calls
 *
 * Call it once in a process, before judge_call().
 */
void judge_prepare(void);

/**
 * judge_call() - make a call and record its result
 * @call: the call
 * @more_flags: flags to add to its own
 *
 * The record has errno, or address, extent and VmFlags. It has the results of
 * touching the mapping, one page and many pages below it, and below its copy in
 * a forked child; the result of one more system call on it, and of touching
 * below that result; and all mappings at the end. Afterwards the address space
 * is as it was. Ends the program if that cannot be done.
 *
 * Return: the record, until the next call.
 */
const struct record *judge_call(const struct call *call, int more_flags);

#endif /* TESTS_GUEST_JUDGE_H */
