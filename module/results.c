// SPDX-License-Identifier: GPL-2.0-only
/* Finds requests that the kernel refuses. See results.h. */

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kprobes.h>
#include <linux/mman.h>

#include "hook.h"
#include "policy.h"
#include "regs.h"
#include "request.h"
#include "results.h"
#include "scope.h"

#if defined(CONFIG_KRETPROBES) && !defined(CONFIG_STACK_GROWSUP)

static void (*results_failed)(void *data, unsigned long len);
static void *results_data;
static bool results_followed;

/*
 * The hook edits the flags before this or after it: ftrace decides which of
 * them comes first. The flag that the hook adds does not change the result.
 */
static bool is_to_grow(struct pt_regs *regs, unsigned long flags)
{
	struct verdict verdict = request_judge(*regs_pt_argument(regs, 2),
					       *regs_pt_argument(regs, 3),
					       flags,
					       *regs_pt_argument(regs, 0));

	return verdict.shape == SHAPE_ANONYMOUS &&
	       verdict.outcome != OUTCOME_SPARED && hook_attached() &&
	       scope_includes_current();
}

/* If this does not return 0, results_return() is not called. */
static int results_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	unsigned long flags = *regs_pt_argument(regs, 4);

	if (!(flags & MAP_STACK) || !is_to_grow(regs, flags))
		return 1;
	*(unsigned long *)ri->data = *regs_pt_argument(regs, 2);
	return 0;
}

static int results_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	if (IS_ERR_VALUE(regs_return_value(regs)))
		results_failed(results_data, *(unsigned long *)ri->data);
	return 0;
}

static struct kretprobe results_probe = {
	.kp.symbol_name = "do_mmap",
	.entry_handler = results_entry,
	.handler = results_return,
	.data_size = sizeof(unsigned long),
	.maxactive = 256, /* do_mmap() may sleep for memory */
};

int results_follow(void (*failed)(void *data, unsigned long len), void *data)
{
	int ret;

	results_failed = failed;
	results_data = data;
	/* See growth_enable(), also for enable_kretprobe(). */
	results_probe.kp.addr = NULL;
	ret = register_kretprobe(&results_probe);
	if (ret)
		return ret;
	ret = enable_kretprobe(&results_probe);
	if (ret)
		unregister_kretprobe(&results_probe);
	results_followed = !ret;
	return ret;
}

void results_leave(void)
{
	if (results_followed)
		unregister_kretprobe(&results_probe);
	results_followed = false;
}

bool results_are_known(void)
{
	return results_followed && !READ_ONCE(results_probe.nmissed);
}

#else

int results_follow(void (*failed)(void *data, unsigned long len), void *data)
{
	return -EOPNOTSUPP;
}

void results_leave(void)
{
}

bool results_are_known(void)
{
	return false;
}

#endif
