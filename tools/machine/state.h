/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The settings that have to be put back, in a file that everybody may read.
 *
 * The file is written before anything is changed, and removed when everything
 * is as it was. It is replaced as a whole, so that a reader needs no lock. Only
 * the holder of the session's lock writes it. It does not hold the arguments of
 * commands.
 */
#ifndef TOOLS_STATE_H
#define TOOLS_STATE_H

#include "machine/settings.h"

#define STATE_DIR "/run/mapstack"
#define STATE_FILE STATE_DIR "/state"

struct state {
	int pid; /* of the process that puts back; 0: nothing to put back */
	unsigned long long start; /* process_start() of it */
	unsigned long long pid_ns; /* the namespace of pid */
	unsigned long long scope_start; /* of the process in settings.scope */
	struct settings settings; /* to put back */
	char what[256]; /* what it does: "run ./server" */
};

/**
 * state_read() - read the file
 * @state: where to; pid is 0 if there is nothing to put back
 */
void state_read(struct state *state);

/**
 * state_pid_ns() - the number of this process's pid namespace
 */
unsigned long long state_pid_ns(void);

/**
 * state_is_alive() - whether the process that wrote it is at work
 * @state: from state_read()
 *
 * The start time shows whether another process has the number by now. Nothing
 * is known of a process in another pid namespace. It is taken to be at work; a
 * process that gets the lock knows better.
 */
bool state_is_alive(const struct state *state);

/**
 * state_write() - write down what is to be put back
 * @state: what; control characters in what are replaced
 *
 * Return: 0 or -errno; then the file is as it was.
 */
int state_write(struct state *state);

/**
 * state_forget() - remove the file, because nothing is to be put back any more
 */
void state_forget(void);

#endif /* TOOLS_STATE_H */
