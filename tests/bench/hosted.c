// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests that host.c measures, prints what it has measured, and leaves the
 * kernel as it was. The size of a figure is not tested: it differs on each machine.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "../guest/ktap.h"
#include "../guest/mapstack.h"

#define HOST "/modules/host"
#define MODULE "/modules/mapstack.ko"
#define OUTPUT "/tmp/host"

/* Starts it in its own process group, as a shell does. */
static pid_t start_host(const char *rounds)
{
	pid_t pid = fork();
	int fd;

	if (pid)
		return pid;
	setpgid(0, 0);
	fd = open(OUTPUT, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	dup2(fd, STDOUT_FILENO);
	dup2(fd, STDERR_FILENO);
	execl(HOST, HOST, MODULE, rounds, (char *)NULL);
	_exit(127);
}

/* Returns the exit status, and the output in @output. */
static int wait_for_host(pid_t pid, char *output, size_t size)
{
	int status = -1;

	waitpid(pid, &status, 0);
	if (guest_read(OUTPUT, output, size) < 0)
		guest_die("cannot read " OUTPUT);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* The median of a call in a state; 0 if there is none, or not between two quartiles. */
static double median_of(const char *output, const char *state, const char *call)
{
	double median, low, high;
	const char *line;
	char key[64];

	snprintf(key, sizeof(key), "\n# host,\"%s\",%s,", state, call);
	line = strstr(output, key);
	if (!line || sscanf(line + strlen(key), "%lf,%lf,%lf", &median, &low,
			    &high) != 3)
		return 0;
	return low <= median && median <= high ? median : 0;
}

/* Whether all calls that map have a figure, and take longer than getppid(). */
static bool has_state(const char *output, const char *state)
{
	static const char *const calls[] = { "mmap", "stack", "growable" };
	double other = median_of(output, state, "getppid");
	size_t call;

	for (call = 0; call < ARRAY_SIZE(calls); call++)
		if (median_of(output, state, calls[call]) <= other)
			return false;
	return other > 0;
}

static bool has_machine(const char *output)
{
	char line[160];
	struct utsname name;

	uname(&name);
	snprintf(line, sizeof(line), "# machine,release,%s\n", name.release);
	return !strncmp(output, line, strlen(line));
}

/* The lines are printed again: host.py makes a table of them. */
static void test_report(void)
{
	char rounds[16], output[4096];
	bool passed;

	snprintf(rounds, sizeof(rounds), "%llu",
		 guest_option("host_rounds", 1));
	passed = !wait_for_host(start_host(rounds), output, sizeof(output));
	puts(output);
	passed &= has_machine(output) && has_state(output, "off") &&
		  has_state(output, "on, observe") &&
		  has_state(output, "on, rfc");
	ktap_result(passed, "every call has a median and quartiles");
	ktap_result(mapstack_is_gone(), "the module is gone again");
}

static void test_interrupted(void)
{
	char output[4096], text[8] = "";
	pid_t pid = start_host("50");
	int status, tries;

	/* The file appears with the module. */
	for (tries = 0; tries < 6000 && *text != '1'; tries++) {
		usleep(10000);
		guest_read(MAPSTACK_DIR "enabled", text, sizeof(text));
	}
	kill(-pid, SIGINT);
	status = wait_for_host(pid, output, sizeof(output));
	ktap_result(status == 1 && !*output && mapstack_is_gone(),
		    "interrupted: no figures, and the module is gone again");
}

static void test_loaded(void)
{
	char output[4096];
	bool same;
	int status;

	guest_load("mapstack", "enabled=1 policy=private scope=pid:1");
	status = wait_for_host(start_host("1"), output, sizeof(output));
	same = mapstack_is("enabled", "1") &
	       mapstack_is("policy", "observe paired fitting [private] rfc") &
	       mapstack_is("scope", "pid:1");
	ktap_result(status == 1 && strstr(output, "has to be unloaded") && same,
		    "loaded already: refused in words, and nothing changes");
	guest_unload("mapstack");
}

int main(void)
{
	ktap_plan(4);
	test_report();
	test_interrupted();
	test_loaded();
	return ktap_end();
}
