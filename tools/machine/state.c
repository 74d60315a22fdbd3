// SPDX-License-Identifier: GPL-2.0-only
/* Keeps the settings to put back on file. See state.h. */

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine/files.h"
#include "machine/state.h"

static void take_field(struct state *state, const char *name, const char *value)
{
	if (!strcmp(name, "pid"))
		state->pid = atoi(value);
	else if (!strcmp(name, "start"))
		state->start = strtoull(value, NULL, 10);
	else if (!strcmp(name, "pid_ns"))
		state->pid_ns = strtoull(value, NULL, 10);
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
	else if (!strcmp(name, "what"))
		snprintf(state->what, sizeof(state->what), "%s", value);
}

/* Each line has a name and a value. */
void state_read(struct state *state)
{
	char *text = file_read_all(STATE_FILE), *rest = text, *line, *value;

	memset(state, 0, sizeof(*state));
	while ((line = strsep(&rest, "\n"))) {
		value = strchr(line, ' ');
		if (!value)
			continue;
		*value++ = '\0';
		take_field(state, line, value);
	}
	free(text);
}

unsigned long long state_pid_ns(void)
{
	char path[4352];
	struct stat stats;

	return stat(file_path("/proc/self/ns/pid", path, sizeof(path)),
		    &stats) ?
		       0 :
		       stats.st_ino;
}

bool state_is_alive(const struct state *state)
{
	unsigned long long start;

	if (!state->pid || state->pid_ns != state_pid_ns())
		return state->pid;
	start = process_start(state->pid);
	return start && start == state->start;
}

int state_write(struct state *state)
{
	char text[SCOPE_SIZE + 1024], *at;

	for (at = state->what; *at; at++)
		if (iscntrl((unsigned char)*at))
			*at = '?';
	snprintf(text, sizeof(text),
		 "pid %d\nstart %llu\npid_ns %llu\nenabled %d\npolicy %s\n"
		 "scope %s\nscope_start %llu\nwhat %s\n",
		 state->pid, state->start, state->pid_ns,
		 state->settings.enabled, state->settings.policy,
		 state->settings.scope, state->scope_start, state->what);
	return file_replace(STATE_FILE, text, 0644);
}

void state_forget(void)
{
	char path[4352];

	if (unlink(file_path(STATE_FILE, path, sizeof(path))) &&
	    errno != ENOENT)
		say_err("cannot remove " STATE_FILE " (%m); remove it");
}
