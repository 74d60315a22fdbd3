// SPDX-License-Identifier: GPL-2.0-only
/*
 * Company for the hook: another user of ftrace on do_mmap().
 *
 * With ipmodify=1 it takes IPMODIFY, as a livepatch does. Only one user of a
 * function can have that. It does not change the instruction pointer, like a
 * livepatch that gives a function back (klp_ftrace_handler(), func->nop).
 */

/* First: it stops the build for a kernel on which this cannot work. */
#include "regs.h"

#include <linux/module.h>

#include "one_function.h"

static bool save_regs;
module_param(save_regs, bool, 0);
MODULE_PARM_DESC(save_regs, "have all registers saved, not only arguments");

static bool ipmodify;
module_param(ipmodify, bool, 0);
MODULE_PARM_DESC(ipmodify, "be the user that may change where the call goes");

/* Not exact when CPUs race: tests only look whether it changes. */
static ulong calls;
module_param(calls, ulong, 0444);
MODULE_PARM_DESC(calls, "calls seen (read only)");

static unsigned char function[] = "do_mmap";

static void notrace count_call(unsigned long ip, unsigned long parent_ip,
			       struct ftrace_ops *ops, regs_saved *saved)
{
	calls++;
}

static struct ftrace_ops company_ops = {
	.func = count_call,
};

static int __init company_init(void)
{
	if (save_regs)
		company_ops.flags |= FTRACE_OPS_FL_SAVE_REGS;
	if (ipmodify)
		company_ops.flags |= FTRACE_OPS_FL_IPMODIFY | REGS_FTRACE_FLAGS;
	return one_function_attach(&company_ops, function);
}

static void __exit company_exit(void)
{
	one_function_detach(&company_ops);
}

module_init(company_init);
module_exit(company_exit);

MODULE_DESCRIPTION("ftrace_ops on do_mmap(), to test mapstack beside it");
MODULE_LICENSE("GPL");
