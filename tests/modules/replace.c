// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes a function of the kernel do nothing and fail when a module calls it,
 * while this module is loaded. It is for errors that the kernel returns only
 * without memory, or never.
 *
 * It does so as a livepatch would. Where ftrace cannot trace, as in ftrace
 * itself, it uses a breakpoint.
 */

/* First: it stops the build for a kernel on which this cannot work. */
#include "regs.h"

#include <linux/kprobes.h>
#include <linux/module.h>
#include <linux/pgtable.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/sched/task.h>

#include "one_function.h"

static char *function = "";
module_param(function, charp, 0);
MODULE_PARM_DESC(function, "which");

static long answer;
module_param(answer, long, 0);
MODULE_PARM_DESC(answer, "what it returns");

static int wake;
module_param(wake, int, 0600);
MODULE_PARM_DESC(wake, "a process to wake up when the function works again");

static long replacement(void)
{
	return answer;
}

static bool is_module(unsigned long addr)
{
	return addr >= MODULES_VADDR && addr < MODULES_END;
}

static void notrace go_elsewhere(unsigned long ip, unsigned long parent_ip,
				 struct ftrace_ops *ops, regs_saved *saved)
{
	if (is_module(parent_ip))
		regs_pt(saved)->ip = (unsigned long)replacement;
}

static struct ftrace_ops replace_ops = {
	.func = go_elsewhere,
	.flags = FTRACE_OPS_FL_IPMODIFY | REGS_FTRACE_FLAGS,
};

/* Runs before the function's first instruction: the caller is on the stack. */
static int probe_go_elsewhere(struct kprobe *probe, struct pt_regs *regs)
{
	if (!is_module(*(unsigned long *)regs->sp))
		return 0;
	regs->ip = (unsigned long)replacement;
	return 1;
}

/* A probe with a post handler stays a breakpoint; a jump could not redirect. */
static void do_nothing(struct kprobe *probe, struct pt_regs *regs,
		       unsigned long flags)
{
}

static struct kprobe replace_probe = {
	.pre_handler = probe_go_elsewhere,
	.post_handler = do_nothing,
};

static int __init replace_init(void)
{
	int ret = one_function_attach(&replace_ops, (unsigned char *)function);

	if (ret != -EINVAL || !*function)
		return ret;
	replace_probe.symbol_name = function;
	return register_kprobe(&replace_probe);
}

static void wake_process(void)
{
	struct pid *pid = find_get_pid(wake);
	struct task_struct *task = get_pid_task(pid, PIDTYPE_PID);

	if (task) {
		wake_up_process(task);
		put_task_struct(task);
	}
	put_pid(pid);
}

static void __exit replace_exit(void)
{
	if (replace_probe.symbol_name)
		unregister_kprobe(&replace_probe);
	else
		one_function_detach(&replace_ops);
	if (wake)
		wake_process();
}

module_init(replace_init);
module_exit(replace_exit);

MODULE_DESCRIPTION("makes a function of the kernel fail");
MODULE_LICENSE("GPL");
