// SPDX-License-Identifier: GPL-2.0-only
/*
 * A direct call of ftrace: do_mmap() calls a few instructions of this module
 * without ftrace's trampoline. Only one user of a function can have it. The next
 * user, perhaps a BPF program, gets -EBUSY.
 */

#include <linux/module.h>

#include "direct.h"
#include "trampoline_x86.h"

#define GROW "orl $" __stringify(MAP_GROWSDOWN) ", %r8d\n"

/* The fifth argument is in r8. */
TRAMPOLINE(way_direct_call, TRAMPOLINE_UNLESS_STACK GROW);

static bool twice;
module_param(twice, bool, 0);
MODULE_PARM_DESC(twice, "try to register a second one, to see its error");

static unsigned char function[] = "do_mmap";
static struct ftrace_ops way_ops[2];

static int way_register(struct ftrace_ops *ops)
{
	int ret;

	ret = ftrace_set_filter(ops, function, sizeof(function) - 1, 1);
	return ret ?: direct_register(ops, (unsigned long)way_direct_call);
}

static void way_unregister(struct ftrace_ops *ops)
{
	direct_unregister(ops, (unsigned long)way_direct_call, true);
}

static int __init way_init(void)
{
	int ret;

	if (!IS_ENABLED(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS))
		return -EINVAL;
	ret = way_register(&way_ops[0]);
	if (ret || !twice)
		return ret;

	ret = way_register(&way_ops[1]);
	if (!ret)
		way_unregister(&way_ops[1]);
	way_unregister(&way_ops[0]);
	return ret ?: -EEXIST;
}

static void __exit way_exit(void)
{
	way_unregister(&way_ops[0]);
}

module_init(way_init);
module_exit(way_exit);

MODULE_DESCRIPTION("MAP_STACK means VM_STACK, by a direct call");
MODULE_LICENSE("GPL");
