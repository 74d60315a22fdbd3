// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests CPUs that go offline and come back, and suspending, with the hook on and
 * while it is switched.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

#define CPU "/sys/devices/system/cpu/cpu1/online"
#define CYCLES 10
#define REQUESTS 100

static bool check(const char *what, int ret)
{
	if (ret)
		ktap_note("%s: %s", what, strerror(-ret));
	return !ret;
}

static bool requests_on(int cpu)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	cpu_set_t only;
	int i;

	CPU_ZERO(&only);
	CPU_SET(cpu, &only);
	if (sched_setaffinity(0, sizeof(only), &only))
		return check("sched_setaffinity", -errno);
	for (i = 0; i < REQUESTS; i++) {
		void *addr = mmap(NULL, page, PROT_READ,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1,
				  0);

		if (addr == MAP_FAILED)
			return check("mmap", -errno);
		munmap(addr, page);
	}
	CPU_ZERO(&only);
	CPU_SET(0, &only);
	return check("sched_setaffinity",
		     sched_setaffinity(0, sizeof(only), &only) ? -errno : 0);
}

static bool test_counted(void)
{
	bool passed;

	mapstack_set("reset", "1");
	passed = requests_on(1) && check("offline", guest_write(CPU, "0")) &&
		 counter_is("seen", REQUESTS) && guest_stack_grows() &&
		 counter_is("seen", REQUESTS + 1);
	return passed & check("online", guest_write(CPU, "1")) &&
	       requests_on(1) && counter_is("seen", 2 * REQUESTS + 1);
}

/* Starts a process that switches until it is killed. */
static pid_t start_switching(void)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	while (!mapstack_write("enabled", "0") &&
	       !mapstack_write("enabled", "1"))
		;
	_exit(1);
}

static bool test_switching(void)
{
	pid_t pid = start_switching();
	bool passed = true;
	int i, status;

	for (i = 0; i < CYCLES; i++)
		passed &= check("offline", guest_write(CPU, "0")) &
			  check("online", guest_write(CPU, "1"));
	kill(pid, SIGKILL);
	if (waitpid(pid, &status, 0) != pid || !WIFSIGNALED(status)) {
		ktap_note("a write to enabled failed");
		passed = false;
	}
	mapstack_set("enabled", "1");
	return passed && requests_on(1) && guest_stack_grows();
}

static void test_cpus(void)
{
	static const char counted[] = "the count of an offline CPU stays";
	static const char switching[] = "CPUs come and go while it is switched";

	if (access(CPU, W_OK)) {
		ktap_skip("no CPU can go offline here", counted);
		ktap_skip("no CPU can go offline here", switching);
		return;
	}
	ktap_result(test_counted(), counted);
	ktap_result(test_switching(), switching);
}

/* Suspends to idle as a test: the kernel wakes up by itself, after 5 s. */
static void test_sleep(void)
{
	static const char name[] = "the hook works on after a suspend to idle";
	char states[128];
	bool passed;

	if (guest_read("/sys/power/state", states, sizeof(states)) < 0 ||
	    !strstr(states, "freeze") ||
	    guest_write("/sys/power/pm_test", "devices")) {
		ktap_skip("this kernel cannot suspend as a test", name);
		return;
	}
	mapstack_set("reset", "1");
	passed = check("freeze", guest_write("/sys/power/state", "freeze")) &&
		 mapstack_is("enabled", "1") && guest_stack_grows() &&
		 counter_is("seen", 1);
	guest_write("/sys/power/pm_test", "none");
	ktap_result(passed, name);
}

int main(void)
{
	ktap_plan(4);
	guest_load("mapstack", "enabled=1");
	test_cpus();
	test_sleep();
	guest_unload("mapstack");
	ktap_result(!guest_hooked("do_mmap") && !guest_stack_grows(),
		    "nothing is left");
	return ktap_end();
}
