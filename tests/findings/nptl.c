// SPDX-License-Identifier: GPL-2.0-only
/*
 * Runs glibc's tests of threads, all programs in /findings/glibc, a few at a time,
 * and prints the exit status of each: 0 passed, 77 cannot run here, 1 failed, or a
 * negative number for the signal that ended it.
 */

#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define TESTS "/findings/glibc"
#define WORKERS 4
/* Each test has its own limit, mostly 800 seconds. */
#define TEST_SECONDS 3000

static struct worker {
	pid_t pid;
	const char *name;
} workers[WORKERS];

static void start(struct worker *worker, const char *name)
{
	char path[512];

	snprintf(path, sizeof(path), TESTS "/%s", name);
	worker->name = name;
	worker->pid = fork();
	if (worker->pid < 0)
		guest_die("fork");
	if (!worker->pid) {
		if (chdir("/tmp"))
			_exit(127);
		guest_become_silent(path, TEST_SECONDS);
	}
}

/* Waits until one of them ends, and stores how it ended. */
static struct worker *wait_for_one(void)
{
	int status, i;
	pid_t pid;

	for (;;) {
		pid = wait(&status);
		if (pid < 0)
			guest_die("wait");
		for (i = 0; i < WORKERS; i++) {
			if (workers[i].pid != pid)
				continue;
			/* It led a session, of which nothing may live on. */
			kill(-pid, SIGKILL);
			measure_number(WIFEXITED(status) ? WEXITSTATUS(status) :
							   -WTERMSIG(status),
				       "%s.status", workers[i].name);
			workers[i].pid = 0;
			return &workers[i];
		}
	}
}

int main(void)
{
	struct dirent **names;
	int n, i, running;

	mkdir("/dev/shm", 01777);
	n = guest_list(TESTS, &names);
	if (n <= 0)
		guest_die("no tests in " TESTS);
	for (i = 0; i < n; i++)
		start(i < WORKERS ? &workers[i] : wait_for_one(),
		      names[i]->d_name);
	for (running = n < WORKERS ? n : WORKERS; running; running--)
		wait_for_one();
	return 0;
}
