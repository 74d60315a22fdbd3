/* SPDX-License-Identifier: GPL-2.0-only */
/* From a task's registers and stack to a backtrace, with libdw. */
#ifndef TOOLS_UNWIND_H
#define TOOLS_UNWIND_H

#include <stddef.h>
#include <stdint.h>

/* Code that a process has mapped. */
struct code {
	struct code *next;
	uint64_t start, len, offset; /* addresses, and where in the file */
	char *file;
};

/* What a sample knows of its task. */
struct snapshot {
	int pid;
	const uint64_t *regs; /* as UNWIND_REGS asks perf for them */
	uint64_t stack_start;
	const char *stack;
	size_t stack_len; /* bytes */
};

/**
 * unwind_regs() - the registers that unwinding needs, as a mask for perf
 *
 * Return: 0 if this architecture is not supported.
 */
uint64_t unwind_regs(void);

/**
 * unwind_stack_pointer() - the stack pointer of a sample
 * @regs: its registers
 */
uint64_t unwind_stack_pointer(const uint64_t *regs);

/**
 * unwind() - make a backtrace
 * @snapshot: of the task
 * @code: that its process had mapped then
 * @frames: gets a text for each frame, to be freed; innermost first
 * @max: how many at most
 */
void unwind(const struct snapshot *snapshot, const struct code *code,
	    char **frames, int max);

#endif /* TOOLS_UNWIND_H */
