// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bad company for the hook: undoes what the hook does to MAP_STACK requests,
 * which is MAP_GROWSDOWN at do_mmap() or, where stacks grow up, VM_GROWSUP at
 * mmap_region().
 *
 * ftrace calls the latest user first. So this module comes after the hook if it
 * was attached before.
 */

/* First: it stops the build for a kernel on which this cannot work. */
#include "regs.h"

#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>

#include "one_function.h"

/* Lets a test attach this module before the hook, and start it afterwards. */
static bool idle;
module_param(idle, bool, 0644);

#ifdef CONFIG_STACK_GROWSUP
static unsigned char function[] = "mmap_region";
#else
static unsigned char function[] = "do_mmap";
#endif

static void notrace undo_growth(unsigned long ip, unsigned long parent_ip,
				struct ftrace_ops *ops, regs_saved *saved)
{
#ifdef CONFIG_STACK_GROWSUP
	if (!READ_ONCE(idle))
		*regs_argument(saved, 3) &= ~VM_GROWSUP;
#else
	unsigned long *flags = regs_argument(saved, 4);

	if ((*flags & MAP_STACK) && !READ_ONCE(idle))
		*flags &= ~MAP_GROWSDOWN;
#endif
}

static struct ftrace_ops undo_ops = {
	.func = undo_growth,
	.flags = REGS_FTRACE_FLAGS,
};

static int __init company_init(void)
{
	return one_function_attach(&undo_ops, function);
}

static void __exit company_exit(void)
{
	one_function_detach(&undo_ops);
}

module_init(company_init);
module_exit(company_exit);

MODULE_DESCRIPTION("ftrace_ops that undoes what mapstack does");
MODULE_LICENSE("GPL");
