/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The hook on do_mmap(): attach, prove that it fires, detach.
 *
 * No other part of the module knows ftrace.
 */
#ifndef MAPSTACK_HOOK_H
#define MAPSTACK_HOOK_H

#include <linux/types.h>

/**
 * hook_init() - look do_mmap() up
 *
 * The look-up goes through all functions that ftrace knows and takes most of
 * the time of switching on, so it can be done earlier. It maps a page in the
 * caller's address space and takes the function that this calls. Meanwhile
 * functions of modules with the same name are traced too, but not changed. A
 * function that was found is not looked up again.
 *
 * Context: as hook_attach(), which calls this too.
 * Return: 0; or an error of hook_attach(), with a line in the kernel log.
 */
int hook_init(void);

/**
 * hook_exit() - free what hook_init() allocated
 *
 * Context: process; may sleep. The hook is detached, or never was attached.
 */
void hook_exit(void);

/**
 * hook_attach() - hook do_mmap() and prove that it works
 *
 * For the proof, this maps a page with MAP_STACK and without access rights in
 * the caller's address space, checks that the mapping can grow, and unmaps it.
 * That request is not counted. If the hook is attached already, it is proved
 * again. A hook that does not work is removed, unless ftrace keeps it. If the
 * mapping cannot be made, nothing is proved and nothing changes. The kernel log
 * says why an attempt failed.
 *
 * Context: process with an address space; may sleep; the caller serialises
 * attaching and detaching, outside mmap_lock. Relies on
 * register_ftrace_function() in kernel/trace/ftrace.c.
 * Return: 0; -EBUSY if ftrace is switched off; -EIO if the hook does not fire
 * or has no effect; -EINVAL if there is no address space to prove it in;
 * -EALREADY, with a log line, if MAP_STACK grows without a hook; or
 * the error of ftrace or of the mapping.
 */
int hook_attach(void);

/**
 * hook_detach() - leave nothing on do_mmap()
 *
 * Returns after the last callback has returned: unregister_ftrace_function()
 * waits for running callbacks, by tasks RCU where they can be preempted. Does
 * nothing if the hook is not attached.
 *
 * Context: process; may sleep; the caller serialises.
 * Return: 0, or ftrace's error, with the hook still attached. This happens only
 * if ftrace has shut itself down after a kernel bug.
 */
int hook_detach(void);

/**
 * hook_attached() - whether the hook is attached
 *
 * Context: any.
 */
bool hook_attached(void);

#endif /* MAPSTACK_HOOK_H */
