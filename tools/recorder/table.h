/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What /dev/mapstack says: a row for each program, user and cgroup.
 *
 * Of any number of rows those that matter most are kept, and the others are
 * added up, so that memory is bounded and sums are right.
 */
#ifndef TOOLS_TABLE_H
#define TOOLS_TABLE_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "policy.h"
#include "reason.h"

#define MAX_ROWS 4096 /* that are kept */
#define MAX_CALLS 32 /* of a row, as in module/programs.c */

/* The numbers of a row, in the order of its line. */
enum row_number {
	ROW_UID,
	ROW_CGROUP, /* its id */
	ROW_REQUESTS, /* by shape and outcome */
	ROW_BYTES = ROW_REQUESTS + NR_SHAPES * NR_OUTCOMES,
	ROW_FAILED, /* of those that can grow; meant if the table has results */
	ROW_GROWN,
	ROW_GROWN_PAGES,
	ROW_DENIED, /* by reason; GROW_DONE is not among them */
	ROW_MAPPINGS = ROW_DENIED + NR_GROW_REASONS - 1, /* not a sum */
	NR_ROW_NUMBERS,
};

/* A kind of call that the kernel refuses, or would, and the first such call. */
struct call {
	unsigned int shape;
	unsigned long prot, flags, address, length;
	uint64_t count;
	int pid;
	char thread[64]; /* its name; escaped bytes take four */
};

struct row {
	uint64_t number[NR_ROW_NUMBERS];
	char *program;
	struct call *calls;
	unsigned int nr_calls;
};

struct table {
	bool results; /* every answer of the kernel was seen */
	struct row *rows; /* what would break first, then by requests */
	size_t nr_rows;
	struct row others; /* all that are not in rows, added up */
};

/**
 * table_read() - read the table
 * @table: to be filled in
 * @file: the text of /dev/mapstack, from its beginning
 *
 * Return: 0; -EPROTO if a line is not understood; -EIO. Call table_free() in any
 * case.
 */
int table_read(struct table *table, FILE *file);

/**
 * table_free() - forget what was read
 * @table: from table_read()
 */
void table_free(struct table *table);

/**
 * row_parse() - understand the line of a program
 * @row: its numbers are filled in
 * @line: without a newline; it is changed
 *
 * Return: the name in @line, or NULL if it is no such line.
 */
char *row_parse(struct row *row, char *line);

/**
 * row_requests() - how many requests of a program had some shape and outcome
 * @row: which
 * @shape: which; NR_SHAPES: any
 * @outcome: which; NR_OUTCOMES: any
 */
uint64_t row_requests(const struct row *row, enum shape shape,
		      enum outcome outcome);

/**
 * row_growable() - how many became growable, or would
 * @row: which
 *
 * Without those of which it is known that they failed.
 */
uint64_t row_growable(const struct row *row);

/**
 * row_refused() - how many the kernel refuses because of the flag, or would
 * @row: which
 *
 * What asks for MAP_GROWSDOWN itself is refused without the proposal too.
 */
uint64_t row_refused(const struct row *row);

#endif /* TOOLS_TABLE_H */
