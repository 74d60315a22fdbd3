// SPDX-License-Identifier: GPL-2.0-only
/* What a run has to put back. See state.h. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <tracefs.h>
#include <unistd.h>

#include "machine/files.h"
#include "machine/state.h"

#define STATE_FILE STATE_DIR "/run"

static void take_field(struct state *state, const char *name, const char *value)
{
	if (!strcmp(name, "pid"))
		state->pid = atoi(value);
	else if (!strcmp(name, "start"))
		state->start = strtoull(value, NULL, 10);
	else if (!strcmp(name, "scope_start"))
		state->scope_start = strtoull(value, NULL, 10);
	else if (!strcmp(name, "enabled"))
		state->settings.enabled = !strcmp(value, "1");
	else if (!strcmp(name, "policy"))
		snprintf(state->settings.policy, sizeof(state->settings.policy),
			 "%s", value);
	else if (!strcmp(name, "scope"))
		snprintf(state->settings.scope, sizeof(state->settings.scope),
			 "%s", value);
	else if (!strcmp(name, "command"))
		snprintf(state->command, sizeof(state->command), "%s", value);
}

/* One "name value" a line. */
static void parse(struct state *state, char *text)
{
	char *line, *rest = text, *value;

	memset(state, 0, sizeof(*state));
	while ((line = strsep(&rest, "\n"))) {
		value = strchr(line, ' ');
		if (!value)
			continue;
		*value++ = '\0';
		take_field(state, line, value);
	}
	/* Written last: without it a writer died before it changed anything. */
	if (!*state->command)
		state->pid = 0;
}

static void look(struct state *state)
{
	char *text = file_read_all(STATE_FILE);

	memset(state, 0, sizeof(*state));
	if (!text)
		return;
	parse(state, text);
	free(text);
}

bool state_look(struct state *state)
{
	char path[4352];
	bool running;
	int fd;

	look(state);
	fd = open(file_path(STATE_FILE, path, sizeof(path)),
		  O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	running = flock(fd, LOCK_SH | LOCK_NB) && errno == EWOULDBLOCK;
	close(fd);
	return running;
}

int state_lock(struct state *state)
{
	char path[4352];
	int fd;

	mkdir(file_path(STATE_DIR, path, sizeof(path)), 0755);
	fd = open(file_path(STATE_FILE, path, sizeof(path)),
		  O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0) {
		say_err("cannot open %s (%m), so nothing was changed%s", path,
			errno == EACCES ? "; use sudo" : "");
		return -1;
	}
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		look(state);
		if (state->pid)
			say_err("another run is going on (pid %d: %s), so nothing was changed; wait for its end, or end it",
				state->pid, state->command);
		else
			say_err("another mapstack is changing the settings, so nothing was changed; try again");
		close(fd);
		return -1;
	}
	look(state);
	return fd;
}

int state_save(int fd, const struct state *state)
{
	char text[SCOPE_SIZE + 1024];
	int len;

	len = snprintf(text, sizeof(text),
		       "pid %d\nstart %llu\nenabled %d\npolicy %s\n"
		       "scope %s\nscope_start %llu\ncommand %s\n",
		       state->pid, state->start, state->settings.enabled,
		       state->settings.policy, state->settings.scope,
		       state->scope_start, state->command);
	if (ftruncate(fd, 0) || pwrite(fd, text, len, 0) != len)
		return -(errno ?: ENOSPC);
	return 0;
}

void state_forget(int fd)
{
	if (ftruncate(fd, 0))
		say_err("cannot empty " STATE_FILE " (%m); remove it");
}

static void remove_instance(void)
{
	struct tracefs_instance *instance;

	if (!tracefs_instance_exists(INSTANCE_NAME))
		return;
	instance = tracefs_instance_create(INSTANCE_NAME);
	if (!instance || tracefs_instance_destroy(instance))
		say_err("cannot remove the trace instance %s (%m); rmdir it in tracefs/instances",
			INSTANCE_NAME);
	if (instance)
		tracefs_instance_free(instance);
}

/* A number that is used again would mean another process. */
static bool scope_is_other(const struct state *state)
{
	int pid;

	return sscanf(state->settings.scope, "pid:%d", &pid) == 1 &&
	       process_start(pid) != state->scope_start;
}

/*
 * A process or cgroup that has gone cannot be written again. What the run
 * leaves is its own scope, which is gone too: nobody is in either.
 */
static int put_back_scope(const struct state *state)
{
	const char *scope = state->settings.scope;
	int ret = -ESRCH;

	if (!scope_is_gone(scope) && !scope_is_other(state))
		ret = file_write(SYSFS "scope", scope);
	if (ret == -ESRCH || ret == -ENOENT) {
		say_err("the scope '%s' of before is gone, so nobody is in scope now; 'echo all >/sys/kernel/mapstack/scope' for everybody",
			scope);
		return 0;
	}
	return ret ? setting_write("scope", scope) : 0;
}

int state_settings_back(const struct state *state)
{
	int failed = 0;

	if (!module_is_loaded())
		return 0;
	/* Off first: what is translated must not widen on the way. */
	if (!state->settings.enabled)
		failed |= setting_write("enabled", "0");
	failed |= setting_write("policy", state->settings.policy);
	failed |= put_back_scope(state);
	if (state->settings.enabled)
		failed |= setting_write("enabled", "1");
	return failed ? -1 : 0;
}

int state_recover(int fd, struct state *state)
{
	if (!state->pid)
		return 0;
	say_err("an earlier run (pid %d: %s) was killed; putting back enabled %d, policy %s, scope %s",
		state->pid, state->command, state->settings.enabled,
		state->settings.policy, state->settings.scope);
	remove_instance();
	if (state_settings_back(state)) {
		say_err("not everything could be put back, so " STATE_FILE
			" was kept");
		return -1;
	}
	state_forget(fd);
	state->pid = 0;
	return 0;
}
