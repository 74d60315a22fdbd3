// SPDX-License-Identifier: GPL-2.0-only
/* Follows the expansions of growable mappings. See growth.h. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/kprobes.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/uaccess.h>

#include "counters.h"
#include "growth.h"
#include "reason.h"
#include "regs.h"
#include "scope.h"
#include "trace.h"

/* Protects the state of the probe, and serialises proofs. */
static DEFINE_MUTEX(growth_lock);

/* Whether kprobes said that it has enabled the probe. */
static bool growth_followed;
/* Why expansions could not be followed at the last check, or 0. */
static int growth_error;
/* The last growth_error in the log. */
static int growth_said;
static bool growth_stuck;

#if defined(CONFIG_KRETPROBES) && !defined(CONFIG_STACK_GROWSUP)

/* An expansion, as it begins. */
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

/* The task that is proving the probe, and whether it met the probe. */
static struct task_struct *growth_prover;
static bool growth_fired;

/*
 * If this does not return 0, growth_return() is not called. The most frequent
 * case comes first.
 */
static int growth_entry(struct kretprobe_instance *ri, struct pt_regs *regs)
{
	struct expansion *expansion = (struct expansion *)ri->data;
	struct vm_area_struct *vma = (void *)*regs_pt_argument(regs, 0);

	/*
	 * Since 8d7071af8907 ("mm: always expand the stack with the mmap write
	 * lock held", 6.5 and 6.1's stable) __access_remote_vm() expands any
	 * mapping that lies above a hole, also one that cannot grow.
	 */
	if (is_process_stack(vma) || !(vma->vm_flags & VM_GROWSDOWN))
		return 1;
	if (unlikely(READ_ONCE(growth_prover) == current)) {
		WRITE_ONCE(growth_fired, true);
		return 1;
	}
	expansion->vma = vma;
	expansion->address = *regs_pt_argument(regs, 1) & PAGE_MASK;
	expansion->start = vma->vm_start;
	return !scope_includes_current();
}

/*
 * The mapping right below an address, if it ends within the default guard gap.
 * find_vma_prev() is not exported, and neither is stack_guard_gap.
 */
static const struct vm_area_struct *neighbour(const struct vm_area_struct *of,
					      unsigned long address)
{
	unsigned long gap = 256UL << PAGE_SHIFT;
	struct vm_area_struct *vma, *below = NULL;

	for (vma = find_vma(of->vm_mm, address - min(address, gap));
	     vma && vma != of; vma = find_vma(of->vm_mm, vma->vm_end))
		below = vma;
	return below;
}

/*
 * Why expand_downwards() refused. Almost every refusal is -ENOMEM, so this
 * repeats its tests, except may_expand_vm(), which is not exported.
 */
static enum grow_reason reason_of(const struct expansion *expansion, int error,
				  const struct vm_area_struct *below)
{
	if (!error)
		return GROW_DONE;
	if (error == -EPERM)
		return GROW_MIN_ADDR;
	if (below && !(below->vm_flags & VM_GROWSDOWN) &&
	    (below->vm_flags & VM_ACCESS_FLAGS))
		return GROW_GUARD_GAP;
	if (expansion->vma->vm_end - expansion->address > rlimit(RLIMIT_STACK))
		return GROW_RLIMIT_STACK;
	return GROW_MEMORY;
}

static void growth_trace(const struct expansion *expansion, int error)
{
	const struct vm_area_struct *vma = expansion->vma;
	const struct vm_area_struct *below =
		neighbour(vma, min(expansion->address, vma->vm_start));

	trace_mapstack_grow(expansion->address, expansion->start, vma->vm_start,
			    vma->vm_end, below ? below->vm_end : 0, error,
			    reason_of(expansion, error, below));
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
		return 0; /* another thread had expanded it already */
	if (trace_mapstack_grow_enabled())
		growth_trace(expansion, error);
	return 0;
}

static struct kretprobe growth_probe = {
	.kp.symbol_name = "expand_downwards",
	.entry_handler = growth_entry,
	.handler = growth_return,
	.data_size = sizeof(struct expansion),
	/* An expansion may sleep for memory, so there can be many on a CPU. */
	.maxactive = 256,
};

static bool growth_registered;

/*
 * The probe is registered once and disabled when it is not needed, which leaves
 * nothing on the function. Unregistering it would take an RCU grace period.
 */
static int growth_enable(void)
{
	int ret;

	if (growth_registered)
		return enable_kretprobe(&growth_probe);
	/*
	 * A failed attempt leaves the address that it looked up, and with an
	 * address the next attempt fails. With the flag of a disabled probe it
	 * would be registered disabled.
	 */
	growth_probe.kp.addr = NULL;
	growth_probe.kp.flags = 0;
	ret = register_kretprobe(&growth_probe);
	if (ret)
		return ret;
	/*
	 * 7.3's __register_kprobe() returns 0 for a probe that it could not arm
	 * and has removed from its table again. Disabling such a probe always
	 * fails.
	 */
	ret = enable_kretprobe(&growth_probe);
	if (ret)
		unregister_kretprobe(&growth_probe);
	growth_registered = !ret;
	return ret;
}

