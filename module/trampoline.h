/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A function in assembler that ftrace calls at the entry of do_mmap() instead
 * of its own trampoline. It looks at the flags before anything else and returns
 * if MAP_STACK is not among them. Each architecture has a header, which defines
 *
 * TRAMPOLINE_HOOK(name, function): makes the function in assembler called name.
 *	It calls the C function with a pointer to do_mmap()'s arguments, which
 *	the C function may change
 * TRAMPOLINE_FIELD: the member of an ftrace_ops that takes its address
 *
 * Without TRAMPOLINE_FIELD, ftrace's own trampoline calls the ops' callback.
 */
#ifndef MAPSTACK_TRAMPOLINE_H
#define MAPSTACK_TRAMPOLINE_H

#if defined(CONFIG_X86_64)
#include "trampoline_x86.h"
#elif defined(CONFIG_ARM64) && defined(CONFIG_DYNAMIC_FTRACE_WITH_CALL_OPS) && \
	defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS)
#include "trampoline_arm64.h"
#endif

#endif /* MAPSTACK_TRAMPOLINE_H */
