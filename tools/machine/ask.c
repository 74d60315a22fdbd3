// SPDX-License-Identifier: GPL-2.0-only
/* Asks other programs. See ask.h. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/ask.h"
#include "machine/clock.h"
#include "machine/files.h"

#define ASK_MS 20000
#define ANSWER_SIZE 4096
#define EXIT_MISSING 127

static void __attribute__((noreturn)) execute(const char *const *words,
					      int output)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(output, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
		_exit(1);
	execvp(words[0], (char *const *)words);
	_exit(EXIT_MISSING);
}

/* Reads to the end. Returns false if there was no time for that. */
static bool read_answer(int fd, char *buf, size_t size)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	long long until = clock_ms() + ASK_MS, left;
	size_t len = 0;
	ssize_t n = 1;

	while (n > 0 && len < size - 1) {
		left = until - clock_ms();
		if (left <= 0 || poll(&wait, 1, left) != 1)
			return false;
		n = read(fd, buf + len, size - 1 - len);
		if (n > 0)
			len += n;
	}
	buf[len] = '\0';
	buf[strcspn(buf, "\n")] = '\0';
	return true;
}

char *ask(const char *const *words, bool *there)
{
	int fds[2], status = 0;
	char *answer = NULL;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC))
		return NULL;
	pid = fork();
	if (!pid)
		execute(words, fds[1]);
	close(fds[1]);
	if (pid > 0) {
		answer = xalloc(ANSWER_SIZE);
		if (!read_answer(fds[0], answer, ANSWER_SIZE))
			kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(fds[0]);
	if (there)
		*there = !WIFEXITED(status) ||
			 WEXITSTATUS(status) != EXIT_MISSING;
	if (!status)
		return answer;
	free(answer);
	return NULL;
}
