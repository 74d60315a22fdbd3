/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs the command of a run as a child process, and passes signals to it.
 *
 * As with timeout(1) and strace -o, a signal never ends the run before the
 * command. It is passed on, and the run ends when the command does and as it
 * did, so that a shell's loop stops when its user types Ctrl-C.
 */
#ifndef TOOLS_CHILD_H
#define TOOLS_CHILD_H

#include <pwd.h>
#include <signal.h>
#include <stdbool.h>

/* The cost of a command, with everything that it started and that has ended. */
struct usage {
	long long wall; /* microseconds, to the end of the command */
	long long user, system; /* microseconds */
	long long peak; /* KiB of memory, of the process that had most */
};

/* Settings of the command that otherwise are those of this process. */
struct surroundings {
	int input, output, error; /* descriptors; 0: as they are */
	bool fixed_layout; /* no randomization of addresses */
};

struct child {
	struct surroundings surroundings; /* zeroed: the command has ours */
	struct usage usage;
	long long started; /* microseconds, of CLOCK_MONOTONIC */
	pid_t pid;
	bool ended;
	bool alone; /* everything that it started has ended too */
	int status; /* exit status to pass on, once it has ended */
	int signal; /* that ended it; 0: none did */
	int given_up; /* the signal that came while it did not run; 0: none did */
	int passed_on; /* the last signal that came for it; 0: none did */
	bool stopped;
	sigset_t mask; /* of signals, as it was before */
	sigset_t taken; /* signals that are taken by a descriptor */
	int signals; /* the signalfd of these */
	bool chld_ignored; /* as we were started, and so is the command */
};

/**
 * child_user() - find the user who shall run the command
 * @name: of the user; NULL: root
 * @user: becomes who it is, until the next call; NULL: root
 *
 * Complains if there is none of that name.
 *
 * Return: 0 or -1.
 */
int child_user(const char *name, const struct passwd **user);

/**
 * child_prepare() - take signals by a descriptor from now on
 * @child: which
 *
 * Signals wait until the command is started, which then gets them. From now on
 * this process adopts processes that the command started, when their own parent
 * ends.
 *
 * Return: 0, or -1 after a complaint.
 */
int child_prepare(struct child *child);

/**
 * child_start() - start the command, again if it has ended
 * @child: which
 * @command: its words
 * @user: as whom, groups included; NULL: as this process
 *
 * Return: 0; or the exit status to end with, after a complaint: 127 if there is
 * no such program, 126 if it cannot be executed, 125 for what else failed.
 */
int child_start(struct child *child, char *const *command,
		const struct passwd *user);

/**
 * child_wait() - wait for news of it, and pass signals on
 * @child: which
 * @milliseconds: how long to wait at most
 *
 * Stops this process if the command was stopped, so that the terminal goes
 * back to the shell.
 */
void child_wait(struct child *child, int milliseconds);

/**
 * child_signal() - the name of the signal that ended the command
 * @child: which
 *
 * Return: "SIGTERM", for example, until the next call; NULL: none did.
 */
const char *child_signal(const struct child *child);

/**
 * child_end() - end this process as the command ended
 * @child: which
 * @status: to end with, if no signal says otherwise
 *
 * Dies of the signal that ended the command, if @status is the command's. One
 * that has come since, or before there was a command, is not lost either.
 *
 * Return: @status.
 */
int child_end(struct child *child, int status);

#endif /* TOOLS_CHILD_H */
