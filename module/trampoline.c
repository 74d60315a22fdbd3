// SPDX-License-Identifier: GPL-2.0-only
/* The trampoline of the hook, in assembler. See trampoline.h. */

#include "trampoline.h"

/*
 * do_mmap() has just been entered: all that it expects to find are its six
 * arguments in registers, which are on the stack for hook_arguments() in their
 * order, and come back from there. rax makes that, with rbp and two return
 * addresses, a multiple of 16 bytes.
 */
#define SAVE_ARGUMENTS \
	"pushq %rax; pushq %r9; pushq %r8; pushq %rcx; pushq %rdx; pushq %rsi; pushq %rdi\n"
#define RESTORE_ARGUMENTS \
	"popq %rdi; popq %rsi; popq %rdx; popq %rcx; popq %r8; popq %r9; popq %rax\n"
#define HOOK                                                       \
	"pushq %rbp; movq %rsp, %rbp\n" SAVE_ARGUMENTS             \
	"movq %rsp, %rdi; call hook_arguments\n" RESTORE_ARGUMENTS \
	"popq %rbp\n"

DIRECT_CALL(mapstack_trampoline, DIRECT_UNLESS_STACK HOOK);
