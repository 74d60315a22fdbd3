/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the events add up to: programs, and what each did.
 *
 * A program is what execve() was given, for a script the script; the processes
 * that run it, their children that run nothing else, and all their threads are
 * one.
 */
#ifndef TOOLS_TALLY_H
#define TOOLS_TALLY_H

#include <stdint.h>

#include "recorder/events.h"
#include "policy.h"
#include "reason.h"

#define MAX_CALLS 32 /* different refused calls of a program that are kept */
#define MAX_FRAMES 16

/* A kind of call that the kernel refuses, or would. */
struct call {
	uint64_t prot, flags;
	enum shape shape;
	bool has_addr;
	unsigned long count;
	/* Of the first such call: */
	uint64_t len; /* bytes */
	int pid, tid;
	char name[16]; /* of the thread; stress-ng tells its tests by it */
	char *backtrace[MAX_FRAMES]; /* where it was made, if asked for */
};

struct program {
	struct program *next;
	char *file;
	unsigned long processes; /* that used MAP_STACK or grew */
	unsigned long requests[NR_SHAPES][NR_OUTCOMES];
	uint64_t growable_bytes;
	struct call calls[MAX_CALLS];
	unsigned int nr_calls;
	unsigned long calls_left_out; /* refused, of kinds beyond MAX_CALLS */
	unsigned long grown;
	uint64_t grown_bytes;
	unsigned long denied[NR_GROW_REASONS];
	unsigned long peak_mappings; /* 0: never looked at */
};

struct tally;

/**
 * tally_new() - begin with nothing
 *
 * Return: to be freed with tally_free().
 */
struct tally *tally_new(void);

/**
 * tally_take() - take in one event, in the order of time
 * @event: the event
 * @tally: a struct tally
 */
void tally_take(const struct event *event, void *tally);

/**
 * tally_look() - look at how many mappings the processes have now
 * @tally: whose; processes that did nothing of interest are left out
 */
void tally_look(struct tally *tally);

/**
 * tally_programs() - the programs that did something, those with most first
 * @tally: of what
 *
 * Return: the first of the list, or NULL.
 */
struct program *tally_programs(struct tally *tally);

/**
 * tally_call() - the kind of refused call that a process was the first to make
 * @tally: of what
 * @pid: the process
 * @prot: PROT_ bits
 * @flags: MAP_ bits
 *
 * Return: the call, or NULL.
 */
struct call *tally_call(struct tally *tally, int pid, uint64_t prot,
			uint64_t flags);

/**
 * tally_free() - forget everything
 * @tally: from tally_new()
 */
void tally_free(struct tally *tally);

/**
 * program_outcomes() - how many requests of a program had an outcome
 * @program: which
 * @outcome: which
 */
unsigned long program_outcomes(const struct program *program,
			       enum outcome outcome);

/**
 * program_shapes() - how many requests of a program had a shape
 * @program: which
 * @shape: which
 */
unsigned long program_shapes(const struct program *program, enum shape shape);

/**
 * program_requests() - how many requests a program made
 * @program: which
 */
unsigned long program_requests(const struct program *program);

/**
 * program_growable() - how many became growable, or would
 * @program: which
 */
unsigned long program_growable(const struct program *program);

/**
 * program_refused() - how many the kernel refused, or would under rfc
 * @program: which
 */
unsigned long program_refused(const struct program *program);

/**
 * program_denied() - how many expansions the kernel refused
 * @program: which
 */
unsigned long program_denied(const struct program *program);

#endif /* TOOLS_TALLY_H */
