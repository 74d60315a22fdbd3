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

/* The beginning of a body: returns at once if flags (r8) has no MAP_STACK. */
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
/* objtool does not understand the two frames. */
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
 * do_mmap() expects nothing in registers except its six arguments, and these
 * are restored from the stack. With rax, the frames and two return addresses
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
 * @body: instructions; must keep all registers except flags and those that they
 * are meant to change
 *
 * With call depth tracking, whose return thunk refills the return stack buffer,
 * the function counts its own call; nobody else does. Its address is even: 7.3
 * jumps to an odd address and expects no return (ftrace_is_jmp()). It begins
 * without endbr64, as ftrace's own trampolines do: only calls and returns lead
 * here, and no indirect branch.
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
 * If a function has only one ops, ftrace calls the trampoline of that ops. It
 * does not replace a trampoline that it did not make
 * (arch_ftrace_update_trampoline()).
 */
#define TRAMPOLINE_HOOK(name, function) \
	TRAMPOLINE(name, TRAMPOLINE_UNLESS_STACK TRAMPOLINE_CALL(function))
#define TRAMPOLINE_FIELD trampoline

#endif /* MAPSTACK_TRAMPOLINE_X86_H */
