/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lets a process go on after the process that started it may continue, as a
 * systemd unit of Type=forking needs it.
 */
#ifndef TOOLS_BACKGROUND_H
#define TOOLS_BACKGROUND_H

#include "machine/child.h"

/**
 * background_go() - go on in a child; the parent waits for background_tell()
 * @front: becomes the child, for the parent, which passes signals on to it
 *
 * Then the parent ends by child_end(), as the command did. If the child ended
 * first, it ends as the child did.
 *
 * Return: in the child a descriptor for background_tell(). In the parent -1,
 * after a complaint if there is no child.
 */
int background_go(struct child *front);

/**
 * background_tell() - let the parent end
 * @fd: from background_go(), becomes -1; if it is -1, no parent waits
 * @command: the command, which has ended
 */
void background_tell(int *fd, const struct child *command);

#endif /* TOOLS_BACKGROUND_H */
