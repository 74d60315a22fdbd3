// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapstack: MAP_STACK means VM_STACK, on the kernel that is running.
 *
 * Brings the parts up and takes them down in the opposite order.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/sched.h>

#include "hook.h"
#include "sysfs.h"

static bool enabled;
module_param(enabled, bool, 0);
MODULE_PARM_DESC(enabled, "attach the hook while loading (default: no)");

static char *policy = "rfc";
module_param(policy, charp, 0);
MODULE_PARM_DESC(policy, "observe, private or rfc (default: rfc)");

/*
 * An ftrace that has shut itself down after a kernel bug calls the callback for
 * ever. Never returning is the lesser evil than a callback whose text is gone.
 */
static void detach_for_good(void)
{
	while (hook_detach())
		schedule_timeout_uninterruptible(MAX_SCHEDULE_TIMEOUT);
}

static int __init mapstack_init(void)
{
	int ret;

	ret = sysfs_set_policy(policy);
	if (ret) {
		pr_err("there is no policy '%s', so the module was not loaded; choose observe, private or rfc\n",
		       policy);
		return ret;
	}

	if (enabled) {
		ret = hook_attach();
		if (ret)
			goto err_detach;
	}

	ret = sysfs_init();
	if (ret)
		goto err_detach;
	return 0;

err_detach:
	detach_for_good();
	return ret;
}

static void __exit mapstack_exit(void)
{
	sysfs_exit();
	detach_for_good();
}

module_init(mapstack_init);
module_exit(mapstack_exit);

MODULE_DESCRIPTION("mmap(MAP_STACK) makes growable stacks");
MODULE_VERSION(MAPSTACK_VERSION);
MODULE_LICENSE("GPL");
