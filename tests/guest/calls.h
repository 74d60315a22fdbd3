/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Generates mmap() calls. Each has surroundings, and a list of things that are
 * done to the mapping afterwards.
 *
 * A call depends only on a seed and its number, so any call of any run can be
 * made again.
 */
#ifndef TESTS_GUEST_CALLS_H
#define TESTS_GUEST_CALLS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The kinds of memory below the address that the call names. */
enum neighbour {
	NEIGHBOUR_NONE,
	NEIGHBOUR_WRITABLE,
	NEIGHBOUR_INACCESSIBLE,
	NEIGHBOUR_GROWABLE,
	NR_NEIGHBOURS,
};

#define NEIGHBOUR_PAGES 2

struct call {
	unsigned long addr;
	size_t len;
	int prot;
	int flags; /* MAP_STACK is among them */
	int source; /* what is mapped: an index into the table in calls.c */
	long long offset; /* off_t has two sizes where long is 32 bits */

	enum neighbour neighbour;
	int distance; /* pages from the neighbour's end to addr; -1: overlap */
	int stack_pages; /* RLIMIT_STACK; 0: leave it */
	int far; /* how many pages below the mapping to touch */
	bool forks; /* also touch in a forked child, */
	int farther; /* this far below */
	unsigned int action; /* what to do to the mapping: see judge.c */
	unsigned int variant; /* and how */
};

/**
 * calls_prepare() - open what the calls map
 *
 * Call it once, before the first call_make(). If this kernel lacks a kind of
 * memory, its calls use a bad descriptor. Ends the program if a file cannot be
 * made.
 */
void calls_prepare(void);

/**
 * calls_end() - give back what calls_prepare() took from the system
 */
void calls_end(void);

/**
 * call_draw() - generate a call
 * @call: the call
 * @seed: of the run
 * @number: of the call in the run
 */
void call_draw(struct call *call, uint64_t seed, unsigned int number);

/**
 * call_make() - make a call
 * @call: the call
 * @more_flags: flags to add to its own
 *
 * Return: what mmap() does; errno is set.
 */
void *call_make(const struct call *call, int more_flags);

/**
 * call_can_grow() - whether a call asks for private anonymous memory
 * @call: the call
 *
 * Only that can grow, and only that is translated by the policy 'private'.
 */
bool call_can_grow(const struct call *call);

/**
 * call_has_own_file() - whether the kernel makes a file for the mapping
 * @call: the call
 *
 * It does so for shared memory that has no file.
 */
bool call_has_own_file(const struct call *call);

/**
 * call_print() - write a call and its surroundings, as strace would
 * @call: the call
 * @text: where to write
 * @size: of @text, in bytes
 */
void call_print(const struct call *call, char *text, size_t size);

#endif /* TESTS_GUEST_CALLS_H */
