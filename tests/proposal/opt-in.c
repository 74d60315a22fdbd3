// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests the opt-in of docs/proposal/alternatives on a kernel that has it, without
 * mapstack. With an argument it ends with the setting that it was started with.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "../guest/ktap.h"
#include "opt-in.h"

static int ended(pid_t pid)
{
	int status;

	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		guest_die("a child did not end by itself");
	return WEXITSTATUS(status);
}

static int setting_of_child(void)
{
	pid_t pid = fork();

	if (!pid)
		_exit(opt_in_get());
	return ended(pid);
}

static int setting_after_exec(void)
{
	pid_t pid = fork();

	if (!pid) {
		execl("/proc/self/exe", "opt-in", "setting", (char *)NULL);
		_exit(127);
	}
	return ended(pid);
}

static bool has_flag(const char *stack)
{
	struct mapping mapping;

	if (!guest_mapping(stack, &mapping))
		guest_die("there is no mapping");
	return guest_has_vmflag(&mapping, "gd");
}

static bool grows(char *stack)
{
	return has_flag(stack) && !guest_touch(stack - 1);
}

static bool stays(char *stack)
{
	return !has_flag(stack) && guest_touch(stack - 1) == SIGSEGV;
}

static bool refused(int option, unsigned long arg2, unsigned long arg3)
{
	errno = 0;
	return prctl(option, arg2, arg3, 0, 0) == -1 && errno == EINVAL;
}

static void test_arguments(void)
{
	ktap_result(opt_in_get() == 0, "the setting is 0 at first");
	ktap_result(refused(PR_SET_MAP_STACK_GROWS, 2, 0) &&
			    refused(PR_SET_MAP_STACK_GROWS, 1, 1) &&
			    refused(PR_GET_MAP_STACK_GROWS, 1, 0),
		    "bad arguments are EINVAL");
	ktap_result(opt_in_get() == 0, "they change nothing");
}

static void test_mappings(void)
{
	char *before = guest_map_stack(), *shared;
	bool grew;

	ktap_result(stays(before), "without it MAP_STACK does not grow");
	ktap_result(!opt_in_set(1) && opt_in_get() == 1, "it can be set");
	ktap_result(stays(before), "a mapping stays as it was made");
	grew = grows(guest_map_stack());
	printf("result opt-in new-mapping.grows %d\n", grew);
	ktap_result(grew, "a new one grows");
	shared = mmap(NULL, getpagesize(), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	ktap_result(shared != MAP_FAILED && !has_flag(shared),
		    "shared memory is mapped as before");
}

static void test_inheritance(void)
{
	ktap_result(setting_of_child() == 1, "a child has the setting");
	ktap_result(setting_after_exec() == 0, "execve() ends it");
	ktap_result(!opt_in_set(0) && stays(guest_map_stack()),
		    "it can be taken back");
}

int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 1)
		return opt_in_get();
	ktap_plan(11);
	test_arguments();
	test_mappings();
	test_inheritance();
	return ktap_end();
}
