/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a run has to put back, in a file, so that a run that was killed can be
 * explained and undone.
 *
 * Whoever changes settings holds a lock on the file. The kernel drops the lock
 * of a process that dies, so a file that says something and is not locked was
 * left behind.
 */
#ifndef TOOLS_STATE_H
#define TOOLS_STATE_H

#include "machine/settings.h"

#define STATE_DIR "/run/mapstack"
#define INSTANCE_NAME "mapstack-run"

struct state {
	int pid; /* of the run; 0: there is nothing to put back */
	unsigned long long start; /* process_start() of it */
	unsigned long long scope_start; /* of the process in settings.scope */
	struct settings settings; /* to put back */
	char command[256];
};

/**
 * state_lock() - become the one that may change settings
 * @state: what the file says: of the holder of the lock, or what was left
 *
 * Complains if it cannot be done because another run holds it, or for another
 * reason.
 *
 * Return: a descriptor that holds the lock, or -1.
 */
int state_lock(struct state *state);

/**
 * state_save() - write down what is to be put back
 * @fd: from state_lock()
 * @state: what
 *
 * Return: 0 or -errno.
 */
int state_save(int fd, const struct state *state);

/**
 * state_forget() - nothing is to be put back any more
 * @fd: from state_lock()
 */
void state_forget(int fd);

/**
 * state_look() - what the file says, without the lock
 * @state: where to; pid is 0 if there is nothing to put back
 *
 * Return: whether a run is going on (it holds the lock).
 */
bool state_look(struct state *state);

/**
 * state_settings_back() - put settings back as a run found them
 * @state: what it found
 *
 * Complains about what cannot be put back.
 *
 * Return: 0, or -1 if something could not be.
 */
int state_settings_back(const struct state *state);

/**
 * state_recover() - put back what a killed run left, and say so
 * @fd: from state_lock()
 * @state: from state_lock()
 *
 * Removes its trace instance too.
 *
 * Return: 0, or -1 if something could not be put back; then the file is kept.
 */
int state_recover(int fd, struct state *state);

#endif /* TOOLS_STATE_H */
