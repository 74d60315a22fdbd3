// SPDX-License-Identifier: GPL-2.0-only
/* The command of a run. See child.h. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/child.h"
#include "machine/files.h"

int child_prepare(struct child *child)
{
	sigset_t mask;

	sigemptyset(&mask);
	sigaddset(&mask, SIGCHLD);
	sigaddset(&mask, SIGHUP);
	sigaddset(&mask, SIGINT);
	sigaddset(&mask, SIGQUIT);
	sigaddset(&mask, SIGTERM);
	child->signals = signalfd(-1, &mask, SFD_CLOEXEC | SFD_NONBLOCK);
	/* Writing to a pipe that nobody reads must not end us half-way. */
	sigaddset(&mask, SIGPIPE);
	if (child->signals < 0 || sigprocmask(SIG_BLOCK, &mask, &child->mask) ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1)) {
		say_err("cannot prepare to start the command (%m), so nothing was changed; look at the limits (ulimit -a)");
		return -1;
	}
	return 0;
}

static void execute(const struct child *child, char *const *command, int report)
{
	int error;

	sigprocmask(SIG_SETMASK, &child->mask, NULL);
	execvp(command[0], command);
	error = errno;
	if (write(report, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/*
 * fork() and not posix_spawn(), whose child would run on a MAP_STACK mapping
 * of ours and be counted.
 */
int child_start(struct child *child, char *const *command)
{
	int error = 0, fds[2];

	if (pipe2(fds, O_CLOEXEC)) {
		say_err("cannot start the command (%m); look at the limits (ulimit -a)");
		return 125;
	}
	child->pid = fork();
	if (!child->pid)
		execute(child, command, fds[1]);
	close(fds[1]);
	if (child->pid < 0) {
		say_err("cannot start the command (%m); look at the limits (ulimit -a)");
		close(fds[0]);
		return 125;
	}
	if (read(fds[0], &error, sizeof(error)) != sizeof(error))
		error = 0;
	close(fds[0]);
	if (!error)
		return 0;
	say_err("cannot execute %s (%s)", command[0], strerror(error));
	return error == ENOENT ? 127 : 126;
}

static void reap(struct child *child)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != child->pid)
			continue;
		child->ended = true;
		child->status = WIFEXITED(status) ? WEXITSTATUS(status) :
						    128 + WTERMSIG(status);
	}
	child->alone = pid < 0 && errno == ECHILD;
}

/* What the terminal sends, it sends to the command too. */
static void pass_on(struct child *child, const struct signalfd_siginfo *info)
{
	static int asked;

	if (info->ssi_code == SI_KERNEL &&
	    (info->ssi_signo == SIGINT || info->ssi_signo == SIGQUIT))
		return;
	if (child->ended || asked++) {
		child->given_up = true;
		if (!child->ended)
			child->status = 128 + info->ssi_signo;
		return;
	}
	kill(child->pid, info->ssi_signo);
}

void child_wait(struct child *child, int milliseconds)
{
	struct pollfd wait = { .fd = child->signals, .events = POLLIN };
	struct signalfd_siginfo info;

	poll(&wait, 1, milliseconds);
	while (read(child->signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			pass_on(child, &info);
	reap(child);
}
