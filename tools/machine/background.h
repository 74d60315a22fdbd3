/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process that goes on after its starter was let go, as a unit of systemd of
 * Type=forking wants it.
 */
#ifndef TOOLS_BACKGROUND_H
#define TOOLS_BACKGROUND_H

#include "machine/child.h"

/**
 * background_go() - go on in a child, and wait in the parent until it lets go
 * @front: the child, for the parent; the parent passes signals on to it
 *
 * The parent then ends by child_end() as the command did, or as the child did
 * if the child ended first.
 *
 * Return: in the child a descriptor for background_tell(); in the parent -1,
 * after a complaint if there is no child.
 */
int background_go(struct child *front);

/**
 * background_tell() - let the parent go
 * @fd: from background_go(), and -1 afterwards; -1: no parent waits
 * @command: the command, which has ended
 */
void background_tell(int *fd, const struct child *command);

#endif /* TOOLS_BACKGROUND_H */
