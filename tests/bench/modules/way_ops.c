// SPDX-License-Identifier: GPL-2.0-only
/*
 * An ftrace_ops that edits the saved register, like mapstack's hook without the
 * rest of mapstack. With save_regs=1 all registers are saved for it.
 */

/* First: it stops the build for a kernel on which this cannot work. */
#include "regs.h"

#include <linux/mman.h>
#include <linux/module.h>

#include "one_function.h"

static bool save_regs;
module_param(save_regs, bool, 0);
MODULE_PARM_DESC(save_regs, "have all registers saved, not only arguments");

static unsigned char function[] = "do_mmap";

static void notrace edit_flags(unsigned long ip, unsigned long parent_ip,
			       struct ftrace_ops *ops, regs_saved *saved)
{
	unsigned long *flags = regs_argument(saved, 4);

	if (unlikely(*flags & MAP_STACK))
		*flags |= MAP_GROWSDOWN;
}

static struct ftrace_ops way_ops = {
	.func = edit_flags,
	.flags = REGS_FTRACE_FLAGS,
};

static int __init way_init(void)
{
	if (save_regs)
		way_ops.flags |= FTRACE_OPS_FL_SAVE_REGS;
	return one_function_attach(&way_ops, function);
}

static void __exit way_exit(void)
{
	one_function_detach(&way_ops);
}

module_init(way_init);
module_exit(way_exit);

MODULE_DESCRIPTION("MAP_STACK means VM_STACK, by an ftrace_ops");
MODULE_LICENSE("GPL");
