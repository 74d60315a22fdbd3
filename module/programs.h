/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each program asked for: the table that /dev/mapstack shows.
 *
 * The probes cannot allocate memory, so they take rows that a reader has
 * allocated before. What finds no free row is counted by the first one, so that
 * the sums over all rows lose nothing. Rows are freed at the end only, and their
 * number has a bound.
 *
 * This needs little of the kernel, so that tests/unit runs it in user space.
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

/* What is counted of a program, in the order in which its line has it. */
enum number {
	NUMBER_REQUESTS, /* by shape and outcome */
	NUMBER_BYTES = NUMBER_REQUESTS + NR_SHAPES * NR_OUTCOMES,
	NUMBER_FAILED, /* requests that can grow and failed all the same */
	NUMBER_GROWN,
	NUMBER_GROWN_PAGES,
	NUMBER_DENIED, /* by reason; GROW_DONE is not among them */
	NUMBER_SIZES = NUMBER_DENIED + NR_GROW_REASONS - 1,
	NUMBER_PASSED = NUMBER_SIZES + NR_DEPTHS,
	NR_NUMBERS = NUMBER_PASSED + NR_DEPTHS - 1,
};

/* Whose row it is: one for each path, cgroup and user. */
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
	/* Of the first such call: */
	unsigned long addr, len;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/* A mapping that grew or was to grow. Its end stays where it is. */
struct stack {
	struct stack *next;
	pid_t pid; /* of the process */
	unsigned long end;
	unsigned long mapped; /* bytes, before the first expansion */
	char comm[TASK_COMM_LEN]; /* of the thread that caused that */
	/* As of the last expansion, done or refused; under mmap_lock: */
	unsigned long size;
	long space; /* bytes to the mapping below; -1: more than 256 pages */
	atomic_t grown, denied;
	enum grow_reason reason; /* of the last that was refused */
};

struct program;
struct programs;

/**
 * programs_new() - make a table with one row, "(others)"
 *
 * Context: process; may sleep.
 * Return: to be freed with programs_free(); NULL without memory.
 */
struct programs *programs_new(void);

/**
 * programs_free() - forget the table
 * @programs: from programs_new(); NULL is allowed
 *
 * Context: process; may sleep.
 */
void programs_free(struct programs *programs);

/**
 * programs_lay_in() - see to it that there are free rows
 * @programs: from programs_new()
 *
 * Context: process; may sleep. One at a time.
 * Return: 0, or -ENOMEM; what finds no row is then in the first one.
 */
int programs_lay_in(struct programs *programs);

/**
 * programs_find() - find the row of a program, and make it if it is new
 * @programs: from programs_new()
 * @whose: which
 *
 * Context: any but NMI, with preemption off; so are the functions below that count.
 * Return: the row; the first one if there is no free row.
 */
struct program *programs_find(struct programs *programs,
			      const struct whose *whose);

/**
 * program_count() - add to what is counted of a program
 * @programs: which has the program
 * @program: from programs_find()
 * @number: what is counted, of enum number
 * @n: how much is added
 */
void program_count(struct programs *programs, struct program *program,
		   unsigned int number, s64 n);

/**
 * program_call() - count a call that do_mmap() does not let grow
 * @programs: which has the program
 * @program: from programs_find()
 * @like: the call; kept if it is the first of its kind
 *
 * Of a program with many kinds the first ones are kept.
 */
void program_call(struct programs *programs, struct program *program,
		  const struct call *like);

/**
 * program_stack() - note that a mapping grew, or was to
 * @programs: which has the program
 * @program: from programs_find()
 * @now: the mapping, as it is now
 * @error: 0 if it grew
 *
 * Of a program with many such mappings the first ones are kept.
 */
void program_stack(struct programs *programs, struct program *program,
		   const struct stack *now, int error);

/**
 * program_size() - note how large the address space of a process is
 * @program: from programs_find()
 * @mappings: how many it has
 * @kib: their size, in KiB
 *
 * The largest of each is kept.
 */
void program_size(struct program *program, s64 mappings, s64 kib);

/**
 * programs_row() - a row by its number
 * @programs: from programs_new()
 * @number: from 0; a row keeps its number
 *
 * Context: any.
 * Return: the row, or NULL: there are no more.
 */
struct program *programs_row(const struct programs *programs, loff_t number);

/**
 * program_show() - print the lines of a program, as docs/ABI describes them
 * @m: where to
 * @programs: which has the program
 * @program: which
 *
 * Context: process.
 */
void program_show(struct seq_file *m, const struct programs *programs,
		  const struct program *program);

#endif /* MAPSTACK_PROGRAMS_H */
