/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What becomes of one MAP_STACK request: scope, policy, counters, trace, and
 * the change.
 */
#ifndef MAPSTACK_REQUEST_H
#define MAPSTACK_REQUEST_H

#include "policy.h"

/**
 * struct request - the arguments of a do_mmap() call with MAP_STACK set
 * @addr: the address asked for, in bytes
 * @len: the length, in bytes
 * @prot: PROT_ bits
 * @flags: MAP_ bits
 * @has_file: whether do_mmap() was given a file
 */
struct request {
	unsigned long addr;
	unsigned long len;
	unsigned long prot;
	unsigned long flags;
	bool has_file;
};

/**
 * request_set_policy() - choose the policy for the requests that follow
 * @policy: which
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
 * request_grow() - make the mapping that is asked for a growable one
 * @flags: the flags argument of do_mmap()
 *
 * Exactly the proposal: calc_vm_flag_bits() turns MAP_GROWSDOWN into
 * VM_GROWSDOWN, which is VM_STACK where stacks grow down, and nothing else in
 * do_mmap() looks at it.
 *
 * Context: any.
 * Return: the flags to go on with.
 */
unsigned long request_grow(unsigned long flags);

/**
 * request_handle() - judge a MAP_STACK request, count it, and translate it
 * @request: the call
 *
 * A request out of scope is left as it is.
 *
 * Context: ftrace callback on do_mmap(), under mmap_lock for writing; takes no
 * lock and does not sleep.
 * Return: the flags to go on with.
 */
unsigned long request_handle(const struct request *request);

#endif /* MAPSTACK_REQUEST_H */
