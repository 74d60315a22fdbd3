// SPDX-License-Identifier: GPL-2.0-only
/*
 * A data race for KCSAN to find. If KCSAN does not find it, its silence about
 * the hook proves nothing.
 *
 * A thread adds to a word while the module is loaded, and reading the parameter
 * adds to it too.
 */

#include <linux/err.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/sched.h>

static unsigned long word;
static struct task_struct *thread;

static noinline void race_add(void)
{
	word++;
}

static int race_run(void *unused)
{
	while (!kthread_should_stop()) {
		race_add();
		cond_resched();
	}
	return 0;
}

static int race_get(char *buffer, const struct kernel_param *param)
{
	int i;

	for (i = 0; i < 100000; i++)
		race_add();
	return sysfs_emit(buffer, "done\n");
}

static const struct kernel_param_ops race_ops = { .get = race_get };
module_param_cb(race, &race_ops, NULL, 0444);
MODULE_PARM_DESC(race, "reading it races");

static int __init race_init(void)
{
	thread = kthread_run(race_run, NULL, "race");
	return PTR_ERR_OR_ZERO(thread);
}

static void __exit race_exit(void)
{
	kthread_stop(thread);
}

module_init(race_init);
module_exit(race_exit);

MODULE_DESCRIPTION("a data race");
MODULE_LICENSE("GPL");
