/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes the module's settings for a while. Only one process at a time may do
 * so. It puts everything back, or the next process does.
 */
#ifndef TOOLS_SESSION_H
#define TOOLS_SESSION_H

#include "machine/state.h"

struct session {
	int lock; /* a descriptor that holds it */
	struct state state; /* what session_end() puts back */
};

/**
 * session_lock() - become the process that may change settings
 * @session: which
 *
 * Waits 2 seconds for another process to end. If an earlier one was killed,
 * says so and puts its settings back. Complains if any of this cannot be done.
 *
 * Return: 0 or -1.
 */
int session_lock(struct session *session);

/**
 * session_begin() - become that process, and write down what is to be put back
 * @session: which; its state has the present settings afterwards
 * @verb: what is done
 * @object: to what: the name of a program or a unit
 *
 * Changes nothing. Complains if it cannot be done.
 *
 * Return: 0; session_end() has to follow. Or -1.
 */
int session_begin(struct session *session, const char *verb,
		  const char *object);

/**
 * session_end() - put everything back, and give up the lock
 * @session: which
 *
 * Complains about settings that cannot be put back. The next process tries
 * again.
 *
 * Return: 0 or -1.
 */
int session_end(struct session *session);

/**
 * session_unlock() - give up the lock, and put nothing back
 * @session: from session_lock()
 */
void session_unlock(struct session *session);

#endif /* TOOLS_SESSION_H */
