// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapstack selftest: runs programs of tests/guest on the running kernel.
 *
 *	run [/DIRECTORY/MODULE.ko]
 *
 * The programs are in the directory of this one. They run in a pid namespace. Its
 * first process is the scope, so nobody else is in the scope, and all of them end
 * with that process. If the module is not loaded, it is loaded, from the file if
 * one is given, and unloaded at the end. A second process, the keeper, waits for
 * the end and puts the settings back, even after SIGKILL.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "header.h"
#include "machine/files.h"
#include "machine/session.h"
#include "runner.h"

#define PROGRAMS "tests"
/* The limit of a program. In an emulator all of them together took 78 seconds. */
#define PROGRAM_SECONDS 300
#define INSTANCES TRACEFS_DIR "instances"

/* The state of the selftest. */
struct selftest {
	struct session session;
	bool loaded_here; /* this loaded the module, so it unloads it */
	sigset_t mask; /* of signals, as it was */
	int keeper; /* a pipe: tells the keeper that nothing is left to put back */
};

static bool enter_own_directory(void)
{
	char path[PATH_MAX], *slash;
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);

	path[len > 0 ? len : 0] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		*slash = '\0';
	if (slash && !chdir(path) && !access(PROGRAMS, X_OK))
		return true;
	say_err("cannot find the programs of the selftest beside %s; nothing was changed; install mapstack again",
		path);
	return false;
}

/* Mounts in a mount namespace: tracefs may be mounted elsewhere or nowhere. */
static void mount_tracefs(void)
{
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		return;
	if (access(TRACEFS_DIR "enabled_functions", F_OK))
		mount("tracefs", TRACEFS_DIR, "tracefs", 0, NULL);
}

/* Removes what a killed program left in tracefs. */
static void sweep_trace(void)
{
	static const char event[] = "-:mapstack_test";
	DIR *dir = opendir(INSTANCES);
	struct dirent *entry;
	char path[300];

	while (dir && (entry = readdir(dir))) {
		if (strncmp(entry->d_name, "mapstack-test", 13))
			continue;
		snprintf(path, sizeof(path), INSTANCES "/%s", entry->d_name);
		rmdir(path);
	}
	if (dir)
		closedir(dir);
	file_write(TRACEFS_DIR "kprobe_events", event);
}

static int load_from(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), ret = -1;

	if (fd >= 0) {
		ret = syscall(SYS_finit_module, fd, "", 0);
		close(fd);
	}
	if (ret)
		say_err("cannot load %s (%m), so nothing was tested; the kernel log says why (dmesg | tail), and so does mapstack doctor",
			path);
	return ret;
}

static int load_module(struct selftest *test, const char *path)
{
	if (module_is_loaded())
		return 0;
	test->loaded_here = true;
	if (path)
		return load_from(path);
	return module_load() ? 0 : -1;
}

static void unload_module(const struct selftest *test)
{
	if (test->loaded_here && module_is_loaded() &&
	    syscall(SYS_delete_module, "mapstack", O_NONBLOCK))
		say_err("the module stays loaded (%m); it is off");
}

/* Waits until nobody can change settings any more, and puts them back. */
static void keep(struct selftest *test, int fd)
{
	char byte;
	bool done = false;

	setsid();
	while (read(fd, &byte, 1) > 0)
		done = true;
	if (done)
		_exit(0);
	sweep_trace();
	if (!session_lock(&test->session))
		session_unlock(&test->session);
	unload_module(test);
	_exit(0);
}

/*
 * All processes but the keeper have the other end of the pipe, so reading ends
 * with the last of them. Only the keeper blocks signals for good.
 */
static int start_keeper(struct selftest *test)
{
	pid_t pid;
	int fds[2];

	if (pipe(fds))
		return -1;
	pid = fork();
	if (!pid) {
		close(fds[1]);
		keep(test, fds[0]);
	}
	close(fds[0]);
	test->keeper = fds[1];
	return pid < 0 ? -1 : 0;
}

static void release_keeper(const struct selftest *test)
{
	if (write(test->keeper, "", 1) != 1)
		say_err("the keeper of the settings has gone");
}

