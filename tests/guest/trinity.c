// SPDX-License-Identifier: GPL-2.0-only
/*
 * Has trinity make random system calls that deal with memory, as a user without
 * rights, with mapstack on. Anything that the kernel logs meanwhile fails the
 * guest. trinity_seconds in the environment sets the duration.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "laws.h"
#include "mapstack.h"

#define TRINITY "/usr/bin/trinity"
#define DIRECTORY "/tmp/trinity"
#define SECONDS 20
#define PATIENCE 60 /* seconds to wait for its end */
#define NOBODY 65534

static const char *const names[] = {
	"trinity goes on until it is interrupted",
	"trinity made requests",
	"the counters add up",
	"the hook is on, and stacks grow",
};

static void run_trinity(void)
{
	int log = open(DIRECTORY "/output", O_WRONLY | O_CREAT | O_TRUNC, 0644);

	setpgid(0, 0);
	if (log < 0 || chdir(DIRECTORY) || dup2(log, STDOUT_FILENO) < 0 ||
	    dup2(log, STDERR_FILENO) < 0 || setgroups(0, NULL) ||
	    setgid(NOBODY) || setuid(NOBODY))
		_exit(126);
	/* -s: the same calls each time, as far as two processes allow that. */
	execl(TRINITY, TRINITY, "-q", "-l", "off", "-a", "64", "-g", "vm", "-C",
	      "2", "-s", "1", NULL);
	_exit(127);
}

static void note_output(void)
{
	FILE *file = fopen(DIRECTORY "/output", "r");
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		ktap_note("%s", line);
	}
	if (file)
		fclose(file);
}

/* Returns whether trinity ran until it was interrupted. */
static bool let_run(unsigned int seconds)
{
	pid_t pid = fork();
	int status, patience;

	if (!pid)
		run_trinity();
	if (pid < 0)
		guest_die("cannot run trinity");
	sleep(seconds);
	if (waitpid(pid, &status, WNOHANG)) {
		ktap_note("it ended: status %#x", status);
		return false;
	}
	kill(pid, SIGINT);
	for (patience = 0; patience < PATIENCE; patience++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return true;
		sleep(1);
	}
	/* Its children do not always notice that it wants to end. */
	ktap_note("it did not end in %d s and was killed", PATIENCE);
	kill(-pid, SIGKILL);
	return waitpid(pid, &status, 0) == pid;
}

int main(void)
{
	unsigned long seen;
	bool passed;
	size_t i;

	ktap_plan(ARRAY_SIZE(names));
	if (access(TRINITY, X_OK)) {
		for (i = 0; i < ARRAY_SIZE(names); i++)
			ktap_skip("there is no trinity here", "%s", names[i]);
		return ktap_end();
	}
	if (mkdir(DIRECTORY, 0755) || chown(DIRECTORY, NOBODY, NOBODY))
		guest_die("cannot make " DIRECTORY);
	guest_load("mapstack", "");
	mapstack_set("enabled", "1");
	passed = let_run(guest_option("trinity_seconds", SECONDS));
	if (!passed)
		note_output();
	ktap_result(passed, "%s", names[0]);

	seen = mapstack_counter("seen");
	ktap_note("%lu requests: %lu translated, %lu already, %lu refused",
		  seen, mapstack_counter("translated"),
		  mapstack_counter("already"), mapstack_counter("refused"));
	ktap_result(seen, "%s", names[1]);
	ktap_result(seen == laws_sum(laws_outcomes, NR_OUTCOMES) &&
			    seen == laws_sum(laws_shapes, NR_SHAPES),
		    "%s", names[2]);
	ktap_result(mapstack_is("enabled", "1") && guest_stack_grows(), "%s",
		    names[3]);
	guest_unload("mapstack");
	return ktap_end();
}
