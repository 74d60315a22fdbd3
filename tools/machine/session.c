// SPDX-License-Identifier: GPL-2.0-only
/* Changes the module's settings for a while. See session.h. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "machine/files.h"
#include "machine/session.h"

#define LOCK_FILE STATE_DIR "/lock"
#define LOCK_TRIES 40
#define LOCK_PAUSE_NS 50000000 /* between two attempts */

/* The scope reads "pid:5 (gone)", or another process has the number by now. */
static bool process_is_gone(const struct state *state)
{
	int pid;

	return sscanf(state->settings.scope, "pid:%d", &pid) == 1 &&
	       (!state->scope_start ||
		process_start(pid) != state->scope_start);
}

/*
 * The number or path of a process or cgroup that is gone cannot be written again.
 * Then the scope of the session stays. It is gone too, so nobody is in scope. Only
 * the module knows whether a cgroup is gone: its name may be "x (gone)".
 */
static int put_back_scope(const struct state *state)
{
	const char *scope = state->settings.scope;
	int ret = -ESRCH;

	if (!process_is_gone(state))
		ret = file_write(SYSFS "scope", scope);
	if (ret == -ESRCH || ret == -ENOENT) {
		say_err("the earlier scope '%s' is gone, so nobody is in scope now; 'echo all >/sys/kernel/mapstack/scope' for everybody",
			scope);
		return 0;
	}
	return ret ? setting_write("scope", scope) : 0;
}

static int put_back(const struct state *state)
{
	int failed = 0;

	if (!module_is_loaded())
		return 0;
	/* Switch off first: no other request may be translated in between. */
	if (!state->settings.enabled)
		failed |= setting_write("enabled", "0");
	failed |= setting_write("policy", state->settings.policy);
	failed |= put_back_scope(state);
	if (state->settings.enabled)
		failed |= setting_write("enabled", "1");
	if (!failed)
		return 0;
	say_err("not everything could be put back, so " STATE_FILE
		" was kept; 'mapstack status' shows it, 'mapstack off' tries again");
	return -1;
}

static int recover(struct state *state)
{
	state_read(state);
	if (!state->pid)
		return 0;
	say_err("an earlier one (pid %d: %s) was killed; putting back enabled %d, policy %s, scope %s",
		state->pid, state->what, state->settings.enabled,
		state->settings.policy, state->settings.scope);
	if (put_back(state))
		return -1;
	state_forget();
	state->pid = 0;
	return 0;
}

static int take_lock(int fd)
{
	const struct timespec pause = { .tv_nsec = LOCK_PAUSE_NS };
	int tries;

	for (tries = 0; tries < LOCK_TRIES; tries++) {
		if (!flock(fd, LOCK_EX | LOCK_NB))
			return 0;
		if (errno != EWOULDBLOCK && errno != EINTR)
			return -1;
		nanosleep(&pause, NULL);
	}
	return -1;
}

static void say_locked(void)
{
	struct state state;

	state_read(&state);
	if (state.pid)
		say_err("another run is going on (pid %d: %s), so nothing was changed; wait for it, or stop it",
			state.pid, state.what);
	else
		say_err("another mapstack is changing the settings, so nothing was changed; try again");
}

/*
 * flock() takes an exclusive lock on a descriptor of any mode, so only root may
 * open the file. The modes are set explicitly because there may be a umask.
 */
static int open_lock(void)
{
	int fd;

	mkdir(STATE_DIR, 0755);
	chmod(STATE_DIR, 0755);
	fd = open(LOCK_FILE, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0 || fchmod(fd, 0600)) {
		say_err("cannot open " LOCK_FILE
			" (%m), so nothing was changed; /run must be writable");
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

int session_lock(struct session *session)
{
	session->lock = open_lock();
	if (session->lock < 0)
		return -1;
	if (take_lock(session->lock)) {
		say_locked();
		goto err_unlock;
	}
	if (recover(&session->state))
		goto err_unlock;
	return 0;

err_unlock:
	session_unlock(session);
	return -1;
}

void session_unlock(struct session *session)
{
	close(session->lock);
}

static int note(struct state *state)
{
	int ret, pid;

	ret = settings_read(&state->settings);
	if (ret) {
		say_err("cannot read the module's files (%s), so nothing was changed; try again, the module may be unloading",
			strerror(-ret));
		return -1;
	}
	state->pid = getpid();
	state->start = process_start(state->pid);
	state->pid_ns = state_pid_ns();
	if (sscanf(state->settings.scope, "pid:%d", &pid) == 1)
		state->scope_start = process_start(pid);
	ret = state_write(state);
	if (ret)
		say_err("cannot save the settings to " STATE_FILE
			" (%s), so nothing was changed; is /run full?",
			strerror(-ret));
	return ret;
}

int session_begin(struct session *session, const char *verb, const char *object)
{
	if (session_lock(session))
		return -1;
	snprintf(session->state.what, sizeof(session->state.what), "%s %s",
		 verb, object);
	if (note(&session->state)) {
		session_unlock(session);
		return -1;
	}
	return 0;
}

int session_end(struct session *session)
{
	int ret = put_back(&session->state);

	if (!ret)
		state_forget();
	session_unlock(session);
	return ret;
}
