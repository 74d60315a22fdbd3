/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changes the module's settings for a while. Only one process at a time may do
 * so. It puts everything back, or the next process does.
 */
#ifndef TOOLS_SESSION_H
#define TOOLS_SESSION_H

#include "machine/state.h"

struct session {
	int lock; /* the descriptor that holds the lock */
	struct state state; /* the settings that session_end() puts back */
};

/**
 * session_lock() - become the process that may change settings
 * @session: to be filled in
 *
 * Waits 2 seconds for another process to end. If an earlier one was killed,
 * says so and puts its settings back. Complains if any of this cannot be done.
 *
 * Return: 0 or -1.
 */
int session_lock(struct session *session);

/**
 * session_begin() - take the lock, and write down the settings to put back
 * @session: to be filled in; its state has the present settings afterwards
 * @verb: the verb, for other users to see
 * @object: the name of the program or unit, likewise
 *
 * Changes nothing. Complains if it cannot be done.
 *
 * Return: 0, and session_end() must follow; or -1.
 */
int session_begin(struct session *session, const char *verb,
		  const char *object);

/**
 * session_end() - put everything back, and give up the lock
 * @session: from session_begin()
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
