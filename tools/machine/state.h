/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keeps the settings to put back in a file that everybody may read.
 *
 * The file is written before anything is changed, and removed when everything is
 * as it was. It is replaced atomically, so readers need no lock. Only the holder of
 * the session's lock writes it. It does not contain the arguments of commands.
 */
#ifndef TOOLS_STATE_H
#define TOOLS_STATE_H

#include "machine/settings.h"

#define STATE_DIR "/run/mapstack"
#define STATE_FILE STATE_DIR "/state"

struct state {
	int pid; /* of the process that puts back; 0: nothing to put back */
	unsigned long long start; /* process_start() of that process */
	unsigned long long pid_ns; /* the namespace of pid */
	unsigned long long scope_start; /* of the process in settings.scope */
	struct settings settings; /* to put back */
	char what[256]; /* what it does: "run ./server" */
};

/**
 * state_read() - read the file
 * @state: to be filled in; pid is 0 if there is nothing to put back
 */
void state_read(struct state *state);

/**
 * state_pid_ns() - the number of this process's pid namespace
 */
unsigned long long state_pid_ns(void);

/**
 * state_is_alive() - whether the process that wrote the file is still at work
 * @state: from state_read()
 *
 * The start time shows whether another process has its number by now. A process in
 * another pid namespace cannot be seen, and is taken to be at work. A process that
 * gets the lock knows better.
 */
bool state_is_alive(const struct state *state);

/**
 * state_write() - write the settings to put back
 * @state: the settings; control characters in @state->what are replaced
 *
 * Return: 0, or -errno if the file is as it was.
 */
int state_write(struct state *state);

/**
 * state_forget() - remove the file, because there is nothing left to put back
 */
void state_forget(void);

#endif /* TOOLS_STATE_H */
