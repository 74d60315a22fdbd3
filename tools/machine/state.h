/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What has to be put back, in a file that everybody may read.
 *
 * It is written before anything is changed, and removed when everything is as
 * it was. It is replaced as a whole, so that a reader needs no lock; only the
 * holder of the session's lock writes it. Arguments of commands are not in it.
 */
#ifndef TOOLS_STATE_H
#define TOOLS_STATE_H

#include "machine/settings.h"

#define STATE_DIR "/run/mapstack"
#define STATE_FILE STATE_DIR "/state"

struct state {
	int pid; /* who puts back; 0: there is nothing to put back */
	unsigned long long start; /* process_start() of it */
	unsigned long long pid_ns; /* where its number is true */
	unsigned long long scope_start; /* of the process in settings.scope */
	struct settings settings; /* to put back */
	char what[256]; /* it does: "run ./server" */
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
 * state_is_alive() - whether who wrote it is at work
 * @state: from state_read()
 *
 * A number that another process has by now is told by when that was started. Of
 * another pid namespace nothing can be told: it is taken to be at work, and who
 * gets the lock knows better.
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
 * state_forget() - nothing is to be put back any more
 */
void state_forget(void);

#endif /* TOOLS_STATE_H */
