// SPDX-License-Identifier: GPL-2.0-only
/* The hook on do_mmap(). See hook.h. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

/* First: refuses a kernel that cannot work before anything else can fail. */
#include "regs.h"

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/sched.h>

#include "hook.h"
#include "request.h"

/*
 * Up to 5.10 an ops that needs no protection from recursion says so; since 5.11
 * one that needs it does ("ftrace: Reverse what the RECURSION flag means in the
 * ftrace_ops"), and linux/ftrace.h includes linux/trace_recursion.h.
 */
#ifdef _LINUX_TRACE_RECURSION_H
#define HOOK_FTRACE_FLAGS FTRACE_OPS_FL_PERMANENT
#else
#define HOOK_FTRACE_FLAGS \
	(FTRACE_OPS_FL_PERMANENT | FTRACE_OPS_FL_RECURSION_SAFE)
#endif

/* ftrace takes the name as bytes that are not const. */
static unsigned char hook_function[] = "do_mmap";

static bool hook_is_attached;

/* What ftrace answered to hook_function. */
static int hook_filter_error;

/* The task that is proving the hook, and whether its mapping came by. */
static struct task_struct *hook_prover;
static bool hook_fired;

static noinline notrace void hook_stack(regs_saved *saved)
{
	unsigned long *flags = regs_argument(saved, 4);

	if (unlikely(READ_ONCE(hook_prover) == current)) {
		WRITE_ONCE(hook_fired, true);
		*flags = request_grow(*flags);
		return;
	}
	if (!request_in_scope())
		return;
	*flags = request_handle(*regs_argument(saved, 1),
				*regs_argument(saved, 2),
				*regs_argument(saved, 3), *flags,
				*regs_argument(saved, 0));
}

/* Runs at the entry of every do_mmap(). No sleeping; preemption may be on. */
static void notrace hook_callback(unsigned long ip, unsigned long parent_ip,
				  struct ftrace_ops *ops, regs_saved *saved)
{
	if (unlikely(*regs_argument(saved, 4) & MAP_STACK))
		hook_stack(saved);
}

/*
 * PERMANENT: kernel.ftrace_enabled=0 would otherwise switch the hook off
 * without a word. No IPMODIFY, which only one user of do_mmap() could have:
 * the instruction pointer stays as it is, and that is all it guards. No
 * RECURSION and no RCU, which cost a detour on each call: the callback cannot
 * come back to do_mmap(), and do_mmap() runs where RCU is watching.
 */
static struct ftrace_ops hook_ops = {
	.func = hook_callback,
	.flags = HOOK_FTRACE_FLAGS | REGS_FTRACE_FLAGS,
};

void hook_init(void)
{
	hook_filter_error = ftrace_set_filter(&hook_ops, hook_function,
					      sizeof(hook_function) - 1, 1);
}

void hook_exit(void)
{
	/* 5.10 does not export ftrace_free_filter(). */
	ftrace_set_filter(&hook_ops, NULL, 0, 1);
}

static int hook_register(void)
{
	int ret;

	if (hook_filter_error) {
		/* Never register now: an empty filter is every function. */
		if (hook_filter_error == -EINVAL)
			pr_err("ftrace does not know do_mmap(), so the hook was not attached; a kernel whose available_filter_functions lists do_mmap is needed\n");
		else
			pr_err("ftrace could not be told of do_mmap() (error %d), so the hook was not attached; load the module anew\n",
			       hook_filter_error);
		return hook_filter_error;
	}

	ret = register_ftrace_function(&hook_ops);
	if (!ret)
		return 0;

	if (ret == -EBUSY)
		pr_err("ftrace is switched off, so the hook was not attached; run 'sysctl kernel.ftrace_enabled=1' and try again\n");
	else if (ret == -ENODEV)
		pr_err("ftrace has shut itself down after an earlier kernel bug, so the hook was not attached; look for that bug in this log and reboot\n");
	else
		pr_err("ftrace refused the hook on do_mmap() (error %d), which was not attached\n",
		       ret);
	return ret;
}

static int hook_unregister(void)
{
	int ret;

	ret = unregister_ftrace_function(&hook_ops);
	if (ret)
		pr_err("ftrace did not release the hook on do_mmap() (error %d), which stays attached; ftrace has shut itself down after a kernel bug, reboot\n",
		       ret);
	return ret;
}

static bool is_growable(unsigned long addr)
{
	struct vm_area_struct *vma;
	bool growable;

	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, addr);
	growable = vma && vma->vm_start <= addr && (vma->vm_flags & VM_STACK);
	mmap_read_unlock(current->mm);
	return growable;
}

static int hook_prove(void)
{
	unsigned long addr;
	bool growable;

	if (!current->mm) {
		pr_err("no address space to prove the hook in, so it was taken away again; write to 'enabled' from a process\n");
		return -EINVAL;
	}

	WRITE_ONCE(hook_fired, false);
	WRITE_ONCE(hook_prover, current);
	addr = vm_mmap(NULL, 0, PAGE_SIZE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, 0);
	WRITE_ONCE(hook_prover, NULL);
	if (IS_ERR_VALUE(addr)) {
		pr_err("the mapping that proves the hook could not be made (error %ld), so the hook was taken away again; look at the limits of the writing process\n",
		       (long)addr);
		return (int)addr;
	}

	growable = is_growable(addr);
	vm_munmap(addr, PAGE_SIZE);
	if (growable)
		return 0;

	if (!READ_ONCE(hook_fired))
		pr_err("the hook on do_mmap() was attached but did not fire, so it was taken away again; stop other tracers (see tracefs enabled_functions) and try again\n");
	else
		pr_err("the hook on do_mmap() fired but its mapping does not grow, so it was taken away again; another user of do_mmap() undoes the change (see tracefs enabled_functions)\n");
	return -EIO;
}

int hook_attach(void)
{
	int ret;

	if (!hook_is_attached) {
		ret = hook_register();
		if (ret)
			return ret;
		WRITE_ONCE(hook_is_attached, true);
	}

	ret = hook_prove();
	if (ret)
		hook_detach();
	return ret;
}

int hook_detach(void)
{
	int ret;

	if (!hook_is_attached)
		return 0;
	ret = hook_unregister();
	if (!ret)
		WRITE_ONCE(hook_is_attached, false);
	return ret;
}

bool hook_attached(void)
{
	return READ_ONCE(hook_is_attached);
}
