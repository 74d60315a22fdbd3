/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs a command as a child process, and passes signals to it.
 *
 * As with timeout(1) and strace -o, a signal never ends this process before the
 * command. The signal is passed on, and this process ends when the command does and
 * in the same way, so that a shell's loop stops when its user types Ctrl-C.
 */
#ifndef TOOLS_CHILD_H
#define TOOLS_CHILD_H

#include <pwd.h>
#include <signal.h>
#include <stdbool.h>

/* The cost of a command and of all that it started, if that has ended. */
struct usage {
	long long wall; /* microseconds, to the end of the command */
	long long user, system; /* microseconds */
	long long peak; /* KiB of memory, of the process that had most */
};

/* Settings of the command that are otherwise those of this process. */
struct surroundings {
	int input, output, error; /* descriptors; 0: those of this process */
	bool fixed_layout; /* no randomization of addresses */
};

struct child {
	struct surroundings surroundings; /* zeroed: those of this process */
	struct usage usage;
	long long started; /* microseconds, of CLOCK_MONOTONIC */
	pid_t pid;
	bool ended;
	bool alone; /* everything that it started has ended too */
	int status; /* exit status to pass on, after its end */
	int signal; /* the signal that ended it; 0: none */
	int given_up; /* a signal that came while it did not run; 0: none */
	int passed_on; /* the last signal that was passed on; 0: none */
	bool stopped;
	sigset_t mask; /* of signals, as it was before */
	sigset_t taken; /* signals that the descriptor takes */
	int signals; /* a signalfd */
	bool chld_ignored; /* when this process started, and so for the command */
};

/**
 * child_user() - find the user who will run the command
 * @name: of the user; NULL: root
 * @user: becomes the user's entry, until the next call; NULL: root
 *
 * Complains if there is no such user.
 *
 * Return: 0 or -1.
 */
int child_user(const char *name, const struct passwd **user);

/**
 * child_prepare() - take signals by a descriptor from now on
 * @child: the command
 *
 * Signals wait until the command is started, and are then sent to it. If a parent
 * of processes that the command started ends, this process adopts them.
 *
 * Return: 0, or -1 after a complaint.
 */
int child_prepare(struct child *child);

/**
 * child_start() - start the command, again if it has ended
 * @child: from child_prepare()
 * @command: its program and arguments
 * @user: the user and groups to run it; NULL: those of this process
 *
 * Return: 0; or the exit status to end with, after a complaint: 127 if there is
 * no such program, 126 if it cannot be executed, 125 for any other failure.
 */
int child_start(struct child *child, char *const *command,
		const struct passwd *user);

/**
 * child_wait() - wait for a change of the command's state, and pass signals on
 * @child: the command
 * @milliseconds: how long to wait at most
 *
 * If the command was stopped, stops this process too, so that the terminal goes
 * back to the shell.
 */
void child_wait(struct child *child, int milliseconds);

/**
 * child_signal() - the name of the signal that ended the command
 * @child: the command
 *
 * Return: for example "SIGTERM", until the next call; NULL: no signal did.
 */
const char *child_signal(const struct child *child);

/**
 * child_end() - end this process as the command ended
 * @child: the command
 * @status: the exit status, if no signal ends this process
 *
 * If @status is the command's, this process dies of the signal that ended the
 * command, or of one that has come since or before there was a command.
 *
 * Return: @status.
 */
int child_end(struct child *child, int status);

#endif /* TOOLS_CHILD_H */
