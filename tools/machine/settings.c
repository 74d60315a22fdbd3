// SPDX-License-Identifier: GPL-2.0-only
/* The module's settings and counters. See settings.h. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/files.h"
#include "machine/settings.h"

const char *const counter_names[NR_COUNTER_NAMES] = {
	[C_SEEN] = "seen",
	[C_TRANSLATED] = "translated",
	[C_ALREADY] = "already",
	[C_REFUSED] = "refused",
	[C_SPARED] = "spared",
	[C_OBSERVED] = "observed",
	[C_SHAPE_ANONYMOUS] = "shape_anonymous",
	[C_SHAPE_SHARED] = "shape_shared",
	[C_SHAPE_FILE] = "shape_file",
	[C_SHAPE_HUGETLB] = "shape_hugetlb",
	[C_SHAPE_DROPPABLE] = "shape_droppable",
	[C_OUT_OF_SCOPE] = "out_of_scope",
	[C_GROWN] = "grown",
	[C_GROWN_PAGES] = "grown_pages",
	[C_GROW_DENIED] = "grow_denied",
	[C_GROW_MISSED] = "grow_missed",
};

bool module_is_loaded(void)
{
	return file_exists(SYSFS "enabled");
}

static int run_modprobe(void)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		execlp("modprobe", "modprobe", "mapstack", (char *)NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

bool module_load(void)
{
	if (module_is_loaded())
		return true;
	if (run_modprobe() == 0 && module_is_loaded()) {
		say_err("loaded the module, which stays loaded and is off when it is not used");
		return true;
	}
	say_err("the module is not loaded and modprobe could not load it; 'mapstack doctor' says why");
	return false;
}

/* Finds the policy in brackets: "observe paired fitting private [rfc]". */
static bool parse_policy(const char *text, struct settings *settings)
{
	return sscanf(strchr(text, '[') ?: "", "[%15[a-z]]",
		      settings->policy) == 1;
}

int settings_read(struct settings *settings)
{
	char text[256];
	int ret;

	ret = file_read(SYSFS "enabled", text, sizeof(text));
	if (ret < 0)
		return ret;
	settings->enabled = !strcmp(text, "1");

	ret = file_read(SYSFS "policy", text, sizeof(text));
	if (ret < 0)
		return ret;
	if (!parse_policy(text, settings))
		return -EPROTO;

	ret = file_read(SYSFS "scope", settings->scope,
			sizeof(settings->scope));
	return ret < 0 ? ret : 0;
}

static const char *remedy(const char *name, int error)
{
	if (error == -EACCES || error == -EPERM)
		return "use sudo";
	if (error == -ENOENT && !module_is_loaded())
		return "the module is not loaded";
	if (!strcmp(name, "enabled"))
		return "the kernel log says why (dmesg | grep mapstack), and 'mapstack doctor'";
	if (!strcmp(name, "policy"))
		return "choose observe, paired, fitting, private or rfc";
	return "choose all, pid:N or cgroup:/path";
}

int setting_write(const char *name, const char *value)
{
	char path[64];
	int ret;

	snprintf(path, sizeof(path), SYSFS "%s", name);
	ret = file_write(path, value);
	if (ret)
		say_err("cannot set %s to '%s' (%s), so it stays as it was; %s",
			name, value, strerror(-ret), remedy(name, ret));
	return ret;
}

int counters_read_all(struct counter_values *counters)
{
	char path[64], text[32];
	int i, ret;

	for (i = 0; i < NR_COUNTER_NAMES; i++) {
		snprintf(path, sizeof(path), SYSFS "counters/%s",
			 counter_names[i]);
		ret = file_read(path, text, sizeof(text));
		if (ret < 0)
			return ret;
		counters->value[i] = strtoll(text, NULL, 10);
	}
	return 0;
}

void counters_since(struct counter_values *now,
		    const struct counter_values *before)
{
	int i;

	for (i = 0; i < NR_COUNTER_NAMES; i++)
		if (now->value[i] < 0 || before->value[i] < 0)
			now->value[i] = -1;
		else
			now->value[i] -= before->value[i];
}
