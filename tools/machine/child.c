// SPDX-License-Identifier: GPL-2.0-only
/* Runs a command. See child.h. */

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "machine/child.h"
#include "machine/files.h"

/* Signals that cannot be caught, that our own faults raise, or that mean nothing. */
static const int left_alone[] = { SIGKILL, SIGSTOP, SIGSEGV,  SIGBUS,
				  SIGFPE,  SIGILL,  SIGTRAP,  SIGSYS,
				  SIGABRT, SIGURG,  SIGWINCH, SIGCHLD };

/* nohup(1) and a shell's & make us ignore a signal. It stays ignored. */
static bool is_ignored(int signal)
{
	struct sigaction action;

	return !sigaction(signal, NULL, &action) &&
	       action.sa_handler == SIG_IGN;
}

static void choose_signals(sigset_t *taken)
{
	size_t i;
	int signal;

	sigfillset(taken);
	for (signal = 1; signal <= SIGRTMAX; signal++)
		if (is_ignored(signal))
			sigdelset(taken, signal);
	for (i = 0; i < ARRAY_SIZE(left_alone); i++)
		sigdelset(taken, left_alone[i]);
	sigaddset(taken, SIGCHLD);
}

int child_user(const char *name, const struct passwd **user)
{
	*user = name ? getpwnam(name) : NULL;
	if (*user || !name)
		return 0;
	say_err("there is no user %s, so nothing was changed", name);
	return -1;
}

static long long now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000LL + now.tv_nsec / 1000;
}

int child_prepare(struct child *child)
{
	sigset_t blocked;

	/* If SIGCHLD is ignored, children cannot be waited for. */
	child->chld_ignored = is_ignored(SIGCHLD);
	signal(SIGCHLD, SIG_DFL);
	choose_signals(&child->taken);
	blocked = child->taken;
	/* Our own writing raises these two, and returns an error as well. */
	sigdelset(&child->taken, SIGPIPE);
	sigdelset(&child->taken, SIGXFSZ);
	child->signals =
		signalfd(-1, &child->taken, SFD_CLOEXEC | SFD_NONBLOCK);
	if (child->signals < 0 ||
	    sigprocmask(SIG_BLOCK, &blocked, &child->mask) ||
	    prctl(PR_SET_CHILD_SUBREAPER, 1)) {
		say_err("cannot set up signals (%m), so nothing was changed; look at the limits (ulimit -a)");
		return -1;
	}
	return 0;
}

/* The report of a child that could not execute the command. */
struct failure {
	int error;
	bool user; /* it could not become the user */
};

static int become(const struct passwd *user)
{
	if (!user)
		return 0;
	return initgroups(user->pw_name, user->pw_gid) ||
	       setgid(user->pw_gid) || setuid(user->pw_uid);
}

static int put_in_place(int fd, int place)
{
	return fd && dup2(fd, place) < 0 ? -1 : 0;
}

static int surround(const struct surroundings *wanted)
{
	if (wanted->fixed_layout && personality(ADDR_NO_RANDOMIZE) < 0)
		return -1;
	return put_in_place(wanted->input, STDIN_FILENO) ||
	       put_in_place(wanted->output, STDOUT_FILENO) ||
	       put_in_place(wanted->error, STDERR_FILENO);
}

/* Does not return. */
static void execute(const struct child *child, char *const *command,
		    const struct passwd *user, int go, int report)
{
	struct failure failure = { 0 };
	char byte;

	if (read(go, &byte, 1) != 1)
		_exit(EXIT_SELF);
	failure.user = become(user);
	if (!failure.user && !surround(&child->surroundings)) {
		if (child->chld_ignored)
			signal(SIGCHLD, SIG_IGN);
		sigprocmask(SIG_SETMASK, &child->mask, NULL);
		execvp(command[0], command);
	}
	failure.error = errno;
	if (write(report, &failure, sizeof(failure)) < 0)
		_exit(EXIT_SELF);
	_exit(127);
}

/*
 * The terminal signals its whole foreground group, which the command is in. But it
 * sends SIGHUP to the leader of the session, which may be this process alone.
 */
static bool command_has_it(const struct signalfd_siginfo *info)
{
	if (info->ssi_code != SI_KERNEL)
		return false;
	switch (info->ssi_signo) {
	case SIGHUP:
		return getsid(0) != getpid();
	case SIGINT:
	case SIGQUIT:
	case SIGTSTP:
	case SIGTTIN:
	case SIGTTOU:
		return true;
	}
	return false;
}

/*
 * Stops this process as the command was stopped, so that the shell gets the
 * terminal. SIGTSTP, SIGTTIN and SIGTTOU have no effect if no shell could continue
 * the process. SIGSTOP would stop it even then, so SIGTSTP takes its place.
 */
static void stop_as(int number)
{
	sigset_t one;

	if (number == SIGSTOP)
		number = SIGTSTP;
	sigemptyset(&one);
	sigaddset(&one, number);
	signal(number, SIG_DFL);
	/* Blocked, so that it does not count as another signal of the terminal. */
	sigprocmask(SIG_BLOCK, &one, NULL);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	sigprocmask(SIG_BLOCK, &one, NULL);
}

