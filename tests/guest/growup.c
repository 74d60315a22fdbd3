// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests MAP_STACK where stacks grow up.
 *
 * The request goes from do_mmap() to mmap_region(). Others come in between:
 * calls that fail on the way, processes that end there, threads that map
 * something else, and the switch.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

#define ROOM 32 /* free pages between two used ones */
#define BETWEEN 300 /* pages between threads, more than the guard gap */
#define FAILERS 100 /* more requests than the module can remember */
#define THREADS 6
#define ROUNDS 1000
#define TOGGLES 40

#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

static size_t page;
static int zero; /* /dev/zero */

static char *map_at(char *place, int flags)
{
	return mmap(place, page, PROT_READ | PROT_WRITE,
		    ANONYMOUS | MAP_FIXED | flags, -1, 0);
}

/* Has the kernel store one byte: no signal, so threads can do it. */
static bool can_write(char *addr)
{
	return read(zero, addr, 1) == 1;
}

/*
 * Maps one page in the middle of some room. Expects it to grow or not when it
 * is touched beyond its end, and never to grow when touched below.
 */
static bool check_map(int flags, bool grows)
{
	char *room = guest_find_room(ROOM * page, page), *addr;
	struct mapping mapping;
	bool passed, marked;

	addr = map_at(room + page, flags);
	if (addr == MAP_FAILED)
		guest_die("mmap");
	memset(addr, 0x5a, page);
	passed = guest_touch(addr - page) == SIGSEGV;
	passed &= (guest_touch(addr + page) == 0) == grows;
	passed &= (guest_touch(addr + 10 * page) == 0) == grows;
	passed &= guest_touch(addr - 1) == SIGSEGV;
	passed &= addr[0] == 0x5a && addr[page - 1] == 0x5a;

	passed &= guest_mapping(addr, &mapping);
	marked = guest_has_vmflag(&mapping, GROWABLE);
	passed &= marked == grows && mapping.start == (unsigned long)addr &&
		  mapping.end - mapping.start == (grows ? 11 : 1) * page;
	if (!passed)
		ktap_note("%lu bytes, VmFlags %s", mapping.end - mapping.start,
			  mapping.vmflags);
	munmap(room - page, (ROOM + 2) * page);
	return passed;
}

static void test_flags(const char *policy, bool stack, bool paired)
{
	mapstack_set("policy", policy);
	ktap_result(check_map(MAP_STACK, stack), "%s: MAP_STACK %s", policy,
		    stack ? "grows up" : "does not grow");
	ktap_result(check_map(MAP_STACK | MAP_GROWSDOWN, paired),
		    "%s: MAP_STACK and MAP_GROWSDOWN %s", policy,
		    paired ? "grow up" : "do not grow");
	ktap_result(check_map(MAP_GROWSDOWN, false) && check_map(0, false),
		    "%s: MAP_GROWSDOWN alone stays as it is", policy);
}

static void test_rlimit(void)
{
	struct rlimit limit, small = { 4 * page, RLIM_INFINITY };
	char *room = guest_find_room(ROOM * page, page), *addr;
	bool passed;

	getrlimit(RLIMIT_STACK, &limit);
	small.rlim_max = limit.rlim_max;
	addr = map_at(room, MAP_STACK);
	setrlimit(RLIMIT_STACK, &small);
	passed = guest_touch(addr + 3 * page) == 0 &&
		 guest_touch(addr + 4 * page) == SIGSEGV;
	setrlimit(RLIMIT_STACK, &limit);
	munmap(room - page, (ROOM + 2) * page);
	ktap_result(passed, "growth ends at RLIMIT_STACK");
}

static void test_refused(void)
{
	int fd = open("/init", O_RDONLY | O_CLOEXEC);
	bool passed;

	mapstack_set("reset", "1");
	passed = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_STACK, fd, 0) ==
			 MAP_FAILED &&
		 errno == EINVAL;
	passed &= mmap(NULL, page, PROT_READ,
		       MAP_SHARED | MAP_ANONYMOUS | MAP_STACK, -1,
		       0) == MAP_FAILED &&
		  errno == EINVAL;
	passed &= mapstack_counter("refused") == 2;
	close(fd);
	ktap_result(passed, "files and shared memory: EINVAL");
}

/* Makes a request that fails between do_mmap() and mmap_region(). */
static bool fail_between(void)
{
	static char *taken;

	if (!taken)
		taken = mmap(NULL, page, PROT_NONE, ANONYMOUS, -1, 0);
	return mmap(taken, page, PROT_NONE,
		    ANONYMOUS | MAP_STACK | MAP_FIXED_NOREPLACE, -1,
		    0) == MAP_FAILED &&
	       errno == EEXIST;
}

static void test_failed(void)
{
	bool passed = true;
	int i;

	for (i = 0; i < 10; i++)
		passed &= fail_between() && check_map(0, false);
	ktap_result(passed, "a call that failed leaves nothing to the next");
	passed &= fail_between() && check_map(MAP_STACK, true);
	ktap_result(passed, "a call that failed takes nothing from the next");
}

