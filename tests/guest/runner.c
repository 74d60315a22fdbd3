// SPDX-License-Identifier: GPL-2.0-only
/* Runs test programs. See runner.h. */

#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runner.h"

void runner_copy_lines(int fd, const char *indent)
{
	FILE *in = fdopen(fd, "r");
	char *line = NULL;
	size_t size = 0;

	while (in && getline(&line, &size, in) > 0)
		printf("%s%s%s", indent, line, strchr(line, '\n') ? "" : "\n");
	free(line);
	if (in)
		fclose(in);
}

static int run_program(const char *dir, const char *name, unsigned int seconds)
{
	char path[300];
	int pipe_fds[2], status;
	pid_t pid;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (pipe2(pipe_fds, O_CLOEXEC))
		return -1;
	pid = fork();
	if (!pid) {
		setsid();
		dup2(pipe_fds[1], STDOUT_FILENO);
		dup2(pipe_fds[1], STDERR_FILENO);
		alarm(seconds);
		execl(path, path, (char *)NULL);
		_exit(127);
	}
	close(pipe_fds[1]);
	/* As KTAP wants a subtest. */
	runner_copy_lines(pipe_fds[0], "    ");
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return -1;

	/* Nothing that one test started may live on into the next. */
	kill(-1, SIGKILL);
	while (waitpid(-1, NULL, 0) > 0)
		;
	return status;
}

/* Returns whether it failed. */
static int report(int number, const char *name, int status)
{
	if (status == 0)
		printf("ok %d %s\n", number, name);
	else if (status > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 4)
		printf("ok %d %s # SKIP every test in it was skipped\n", number,
		       name);
	else if (status > 0 && WIFSIGNALED(status))
		printf("# killed by signal %d\nnot ok %d %s\n",
		       WTERMSIG(status), number, name);
	else
		printf("# exit status %d\nnot ok %d %s\n",
		       status < 0 ? status : WEXITSTATUS(status), number, name);
	return status && !(WIFEXITED(status) && WEXITSTATUS(status) == 4);
}

static int is_program(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int runner_run(const char *dir, unsigned int seconds)
{
	struct dirent **programs;
	int i, n, failed = 0;

	n = scandir(dir, &programs, is_program, alphasort);
	printf("1..%d\n", n);
	for (i = 0; i < n; i++)
		failed +=
			report(i + 1, programs[i]->d_name,
			       run_program(dir, programs[i]->d_name, seconds));
	return n > 0 ? failed : -1;
}
