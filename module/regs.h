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
 * version: with CONFIG_DYNAMIC_FTRACE_WITH_ARGS (x86-64 since 02a474ca266a,
 * 5.11) the arguments always are; with _WITH_REGS only, all registers are, for
 * an ops that asks for them.
 */
#ifndef MAPSTACK_REGS_H
#define MAPSTACK_REGS_H

#if !defined(CONFIG_X86_64)
#error mapstack does not know where this architecture keeps the arguments of do_mmap(): it supports 64-bit x86 only (see module/regs.h).
#elif !defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS) && \
	!defined(CONFIG_DYNAMIC_FTRACE_WITH_REGS)
#error mapstack needs a kernel built with CONFIG_DYNAMIC_FTRACE_WITH_ARGS or CONFIG_DYNAMIC_FTRACE_WITH_REGS (CONFIG_FUNCTION_TRACER=y): this one cannot give arguments to a tracer.
#endif

#include <linux/ftrace.h>
#include <linux/ptrace.h>

/*
 * The last argument of an ftrace callback: struct pt_regs * up to 5.10, struct
 * ftrace_regs * since d19ad0775dcd (5.11).
 */
typedef typeof(_Generic((ftrace_func_t)NULL,
	void (*)(unsigned long, unsigned long, struct ftrace_ops *,
		 struct pt_regs *) : (struct pt_regs *)NULL,
	default : (struct ftrace_regs *)NULL)) regs_saved_t;

#ifdef CONFIG_DYNAMIC_FTRACE_WITH_ARGS
#define REGS_FTRACE_FLAGS 0
/* e4cf33ca4812 (6.13, and stable 6.12.75) hides the structure behind this. */
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
static __always_inline unsigned long *regs_argument(regs_saved_t saved,
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