/* Runs as the first process of the namespace: pid 1, which is the scope. */
static void run_programs(const struct selftest *test)
{
	int failed;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (unshare(CLONE_NEWNS) ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    mount("proc", "/proc", "proc", 0, NULL) ||
	    mount("tmpfs", "/tmp", "tmpfs", 0, NULL)) {
		say_err("cannot mount /proc and /tmp for the tests (%m), so nothing was tested");
		_exit(EXIT_SELF);
	}
	sigprocmask(SIG_SETMASK, &test->mask, NULL);
	setenv("MAPSTACK_SCOPE", "pid:1", 1);
	/* A relative name, because /tmp now covers the directory. */
	failed = runner_run(PROGRAMS, PROGRAM_SECONDS);
	if (fflush(stdout))
		_exit(EXIT_SELF);
	_exit(failed ? 1 : 0);
}

/* Returns a status of wait(2). @signal is the signal that ended it, or 0. */
static int wait_for(pid_t pid, const sigset_t *taken, int *signal)
{
	int status;

	*signal = 0;
	for (;;) {
		int next = sigwaitinfo(taken, NULL);

		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		if (next < 0 || next == SIGCHLD)
			continue;
		*signal = next;
		/* The whole namespace ends before this is over. */
		kill(pid, SIGKILL);
		waitpid(pid, &status, 0);
		return status;
	}
}

static int run_in_namespace(struct selftest *test, const sigset_t *taken,
			    int *signal)
{
	pid_t pid = -1;
	int status;

	fflush(stdout);
	if (!unshare(CLONE_NEWPID))
		pid = fork();
	if (!pid)
		run_programs(test);
	if (pid < 0) {
		say_err("cannot make a pid namespace (%m), so nothing was tested; try outside of a container");
		return EXIT_SELF;
	}
	status = wait_for(pid, taken, signal);
	if (WIFEXITED(status))
		return WEXITSTATUS(status);
	printf("Bail out! killed by signal %d\n", WTERMSIG(status));
	return 1;
}

static void print_header(void)
{
	puts("KTAP version 1");
	header_print();
	puts("# left out, as they need a machine of their own: " LEFT_OUT);
}

static int run_guarded(struct selftest *test, const sigset_t *taken,
		       int *signal)
{
	int status = EXIT_SELF;

	if (session_begin(&test->session, "selftest", MAPSTACK_VERSION))
		return EXIT_SELF;
	print_header();
	/* Switch off before any other process can come into the scope. */
	if (!setting_write("enabled", "0"))
		status = run_in_namespace(test, taken, signal);
	sweep_trace();
	if (session_end(&test->session))
		status = EXIT_SELF;
	return status;
}

static void block_signals(struct selftest *test, sigset_t *taken)
{
	static const int signals[] = { SIGHUP, SIGINT, SIGQUIT, SIGTERM,
				       SIGCHLD };
	size_t i;

	sigemptyset(taken);
	for (i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(taken, signals[i]);
	sigprocmask(SIG_BLOCK, taken, &test->mask);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGCHLD, SIG_DFL);
}

int main(int argc, char **argv)
{
	struct selftest test = { 0 };
	int status = EXIT_SELF, signal = 0;
	sigset_t taken;

	if (geteuid()) {
		say_err("selftest needs root; nothing was changed; use sudo");
		return EXIT_SELF;
	}
	if (!enter_own_directory())
		return EXIT_SELF;
	block_signals(&test, &taken);
	mount_tracefs();
	if (load_module(&test, argc > 1 ? argv[1] : NULL))
		return EXIT_SELF;
	if (start_keeper(&test)) {
		say_err("cannot start a second process (%m), so nothing was changed; look at the limits (ulimit -a)");
	} else {
		status = run_guarded(&test, &taken, &signal);
		release_keeper(&test);
	}
	unload_module(&test);
	if (signal) {
		sigprocmask(SIG_SETMASK, &test.mask, NULL);
		raise(signal);
	}
	return status;
}
