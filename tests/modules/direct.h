/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Direct calls of ftrace, where they are registered with an ops (since 6.4,
 * "ftrace: Rename _ftrace_direct_multi APIs to _ftrace_direct APIs").
 */
#ifndef TESTS_MODULES_DIRECT_H
#define TESTS_MODULES_DIRECT_H

#include <linux/ftrace.h>

static inline int direct_refuse(struct ftrace_ops *ops, unsigned long addr)
{
	return -EINVAL;
}

static inline int direct_refuse_all(struct ftrace_ops *ops, unsigned long addr,
				    bool free_filters)
{
	return -EINVAL;
}

#define direct_takes_ops                    \
	__same_type(register_ftrace_direct, \
		    int(struct ftrace_ops *, unsigned long))

/* -EINVAL where they are registered otherwise, or not at all. */
#define direct_register                                                 \
	__builtin_choose_expr(direct_takes_ops, register_ftrace_direct, \
			      direct_refuse)
#define direct_unregister                                                 \
	__builtin_choose_expr(direct_takes_ops, unregister_ftrace_direct, \
			      direct_refuse_all)

/* What a trampoline in assembler is made of, where the kernel has it. */
#ifdef CONFIG_X86_64
#include <linux/linkage.h>
#include <asm/alternative.h>
#include <asm/nospec-branch.h>
#if __has_include("asm/ibt.h")
#include <asm/ibt.h>
#endif
#ifndef ASM_ENDBR
#define ASM_ENDBR
#endif
#ifndef CALL_DEPTH_ACCOUNT
#define CALL_DEPTH_ACCOUNT
#endif
#ifndef ASM_RET
#define ASM_RET "ret\n\t"
#endif

/**
 * DIRECT_CALL() - make a function in assembler that can be called directly
 * @name: its name
 * @body: instructions that change nothing but flags, or what they mean to
 */
#define DIRECT_CALL(name, body)                                                \
	void name(void);                                                       \
	asm(".pushsection .text, \"ax\", @progbits\n"                          \
	    ".type " #name ", @function\n"                                     \
	    ".globl " #name "\n" #name ":\n" ASM_ENDBR "\n" CALL_DEPTH_ACCOUNT \
	    "\n" body ASM_RET "\n"                                             \
	    ".size " #name ", . - " #name "\n.popsection\n")
#endif

#endif /* TESTS_MODULES_DIRECT_H */
