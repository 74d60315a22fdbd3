/* SPDX-License-Identifier: GPL-2.0-only */
/* trampoline.h for arm64. */
#ifndef MAPSTACK_TRAMPOLINE_ARM64_H
#define MAPSTACK_TRAMPOLINE_ARM64_H

#include <linux/mman.h>
#include <linux/stringify.h>

/*
 * With CALL_OPS, ftrace_caller() finds the only ops of a function beside the
 * call site, and branches to the address in its direct_call before it saves
 * anything (arch/arm64/kernel/entry-ftrace.S). The one direct call that a
 * function can have is something else, and stays free. With a second ops ftrace
 * calls the callbacks of both, and does not look at direct_call.
 *
 * At the entry x0 to x8 and x18 to x30 are live. x9 is the address that
 * do_mmap() returns to, and x30 the address where it goes on. Two frames, as
 * ftrace_caller() makes them, keep do_mmap() and its caller in a backtrace. `BR
 * x17` may land on `bti c`, which is `hint #34` to assemblers that do not know
 * it.
 */
#define TRAMPOLINE_FLAG __stringify(MAP_STACK)
#define TRAMPOLINE_SAVE                                  \
	"stp x29, x9, [sp, #-16]!; mov x29, sp\n"        \
	"stp x29, x30, [sp, #-96]!; mov x29, sp\n"       \
	"stp x0, x1, [sp, #16]; stp x2, x3, [sp, #32]\n" \
	"stp x4, x5, [sp, #48]; stp x6, x7, [sp, #64]\n" \
	"str x8, [sp, #80]; add x0, sp, #16\n"
#define TRAMPOLINE_RESTORE                               \
	"ldp x0, x1, [sp, #16]; ldp x2, x3, [sp, #32]\n" \
	"ldp x4, x5, [sp, #48]; ldp x6, x7, [sp, #64]\n" \
	"ldr x8, [sp, #80]\n"                            \
	"ldp x29, x10, [sp], #96; ldp x29, x30, [sp], #16\n"
#define TRAMPOLINE_HOOK(name, function)                                   \
	void name(void);                                                  \
	asm(".pushsection .text, \"ax\", @progbits\n"                     \
	    ".balign 8\n"                                                 \
	    ".type " #name ", %function\n"                                \
	    ".globl " #name "\n" #name ":\n"                              \
	    "hint #34; tst w4, #" TRAMPOLINE_FLAG "; b.ne 1f\n"           \
	    "mov x10, x30; mov x30, x9; ret x10\n"                        \
	    "1: " TRAMPOLINE_SAVE "bl " #function "\n" TRAMPOLINE_RESTORE \
	    "ret x10\n"                                                   \
	    ".size " #name ", . - " #name "\n.popsection\n")
#define TRAMPOLINE_FIELD direct_call

#endif /* MAPSTACK_TRAMPOLINE_ARM64_H */