/*
 * Disarming can fail for want of memory. unregister_kretprobe() would not
 * report that, and would leave the probe in the kernel's table. It does not
 * disarm a probe that is disabled.
 */
static int growth_disable(void)
{
	return disable_kretprobe(&growth_probe);
}

/*
 * Whether the probe is called. kprobes itself does not tell: while kprobes are
 * switched off (kprobes/enabled in debugfs) enable_kretprobe() returns 0 and
 * arms nothing, and an expand_downwards() that was inlined is never called.
 *
 * So this makes a mapping of the current task grow by a page. growth_entry()
 * recognises the task and does not count the page. If other expansions leave no
 * room to remember this one, the probe has been called too. The mapping is
 * writable, because growth of one that is not is charged to Committed_AS and
 * never given back.
 *
 * Returns -errno if the mapping could not be made.
 */
static int growth_fires(void)
{
	unsigned long addr, missed = READ_ONCE(growth_probe.nmissed);
	int ret;

	lockdep_assert_held(&growth_lock);
	if (!current->mm)
		return -EINVAL;
	addr = vm_mmap(NULL, 0, 2 * PAGE_SIZE, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN, 0);
	if (IS_ERR_VALUE(addr))
		return (int)addr;

	WRITE_ONCE(growth_fired, false);
	WRITE_ONCE(growth_prover, current);
	ret = vm_munmap(addr, PAGE_SIZE);
	/* The write may fail: the probe sees growth that is refused, too. */
	if (!ret)
		ret = clear_user((void __user *)addr, 1);
	WRITE_ONCE(growth_prover, NULL);
	vm_munmap(addr, 2 * PAGE_SIZE);
	if (READ_ONCE(growth_fired) ||
	    READ_ONCE(growth_probe.nmissed) != missed)
		return 1;
	return min(ret, 0);
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

#else /* the function cannot be followed, or stacks grow by another one */

static int growth_enable(void)
{
	return -EOPNOTSUPP;
}

static int growth_disable(void)
{
	return 0;
}

static int growth_fires(void)
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

static int growth_take_away(void)
{
	int ret;

	if (!growth_followed)
		return 0;
	/*
	 * This is never tried again: __disarm_kprobe_ftrace() has counted the
	 * probe as gone already, and would count it twice.
	 */
	if (growth_stuck)
		return -EBUSY;

	ret = growth_disable();
	if (!ret) {
		growth_followed = false;
		return 0;
	}
	growth_stuck = true;
	pr_err("the kernel did not remove the probe on expand_downwards() (error %d), so the module cannot be unloaded; reboot to get rid of it\n",
	       ret);
	/* Makes rmmod fail, unless it is rmmod that has called us. */
	return try_module_get(THIS_MODULE) ? ret : -EBUSY;
}

static int growth_try(void)
{
	int ret = growth_followed ? 0 : growth_enable();

	if (ret)
		return ret;
	growth_followed = true;
	ret = growth_fires();
	return ret ? min(ret, 0) : -EIO;
}

void growth_follow(void)
{
	int ret;

	mutex_lock(&growth_lock);
	ret = growth_try();
	/*
	 * A probe that was enabled while kprobes were switched off is not armed
	 * when they are switched on. A probe that was registered in between is.
	 */
	if (ret == -EIO) {
		ret = growth_take_away();
		if (!ret) {
			growth_exit();
			ret = growth_try();
		}
	}
	growth_error = ret;
	if (ret == growth_said)
		goto unlock;
	growth_said = ret;
	if (ret == -EIO)
		pr_warn("growth is not followed because the probe on expand_downwards() does not fire; the growth counters read -1, everything else works; if kprobes are switched off run 'echo 1 >/sys/kernel/debug/kprobes/enabled'\n");
	else if (ret)
		pr_warn("expand_downwards() cannot be followed on this kernel (error %d); the growth counters read -1, everything else works\n",
			ret);
unlock:
	mutex_unlock(&growth_lock);
}

/* A proof that could not be made leaves growth_error as it was. */
static bool growth_look(void)
{
	int ret = growth_fires();

	if (ret >= 0)
		growth_error = ret ? 0 : -EIO;
	return ret > 0;
}

int growth_leave(void)
{
	int ret;

	mutex_lock(&growth_lock);
	if (growth_followed)
		growth_look();
	ret = growth_take_away();
	mutex_unlock(&growth_lock);
	return ret;
}

bool growth_is_known(void)
{
	bool known;

	mutex_lock(&growth_lock);
	known = growth_followed ? growth_look() : !growth_error;
	mutex_unlock(&growth_lock);
	return known;
}
