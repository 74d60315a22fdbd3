// SPDX-License-Identifier: GPL-2.0-only
/*
 * A function of the kernel that does nothing and fails, while this is loaded, if
 * a module calls it.
 *
 * As a livepatch would do it: for errors that the kernel makes only when it has
 * no memory, or never.
 */

/* First: refuses a kernel that cannot work before anything else can fail. */
#include "regs.h"

#include <linux/module.h>
#include <linux/pgtable.h>

#include "one_function.h"

static char *function = "";
module_param(function, charp, 0);
MODULE_PARM_DESC(function, "which; not one of ftrace's own");

static long answer;
module_param(answer, long, 0);
MODULE_PARM_DESC(answer, "what it returns");

static long replacement(void)
{
	return answer;
}

static void notrace go_elsewhere(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops, regs_saved *saved)
{
	if (parent_ip >= MODULES_VADDR && parent_ip < MODULES_END)
		regs_pt(saved)->ip = (unsigned long)replacement;
}

static struct ftrace_ops replace_ops = {
	.func = go_elsewhere,
	.flags = FTRACE_OPS_FL_IPMODIFY | REGS_FTRACE_FLAGS,
};

static int __init replace_init(void)
{
	return one_function_attach(&replace_ops, (unsigned char *)function);
}

static void __exit replace_exit(void)
{
	one_function_detach(&replace_ops);
}

module_init(replace_init);
module_exit(replace_exit);

MODULE_DESCRIPTION("makes a function of the kernel fail");
MODULE_LICENSE("GPL");
