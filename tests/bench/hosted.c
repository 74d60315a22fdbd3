// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests that host.c measures, prints what it has measured, and leaves the
 * kernel as it was. The figures are not tested: they differ on each machine.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* Whether a line of the table begins with @name and has four times. */
static bool has_row(const char *output, const char *name)
{
	const char *row = strstr(output, name);
	double ns[4];

	if (!row || row == output || row[-1] != '\n')
		return false;
	if (sscanf(row + strlen(name), "%lf %lf %lf %lf", &ns[0], &ns[1],
		   &ns[2], &ns[3]) != 4)
		return false;
	return ns[0] > 0 && ns[1] > ns[0] && ns[2] > ns[0] && ns[3] > ns[0];
}

static void test_report(void)
{
	char output[2048];
	int status = wait_for_host(start_host("1"), output, sizeof(output));

	if (status)
		ktap_note("status %d: %s", status, output);
	ktap_result(!status && has_row(output, "off ") &&
			    has_row(output, "on, observe ") &&
			    has_row(output, "on, rfc "),
		    "it ends with 0 and has a time for every call");
	ktap_result(mapstack_is_gone(), "the module is gone again");
}

static void test_interrupted(void)
{
	char output[2048], text[8] = "";
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
		    "interrupted: no table, and the module is gone again");
}

static void test_loaded(void)
{
	char output[2048];
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
