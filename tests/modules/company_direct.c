// SPDX-License-Identifier: GPL-2.0-only
/*
 * Company for the hook: a direct call of ftrace on do_mmap(), like that of a BPF
 * program on its entry (fentry). Only one user of a function can have it.
 */

#include <linux/module.h>

#include "direct.h"
#include "trampoline_x86.h"

/* Not exact when CPUs race: tests only look whether it changes. */
ulong company_direct_calls;
module_param_named(calls, company_direct_calls, ulong, 0444);
MODULE_PARM_DESC(calls, "calls seen (read only)");

TRAMPOLINE(company_direct_call, "incq company_direct_calls(%rip)\n");

static unsigned char function[] = "do_mmap";
static struct ftrace_ops company_ops;

static int __init company_init(void)
{
	int ret;

	if (!IS_ENABLED(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS))
		return -EINVAL;
	ret = ftrace_set_filter(&company_ops, function, sizeof(function) - 1,
				1);
	if (ret)
		return ret;
	ret = direct_register(&company_ops, (unsigned long)company_direct_call);
	if (ret)
		ftrace_set_filter(&company_ops, NULL, 0, 1);
	return ret;
}

static void __exit company_exit(void)
{
	direct_unregister(&company_ops, (unsigned long)company_direct_call,
			  true);
}

module_init(company_init);
module_exit(company_exit);

MODULE_DESCRIPTION("A direct call on do_mmap(), to test mapstack beside it");
MODULE_LICENSE("GPL");
