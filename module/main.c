// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapstack: MAP_STACK means VM_STACK, on the kernel that is running.
 *
 * This file starts the parts and stops them in the opposite order.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/sched.h>

#include "device.h"
#include "growth.h"
#include "hook.h"
#include "scope.h"
#include "switch.h"
#include "sysfs.h"

static int main_set_enabled(const char *text, const struct kernel_param *param)
{
	bool *enabled = param->arg;

	if (text)
		return sysfs_parse_bool(text, enabled);
	*enabled = true;
	return 0;
}

/* Like param_ops_bool, but takes whole words only. */
static const struct kernel_param_ops main_enabled_ops = {
	.flags = KERNEL_PARAM_OPS_FL_NOARG,
	.set = main_set_enabled,
};

static bool enable_now;
module_param_cb(enabled, &main_enabled_ops, &enable_now, 0);
__MODULE_PARM_TYPE(enabled, "bool");
MODULE_PARM_DESC(enabled, "attach the hook while loading (default: no)");

static char *policy = "rfc";
module_param(policy, charp, 0);
MODULE_PARM_DESC(policy,
		 "observe, paired, fitting, private or rfc (default: rfc)");

static char *scope = "all";
module_param(scope, charp, 0);
MODULE_PARM_DESC(scope, "all, pid:N or cgroup:/path (default: all)");

/*
 * An ftrace that has shut itself down after a kernel bug calls the callback for
 * ever, and a probe that could not be disarmed stays in the kernel's table. It
 * is better never to return than to let them call text that was freed.
 */
static void switch_off_for_good(void)
{
	while (switch_off())
		schedule_timeout_uninterruptible(MAX_SCHEDULE_TIMEOUT);
}

static int __init mapstack_init(void)
{
	int ret;

	ret = sysfs_set_policy(policy);
	if (ret) {
		pr_err("there is no policy '%s', so the module was not loaded; choose observe, paired, fitting, private or rfc\n",
		       policy);
		return ret;
	}

	ret = scope_set(scope);
	if (ret) {
		pr_err("the scope '%s' cannot be used (error %d), so the module was not loaded; choose all, pid:N or cgroup:/path\n",
		       scope, ret);
		return ret;
	}

	if (enable_now) {
		ret = switch_on();
		if (ret)
			goto err_off;
	} else {
		/* If this fails, switching on tries it again. */
		hook_init();
	}

	ret = sysfs_add_mapstack();
	if (ret)
		goto err_off;
	/* Last: an open device holds the module, so nothing may fail later. */
	ret = mapstack_device_init();
	if (ret)
		goto err_sysfs;
	return 0;

err_sysfs:
	sysfs_remove_mapstack();
err_off:
	switch_off_for_good();
	growth_exit();
	hook_exit();
	scope_exit();
	return ret;
}

static void __exit mapstack_exit(void)
{
	mapstack_device_exit();
	sysfs_remove_mapstack();
	switch_off_for_good();
	growth_exit();
	hook_exit();
	scope_exit();
}

module_init(mapstack_init);
module_exit(mapstack_exit);

MODULE_DESCRIPTION("mmap(MAP_STACK) makes growable stacks");
MODULE_VERSION(MAPSTACK_VERSION);
MODULE_LICENSE("GPL");
