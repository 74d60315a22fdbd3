/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The scope says whose requests are handled: everybody's, those of a process
 * and its descendants, or those of a cgroup and its descendants.
 */
#ifndef MAPSTACK_SCOPE_H
#define MAPSTACK_SCOPE_H

#include <linux/rcupdate.h>
#include <linux/types.h>

struct cgroup;
struct pid;

/* Holds a process or a cgroup, never both. */
struct scope {
	struct pid *pid;
	struct cgroup *cgroup;
	char text[];
};

/* NULL means everybody. Only scope.c and the inline function below use it. */
extern struct scope __rcu *scope_in_force;

/**
 * scope_set() - choose whose requests are counted and translated
 * @text: "all", "pid:N" or "cgroup:/path"; a newline may follow
 *
 * N is a process in the caller's pid namespace. /path is a cgroup v2 as the
 * caller's cgroup namespace names it. (Before 74e4b956eb1c of 2022
 * cgroup_get_from_path() walks from cgrp_dfl_root, so it is a path from the real
 * root.) The scope holds the process or the cgroup and not its name: a number or
 * a path that is reused is not in scope.
 *
 * Context: process; may sleep.
 * Return: 0; -EINVAL if @text is not understood; -ESRCH if there is no such
 * process; -ENOENT or what cgroup_get_from_path() answers for the path;
 * -EOPNOTSUPP for a cgroup on a kernel without them; -ENOMEM. An error leaves
 * the scope as it was.
 */
int scope_set(const char *text);

/**
 * scope_show() - the scope in force, as it was written
 * @buf: a page of sysfs
 *
 * " (gone)" follows when the process has exited and was waited for, or the
 * cgroup was removed.
 *
 * Context: process; may sleep.
 * Return: the number of bytes.
 */
int scope_show(char *buf);

/**
 * scope_holds_current() - scope_includes_current() for a scope other than all
 *
 * Context: as there.
 */
bool scope_holds_current(void);

/**
 * scope_includes_current() - whether the current task is in the scope
 *
 * A process is a descendant if a chain of living parents leads from it to the
 * scope. A process whose parent died belongs to the process that adopted it
 * (see PR_SET_CHILD_SUBREAPER).
 *
 * Context: any task, preemption may be on; takes no lock and does not sleep.
 */
static __always_inline bool scope_includes_current(void)
{
	return likely(!rcu_access_pointer(scope_in_force)) ||
	       scope_holds_current();
}

/**
 * scope_exit() - forget the scope, and release what it holds
 *
 * Context: process; may sleep. Nobody else uses the scope any more.
 */
void scope_exit(void);

#endif /* MAPSTACK_SCOPE_H */
