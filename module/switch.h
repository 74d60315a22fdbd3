/* SPDX-License-Identifier: GPL-2.0-only */
/* The switch: everything that is on while `enabled` reads 1. */
#ifndef MAPSTACK_SWITCH_H
#define MAPSTACK_SWITCH_H

#include <linux/types.h>

/**
 * switch_on() - hook do_mmap(), prove the hook, follow growth
 *
 * Switched on already, the hook is proved again. The kernel log says why an
 * attempt failed.
 *
 * Context: process with an address space; may sleep.
 * Return: 0, or what hook_attach() answered, with everything switched off, or as
 * it was if there is no address space, or on if ftrace keeps the hook.
 */
int switch_on(void);

/**
 * switch_off() - leave nothing on the kernel's functions
 *
 * Context: process; may sleep.
 * Return: 0; what hook_detach() answered, with the hook still attached; or what
 * growth_leave() did, with the hook gone. After an error the module must stay.
 */
int switch_off(void);

/**
 * switch_is_on() - whether the hook is attached
 *
 * Context: any.
 */
bool switch_is_on(void);

#endif /* MAPSTACK_SWITCH_H */
