/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A process that goes on when who started it has been let go, as a unit of
 * systemd of Type=forking wants it.
 */
#ifndef TOOLS_BACKGROUND_H
#define TOOLS_BACKGROUND_H

#include "machine/child.h"

/**
 * background_go() - go on in a child, and wait here until it lets go
 * @front: the child, for who waits; signals are passed on to it
 *
 * Who waits then ends by child_end(), as the command did, or as the child did
 * if that ended first.
 *
 * Return: in the child a descriptor for background_tell(); to who waits -1,
 * after a complaint if there is no child.
 */
int background_go(struct child *front);

/**
 * background_tell() - let go of who waits
 * @fd: from background_go(), and -1 afterwards; -1: nobody waits
 * @command: which has ended
 */
void background_tell(int *fd, const struct child *command);

#endif /* TOOLS_BACKGROUND_H */
