// SPDX-License-Identifier: GPL-2.0-only
/*
 * A kprobe whose pre-handler edits the saved register, as SystemTap's guru mode
 * does.
 */

#include <linux/kprobes.h>
#include <linux/mman.h>
#include <linux/module.h>

#if defined(CONFIG_X86_64)
#define FLAGS r8
#elif defined(CONFIG_ARM64)
#define FLAGS regs[4]
#endif

static int edit_flags(struct kprobe *probe, struct pt_regs *regs)
{
	if (regs->FLAGS & MAP_STACK)
		regs->FLAGS |= MAP_GROWSDOWN;
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
