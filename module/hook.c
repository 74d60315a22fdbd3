// SPDX-License-Identifier: GPL-2.0-only
/* The hook on do_mmap(). See hook.h. */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

/* First, so that the first error says why a kernel cannot work. */
#include "regs.h"

#include <linux/err.h>
#include <linux/mm.h>
#include <linux/mman.h>
#include <linux/module.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/string.h>

#include "growup.h"
#include "hook.h"
#include "request.h"
#include "trampoline.h"

/*
 * Up to 5.10 a flag says that an ops needs no protection from recursion. Since
 * 5.11 a flag says that it does ("ftrace: Reverse what the RECURSION flag means
 * in the ftrace_ops"), and linux/ftrace.h includes linux/trace_recursion.h.
 */
#ifdef _LINUX_TRACE_RECURSION_H
#define HOOK_FTRACE_FLAGS FTRACE_OPS_FL_PERMANENT
#else
#define HOOK_FTRACE_FLAGS \
	(FTRACE_OPS_FL_PERMANENT | FTRACE_OPS_FL_RECURSION_SAFE)
#endif

/* A function of the kernel, and the ops that is called at its entry. */
struct hook {
	unsigned char function[16]; /* ftrace does not take const */
	struct ftrace_ops ops;
	unsigned long ip; /* where it calls ftrace; 0: not found yet */
	bool attached;
	bool fired; /* hook_prover called the function */
};

/* The task that is proving the hook. */
static struct task_struct *hook_prover;

static struct hook hook_mmap;

/*
 * Handles a MAP_STACK request. Takes pointers to the arguments of do_mmap(), so
 * that each value is read only when it is needed. A value that was read before
 * would have to be saved across calls.
 */
static __always_inline void hook_request(const unsigned long *file,
					 const unsigned long *addr,
					 const unsigned long *len,
					 const unsigned long *prot,
					 unsigned long *flags)
{
	if (unlikely(READ_ONCE(hook_prover) == current)) {
		WRITE_ONCE(hook_mmap.fired, true);
		*flags = request_grow(*flags, SHAPE_ANONYMOUS);
		return;
	}
	if (!request_in_scope())
		return;
	*flags = request_handle(*addr, *len, *prot, *flags, *file);
}

static noinline notrace void hook_stack(regs_saved *saved)
{
	hook_request(regs_argument(saved, 0), regs_argument(saved, 1),
		     regs_argument(saved, 2), regs_argument(saved, 3),
		     regs_argument(saved, 4));
}

/*
 * Runs at the entry of every do_mmap(), unless ftrace calls
 * mapstack_trampoline(), which calls hook_arguments(). Must not sleep;
 * preemption may be on.
 */
static void notrace hook_callback(unsigned long ip, unsigned long parent_ip,
				  struct ftrace_ops *ops, regs_saved *saved)
{
	growup_forget();
	if (unlikely(*regs_argument(saved, 4) & MAP_STACK))
		hook_stack(saved);
}

#ifdef TRAMPOLINE_FIELD

/* Called from mapstack_trampoline(), if flags has MAP_STACK. */
void hook_arguments(unsigned long *arguments);

notrace void hook_arguments(unsigned long *arguments)
{
	hook_request(&arguments[0], &arguments[1], &arguments[2], &arguments[3],
		     &arguments[4]);
}

TRAMPOLINE_HOOK(mapstack_trampoline, hook_arguments);
#ifdef TRAMPOLINE_UNCHECKED
TRAMPOLINE_UNCHECKED(mapstack_trampoline);
#endif

#endif

/*
 * Without PERMANENT, kernel.ftrace_enabled=0 would silently switch the hook
 * off. IPMODIFY is not needed, because the hook does not change the instruction
 * pointer, and only one user of do_mmap() can have it. RECURSION and RCU are
 * not needed and would cost a detour on each call: the callback cannot lead
 * back to do_mmap(), and do_mmap() runs where RCU is watching.
 *
 * ftrace calls mapstack_trampoline() while this ops is the only one. As soon as
 * there is another, ftrace calls the callbacks of both from a trampoline of its
 * own.
 */
static struct hook hook_mmap = {
	.function = "do_mmap",
	.ops = { .func = hook_callback,
#ifdef TRAMPOLINE_FIELD
		 .TRAMPOLINE_FIELD = (unsigned long)mapstack_trampoline,
#endif
		 .flags = HOOK_FTRACE_FLAGS | REGS_FTRACE_FLAGS },
};

#ifdef CONFIG_STACK_GROWSUP

static struct hook hook_region;

/* Runs at the entry of every mmap_region(); vm_flags is its fourth argument. */
static void notrace hook_region_callback(unsigned long ip,
					 unsigned long parent_ip,
					 struct ftrace_ops *ops,
					 regs_saved *saved)
{
	if (unlikely(READ_ONCE(hook_prover) == current))
		WRITE_ONCE(hook_region.fired, true);
	growup_answer(regs_argument(saved, 3));
}

