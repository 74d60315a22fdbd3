// SPDX-License-Identifier: GPL-2.0-only
/* Finds the scope of something that already runs. See target.h. */

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "machine/ask.h"
#include "machine/files.h"
#include "machine/target.h"
#include "recorder/owner.h"

#define CGROUPS "/sys/fs/cgroup"
#define GONE " (gone)"

static int find_all(struct target *target)
{
	snprintf(target->what, sizeof(target->what), "the whole machine");
	snprintf(target->scope, sizeof(target->scope), "all");
	return 0;
}

/* Takes a path below the root cgroup, or one in the file system. */
static int find_cgroup(struct target *target, const char *path)
{
	size_t mount = strlen(CGROUPS);

	if (!strncmp(path, CGROUPS "/", mount + 1))
		path += mount;
	snprintf(target->what, sizeof(target->what), "cgroup %s", path);
	if (*path == '/' &&
	    snprintf(target->scope, sizeof(target->scope), "cgroup:%s", path) <
		    (int)sizeof(target->scope))
		return 0;
	say_err("%s is not a cgroup path, so nothing was changed; it begins with /, as in /system.slice/nginx.service (systemd-cgls shows them)",
		path);
	return -1;
}

static int find_pid(struct target *target, const char *number)
{
	char *end;
	long pid = strtol(number, &end, 10);

	if (!isdigit(*number) || *end || pid <= 0 || pid > 1 << 30) {
		say_err("%s is not a process number, so nothing was changed",
			number);
		return -1;
	}
	if (!process_start(pid)) {
		say_err("there is no process %ld, so nothing was changed", pid);
		return -1;
	}
	snprintf(target->what, sizeof(target->what), "process %ld", pid);
	snprintf(target->scope, sizeof(target->scope), "pid:%ld", pid);
	return 0;
}

static int find_unit(struct target *target, const char *name)
{
	const char *const words[] = { "systemctl", "show", "-p", "Id",
				      "--value",   "--",   name, NULL };
	const char *const where[] = { "systemctl", "show", "-p", "ControlGroup",
				      "--value",   "--",   name, NULL };
	char *id = ask(words, NULL), *path = ask(where, NULL);
	int ret = -1;

	if (!path)
		say_err("systemd cannot be asked where unit %s is, so nothing was changed; name its cgroup (--cgroup) or a process (--pid)",
			name);
	else if (*path != '/')
		say_err("unit %s is inactive, so nothing was changed; start it (systemctl start), or look for its name (systemctl list-units)",
			name);
	else
		ret = find_cgroup(target, path);
	snprintf(target->what, sizeof(target->what), "unit %s", id ?: name);
	free(path);
	free(id);
	return ret;
}

/* Returns the cgroup (v2) of a process, to be freed; NULL: unknown. */
static char *cgroup_of(int pid)
{
	char path[64], *text, *line, *found = NULL;

	snprintf(path, sizeof(path), "/proc/%d/cgroup", pid);
	text = file_read_all(path);
	line = text ? strstr(text, "0::/") : NULL;
	if (line && (line == text || line[-1] == '\n')) {
		line[strcspn(line, "\n")] = '\0';
		found = xcopy(line + 3);
	}
	free(text);
	return found;
}

static int find_leader(struct target *target, int pid)
{
	char *path = cgroup_of(pid);
	size_t len = path ? container_cgroup(path) : 0;
	int ret;

	if (len) {
		path[len] = '\0';
		ret = find_cgroup(target, path);
	} else {
		say_err("the container has no cgroup of its own, so only its first process (pid %d) and its descendants are followed, not what is exec'ed into it",
			pid);
		snprintf(target->scope, sizeof(target->scope), "pid:%d", pid);
		ret = 0;
	}
	free(path);
	return ret;
}

static const struct engine {
	const char *name;
	const char *question[7]; /* the container follows */
} engines[] = {
	{ "podman",
	  { "podman", "container", "inspect", "--format", "{{.State.Pid}}",
	    "--" } },
	{ "docker",
	  { "docker", "container", "inspect", "--format", "{{.State.Pid}}",
	    "--" } },
	{ "systemd-nspawn",
	  { "machinectl", "show", "-p", "Leader", "--value", "--" } },
};

/* Returns the answer, to be freed. */
static char *ask_engine(const struct engine *engine, const char *container,
			bool *there)
{
	const char *words[ARRAY_SIZE(engine->question) + 2] = { NULL };
	size_t i;

	for (i = 0; engine->question[i]; i++)
		words[i] = engine->question[i];
	words[i] = container;
	return ask(words, there);
}

static int find_container(struct target *target, const char *name)
{
	char asked[128] = "", *answer = NULL;
	const struct engine *engine;
	bool there;
	int pid, ret;

	for (engine = engines; engine < engines + ARRAY_SIZE(engines);
	     engine++) {
		answer = ask_engine(engine, name, &there);
		if (answer)
			break;
		if (there)
			snprintf(asked + strlen(asked),
				 sizeof(asked) - strlen(asked), "%s%s",
				 *asked ? ", " : "", engine->name);
	}
	if (!answer) {
		say_err("no container %s is known here (%s%s), so nothing was changed; for another user's or engine's, use its cgroup (--cgroup) or first process (--pid)",
			name, *asked ? "asked: " : "no engine could be asked",
			asked);
		return -1;
	}
	pid = atoi(answer);
	free(answer);
	if (pid <= 0 || !process_start(pid)) {
		say_err("container %s of %s is not running, so nothing was changed; start it",
			name, engine->name);
		return -1;
	}
	ret = find_leader(target, pid);
	snprintf(target->what, sizeof(target->what), "container %s of %s", name,
		 engine->name);
	return ret;
}

int target_find(struct target *target, enum target_kind kind, const char *name)
{
	switch (kind) {
	case TARGET_UNIT:
		return find_unit(target, name);
	case TARGET_CGROUP:
		return find_cgroup(target, name);
	case TARGET_PID:
		return find_pid(target, name);
	case TARGET_CONTAINER:
		return find_container(target, name);
	default:
		return find_all(target);
	}
}

static bool is_on(void)
{
	char enabled[8];

	return file_read(SYSFS "enabled", enabled, sizeof(enabled)) > 0 &&
	       !strcmp(enabled, "1");
}

enum target_state target_look(const struct target *target)
{
	size_t len = strlen(target->scope);
	char scope[SCOPE_SIZE];

	if (file_read(SYSFS "scope", scope, sizeof(scope)) < 0 ||
	    strncmp(scope, target->scope, len) || !is_on())
		return TARGET_LOST;
	if (!scope[len])
		return TARGET_THERE;
	if (strcmp(scope + len, GONE))
		return TARGET_LOST;
	/* The write fails as long as there is no cgroup of that name. */
	if (!strncmp(scope, "cgroup:", 7) &&
	    !file_write(SYSFS "scope", target->scope))
		return TARGET_BACK;
	return TARGET_GONE;
}
