/* SPDX-License-Identifier: GPL-2.0-only */
/* What already runs and is to be followed: in a user's words, and as a scope. */
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
 * target_find() - find out in what scope something runs
 * @target: to be filled in
 * @kind: what it is
 * @name: which; not looked at for TARGET_ALL
 *
 * systemd, podman and docker are asked where a unit and a container are. Changes
 * nothing. Complains if it is not there or cannot be asked for.
 *
 * Return: 0 or -1.
 */
int target_find(struct target *target, enum target_kind kind, const char *name);

/* What became of a target since it was found. */
enum target_state {
	TARGET_THERE,
	TARGET_GONE,
	TARGET_BACK, /* it was gone, and is in scope anew */
	TARGET_LOST, /* somebody has set another scope, or switched off */
};

/**
 * target_look() - see whether what is in scope is still there
 * @target: which, while it is in scope
 *
 * A cgroup that is there again under its path is put into scope again: a service
 * was restarted. A process never comes back.
 */
enum target_state target_look(const struct target *target);

#endif /* TOOLS_TARGET_H */
