/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where do_mmap()'s arguments are in what ftrace saves at its entry.
 *
 * The only place that knows architectures. A new one is one more branch below.
 * `file` is the first argument and `flags` the fifth in every prototype of
 * do_mmap() from 5.10 to 7.3, and ftrace reloads the argument registers from
 * what it saved, so a callback that edits the saved `flags` edits the call.
 *
 * Which registers are saved is a matter of the configuration, not of the
 * version: with CONFIG_DYNAMIC_FTRACE_WITH_ARGS (x86-64 since 5.11) the
 * arguments always are; with _WITH_REGS only, all registers are, for an ops
 * that asks for them.
 */
#ifndef MAPSTACK_REGS_H
#define MAPSTACK_REGS_H

#if !defined(CONFIG_X86_64)
#error mapstack cannot reach the arguments of do_mmap() here: it knows 64-bit x86 only.
#elif !defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) && \
	!defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS)
#error mapstack needs CONFIG_DYNAMIC_FTRACE_WITH_ARGS or _WITH_REGS, which this kernel lacks.
#endif

#include <linux/ftrace.h>
#include <linux/ptrace.h>

struct ftrace_regs;

/*
 * What ftrace hands to a callback: struct pt_regs up to 5.10, struct
 * ftrace_regs since 5.11 ("ftrace: Have the callbacks receive a struct
 * ftrace_regs instead of pt_regs").
 */
#define regs_takes(type)                                                  \
	__same_type(ftrace_func_t, void (*)(unsigned long, unsigned long, \
					    struct ftrace_ops *, type *))
#define regs_saved                                                \
	typeof(*__builtin_choose_expr(regs_takes(struct pt_regs), \
				      (struct pt_regs *)NULL,     \
				      (struct ftrace_regs *)NULL))

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS
#define REGS_FTRACE_FLAGS 0
/* The structure is opaque, behind this, since 6.13 and stable 6.12.75. */
#ifdef arch_ftrace_regs
#define regs_inside(saved) arch_ftrace_regs(saved)
#else
#define regs_inside(saved) (saved)
#endif
#define regs_pt(saved) (&regs_inside(saved)->regs)
#else
#define REGS_FTRACE_FLAGS FTRACE_OPS_FL_SAVE_REGS
/* Here struct ftrace_regs, where it exists, holds a struct pt_regs only. */
#define regs_pt(saved) ((struct pt_regs *)(saved))
#endif

/**
 * regs_argument() - an argument of the do_mmap() call about to begin
 * @saved: what ftrace handed to the callback
 * @n: which: file, addr, len, prot, flags are 0 to 4; a constant
 *
 * Context: ftrace callback on do_mmap().
 * Return: where the argument is; what is stored there is what do_mmap() gets.
 */
static __always_inline unsigned long *regs_argument(regs_saved *saved,
						    unsigned int n)
{
	switch (n) {
	case 0:
		return &regs_pt(saved)->di;
	case 1:
		return &regs_pt(saved)->si;
	case 2:
		return &regs_pt(saved)->dx;
	case 3:
		return &regs_pt(saved)->cx;
	default:
		return &regs_pt(saved)->r8;
	}
}

#endif /* MAPSTACK_REGS_H */
