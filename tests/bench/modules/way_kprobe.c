// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kprobe whose pre-handler edits the saved register, as SystemTap's guru mode
 * does.
 */

/* First: it stops the build for a kernel on which this cannot work. */
#include "regs.h"

#include <linux/kprobes.h>
#include <linux/mman.h>
#include <linux/module.h>

static int edit_flags(struct kprobe *probe, struct pt_regs *regs)
{
	unsigned long *flags = regs_pt_argument(regs, 4);

	if (*flags & MAP_STACK)
		*flags |= MAP_GROWSDOWN;
	return 0;
}

static struct kprobe probe = {
	.symbol_name = "do_mmap",
	.pre_handler = edit_flags,
};

static int __init way_init(void)
{
	return register_kprobe(&probe);
}

static void __exit way_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(way_init);
module_exit(way_exit);

MODULE_DESCRIPTION("MAP_STACK means VM_STACK, by a kprobe");
MODULE_LICENSE("GPL");
