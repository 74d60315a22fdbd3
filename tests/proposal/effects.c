// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs programs of tests/findings on a patched kernel, without mapstack, and the
 * kernel's own tests of mm, of which it prints how each ended. The results depend on
 * the kernel alone. What sizes-growsdown and split map as stacks has MAP_GROWSDOWN,
 * so they tell of an unpatched kernel too.
 */

#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "../guest/ktap.h"

static const char *const commands[][6] = {
	{ "search", "instructions", "down", "10000" },
	{ "search", "instructions", "up", "10000" },
	{ "sizes", "instructions", "free", "10000" },
	{ "sizes", "instructions", "apart", "10000" },
	{ "sizes-growsdown", "instructions", "free", "10000" },
	{ "work", "threads", "libc", "64", "10000" },
	{ "commit" },
	{ "grow" },
	{ "split" },
	{ "shapes" },
};

#define SELFTESTS "/findings/selftests"
#define SELFTEST_SECONDS 300

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

static void run_selftest(const char *name)
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (!pid)
		guest_become_silent(name, SELFTEST_SECONDS);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		guest_die("cannot fork");
	/* It led a session, of which nothing may live on. */
	kill(-pid, SIGKILL);
	printf("result selftest %s %d\n", name,
	       WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
}

static void run_selftests(void)
{
	struct dirent **names;
	int n, i;

	n = chdir(SELFTESTS) ? 0 : guest_list(".", &names);
	for (i = 0; i < n; i++)
		run_selftest(names[i]->d_name);
	ktap_result(n > 0, "selftests: %d", n);
}

int main(void)
{
	size_t i;

	ktap_plan(ARRAY_SIZE(commands) + 1);
	for (i = 0; i < ARRAY_SIZE(commands); i++)
		run(commands[i]);
	run_selftests();
	return ktap_end();
}