/* Processes that failed and then map nothing more, alive or ended. */
static void test_left_behind(bool alive)
{
	bool passed = true;
	int i, fds[2];
	char byte;

	if (pipe(fds))
		guest_die("pipe");
	for (i = 0; i < FAILERS; i++) {
		if (!fork()) {
			byte = fail_between();
			if (write(fds[1], &byte, 1) != 1 || !alive)
				_exit(0);
			for (;;)
				pause();
		}
		passed &= read(fds[0], &byte, 1) == 1 && byte;
	}
	while (!alive && wait(NULL) > 0)
		;
	passed &= check_map(MAP_STACK, true) && check_map(0, false);
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	signal(SIGTERM, SIG_DFL);
	while (wait(NULL) > 0)
		;
	close(fds[0]);
	close(fds[1]);
	ktap_result(passed, "%d processes that failed and %s", FAILERS,
		    alive ? "sleep" : "ended");
}

/* Shared by threads and processes. */
struct storm {
	atomic_bool stop;
	atomic_bool toggling; /* so MAP_STACK may grow or not */
	atomic_uint failures;
	atomic_ulong calls;
};

static struct storm *storm;

static void storm_once(char *room, unsigned int round)
{
	int flags = round % 3 == 0 ? MAP_STACK :
		    round % 3 == 1 ? 0 :
				     MAP_GROWSDOWN;
	char *addr;

	if (round % 5 == 0)
		fail_between();
	addr = map_at(room, flags);
	storm->failures += addr == MAP_FAILED;
	if (flags != MAP_STACK)
		storm->failures += can_write(addr + page);
	else if (!storm->toggling)
		storm->failures += !can_write(addr + page);
	munmap(room, BETWEEN / 2 * page);
	storm->calls++;
}

static void *storm_thread(void *arg)
{
	unsigned int round;

	for (round = 0; storm->toggling ? !storm->stop : round < ROUNDS;
	     round++)
		storm_once(arg, round);
	return NULL;
}

/* Runs threads in two processes, each thread with room of its own. */
static bool run_storm(bool toggling)
{
	pthread_t threads[THREADS];
	int process, i, status;
	bool passed = true;

	memset(storm, 0, sizeof(*storm));
	storm->toggling = toggling;
	for (process = 0; process < 2; process++) {
		if (fork())
			continue;
		char *room = guest_find_room(THREADS * BETWEEN * page, page);

		for (i = 0; i < THREADS; i++)
			if (pthread_create(&threads[i], NULL, storm_thread,
					   room + i * BETWEEN * page))
				_exit(1);
		for (i = 0; i < THREADS; i++)
			pthread_join(threads[i], NULL);
		_exit(0);
	}
	for (i = 0; toggling && i < TOGGLES; i++) {
		usleep(20000);
		mapstack_set("enabled", i & 1 ? "1" : "0");
	}
	storm->stop = true;
	while (wait(&status) > 0)
		passed &= status == 0;
	ktap_note("%lu calls, %u failures", (unsigned long)storm->calls,
		  storm->failures);
	return passed && !storm->failures;
}

static bool reload(void)
{
	guest_unload("mapstack");
	guest_load("mapstack", "enabled=1");
	return check_map(MAP_STACK, true);
}

/* parisc's ftrace_modify_call() does nothing, so the hook is never called. */
static void test_tracer(void)
{
	bool passed;
	int log, ret;

	mapstack_set("enabled", "0");
	guest_trace_set("current_tracer", "function");
	log = guest_log_open();
	ret = mapstack_write("enabled", "1");
	passed = ret == -EIO && mapstack_is("enabled", "0") &&
		 guest_log_says(log, "did not fire");
	ktap_result(passed && check_map(MAP_STACK, false),
		    "function tracer before it: EIO, off, one log line");
	guest_trace_set("current_tracer", "nop");
	ret = mapstack_write("enabled", "1");
	ktap_result(!ret && check_map(MAP_STACK, true),
		    "on when the function tracer has left");
}

int main(void)
{
	ktap_plan(1 + 4 * 3 + 1 + 1 + 2 + 2 + 2 + 2 + 2);
	page = sysconf(_SC_PAGESIZE);
	zero = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	if (zero < 0)
		guest_die("cannot open /dev/zero");
	storm = guest_share(sizeof(*storm));
	guest_load("mapstack", "");

	ktap_result(check_map(MAP_STACK, false) &&
			    check_map(MAP_STACK | MAP_GROWSDOWN, false),
		    "off: nothing grows");
	mapstack_set("enabled", "1");
	test_flags("observe", false, false);
	test_flags("paired", false, true);
	test_flags("private", true, true);
	test_flags("rfc", true, true);
	test_rlimit();
	test_refused();
	test_failed();
	test_left_behind(true);
	test_left_behind(false);
	ktap_result(run_storm(false), "threads: each gets what it asked for");
	ktap_result(run_storm(true), "threads: while it is switched");
	fail_between();
	ktap_result(reload(), "unloaded and loaded again after a failed call");
	mapstack_set("enabled", "0");
	ktap_result(!guest_hooked("do_mmap") && !guest_hooked("mmap_region") &&
			    check_map(MAP_STACK, false),
		    "off: nothing on do_mmap and mmap_region");
	test_tracer();
	guest_unload("mapstack");
	return ktap_end();
}
