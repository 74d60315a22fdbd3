/* SPDX-License-Identifier: GPL-2.0-only */
/* The switch: turns the hook and the following of growth on and off. */
#ifndef MAPSTACK_SWITCH_H
#define MAPSTACK_SWITCH_H

#include <linux/types.h>

/**
 * switch_on() - hook do_mmap(), prove the hook, follow growth
 *
 * If it is on already, the hook is proved again. The kernel log says why an
 * attempt failed.
 *
 * Context: process with an address space; may sleep.
 * Return: 0, or the error of hook_attach(). Everything is off then, except that
 * nothing has changed if there is no address space, and that the hook is on if
 * ftrace keeps it.
 */
int switch_on(void);

/**
 * switch_off() - remove everything from the kernel's functions
 *
 * Context: process; may sleep.
 * Return: 0; the error of hook_detach(), with the hook still attached; or the
 * error of growth_leave(), with the hook gone. After an error the module must
 * stay loaded.
 */
int switch_off(void);

/**
 * switch_is_on() - whether the hook is attached
 *
 * Context: any.
 */
bool switch_is_on(void);

#endif /* MAPSTACK_SWITCH_H */