static struct hook hook_region = {
	.function = "mmap_region",
	.ops = { .func = hook_region_callback,
		 .flags = HOOK_FTRACE_FLAGS | REGS_FTRACE_FLAGS },
};

/* In the order in which they are attached. */
static struct hook *const hooks[] = { &hook_mmap, &hook_region };

#else

static struct hook *const hooks[] = { &hook_mmap };

#endif

/*
 * A filter by name takes every function of that name, also those of modules. So
 * the hook's filter is an address: that of the function that a mapping of our
 * own calls first. A filter keeps addresses and not names, so it does not take
 * a module that is loaded later.
 */
static void notrace finder_callback(unsigned long ip, unsigned long parent_ip,
				    struct ftrace_ops *ops, regs_saved *saved);

static struct hook finder = {
	.ops = { .func = finder_callback,
		 .flags = HOOK_FTRACE_FLAGS | REGS_FTRACE_FLAGS },
};

static void notrace finder_callback(unsigned long ip, unsigned long parent_ip,
				    struct ftrace_ops *ops, regs_saved *saved)
{
	if (READ_ONCE(hook_prover) == current && !READ_ONCE(finder.ip))
		WRITE_ONCE(finder.ip, ip);
}

/*
 * If the name cannot be added for want of memory, ftrace_set_filter() returns 0
 * and leaves an empty filter, which means every function: the caller of
 * match_records() takes -ENOMEM for a match (6.1 to 7.3). Every empty filter is
 * the same object, EMPTY_HASH. So this empties the filter on purpose first, and
 * compares.
 */
static int finder_filter(unsigned char *function)
{
	struct ftrace_ops *ops = &finder.ops;
	const struct ftrace_hash *empty;
	int ret;

	ret = ftrace_set_filter(ops, NULL, 0, 1);
	if (ret)
		return ret;
	empty = rcu_access_pointer(ops->func_hash->filter_hash);
	ret = ftrace_set_filter(ops, function, strlen(function), 1);
	if (!ret && rcu_access_pointer(ops->func_hash->filter_hash) == empty)
		ret = -ENOMEM;
	return ret;
}

/*
 * To empty a filter, ftrace_set_filter() allocates another one. Without memory
 * it leaks the filter that is there. ftrace_free_filter() needs no memory, but
 * is not exported everywhere ("ftrace: Export ftrace_free_filter() to modules",
 * 6.3 and 6.1.9).
 */
static void hook_free_filter(struct ftrace_ops *ops)
{
	typeof(ftrace_free_filter) *free_filter;

	free_filter = symbol_get(ftrace_free_filter);
	if (free_filter) {
		free_filter(ops);
		symbol_put(ftrace_free_filter);
	} else {
		ftrace_set_filter(ops, NULL, 0, 1);
	}
}

/* Maps a page as a stack; returns whether it can grow, or -errno. */
static int map_stack(void)
{
	unsigned long addr;
	struct vm_area_struct *vma;
	bool growable;

	addr = vm_mmap(NULL, 0, PAGE_SIZE, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, 0);
	if (IS_ERR_VALUE(addr))
		return (int)addr;

	mmap_read_lock(current->mm);
	vma = find_vma(current->mm, addr);
	growable = vma && vma->vm_start <= addr && (vma->vm_flags & VM_STACK);
	mmap_read_unlock(current->mm);
	vm_munmap(addr, PAGE_SIZE);
	return growable;
}

/* Like map_stack(), with a log line if the mapping could not be made. */
static int prove(void)
{
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		WRITE_ONCE(hooks[i]->fired, false);
	WRITE_ONCE(hook_prover, current);
	ret = map_stack();
	WRITE_ONCE(hook_prover, NULL);
	if (ret < 0)
		pr_err("the mapping that proves the hook could not be made (error %d), so nothing was changed; %s\n",
		       ret,
		       ret == -ENOMEM ?
			       "raise the writing process's ulimit -v, or vm.max_map_count" :
		       ret == -EAGAIN ?
			       "raise the writing process's ulimit -l" :
			       "try again, from another process");
	return ret;
}

static int hook_register(struct hook *hook)
{
	int ret;

	if (hook->attached)
		return 0;
	ret = register_ftrace_function(&hook->ops);
	if (!ret)
		WRITE_ONCE(hook->attached, true);
	else if (ret == -EBUSY)
		pr_err("ftrace is switched off, so the hook was not attached; run 'sysctl kernel.ftrace_enabled=1' and try again\n");
	else if (ret == -ENODEV)
		pr_err("ftrace has shut itself down after an earlier kernel bug, so the hook was not attached; look for that bug in this log and reboot\n");
	else
		pr_err("ftrace refused the hook on %s() (error %d), which was not attached; look in this log for what the kernel says about it\n",
		       hook->function, ret);
	return ret;
}

