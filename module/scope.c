// SPDX-License-Identifier: GPL-2.0-only
/* The scope. See scope.h. */

#include <linux/cgroup.h>
#include <linux/ctype.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mutex.h>
#include <linux/pid.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "scope.h"

/* Written under scope_lock. */
struct scope __rcu *scope_in_force;
static DEFINE_MUTEX(scope_lock);

#ifdef CONFIG_CGROUPS

static int hold_cgroup(struct scope *scope, const char *path)
{
	struct cgroup *cgroup;

	cgroup = cgroup_get_from_path(path);
	if (IS_ERR(cgroup))
		return PTR_ERR(cgroup);
	scope->cgroup = cgroup;
	return 0;
}

static void release_cgroup(struct scope *scope)
{
	if (scope->cgroup)
		cgroup_put(scope->cgroup);
}

static bool cgroup_is_gone(const struct cgroup *cgroup)
{
	return !(READ_ONCE(cgroup->self.flags) & CSS_ONLINE);
}

static __always_inline bool is_in_cgroup(struct cgroup *cgroup)
{
	/* True: the caller is in a read-side section, and no check is needed. */
	return cgroup_is_descendant(task_css_set_check(current, true)->dfl_cgrp,
				    cgroup);
}

#else

static int hold_cgroup(struct scope *scope, const char *path)
{
	return -EOPNOTSUPP;
}

static void release_cgroup(struct scope *scope)
{
}

static bool cgroup_is_gone(const struct cgroup *cgroup)
{
	return false;
}

static __always_inline bool is_in_cgroup(struct cgroup *cgroup)
{
	return false;
}

#endif

static void scope_free(struct scope *scope)
{
	if (!scope)
		return;
	put_pid(scope->pid);
	release_cgroup(scope);
	kfree(scope);
}

static void scope_replace(struct scope *scope)
{
	mutex_lock(&scope_lock);
	scope = rcu_replace_pointer(scope_in_force, scope,
				    lockdep_is_held(&scope_lock));
	mutex_unlock(&scope_lock);

	/* A callback on another CPU may still be looking at the old one. */
	if (scope)
		synchronize_rcu();
	scope_free(scope);
}

/* Caller holds rcu_read_lock(). */
static bool pid_is_process(struct pid *pid)
{
	return pid_task(pid, PIDTYPE_TGID);
}

static int hold_pid(struct scope *scope, const char *number)
{
	pid_t nr;
	int ret;

	/* kstrtoint() would accept a sign. */
	if (!isdigit(*number))
		return -EINVAL;
	ret = kstrtoint(number, 10, &nr);
	if (ret || !nr)
		return -EINVAL;

	scope->pid = find_get_pid(nr);
	if (!scope->pid)
		return -ESRCH;

	rcu_read_lock();
	ret = pid_is_process(scope->pid) ? 0 : -ESRCH;
	rcu_read_unlock();
	return ret;
}

static int scope_hold(struct scope *scope)
{
	size_t len;

	len = str_has_prefix(scope->text, "pid:");
	if (len)
		return hold_pid(scope, scope->text + len);
	len = str_has_prefix(scope->text, "cgroup:");
	if (len && scope->text[len] == '/')
		return hold_cgroup(scope, scope->text + len);
	return -EINVAL;
}

static struct scope *scope_parse(const char *text)
{
	size_t len = strlen(text);
	struct scope *scope;
	int ret;

	if (len && text[len - 1] == '\n')
		len--;
	if (memchr(text, '\n', len))
		return ERR_PTR(-EINVAL);
	scope = kzalloc(struct_size(scope, text, len + 1), GFP_KERNEL);
	if (!scope)
		return ERR_PTR(-ENOMEM);
	memcpy(scope->text, text, len);

	ret = scope_hold(scope);
	if (ret) {
		scope_free(scope);
		return ERR_PTR(ret);
	}
	return scope;
}

int scope_set(const char *text)
{
	struct scope *scope = NULL;

	if (!sysfs_streq(text, "all")) {
		scope = scope_parse(text);
		if (IS_ERR(scope))
			return PTR_ERR(scope);
	}
	scope_replace(scope);
	return 0;
}

/* Caller holds rcu_read_lock(). */
static bool scope_is_gone(const struct scope *scope)
{
	if (scope->pid)
		return !pid_is_process(scope->pid);
	return cgroup_is_gone(scope->cgroup);
}

int scope_show(char *buf)
{
	const struct scope *scope;
	int len;

	rcu_read_lock();
	scope = rcu_dereference(scope_in_force);
	if (!scope)
		len = sysfs_emit(buf, "all\n");
	else
		len = sysfs_emit(buf, "%s%s\n", scope->text,
				 scope_is_gone(scope) ? " (gone)" : "");
	rcu_read_unlock();
	return len;
}

/*
 * Walks up as task_is_descendant() of security/yama does: a parent that is read
 * here is alive, or is freed only after this read-side section. Compares struct
 * pid, which a thread that executes a program takes over from its leader and
 * which is not used again while it is held.
 */
static __always_inline bool is_descendant(const struct pid *ancestor)
{
	struct task_struct *task = current;

	while (task->pid > 0) {
		if (task_tgid(task) == ancestor)
			return true;
		task = rcu_dereference_sched(task->real_parent);
	}
	return false;
}

/*
 * Switching preemption off makes a read-side section of RCU (since 4.20). It
 * takes fewer instructions than rcu_read_lock() where that can be preempted.
 */
notrace bool scope_holds_current(void)
{
	const struct scope *scope;
	bool includes;

	preempt_disable_notrace();
	scope = rcu_dereference_sched(scope_in_force);
	if (!scope)
		includes = true;
	else if (scope->pid)
		includes = is_descendant(scope->pid);
	else
		includes = is_in_cgroup(scope->cgroup);
	preempt_enable_notrace();
	return includes;
}

void scope_exit(void)
{
	scope_replace(NULL);
}
