/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A function in assembler that ftrace calls at do_mmap()'s entry in place of its
 * own trampoline. It looks at the flags before anything else and returns if
 * MAP_STACK is not among them. One header a machine, each with
 *
 * TRAMPOLINE_HOOK(name, function): the function in assembler, by its name, and the
 *	C function that it calls with where do_mmap()'s arguments are, which may
 *	change them there
 * TRAMPOLINE_FIELD: the member of an ftrace_ops that takes its address
 *
 * Without TRAMPOLINE_FIELD ftrace's own trampoline calls the ops' callback.
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
