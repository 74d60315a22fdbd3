// SPDX-License-Identifier: GPL-2.0-only
/* Company for the hook: a kprobe on do_mmap(). */

#include <linux/kprobes.h>
#include <linux/module.h>

static bool post;
module_param(post, bool, 0);
MODULE_PARM_DESC(post, "a post handler, which makes it an IPMODIFY user");

/* Not exact when CPUs race: tests only look whether it changes. */
static ulong calls;
module_param(calls, ulong, 0444);
MODULE_PARM_DESC(calls, "calls seen (read only)");

static int count_call(struct kprobe *probe, struct pt_regs *regs)
{
	calls++;
	return 0;
}

static void do_nothing(struct kprobe *probe, struct pt_regs *regs,
		       unsigned long flags)
{
}

static struct kprobe probe = {
	.symbol_name = "do_mmap",
	.pre_handler = count_call,
};

static int __init company_init(void)
{
	if (post)
		probe.post_handler = do_nothing;
	return register_kprobe(&probe);
}

static void __exit company_exit(void)
{
	unregister_kprobe(&probe);
}

module_init(company_init);
module_exit(company_exit);

MODULE_DESCRIPTION("A kprobe on do_mmap(), to test mapstack beside it");
MODULE_LICENSE("GPL");
