// SPDX-License-Identifier: GPL-2.0-only
/* Handles one MAP_STACK request. See request.h. */

#include <linux/compiler.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched/signal.h>

#include "counters.h"
#include "growup.h"
#include "request.h"
#include "scope.h"
#include "trace.h"

static const enum direction direction =
	IS_ENABLED(CONFIG_STACK_GROWSUP) ? STACK_UP : STACK_DOWN;

static enum policy policy_in_force = POLICY_RFC;

void request_set_policy(enum policy policy)
{
	WRITE_ONCE(policy_in_force, policy);
}

notrace enum policy request_policy(void)
{
	return READ_ONCE(policy_in_force);
}

notrace unsigned long request_grow(unsigned long flags, bool has_file)
{
	if (growup_ask(flags, has_file))
		return flags;
	return flags | MAP_GROWSDOWN;
}

/* Inlined into request_handle(): a call would double the cost of a request. */
static __always_inline struct verdict
judge(unsigned long len, unsigned long prot, unsigned long flags, bool has_file)
{
	enum policy policy = request_policy();
	/* Other policies do not read the limit. */
	bool fits = policy == POLICY_FITTING &&
		    policy_fits(prot, len, rlimit(RLIMIT_STACK), PAGE_SIZE);

	return policy_decide(policy, direction, flags, has_file, fits);
}

notrace struct verdict request_judge(unsigned long len, unsigned long prot,
				     unsigned long flags, bool has_file)
{
	return judge(len, prot, flags, has_file);
}

/*
 * Not inlined, although it is called once: otherwise a request that nobody
 * traces would save six registers for the arguments of the probes.
 */
static noinline notrace void
request_trace(unsigned long addr, unsigned long len, unsigned long prot,
	      unsigned long flags, struct verdict verdict)
{
	trace_mapstack_mmap(addr, len, prot, flags, verdict.shape,
			    verdict.outcome);
}

notrace unsigned long request_handle(unsigned long addr, unsigned long len,
				     unsigned long prot, unsigned long flags,
				     bool has_file)
{
	struct verdict verdict = judge(len, prot, flags, has_file);

	counters_add(verdict.shape, verdict.outcome);
	if (trace_mapstack_mmap_enabled())
		request_trace(addr, len, prot, flags, verdict);
	return verdict.grow ? request_grow(flags, has_file) : flags;
}
