// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests the scope. Each test looks at the counters, and whether a MAP_STACK
 * request of some process grows. It must grow only in scope.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <linux/sched.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

/* The outcomes of a request: exit statuses of the process that makes it. */
enum { GROWS = 10, DOES_NOT_GROW };

static int ask(void)
{
	return guest_stack_grows() ? GROWS : DOES_NOT_GROW;
}

static int answer_of(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		guest_die("cannot wait for %d", pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* Has a child find the answer by @way. */
static int ask_in_child(int (*way)(void))
{
	pid_t pid = fork();

	if (!pid)
		_exit(way());
	return answer_of(pid);
}

static int ask_in_grandchild(void)
{
	return ask_in_child(ask);
}

static void *thread_asks(void *way)
{
	return (void *)(intptr_t)((int (*)(void))way)();
}

static int ask_in_thread_by(int (*way)(void))
{
	pthread_t thread;
	void *answer;

	errno = pthread_create(&thread, NULL, thread_asks, (void *)way);
	if (errno)
		guest_die("pthread_create");
	pthread_join(thread, &answer);
	return (intptr_t)answer;
}

static int ask_in_thread(void)
{
	return ask_in_thread_by(ask);
}

/* The child's parent is a thread that is not the leader of its process. */
static int ask_in_child_of_thread(void)
{
	return ask_in_thread_by(ask_in_grandchild);
}

static int exec_ask(void)
{
	execl("/proc/self/exe", "scope", "ask", (char *)NULL);
	return -1;
}

/* execve() in a thread: that thread becomes the process. */
static int ask_after_exec_in_thread(void)
{
	return ask_in_thread_by(exec_ask);
}

/*
 * A daemon is started: its parent leaves at once. The answer comes over a pipe,
 * because the daemon then belongs to another process.
 */
static int ask_in_daemon(void)
{
	char answer = 0;
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		guest_die("pipe");
	pid = fork();
	if (!pid) {
		pid_t middle = getpid();

		if (fork())
			_exit(0);
		while (getppid() == middle)
			usleep(1000);
		answer = ask();
		_exit(write(fds[1], &answer, 1) != 1);
	}
	answer_of(pid);
	if (read(fds[0], &answer, 1) != 1)
		guest_die("the daemon did not answer");
	close(fds[0]);
	close(fds[1]);
	return answer;
}

static int ask_in_daemon_of_reaper(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	return ask_in_daemon();
}

static int set_scope_pid(pid_t pid)
{
	char text[32];

	snprintf(text, sizeof(text), "pid:%d\n", pid);
	return mapstack_write("scope", text);
}

static bool scope_is_pid(pid_t pid, const char *state)
{
	char text[32];

	snprintf(text, sizeof(text), "pid:%d%s", pid, state);
	return mapstack_is("scope", text);
}

/* Runs @way in a process that the scope was set to. */
static int ask_in_scope(int (*way)(void))
{
	char go = 1;
	int fds[2];
	pid_t pid;

	if (pipe(fds))
		guest_die("pipe");
	pid = fork();
	if (!pid)
		_exit(read(fds[0], &go, 1) == 1 ? way() : -1);
	if (set_scope_pid(pid) || write(fds[1], &go, 1) != 1)
		guest_die("cannot set the scope");
	close(fds[0]);
	close(fds[1]);
	return answer_of(pid);
}

static void test_process(void)
{
	int inside, outside;

	mapstack_set("reset", "1");
	inside = ask_in_scope(ask);
	outside = ask();
	ktap_result(inside == GROWS && outside == DOES_NOT_GROW,
		    "pid: the process grows, another does not");
	ktap_result(counter_is("seen", 1) && counter_is("translated", 1) &&
			    counter_is("out_of_scope", 1),
		    "pid: one request seen, one out of scope");
	ktap_result(ask_in_scope(ask_in_grandchild) == GROWS,
		    "pid: a child is in scope");
	ktap_result(ask_in_scope(ask_in_thread) == GROWS,
		    "pid: a thread is in scope");
	ktap_result(ask_in_scope(ask_in_child_of_thread) == GROWS,
		    "pid: a child of a thread is in scope");
	ktap_result(ask_in_scope(ask_after_exec_in_thread) == GROWS,
		    "pid: a program executed by a thread is in scope");
	ktap_result(ask_in_scope(ask_in_daemon) == DOES_NOT_GROW,
		    "pid: a daemon leaves a scope that does not reap it");
	ktap_result(ask_in_scope(ask_in_daemon_of_reaper) == GROWS,
		    "pid: a daemon stays in the scope of a subreaper");
}

/* Forks a process with a number that was used before. */
static pid_t fork_as(pid_t number)
{
	pid_t tid[] = { number };
	struct clone_args args = {
		.exit_signal = SIGCHLD,
		.set_tid = (uintptr_t)tid,
		.set_tid_size = 1,
	};

	return syscall(SYS_clone3, &args, sizeof(args));
}

static void test_pid_reuse(void)
{
	pid_t number, pid;

	number = fork();
	if (!number) {
		pause();
		_exit(0);
	}
	if (set_scope_pid(number))
		guest_die("cannot set the scope");
	kill(number, SIGKILL);
	answer_of(number);
	ktap_result(scope_is_pid(number, " (gone)") && ask() == DOES_NOT_GROW,
		    "pid: gone when it has exited, and nobody is in scope");
	pid = fork_as(number);
	if (!pid)
		_exit(ask());
	ktap_result(pid == number && answer_of(pid) == DOES_NOT_GROW &&
			    scope_is_pid(number, " (gone)"),
		    "pid: the next process of that number is not in scope");
}

/* PID 1 of its own namespace: 1 means itself, and it cannot name others. */
static int ask_as_init(void)
{
	if (getpid() != 1 || mapstack_write("scope", "pid:1\n"))
		return -1;
	if (mapstack_write("scope", "pid:2\n") != -ESRCH)
		return -2;
	return ask_in_child(ask_in_grandchild);
}

static void test_pid_namespace(void)
{
	struct clone_args args = {
		.flags = CLONE_NEWPID,
		.exit_signal = SIGCHLD,
	};
	pid_t pid = syscall(SYS_clone3, &args, sizeof(args));

	if (!pid)
		_exit(ask_as_init());
	ktap_result(answer_of(pid) == GROWS && ask() == DOES_NOT_GROW,
		    "pid: as the writer's namespace numbers it");
	ktap_result(ask_in_scope(ask_in_grandchild) == GROWS,
		    "pid: a scope can follow one whose process is gone");
}

static int name_own_thread(void)
{
	return set_scope_pid(gettid()) == -ESRCH ? 1 : 0;
}

static void test_errors(void)
{
	if (set_scope_pid(getpid()))
		guest_die("cannot set the scope");
	ktap_result(mapstack_write("scope", "pid:4194303") == -ESRCH &&
			    scope_is_pid(getpid(), ""),
		    "pid: no such process is -ESRCH and changes nothing");
	ktap_result(ask_in_thread_by(name_own_thread) &&
			    scope_is_pid(getpid(), ""),
		    "pid: a thread that is not a process is -ESRCH");
	mapstack_set("scope", "all");
	ktap_result(mapstack_is("scope", "all") && ask() == GROWS &&
			    ask_in_child(ask) == GROWS,
		    "all: everybody again");
}

int main(int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "ask"))
		return ask();

	ktap_plan(16);
	mapstack_load("enabled=1");
	ktap_result(mapstack_is("scope", "all") && ask() == GROWS,
		    "all after loading");
	test_process();
	test_pid_reuse();
	test_pid_namespace();
	test_errors();
	mapstack_unload();
	return ktap_end();
}
