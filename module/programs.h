/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table of requests and growth by program, which /dev/mapstack shows.
 *
 * The probes cannot allocate memory, so they take rows that a reader has
 * allocated before. What a program without a row does is counted in the first
 * row, "(others)", so that the sums over all rows lose nothing. The number of
 * rows is limited, and no row is freed before the whole table.
 *
 * The table uses few functions of the kernel, so that tests/unit can run it in
 * user space.
 */
#ifndef MAPSTACK_PROGRAMS_H
#define MAPSTACK_PROGRAMS_H

#ifdef __KERNEL__
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/types.h>
#else
#include "kernel.h"
#endif

#include "depth.h"
#include "policy.h"
#include "reason.h"

/* The numbers of a program, in the order of its line. */
enum number {
	NUMBER_REQUESTS, /* by shape and outcome */
	NUMBER_BYTES = NUMBER_REQUESTS + NR_SHAPES * NR_OUTCOMES,
	NUMBER_FAILED, /* requests that can grow but failed */
	NUMBER_GROWN,
	NUMBER_GROWN_PAGES,
	NUMBER_DENIED, /* by reason; GROW_DONE is not among them */
	NUMBER_SIZES = NUMBER_DENIED + NR_GROW_REASONS - 1,
	NUMBER_PASSED = NUMBER_SIZES + NR_DEPTHS,
	NR_NUMBERS = NUMBER_PASSED + NR_DEPTHS - 1,
};

/* The key of a row: there is one row for each path, cgroup and user. */
struct whose {
	const char *path;
	size_t len; /* of the path */
	u64 hash; /* of the path */
	u64 cgroup;
	uid_t uid;
};

/* A kind of call that do_mmap() does not let grow. */
struct call {
	struct call *next;
	unsigned long prot, flags;
	enum shape shape;
	atomic64_t count;
	/* The first such call: */
	unsigned long addr, len;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/* A mapping that grew or could not grow. Growth does not move its end. */
struct stack {
	struct stack *next;
	pid_t pid; /* of the process */
	unsigned long end;
	unsigned long mapped; /* bytes, before the first expansion */
	char comm[TASK_COMM_LEN]; /* of the thread that caused that expansion */
	/* At the last expansion, done or refused; written under mmap_lock: */
	unsigned long size;
	long space; /* bytes to the mapping below; -1: more than 256 pages */
	atomic_t grown, denied;
	enum grow_reason reason; /* of the last refusal */
};

struct program;
struct programs;

/**
 * programs_new() - make a table with one row, "(others)"
 *
 * Context: process; may sleep.
 * Return: the table, or NULL if there is no memory. Free it with
 * programs_free().
 */
struct programs *programs_new(void);

/**
 * programs_free() - free the table
 * @programs: from programs_new(), or NULL
 *
 * Context: process; may sleep.
 */
void programs_free(struct programs *programs);

/**
 * programs_lay_in() - allocate free rows
 * @programs: from programs_new()
 *
 * Context: process; may sleep. The caller serialises.
 * Return: 0, or -ENOMEM. Then later programs may share the first row.
 */
int programs_lay_in(struct programs *programs);

/**
 * programs_find() - find the row of a program, or add one
 * @programs: from programs_new()
 * @whose: the key of the row
 *
 * Context: any but NMI, with preemption off. The same holds for the functions
 * below that count.
 * Return: the row; the first row if no row is free.
 */
struct program *programs_find(struct programs *programs,
			      const struct whose *whose);

/**
 * program_count() - add to a number of a program
 * @programs: the table of the program
 * @program: from programs_find()
 * @number: of enum number
 * @n: how much to add; may be negative
 */
void program_count(struct programs *programs, struct program *program,
		   unsigned int number, s64 n);

/**
 * program_call() - count a call that do_mmap() does not let grow
 * @programs: the table of the program
 * @program: from programs_find()
 * @like: the call; the row keeps it if it is the first of its kind
 *
 * If a program makes many kinds of calls, only the first kinds are kept.
 */
void program_call(struct programs *programs, struct program *program,
		  const struct call *like);

/**
 * program_stack() - record that a mapping grew or could not grow
 * @programs: the table of the program
 * @program: from programs_find()
 * @now: the mapping after that
 * @error: 0 if it grew
 *
 * If a program has many such mappings, only the first ones are kept.
 */
void program_stack(struct programs *programs, struct program *program,
		   const struct stack *now, int error);

/**
 * program_size() - record how large the address space of a process is
 * @program: from programs_find()
 * @mappings: how many it has
 * @kib: their size, in KiB
 *
 * The row keeps the largest of each.
 */
void program_size(struct program *program, s64 mappings, s64 kib);

/**
 * programs_row() - find a row by its number
 * @programs: from programs_new()
 * @number: counts from 0; a row keeps its number
 *
 * Context: any.
 * Return: the row, or NULL if there are no more.
 */
struct program *programs_row(const struct programs *programs, loff_t number);

/**
 * program_show() - print the lines of a program, as docs/ABI describes them
 * @m: the file to print to
 * @programs: the table of the program
 * @program: the program
 *
 * Context: process.
 */
void program_show(struct seq_file *m, const struct programs *programs,
		  const struct program *program);

#endif /* MAPSTACK_PROGRAMS_H */
