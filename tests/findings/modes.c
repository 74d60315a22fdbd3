// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs each command of /findings/commands with mapstack off, on with the policy
 * rfc, and on with private. Before each run it prints the mode and the command.
 * This is the only program of this directory that knows the module.
 *
 * A command after "selftest" or "program" is a program of another project. This
 * prints its exit status, how many of its lines begin with "ok" and "not ok" (or
 * "[OK]" and "[FAIL]", as in the kernel's tests of x86), and what the module
 * counted meanwhile. After "program" it prints the searches for free addresses too,
 * and runs the command with mapstack off once more ("again"): what differs there
 * does not come from mapstack.
 * A command after "suite" runs many programs and prints results itself; the
 * module's counts follow. After "work" they follow too, and the processor time of
 * the command and of all that it waited for. A nanosecond is an instruction in a
 * guest that QEMU runs with -icount shift=0, exact to about a thousand. Such
 * commands are run once more with mapstack off at the beginning ("first"), which
 * reads files from the disk, and at the end ("again"), which shows how exact they are.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"
#include "measure.h"
#include "searches.h"

#define COMMANDS "/findings/commands"
#define MAX_COMMANDS 256
#define MAX_WORDS 16
#define SELFTEST "selftest "
#define PROGRAM "program "
#define SUITE "suite "
#define WORK "work "
/* The limit of one test of another project, in guest time. */
#define COUNT_SECONDS 300

static const char *const modes[] = { "off", "rfc", "private", NULL };
static const char *const program_modes[] = { "off", "rfc", "private", "again",
					     NULL };
static const char *const work_modes[] = { "first",   "off",   "rfc",
					  "private", "again", NULL };

static void set_mode(const char *mode)
{
	if (strcmp(mode, "rfc") && strcmp(mode, "private")) {
		mapstack_set("enabled", "0");
		return;
	}
	mapstack_set("policy", mode);
	mapstack_set("enabled", "1");
}

static void execute(char *command)
{
	char path[128], *words[MAX_WORDS + 1] = { NULL };
	int n = 0;

	for (char *word = strtok(command, " "); word && n < MAX_WORDS;
	     word = strtok(NULL, " "))
		words[n++] = word;
	snprintf(path, sizeof(path), "/findings/%s", words[0]);
	execv(path, words);
	printf("# cannot run %s: %m\n", path);
	fflush(stdout);
	_exit(127);
}

static int print_all(char *command)
{
	int status = -1;
	pid_t pid;

	pid = fork();
	if (!pid)
		execute(command);
	waitpid(pid, &status, 0);
	return status;
}

static bool begins_with(const char *line, const char *what)
{
	return !strncmp(line, what, strlen(what));
}

static void count_lines(int fd)
{
	unsigned int ok = 0, not_ok = 0;
	FILE *in = fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;

	while (in && getline(&line, &size, in) > 0) {
		const char *word = line + strspn(line, " \t");

		ok += begins_with(line, "ok ") || begins_with(word, "[OK]");
		not_ok += begins_with(line, "not ok ") ||
			  begins_with(word, "[FAIL]");
	}
	free(line);
	if (in)
		fclose(in);
	printf("result counted ok %u\nresult counted not-ok %u\n", ok, not_ok);
}

static void print_counters(void)
{
	static const char *const names[] = { "seen", "translated", "refused",
					     "spared", "grown" };

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		printf("result counted %s %lu\n", names[i],
		       mapstack_counter(names[i]));
}

static int count(char *command)
{
	int fds[2], status = -1;
	pid_t pid;

	mapstack_set("reset", "1");
	if (pipe2(fds, O_CLOEXEC))
		guest_die("pipe");
	pid = fork();
	if (!pid) {
		setsid();
		dup2(fds[1], STDOUT_FILENO);
		dup2(fds[1], STDERR_FILENO);
		if (chdir("/tmp"))
			_exit(126);
		alarm(COUNT_SECONDS);
		execute(command);
	}
	close(fds[1]);
	count_lines(fds[0]);
	waitpid(pid, &status, 0);
	printf("result counted exit-status %d\n",
	       WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status));
	print_counters();
	return 0;
}

static int count_with_searches(char *command)
{
	struct searches searches;
	int status;

	searches_begin(&searches);
	status = count(command);
	searches_print(&searches);
	return status;
}

static int print_and_count(char *command)
{
	int status;

	mapstack_set("reset", "1");
	status = print_all(command);
	print_counters();
	return status;
}

static unsigned long used_by_children(void)
{
	struct rusage usage;

	if (getrusage(RUSAGE_CHILDREN, &usage))
		guest_die("getrusage");
	return measure_used(&usage);
}

static int print_and_time(char *command)
{
	unsigned long before = used_by_children();
	int status = print_and_count(command);

	printf("result counted whole.ns %lu\n", used_by_children() - before);
	return status;
}

static int run_in(const char *mode, char *command)
{
	int status;

	set_mode(mode);
	printf("run %s %s\n", mode, command);
	fflush(stdout);
	if (begins_with(command, SELFTEST))
		status = count(command + strlen(SELFTEST));
	else if (begins_with(command, PROGRAM))
		status = count_with_searches(command + strlen(PROGRAM));
	else if (begins_with(command, SUITE))
		status = print_and_count(command + strlen(SUITE));
	else if (begins_with(command, WORK))
		status = print_and_time(command + strlen(WORK));
	else
		status = print_all(command);
	mapstack_set("enabled", "0");
	return status;
}

/* Ends the program if a command does not fit, rather than leave it out. */
static size_t read_commands(char *commands[MAX_COMMANDS])
{
	static char text[64 * MAX_COMMANDS];
	int length = guest_read(COMMANDS, text, sizeof(text));
	size_t n = 0;

	if (length < 0)
		guest_die("cannot read " COMMANDS);
	errno = E2BIG;
	if ((size_t)length >= sizeof(text) - 1)
		guest_die(COMMANDS " has more than %zu bytes",
			  sizeof(text) - 2);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		if (n == MAX_COMMANDS)
			guest_die(COMMANDS " has more than %d commands",
				  MAX_COMMANDS);
		commands[n++] = line;
	}
	return n;
}

static const char *const *modes_of(const char *command)
{
	if (begins_with(command, WORK))
		return work_modes;
	return begins_with(command, PROGRAM) ? program_modes : modes;
}

static size_t count_modes(const char *command)
{
	const char *const *mode = modes_of(command);

	while (*mode)
		mode++;
	return mode - modes_of(command);
}

int main(void)
{
	char *commands[MAX_COMMANDS];
	size_t n = read_commands(commands), planned = 0, i;
	const char *const *mode;

	for (i = 0; i < n; i++)
		planned += count_modes(commands[i]);
	ktap_plan(planned);
	guest_load("mapstack", "");
	for (i = 0; i < n; i++) {
		for (mode = modes_of(commands[i]); *mode; mode++) {
			/* A child splits its own copy into words. */
			int status = run_in(*mode, commands[i]);

			ktap_result(!status, "%s %s", *mode, commands[i]);
		}
	}
	guest_unload("mapstack");
	return ktap_end();
}
