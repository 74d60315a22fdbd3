/* SPDX-License-Identifier: GPL-2.0-only */
/* The files below /sys/kernel/mapstack, and the words that they take. */
#ifndef MAPSTACK_SYSFS_H
#define MAPSTACK_SYSFS_H

#include <linux/types.h>

/**
 * sysfs_set_policy() - choose a policy by its name
 * @name: "observe", "paired", "fitting", "private" or "rfc"; a newline may
 * follow
 *
 * Context: process.
 * Return: 0, or -EINVAL with nothing changed if there is no such policy.
 */
int sysfs_set_policy(const char *name);

/**
 * sysfs_parse_bool() - understand a word for yes or no
 * @text: 0, n, no, f, false, off or 1, y, yes, t, true, on, in letters of any
 *	case; a newline may follow
 * @value: what it means
 *
 * kstrtobool() is for these words, but looks at their first letters only: it
 * takes "10" for 1 and "nonsense" for 0. On older kernels it does not know t
 * and f.
 *
 * Context: any.
 * Return: 0, or -EINVAL.
 */
int sysfs_parse_bool(const char *text, bool *value);

/**
 * sysfs_add_mapstack() - make the files
 *
 * Context: process; may sleep.
 * Return: 0, or -ENOMEM or what sysfs answered, with no file left.
 */
int sysfs_add_mapstack(void);

/**
 * sysfs_remove_mapstack() - remove the files
 *
 * Returns after the last reader and the last writer have returned.
 *
 * Context: process; may sleep.
 */
void sysfs_remove_mapstack(void);

#endif /* MAPSTACK_SYSFS_H */
