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

notrace unsigned long request_grow(unsigned long flags, enum shape shape)
{
	if (growup_ask(shape))
		return flags;
	return flags | MAP_GROWSDOWN;
}

static __always_inline bool fits(unsigned long len, unsigned long prot)
{
	return policy_fits(prot, len, rlimit(RLIMIT_STACK), PAGE_SIZE);
}

notrace struct verdict request_judge(unsigned long len, unsigned long prot,
				     unsigned long flags, bool has_file)
{
	return policy_decide(request_policy(), direction, flags, has_file,
			     fits(len, prot));
}

static __always_inline unsigned long answer(unsigned long flags,
					    struct verdict verdict)
{
	return verdict.grow ? request_grow(flags, verdict.shape) : flags;
}

/*
 * This and handle_fitting() are not inlined. Nothing is live across these calls,
 * so untraced requests under other policies save no register.
 */
static noinline notrace unsigned long
trace_and_answer(unsigned long addr, unsigned long len, unsigned long prot,
		 unsigned long flags, struct verdict verdict)
{
	trace_mapstack_mmap(addr, len, prot, flags, verdict.shape,
			    verdict.outcome);
	return answer(flags, verdict);
}

static __always_inline unsigned long
handle_under(enum policy policy, unsigned long addr, unsigned long len,
	     unsigned long prot, unsigned long flags, bool has_file, bool fits)
{
	struct verdict verdict =
		policy_decide(policy, direction, flags, has_file, fits);

	counters_add(verdict.shape, verdict.outcome);
	if (trace_mapstack_mmap_enabled())
		return trace_and_answer(addr, len, prot, flags, verdict);
	return answer(flags, verdict);
}

static noinline notrace unsigned long
handle_fitting(unsigned long addr, unsigned long len, unsigned long prot,
	       unsigned long flags, bool has_file)
{
	return handle_under(POLICY_FITTING, addr, len, prot, flags, has_file,
			    fits(len, prot));
}

notrace unsigned long request_handle(unsigned long addr, unsigned long len,
				     unsigned long prot, unsigned long flags,
				     bool has_file)
{
	enum policy policy = request_policy();

	if (policy == POLICY_FITTING)
		return handle_fitting(addr, len, prot, flags, has_file);
	/* No other policy asks whether a request fits. */
	return handle_under(policy, addr, len, prot, flags, has_file, false);
}
