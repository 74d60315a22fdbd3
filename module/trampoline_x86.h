/* SPDX-License-Identifier: GPL-2.0-only */
/* trampoline.h for x86-64. The tests make functions of their own with it. */
#ifndef MAPSTACK_TRAMPOLINE_X86_H
#define MAPSTACK_TRAMPOLINE_X86_H

#include <linux/linkage.h> /* ASM_RET, where there is one */
#include <linux/mman.h>
#include <linux/objtool.h>
#include <linux/stringify.h>

#include <asm/alternative.h>
#include <asm/nospec-branch.h>

#ifndef ANNOTATE_NOENDBR
#define ANNOTATE_NOENDBR
#endif
#ifndef CALL_DEPTH_ACCOUNT
#define CALL_DEPTH_ACCOUNT
#endif
#ifndef ASM_RET
#define ASM_RET "ret\n\t"
#endif

/* The beginning of a body: returns at once if flags, in r8, lacks MAP_STACK. */
#define TRAMPOLINE_UNLESS_STACK \
	"testl $" __stringify(MAP_STACK) ", %r8d\njnz 1f\n" ASM_RET "\n1: "

/*
 * do_mmap() has just been entered and has not made its frame, so a stack that
 * is unwound by frame pointers would lose its caller. This makes two frames, as
 * save_mcount_regs does (arch/x86/kernel/ftrace_64.S), the first for the
 * caller.
 */
#ifdef CONFIG_FRAME_POINTER
#define TRAMPOLINE_FRAME                                           \
	"pushq %rbp; pushq 16(%rsp); pushq %rbp; movq %rsp, %rbp;" \
	"pushq 24(%rsp); pushq %rbp; movq %rsp, %rbp\n"
#define TRAMPOLINE_FRAME_END "addq $32, %rsp; popq %rbp\n"
/* objtool takes its two frames for none. */
#define TRAMPOLINE_UNCHECKED STACK_FRAME_NON_STANDARD
#else
#define TRAMPOLINE_FRAME "pushq %rbp; movq %rsp, %rbp\n"
#define TRAMPOLINE_FRAME_END "popq %rbp\n"
#endif

/**
 * TRAMPOLINE_CALL() - the rest of a body: call a C function
 * @function: notrace; takes a pointer to do_mmap()'s six arguments, and may
 * change them
 *
 * do_mmap() expects to find nothing but its six arguments in registers, and
 * these come back from the stack. With rax, the frames and two return addresses
 * they take a multiple of 16 bytes.
 */
#define TRAMPOLINE_CALL(function)                                                \
	TRAMPOLINE_FRAME                                                         \
	"pushq %rax; pushq %r9; pushq %r8; pushq %rcx; pushq %rdx; pushq %rsi\n" \
	"pushq %rdi; movq %rsp, %rdi; call " #function "; popq %rdi\n"           \
	"popq %rsi; popq %rdx; popq %rcx; popq %r8; popq %r9; popq %rax\n" TRAMPOLINE_FRAME_END

/**
 * TRAMPOLINE() - make a function in assembler that can be called at an entry
 * @name: its name; not to be called from C
 * @body: instructions that change nothing but flags, or what they mean to
 *
 * Nothing on the way to it counts the call for the return thunk that fills the
 * return stack buffer (call depth tracking), so it does that itself. Its
 * address is even: 7.3 jumps to an odd one and expects no return
 * (ftrace_is_jmp()). It begins without endbr64, as ftrace's own trampolines do:
 * a call or a return leads here, and no indirect branch.
 */
#define TRAMPOLINE(name, body)                                \
	void name(void);                                      \
	asm(".pushsection .text, \"ax\", @progbits\n"         \
	    ".balign 16\n"                                    \
	    ".type " #name ", @function\n"                    \
	    ".globl " #name "\n" #name ":\n" ANNOTATE_NOENDBR \
	    "\n" CALL_DEPTH_ACCOUNT "\n" body ASM_RET "\n"    \
	    ".size " #name ", . - " #name "\n.popsection\n")

/*
 * ftrace calls the trampoline of the one ops that a function has, and leaves
 * one alone that the ops brings (arch_ftrace_update_trampoline()).
 */
#define TRAMPOLINE_HOOK(name, function) \
	TRAMPOLINE(name, TRAMPOLINE_UNLESS_STACK TRAMPOLINE_CALL(function))
#define TRAMPOLINE_FIELD trampoline

#endif /* MAPSTACK_TRAMPOLINE_X86_H */