static void take_signal(struct child *child,
			const struct signalfd_siginfo *info, bool held)
{
	int number = info->ssi_signo;

	switch (number) {
	case SIGCHLD:
		return;
	case SIGCONT:
		/* A command that stopped itself may be in another group. */
		if (child->stopped)
			kill(child->pid, SIGCONT);
		child->stopped = false;
		return;
	}
	if (child->pid > 0 && !child->ended) {
		child->passed_on = number;
		if (held || !command_has_it(info))
			kill(child->pid, number);
	} else if (number == SIGTSTP || number == SIGTTIN ||
		   number == SIGTTOU) {
		stop_as(number);
	} else {
		child->given_up = number;
	}
}

static void take_signals(struct child *child, bool held)
{
	struct signalfd_siginfo info;

	while (read(child->signals, &info, sizeof(info)) == sizeof(info))
		take_signal(child, &info, held);
}

static void take_status(struct child *child, int status)
{
	if (WIFSTOPPED(status)) {
		child->stopped = true;
		stop_as(WSTOPSIG(status));
		return;
	}
	child->ended = true;
	child->usage.wall = now_us() - child->started;
	child->status = WEXITSTATUS(status);
	if (WIFSIGNALED(status)) {
		child->signal = WTERMSIG(status);
		child->status = 128 + child->signal;
	}
}

static long long microseconds(const struct timeval *time)
{
	return time->tv_sec * 1000000LL + time->tv_usec;
}

/* A process that was waited for is in the usage of the process that waited. */
static void take_usage(struct usage *usage, const struct rusage *more)
{
	usage->user += microseconds(&more->ru_utime);
	usage->system += microseconds(&more->ru_stime);
	if (more->ru_maxrss > usage->peak)
		usage->peak = more->ru_maxrss;
}

static void reap(struct child *child)
{
	struct rusage usage;
	int status;
	pid_t pid;

	while ((pid = wait4(-1, &status, WNOHANG | WUNTRACED, &usage)) > 0) {
		if (!WIFSTOPPED(status))
			take_usage(&child->usage, &usage);
		if (pid == child->pid)
			take_status(child, status);
	}
	child->alone = pid < 0 && errno == ECHILD;
}

void child_wait(struct child *child, int milliseconds)
{
	struct pollfd wait = { .fd = child->signals, .events = POLLIN };

	poll(&wait, 1, milliseconds);
	take_signals(child, false);
	reap(child);
}

static int say_failure(const struct failure *failure, const char *program,
		       const struct passwd *user)
{
	if (failure->user) {
		say_err("cannot become %s (%s), so the command was not started",
			user->pw_name, strerror(failure->error));
		return EXIT_SELF;
	}
	say_err("cannot execute %s (%s)", program, strerror(failure->error));
	return failure->error == ENOENT ? 127 : 126;
}

/*
 * The child waits, with all signals blocked, until it has been sent all signals that
 * arrived before it existed. While it waits, the terminal sends its signals to both,
 * and the kernel merges two pending signals of a number. Any of these may stop or end
 * the child before it executes the command.
 */
static int release(struct child *child, char *const *command,
		   const struct passwd *user, int go, int report)
{
	struct pollfd wait[] = { { .fd = report, .events = POLLIN },
				 { .fd = child->signals, .events = POLLIN } };
	struct failure failure;

	take_signals(child, true);
	child->started = now_us();
	/* If this fails, the child has ended, which will be noticed. */
	if (write(go, "", 1) != 1)
		child_wait(child, 0);
	do {
		poll(wait, ARRAY_SIZE(wait), -1);
		child_wait(child, 0);
	} while (!wait[0].revents);
	if (read(report, &failure, sizeof(failure)) != sizeof(failure))
		return 0;
	return say_failure(&failure, command[0], user);
}

static void forget_last(struct child *child)
{
	child->pid = 0;
	child->ended = false;
	child->stopped = false;
	child->alone = false;
	child->signal = 0;
	child->passed_on = 0;
	child->usage = (struct usage){ 0 };
}

/*
 * Uses fork(), because the child of posix_spawn() would run on a MAP_STACK mapping
 * of this process, and that would be counted.
 */
int child_start(struct child *child, char *const *command,
		const struct passwd *user)
{
	int go[2], report[2], status = EXIT_SELF;

	forget_last(child);
	if (pipe2(go, O_CLOEXEC))
		goto err_say;
	if (pipe2(report, O_CLOEXEC))
		goto err_go;
	child->pid = fork();
	if (!child->pid) {
		close(go[1]);
		execute(child, command, user, go[0], report[1]);
	}
	close(report[1]);
	if (child->pid > 0)
		status = release(child, command, user, go[1], report[0]);
	close(report[0]);
err_go:
	close(go[0]);
	close(go[1]);
err_say:
	if (child->pid <= 0)
		say_err("cannot start the command (%m); look at the limits (ulimit -a)");
	return status;
}

const char *child_signal(const struct child *child)
{
	static char name[16];
	const char *known = sigabbrev_np(child->signal);

	if (!child->signal)
		return NULL;
	if (known)
		snprintf(name, sizeof(name), "SIG%s", known);
	else
		snprintf(name, sizeof(name), "SIGRTMIN+%d",
			 child->signal - SIGRTMIN);
	return name;
}

int child_end(struct child *child, int status)
{
	sigset_t one;
	int number;

	child->ended = true;
	take_signals(child, false);
	number = child->given_up;
	if (!number && status == child->status)
		number = child->signal;
	if (!number)
		return status;
	/* The core was dumped by the command, not by this process. */
	prctl(PR_SET_DUMPABLE, 0);
	sigemptyset(&one);
	sigaddset(&one, number);
	signal(number, SIG_DFL);
	raise(number);
	sigprocmask(SIG_UNBLOCK, &one, NULL);
	return status;
}
