/* SPDX-License-Identifier: GPL-2.0-only */
/* The command of a run, as a child process. */
#ifndef TOOLS_CHILD_H
#define TOOLS_CHILD_H

#include <signal.h>
#include <stdbool.h>

struct child {
	pid_t pid;
	bool ended;
	int status; /* exit status to pass on, once it has ended */
	bool alone; /* all that it started has ended too */
	sigset_t mask; /* of signals, as it was */
	int signals; /* signalfd */
	bool given_up; /* a second signal asked not to wait for it */
};

/**
 * child_prepare() - take signals by a descriptor from now on
 * @child: which
 *
 * What the command starts belongs to this process from now on when its own
 * parent ends.
 *
 * Return: 0, or -1 after a complaint.
 */
int child_prepare(struct child *child);

/**
 * child_start() - start the command
 * @child: which
 * @command: its words
 *
 * Return: 0; or the exit status to end with, after a complaint: 127 if there is
 * no such program, 126 if it cannot be executed.
 */
int child_start(struct child *child, char *const *command);

/**
 * child_wait() - wait for news of it, and pass signals on
 * @child: which
 * @milliseconds: how long to wait at most
 */
void child_wait(struct child *child, int milliseconds);

#endif /* TOOLS_CHILD_H */
