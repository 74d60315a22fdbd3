// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs programs of tests/findings on a patched kernel, without mapstack. They map
 * with MAP_STACK, and the result depends on the kernel alone.
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "../guest/ktap.h"

static const char *const commands[][5] = {
	{ "search", "instructions", "down", "10000" },
	{ "search", "instructions", "up", "10000" },
	{ "commit" },
};

static void run(const char *const *words)
{
	char path[64];
	int status;
	pid_t pid;

	snprintf(path, sizeof(path), "/findings/%s", words[0]);
	fflush(stdout);
	pid = fork();
	if (!pid) {
		execv(path, (char *const *)words);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		guest_die("cannot fork");
	ktap_result(!status, "%s %s", words[0], words[2] ?: "");
}

int main(void)
{
	size_t i;

	ktap_plan(ARRAY_SIZE(commands));
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		run(commands[i]);
	return ktap_end();
}
