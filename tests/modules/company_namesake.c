// SPDX-License-Identifier: GPL-2.0-only
/*
 * Company for the hook: functions of a module with the same names as the
 * functions that are hooked. The hook must not touch them.
 */

#include <linux/compiler.h>
#include <linux/mman.h>
#include <linux/module.h>

unsigned long namesake_mmap(unsigned long file, unsigned long addr,
			    unsigned long len, unsigned long prot,
			    unsigned long flags) __asm__("do_mmap");
unsigned long namesake_region(unsigned long file, unsigned long addr,
			      unsigned long len,
			      unsigned long vm_flags) __asm__("mmap_region");

noinline unsigned long namesake_mmap(unsigned long file, unsigned long addr,
				     unsigned long len, unsigned long prot,
				     unsigned long flags)
{
	OPTIMIZER_HIDE_VAR(flags);
	return flags;
}

noinline unsigned long namesake_region(unsigned long file, unsigned long addr,
				       unsigned long len,
				       unsigned long vm_flags)
{
	OPTIMIZER_HIDE_VAR(vm_flags);
	return vm_flags;
}

/* Calls both, and says whether each got its arguments unchanged. */
static int get_calls(char *text, const struct kernel_param *param)
{
	const unsigned long flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK;

	return sprintf(text, "%d\n",
		       namesake_mmap(0, 0, 4096, 0, flags) == flags &&
			       namesake_region(0, 0, 4096, flags) == flags);
}

static const struct kernel_param_ops calls_ops = { .get = get_calls };
module_param_cb(untouched, &calls_ops, NULL, 0444);
__MODULE_PARM_TYPE(untouched, "bool");
MODULE_PARM_DESC(untouched, "calls them; whether nobody changed the call");

/* Without an init function the module could not be unloaded. */
static int __init company_init(void)
{
	return 0;
}

static void __exit company_exit(void)
{
}

module_init(company_init);
module_exit(company_exit);

MODULE_DESCRIPTION("Functions named as the kernel's, to test mapstack beside");
MODULE_LICENSE("GPL");
