/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Reads /dev/mapstack, which has a row for each program, user and cgroup.
 *
 * The most important rows are kept, and all others are added up, so that memory is
 * bounded and sums are right.
 */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "depth.h"
#include "policy.h"
#include "reason.h"

#define MAX_ROWS 2048 /* kept; the rest is added up */
#define MAX_DETAILS 2048 /* calls kept, of all rows; stacks likewise */
#define MAX_CALLS 32 /* of a row, as in module/programs.c */
#define MAX_STACKS 32 /* likewise */

/* The numbers of a row, in the order of its line. */
enum row_number {
	ROW_UID,
	ROW_CGROUP, /* its id */
	ROW_REQUESTS, /* by shape and outcome */
	ROW_BYTES = ROW_REQUESTS + NR_SHAPES * NR_OUTCOMES,
	ROW_FAILED, /* of those that can grow; valid if the table has results */
	ROW_GROWN,
	ROW_GROWN_PAGES,
	ROW_DENIED, /* by reason; GROW_DONE is not among them */
	ROW_SIZES = ROW_DENIED + NR_GROW_REASONS - 1, /* by depth_of() */
	ROW_PASSED = ROW_SIZES + NR_DEPTHS,
	ROW_PEAKS = ROW_PASSED + NR_DEPTHS - 1, /* the largest, and not a sum */
	ROW_MAPPINGS = ROW_PEAKS,
	ROW_KIB, /* of address space */
	NR_ROW_NUMBERS,
};

/* A kind of call that the kernel refuses or would refuse, with its first call. */
struct call {
	unsigned int shape;
	unsigned long prot, flags, address, length;
	uint64_t count;
	int pid;
	char thread[64]; /* its name; escaped bytes take four */
};

/* A mapping that grew or failed to grow, in its last known state. */
struct stack {
	int pid;
	unsigned long end, mapped, size; /* bytes at first and now */
	long space; /* bytes to the mapping below; -1: more than 256 pages */
	unsigned int grown, denied; /* times */
	unsigned int reason; /* of the last refusal */
	char thread[64]; /* the thread that grew it first */
};

struct row {
	uint64_t number[NR_ROW_NUMBERS];
	char *program;
	struct call *calls; /* none if others matter more */
	unsigned int nr_calls;
	struct stack *stacks; /* likewise */
	unsigned int nr_stacks;
};

struct table {
	bool results; /* every answer of the kernel was seen */
	struct row *rows; /* with refused calls first, then by requests */
	size_t nr_rows;
	size_t nr_details; /* calls and stacks */
	struct row others; /* the sum of all rows that were not kept */
};

/**
 * table_read() - read the table
 * @table: to be filled in
 * @file: the text of /dev/mapstack, from its beginning
 *
 * Return: 0; -EPROTO if a line is not understood; -EIO. Call table_free() in
 * any case.
 */
int table_read(struct table *table, FILE *file);

/**
 * table_free() - forget what was read
 * @table: from table_read()
 */
void table_free(struct table *table);

/**
 * row_parse() - parse the line of a program
 * @row: its numbers are filled in
 * @line: without a newline; it is changed
 *
 * Return: the name in @line, or NULL if it is not such a line.
 */
char *row_parse(struct row *row, char *line);

/**
 * row_requests() - how many requests of a program had some shape and outcome
 * @row: the program's row
 * @shape: the shape; NR_SHAPES: any
 * @outcome: the outcome; NR_OUTCOMES: any
 */
uint64_t row_requests(const struct row *row, enum shape shape,
		      enum outcome outcome);

/**
 * row_growable() - how many requests became growable, or would
 * @row: the program's row
 *
 * Requests that are known to have failed are not counted.
 */
uint64_t row_growable(const struct row *row);

/**
 * row_refused() - how many requests the kernel refuses for the flag, or would
 * @row: the program's row
 *
 * Requests with MAP_GROWSDOWN are not counted: they are refused without the
 * proposal too.
 */
uint64_t row_refused(const struct row *row);

#endif /* TOOLS_TABLE_H */
