/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Handles one MAP_STACK request: scope, policy, counters, trace, and the change
 * of its flags.
 */
#ifndef MAPSTACK_REQUEST_H
#define MAPSTACK_REQUEST_H

#include "counters.h"
#include "policy.h"
#include "scope.h"

/**
 * request_set_policy() - choose the policy for the requests that follow
 * @policy: the policy
 *
 * A request that is being handled on another CPU meets the old policy or the
 * new one, never a mixture.
 *
 * Context: any.
 */
void request_set_policy(enum policy policy);

/**
 * request_policy() - the policy in force
 *
 * Context: any.
 * Return: the policy.
 */
enum policy request_policy(void);

/**
 * request_grow() - make the requested mapping a growable one
 * @flags: the flags argument of do_mmap()
 * @shape: the shape of the request
 *
 * This is exactly the proposal: calc_vm_flag_bits() turns MAP_GROWSDOWN into
 * VM_GROWSDOWN, which is VM_STACK where stacks grow down, and nothing else in
 * do_mmap() looks at it.
 *
 * Where stacks grow up, growup_ask() takes the requests that can grow, and
 * MAP_GROWSDOWN makes do_mmap() refuse the others: do_mmap() tests for both
 * directions at the same places.
 *
 * Context: as request_handle().
 * Return: the flags to go on with.
 */
unsigned long request_grow(unsigned long flags, enum shape shape);

/**
 * request_in_scope() - whether the current task's request is in scope
 *
 * A request out of scope is counted as such, and the caller must leave it as it
 * is. This is not a part of request_handle(), so that a request out of scope
 * calls nothing and saves no register.
 *
 * Context: ftrace callback on do_mmap(); takes no lock and does not sleep.
 */
static __always_inline bool request_in_scope(void)
{
	if (likely(scope_includes_current()))
		return true;
	counters_add_out_of_scope();
	return false;
}

/**
 * request_judge() - judge a request, and change nothing
 * @len: the length, in bytes
 * @prot: PROT_ bits
 * @flags: MAP_ bits, with MAP_STACK set
 * @has_file: whether do_mmap() was given a file
 *
 * Context: any, in the process that made the request.
 * Return: the verdict under the policy in force.
 */
struct verdict request_judge(unsigned long len, unsigned long prot,
			     unsigned long flags, bool has_file);

/**
 * request_handle() - judge a request in scope, count it, and translate it
 * @addr: the address asked for, in bytes
 * @len: the length, in bytes
 * @prot: PROT_ bits
 * @flags: MAP_ bits, with MAP_STACK set
 * @has_file: whether do_mmap() was given a file
 *
 * Context: ftrace callback on do_mmap(), under mmap_lock for writing; does not
 * sleep, and takes no lock except growup's where stacks grow up.
 * Return: the flags to go on with.
 */
unsigned long request_handle(unsigned long addr, unsigned long len,
			     unsigned long prot, unsigned long flags,
			     bool has_file);

#endif /* MAPSTACK_REQUEST_H */