static int hook_unregister(struct hook *hook)
{
	int ret;

	if (!hook->attached)
		return 0;
	ret = unregister_ftrace_function(&hook->ops);
	if (ret)
		pr_err("ftrace did not release the hook on %s() (error %d), which stays attached; ftrace has shut down after a kernel bug; reboot\n",
		       hook->function, ret);
	else
		WRITE_ONCE(hook->attached, false);
	return ret;
}

static int hook_filter(struct hook *hook)
{
	int ret = ftrace_set_filter_ip(&hook->ops, finder.ip, 0, 1);

	if (ret)
		pr_err("ftrace did not accept the address of %s() (error %d), so the hook was not attached; free memory and try again\n",
		       hook->function, ret);
	else
		hook->ip = finder.ip;
	return ret;
}

/* Finds the kernel's own function of the hook's name, once. */
static int hook_find(struct hook *hook)
{
	int ret;

	if (hook->ip)
		return 0;
	/* ftrace may not have released the finder after an earlier attempt. */
	ret = hook_unregister(&finder);
	if (ret)
		return ret;
	ret = finder_filter(hook->function);
	if (ret) {
		/* Do not register now: an empty filter means every function. */
		pr_err("ftrace does not know %s() (error %d), so the hook was not attached; free memory, or use a kernel whose available_filter_functions lists %s\n",
		       hook->function, ret, hook->function);
		return ret;
	}

	memcpy(finder.function, hook->function, sizeof(finder.function));
	WRITE_ONCE(finder.ip, 0);
	ret = hook_register(&finder);
	if (ret)
		return ret;
	ret = prove();
	hook_unregister(&finder); /* if this fails, hook_detach() tries again */
	if (ret < 0)
		return ret;
	if (finder.ip)
		return hook_filter(hook);
	pr_err("%s() was not found because ftrace does not call mapstack there, so the hook was not attached; stop other tracers (see tracefs enabled_functions) and try again\n",
	       hook->function);
	return -EIO;
}

/*
 * parisc has needed no hook since 5d698966fa7b (6.12), and a kernel with the
 * proposal would need none.
 */
static int check_need(void)
{
	int ret = prove();

	if (ret > 0) {
		pr_info("this kernel makes MAP_STACK mappings growable by itself, so nothing was hooked and nothing changes\n");
		return -EALREADY;
	}
	return ret;
}

int hook_init(void)
{
	unsigned int i;
	int ret = check_need();

	for (i = 0; i < ARRAY_SIZE(hooks) && !ret; i++)
		ret = hook_find(hooks[i]);
	return ret;
}

static int hook_register_all(void)
{
	unsigned int i;
	int ret = hook_init();

	for (i = 0; i < ARRAY_SIZE(hooks) && !ret; i++)
		ret = hook_register(hooks[i]);
	return ret;
}

void hook_exit(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++)
		hook_free_filter(&hooks[i]->ops);
	hook_free_filter(&finder.ops);
}

/* Says why the hook does not work. */
static int hook_explain(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(hooks); i++) {
		if (READ_ONCE(hooks[i]->fired))
			continue;
		pr_err("the hook on %s() was attached but did not fire, so it was removed; stop other tracers (see tracefs enabled_functions) and try again\n",
		       hooks[i]->function);
		return -EIO;
	}
	pr_err("the hook on do_mmap() fired but the mapping cannot grow, so the hook was removed; another user of do_mmap() undoes the change (see tracefs enabled_functions)\n");
	return -EIO;
}

int hook_attach(void)
{
	bool was_attached = hook_attached();
	int ret = 0;

	if (!current->mm) {
		pr_err("no address space to prove the hook in, so nothing was changed; write to 'enabled' from a process\n");
		return -EINVAL;
	}

	if (!was_attached)
		ret = hook_register_all();
	if (!ret) {
		ret = prove();
		if (ret > 0)
			return 0;
		/* If no proof could be made, the hook may work. */
		if (ret < 0 && was_attached)
			return ret;
		if (!ret)
			ret = hook_explain();
	}
	return hook_detach() ?: ret;
}

int hook_detach(void)
{
	int i, ret;

	/*
	 * In the opposite order: a mmap_region() that is still hooked must not
	 * find a note that an earlier do_mmap() left.
	 */
	for (i = ARRAY_SIZE(hooks) - 1; i >= 0; i--) {
		ret = hook_unregister(hooks[i]);
		if (ret)
			return ret;
	}
	growup_forget_all();
	return hook_unregister(&finder);
}

bool hook_attached(void)
{
	return READ_ONCE(hook_mmap.attached);
}
