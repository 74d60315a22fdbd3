/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions in assembler that do_mmap() calls at its entry, and what a direct
 * call of ftrace is made of: its registration with an ops. x86-64 only.
 *
 * For hook.c and direct.c, and for the tests, which attach direct calls of their
 * own.
 */
#ifndef MAPSTACK_TRAMPOLINE_H
#define MAPSTACK_TRAMPOLINE_H

#include <linux/ftrace.h>
#include <linux/mman.h>
#include <linux/stringify.h>

/*
 * register_ftrace_direct() takes an ops since 6.4 ("ftrace: Rename
 * _ftrace_direct_multi APIs to _ftrace_direct APIs"). Before, one of the other
 * name did, and its sample's symbol of Kconfig tells that it is there. Where it is
 * not (5.10) a direct call takes too much from others, see docs/cost.md.
 */
#define direct_is_renamed                    \
	__same_type(&register_ftrace_direct, \
		    int (*)(struct ftrace_ops *, unsigned long))

#if defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS) && \
	defined(CONFIG_HAVE_SAMPLE_FTRACE_DIRECT_MULTI)
#define direct_takes_ops true

/* Not there where they are renamed, and not used. */
int register_ftrace_direct_multi(struct ftrace_ops *ops, unsigned long addr);
int unregister_ftrace_direct_multi(struct ftrace_ops *ops, unsigned long addr);

static inline int direct_register_multi(struct ftrace_ops *ops,
					unsigned long addr)
{
	return register_ftrace_direct_multi(ops, addr);
}

static inline int direct_unregister_multi(struct ftrace_ops *ops,
					  unsigned long addr, bool free_filters)
{
	int ret = unregister_ftrace_direct_multi(ops, addr);

	if (free_filters)
		ftrace_free_filter(ops);
	return ret;
}

#else
#define direct_takes_ops direct_is_renamed

static inline int direct_register_multi(struct ftrace_ops *ops,
					unsigned long addr)
{
	return -EINVAL;
}

static inline int direct_unregister_multi(struct ftrace_ops *ops,
					  unsigned long addr, bool free_filters)
{
	return -EINVAL;
}
#endif

/* -EINVAL where no ops is taken. */
#define direct_register                                                  \
	__builtin_choose_expr(direct_is_renamed, register_ftrace_direct, \
			      direct_register_multi)
#define direct_unregister                                                  \
	__builtin_choose_expr(direct_is_renamed, unregister_ftrace_direct, \
			      direct_unregister_multi)

#ifdef CONFIG_X86_64
#include <linux/linkage.h> /* ASM_ENDBR and ASM_RET, where there are any */
#include <asm/alternative.h>
#include <asm/nospec-branch.h>
#ifndef ASM_ENDBR
#define ASM_ENDBR
#endif
#ifndef CALL_DEPTH_ACCOUNT
#define CALL_DEPTH_ACCOUNT
#endif
#ifndef ASM_RET
#define ASM_RET "ret\n\t"
#endif

/* The beginning of a body: do_mmap() goes on at once if r8, flags, lacks MAP_STACK. */
#define DIRECT_UNLESS_STACK \
	"testl $" __stringify(MAP_STACK) ", %r8d\njnz 1f\n" ASM_RET "\n1: "

/**
 * DIRECT_CALL() - make a function in assembler that can be called directly
 * @name: its name
 * @body: instructions that change nothing but flags, or what they mean to
 *
 * Nothing on the way to it counts the call for the return thunk that fills the
 * return stack buffer (call depth tracking), so it does that itself. Its address
 * is even: 7.3 jumps to an odd one and expects no return (ftrace_is_jmp()).
 */
#define DIRECT_CALL(name, body)                                                \
	void name(void);                                                       \
	asm(".pushsection .text, \"ax\", @progbits\n"                          \
	    ".balign 16\n"                                                     \
	    ".type " #name ", @function\n"                                     \
	    ".globl " #name "\n" #name ":\n" ASM_ENDBR "\n" CALL_DEPTH_ACCOUNT \
	    "\n" body ASM_RET "\n"                                             \
	    ".size " #name ", . - " #name "\n.popsection\n")

/**
 * mapstack_trampoline() - hand a call of do_mmap() with MAP_STACK to the hook
 *
 * Not to be called from C: at do_mmap()'s entry by ftrace, to whose own
 * trampolines it is an alternative. It saves argument registers only, and only
 * if the flag is there.
 */
void mapstack_trampoline(void);
#define HOOK_TRAMPOLINE ((unsigned long)mapstack_trampoline)

/**
 * hook_arguments() - what becomes of a call of do_mmap() that carries MAP_STACK
 * @arguments: its six arguments; the fifth may be changed
 *
 * In hook.c; called from mapstack_trampoline().
 *
 * Context: as an ftrace callback on do_mmap(); preemption may be on.
 */
void hook_arguments(unsigned long *arguments);

#else
#define HOOK_TRAMPOLINE 0 /* ftrace makes one */
#endif

#endif /* MAPSTACK_TRAMPOLINE_H */
