/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds a function's arguments in what ftrace saves at its entry.
 *
 * Only this file and the trampolines know architectures. A new architecture
 * needs only one more branch below. `file` is the first argument of do_mmap()
 * and `flags` the fifth in every prototype from 5.10 to 7.3, and ftrace reloads
 * the argument registers from what it saved, so a callback that edits the saved
 * `flags` edits the call.
 *
 * The configuration decides which registers are saved, and not the version:
 * with CONFIG_DYNAMIC_FTRACE_WITH_ARGS (x86-64 since 5.11, arm64 and riscv64
 * since 6.2 and 6.8) the arguments always are; with _WITH_REGS only, all
 * registers are, for an ops that asks for them.
 */
#ifndef MAPSTACK_REGS_H
#define MAPSTACK_REGS_H

#if !defined(CONFIG_X86_64) && !defined(CONFIG_ARM64) &&                 \
	!(defined(CONFIG_RISCV) && defined(CONFIG_64BIT) &&              \
	  defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS)) &&                   \
	!(defined(CONFIG_PPC64) && defined(CONFIG_CPU_LITTLE_ENDIAN)) && \
	!defined(CONFIG_S390) && !defined(CONFIG_LOONGARCH) &&           \
	!defined(CONFIG_PARISC)
#error mapstack cannot reach the arguments of do_mmap() here: see docs/architectures.md.
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
 * regs_pt_argument() - an argument of the call about to begin
 * @regs: all registers, at the entry of the function
 * @n: its number, from 0 to 4 (to 3 on 32-bit parisc); a constant
 *
 * Modules cannot use regs_get_kernel_argument() on every architecture.
 *
 * Context: any.
 * Return: where the argument is.
 */
static __always_inline unsigned long *regs_pt_argument(struct pt_regs *regs,
						       unsigned int n)
{
#if defined(CONFIG_X86_64)
	switch (n) {
	case 0:
		return &regs->di;
	case 1:
		return &regs->si;
	case 2:
		return &regs->dx;
	case 3:
		return &regs->cx;
	default:
		return &regs->r8;
	}
#elif defined(CONFIG_ARM64)
	return (unsigned long *)&regs->regs[n];
#elif defined(CONFIG_RISCV)
	return &regs->a0 + n;
#elif defined(CONFIG_PPC64)
	return &regs->gpr[3 + n];
#elif defined(CONFIG_S390)
	/*
	 * The fifth is r6, which do_mmap() restores before it returns. So its
	 * caller, vm_mmap_pgoff(), finds the edited flags there, but does not
	 * look at them again.
	 */
	return &regs->gprs[2 + n];
#elif defined(CONFIG_LOONGARCH)
	return &regs->regs[4 + n];
#elif defined(CONFIG_PARISC)
	return &regs->gr[26 - n];
#endif
}

/**
 * regs_argument() - an argument of the call about to begin
 * @saved: what ftrace handed to the callback
 * @n: its number, from 0 to 4; a constant. do_mmap() has file, addr, len, prot,
 * flags
 *
 * Context: ftrace callback.
 * Return: where the argument is. The function gets the value that is stored
 * there.
 */
static __always_inline unsigned long *regs_argument(regs_saved *saved,
						    unsigned int n)
{
	/* These two save the argument registers only. */
#if defined(CONFIG_ARM64) && defined(CONFIG_DYNAMIC_FTRACE_WITH_ARGS)
	return &regs_inside(saved)->regs[n];
#elif defined(CONFIG_RISCV)
	return &regs_inside(saved)->args[n];
#else
#if defined(CONFIG_PARISC) && !defined(CONFIG_64BIT)
	/*
	 * The fifth is in the caller's frame, 52 bytes below the stack pointer
	 * at the call. From there the traced function makes a frame of 64
	 * bytes, and ftrace_regs_caller() saves the registers at its end.
	 */
	if (n == 4)
		return (void *)saved - 64 - 52;
#endif
	return regs_pt_argument(regs_pt(saved), n);
#endif
}

#endif /* MAPSTACK_REGS_H */
