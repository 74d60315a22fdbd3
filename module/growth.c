// SPDX-License-Identifier: GPL-2.0-only
/* Follows the expansions of growable mappings. See growth.h. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>

#include "counters.h"
#include "growth.h"
#include "reason.h"
#include "regs.h"
#include "scope.h"
#include "trace.h"

static bool growth_followed;
static bool growth_unknown;
static bool growth_stuck;

#if defined(CONFIG_KRETPROBES) && !defined(CONFIG_STACK_GROWSUP)

/* What is known of an expansion when it begins. */
struct expansion {
	struct vm_area_struct *vma;
	unsigned long address;
	unsigned long start;
};

/*
 * The mapping around mm->start_stack is [stack] (vma_is_initial_stack() in
 * mm.h, 6.6). A new program's stack grows in an mm whose start_stack is not set
 * yet, while execve() copies the arguments.
 */
static bool is_process_stack(const struct vm_area_struct *vma)
{
	unsigned long stack = vma->vm_mm->start_stack;

	return !stack || (vma->vm_start <= stack && vma->vm_end >= stack);
}

static int growth_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct expansion *expansion = (struct expansion *)ri->data;

	expansion->vma = (void *)*regs_pt_argument(regs, 0);
	/*
	 * Since 8d7071af8907 ("mm: always expand the stack with the mmap write lock
	 * held", 6.5 and 6.1's stable) __access_remote_vm() has whatever lies above
	 * a hole expanded, which need not be able to.
	 */
	if (!(expansion->vma->vm_flags & VM_GROWSDOWN))
		return 1;
	expansion->address = *regs_pt_argument(regs, 1) & PAGE_MASK;
	expansion->start = expansion->vma->vm_start;
	/* Not zero, here as above: do not call the other handler. */
	return is_process_stack(expansion->vma) || !scope_includes_current();
}

/*
 * The mapping right below @address, if it ends within the default guard gap.
 * find_vma_prev() is not exported, and neither is stack_guard_gap.
 */
static const struct vm_area_struct *neighbour(const struct expansion *expansion)
{
	unsigned long gap = 256UL << PAGE_SHIFT;
	unsigned long from = expansion->address - min(expansion->address, gap);
	struct mm_struct *mm = expansion->vma->vm_mm;
	struct vm_area_struct *vma, *below = NULL;

	for (vma = find_vma(mm, from); vma && vma != expansion->vma;
	     vma = find_vma(mm, vma->vm_end))
		below = vma;
	return below;
}

/*
 * Why expand_downwards() refused, by asking what it asked: almost every refusal
 * of it is -ENOMEM. Not may_expand_vm(), which is not exported.
 */
static enum grow_reason reason_of(const struct expansion *expansion, int error)
{
	const struct vm_area_struct *below;

	if (!error)
		return GROW_DONE;
	if (error == -EPERM)
		return GROW_MIN_ADDR;
	below = neighbour(expansion);
	if (below && !(below->vm_flags & VM_GROWSDOWN) &&
	    (below->vm_flags & VM_ACCESS_FLAGS))
		return GROW_GUARD_GAP;
	if (expansion->vma->vm_end - expansion->address > rlimit(RLIMIT_STACK))
		return GROW_RLIMIT_STACK;
	return GROW_MEMORY;
}

/* The caller of expand_downwards() still holds mmap_lock. */
static int growth_return(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	const struct expansion *expansion = (struct expansion *)ri->data;
	unsigned long start = expansion->vma->vm_start;
	int error = regs_return_value(regs);

	if (error)
		counters_grow_denied();
	else if (start < expansion->start)
		counters_grown((expansion->start - start) >> PAGE_SHIFT);
	else
		return 0; /* another thread had done it */

	trace_mapstack_grow(expansion->address, expansion->start, start, error,
			    reason_of(expansion, error));
	return 0;
}

static struct kretprobe growth_probe = {
	.kp.symbol_name = "expand_downwards",
	.entry_handler = growth_entry,
	.handler = growth_return,
	.data_size = sizeof(struct expansion),
	/* An expansion may sleep for memory, so not one a CPU but many. */
	.maxactive = 256,
};

static bool growth_registered;

/*
 * Registered once, and disabled in between, when nothing of it is left on the
 * function: to unregister it takes a grace period of RCU.
 */
static int growth_enable(void)
{
	int ret;

	if (growth_registered)
		return enable_kretprobe(&growth_probe);
	/* A failed attempt leaves what it looked up, which the next refuses. */
	growth_probe.kp.addr = NULL;
	ret = register_kretprobe(&growth_probe);
	if (ret)
		return ret;
	/*
	 * 7.3's __register_kprobe() returns 0 for a probe that it could not arm,
	 * and took out of its table again: disabling that one would fail for ever.
	 */
	ret = enable_kretprobe(&growth_probe);
	if (ret)
		unregister_kretprobe(&growth_probe);
	growth_registered = !ret;
	return ret;
}

/*
 * Disarming can fail for want of memory. unregister_kretprobe() would not say
 * so, and leave the probe in the kernel's table; a disabled one it does not
 * disarm again.
 */
static int growth_disable(void)
{
	return disable_kretprobe(&growth_probe);
}

unsigned long growth_missed(void)
{
	return READ_ONCE(growth_probe.nmissed);
}

void growth_exit(void)
{
	if (growth_registered)
		unregister_kretprobe(&growth_probe);
	growth_registered = false;
}

#else /* the function cannot be followed, or is another one */

static int growth_enable(void)
{
	return -EOPNOTSUPP;
}

static int growth_disable(void)
{
	return 0;
}

void growth_exit(void)
{
}

unsigned long growth_missed(void)
{
	return 0;
}

#endif

void growth_follow(void)
{
	int ret;

	if (growth_followed)
		return;
	ret = growth_enable();
	growth_followed = !ret;
	if (ret && !growth_unknown)
		pr_warn("expand_downwards() cannot be followed on this kernel (error %d): the growth counters read -1, all else works\n",
			ret);
	WRITE_ONCE(growth_unknown, ret);
}

int growth_leave(void)
{
	int ret;

	if (!growth_followed)
		return 0;
	/*
	 * Never tried again: __disarm_kprobe_ftrace() has counted the probe as
	 * gone already, and would count it twice.
	 */
	if (growth_stuck)
		return -EBUSY;

	ret = growth_disable();
	if (!ret) {
		growth_followed = false;
		return 0;
	}
	growth_stuck = true;
	pr_err("the kernel did not take the probe on expand_downwards() away (error %d), so the module cannot be unloaded; reboot to be rid of it\n",
	       ret);
	/* Lets rmmod refuse, unless it is what waits for us. */
	return try_module_get(THIS_MODULE) ? ret : -EBUSY;
}

bool growth_is_unknown(void)
{
	return READ_ONCE(growth_unknown);
}
