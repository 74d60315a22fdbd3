/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds something that already runs, by a user's arguments, and its scope. */
#ifndef TOOLS_TARGET_H
#define TOOLS_TARGET_H

#include "machine/settings.h"

enum target_kind {
	TARGET_ALL,
	TARGET_UNIT,
	TARGET_CGROUP,
	TARGET_PID,
	TARGET_CONTAINER,
};

struct target {
	char what[256]; /* "unit nginx.service" */
	char scope[SCOPE_SIZE]; /* for the module */
};

/**
 * target_find() - find the scope of something that runs
 * @target: to be filled in
 * @kind: what kind of thing it is
 * @name: its name; ignored for TARGET_ALL
 *
 * Asks systemd about units, and podman, docker and machinectl about containers.
 * Changes nothing. Complains if it does not run or nobody can be asked.
 *
 * Return: 0 or -1.
 */
int target_find(struct target *target, enum target_kind kind, const char *name);

/* The state of a target since it was found. */
enum target_state {
	TARGET_THERE,
	TARGET_GONE,
	TARGET_BACK, /* it was gone, and is in scope again */
	TARGET_LOST, /* somebody has set another scope, or switched off */
};

/**
 * target_look() - see whether the target in scope is still there
 * @target: the target
 *
 * If a cgroup exists again under its path, because its service was restarted, it is
 * put into scope again. A process never comes back.
 */
enum target_state target_look(const struct target *target);

#endif /* TOOLS_TARGET_H */
