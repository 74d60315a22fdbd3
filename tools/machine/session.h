/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changing the module's settings for a while: one process at a time, and
 * everything is put back, by it or by who comes next.
 */
#ifndef TOOLS_SESSION_H
#define TOOLS_SESSION_H

#include "machine/state.h"

struct session {
	int lock; /* a descriptor that holds it */
	struct state state; /* what session_end() puts back */
};

/**
 * session_lock() - become the one that may change settings
 * @session: which
 *
 * Waits 2 seconds for another to end. What one that was killed left is put
 * back, its trace instance is removed, and it is said. Complains if something
 * of that cannot be done.
 *
 * Return: 0 or -1.
 */
int session_lock(struct session *session);

/**
 * session_begin() - become that one, and write down what is to be put back
 * @session: which; afterwards the settings as they are now are in its state
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
 * session_end() - put everything back, and let others
 * @session: which
 *
 * Complains about what cannot be put back; who comes next tries again.
 *
 * Return: 0 or -1.
 */
int session_end(struct session *session);

/**
 * session_unlock() - let others, and put nothing back
 * @session: from session_lock()
 */
void session_unlock(struct session *session);

#endif /* TOOLS_SESSION_H */
