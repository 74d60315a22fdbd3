// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads on every CPU map stacks and grow them, while everything about the
 * module and around it changes at the same time.
 *
 * In the first half the module stays loaded, so that the laws of the counters
 * can be tested. In the second half it is also unloaded and loaded again. No
 * byte may be lost, no law broken, no call may fail that must not, no line may
 * be in the log, and nothing may be left. storm_seconds in the environment sets
 * the duration of each half. On a slow machine a half lasts until enough has
 * happened.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "laws.h"
#include "mapstack.h"

#define CGROUP "/sys/fs/cgroup/storm"
#define SECONDS 5
#define THREADS_PER_CPU 2
#define STACK_PAGES 4
#define ROOM 48 /* free pages where a stack grows */
#define ENOUGH 10 /* stacks that grew, and as many that did not */
#define MAX_STAY 3000 /* milliseconds */
#define SAY_SECONDS 30 /* between two notes of progress */
#define LATE_SECONDS 600 /* enough must have happened by then */
#define MAX_CHANGERS 8

/* Shared by the processes. */
struct storm {
	atomic_bool stop;
	atomic_bool comes_and_goes; /* the module is loaded and unloaded */
	atomic_ulong calls; /* with MAP_STACK, begun */
	atomic_ulong grown;
	atomic_ulong not_grown;
	atomic_ulong lost;
	atomic_ulong changes[MAX_CHANGERS];
	atomic_ulong errors;
};

static struct storm *storm;
static size_t page;

/* Reports a failed call, unless the module was not loaded at the time. */
static void expect(const char *what, int ret)
{
	if (!ret || (storm->comes_and_goes &&
		     (ret == -ENOENT || ret == -ENODEV || ret == -EAGAIN)))
		return;
	ktap_note("%s: %s", what, strerror(-ret));
	storm->errors++;
}

static void change(const char *file, const char *text)
{
	expect(file, mapstack_write(file, text));
}

static void *map_stack(void *at)
{
	storm->calls++;
	return mmap(at, STACK_PAGES * page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK |
			    (at ? MAP_FIXED : 0),
		    -1, 0);
}

static __thread sigjmp_buf fault_return;

static void fault(int sig)
{
	siglongjmp(fault_return, sig);
}

static void fill(unsigned long *from, unsigned long *to, unsigned long seed)
{
	for (; from < to; from++)
		*(volatile unsigned long *)from = seed ^ (unsigned long)from;
}

static bool is_filled(const unsigned long *from, const unsigned long *to,
		      unsigned long seed)
{
	for (; from < to; from++)
		if (*from != (seed ^ (unsigned long)from))
			return false;
	return true;
}

/* Grows a stack from its end page by page; returns how many it grew. */
static long grow(char *end, long pages, unsigned long seed)
{
	volatile long grown = 0;

	if (sigsetjmp(fault_return, 1))
		return grown;
	while (grown < pages) {
		char *next = STACKS_GROW_UP ? end + grown * page :
					      end - (grown + 1) * page;

		fill((void *)next, (void *)(next + page), seed);
		grown++;
	}
	return grown;
}

static void work_once(char *room, unsigned long seed)
{
	char *stack = STACKS_GROW_UP ? room : room + ROOM * page;
	char *end = stack + STACK_PAGES * page;
	long pages = 1 + seed % (ROOM - 1), grown;
	struct mapping mapping;

	if (map_stack(stack) == MAP_FAILED) {
		expect("mmap", -errno);
		return;
	}
	fill((void *)stack, (void *)end, seed);
	grown = grow(STACKS_GROW_UP ? end : stack, pages, seed);
	if (grown == pages) {
		storm->grown++;
	} else {
		storm->not_grown++;
		/* A stack that can grow has room, so it must grow. */
		if (grown || !guest_mapping(stack, &mapping) ||
		    guest_has_vmflag(&mapping, GROWABLE))
			expect("growth", -EFAULT);
	}
	if (STACKS_GROW_UP)
		end += grown * page;
	else
		stack -= grown * page;
	if (!is_filled((void *)stack, (void *)end, seed))
		storm->lost++;
	munmap(room, (ROOM + STACK_PAGES) * page);
}

static void *work(void *room)
{
	unsigned long seed = (unsigned long)room >> 12;

	while (!storm->stop)
		work_once(room, seed++);
	return NULL;
}

static void run_workers(void)
{
	int threads = THREADS_PER_CPU * sysconf(_SC_NPROCESSORS_ONLN), i;
	struct sigaction action = { .sa_handler = fault };
	pthread_t thread[threads];

	sigaction(SIGSEGV, &action, NULL);
	/* The C library maps their stacks. */
	storm->calls += threads;
	for (i = 0; i < threads; i++)
		if (pthread_create(&thread[i], NULL, work,
				   guest_find_room((ROOM + STACK_PAGES) * page,
						   512 * page)))
			guest_die("no thread");
	for (i = 0; i < threads; i++)
		pthread_join(thread[i], NULL);
	_exit(0);
}

static void change_policy(unsigned long n)
{
	static const char *const policies[] = { "observe", "paired", "fitting",
						"private", "rfc" };

	change("policy", policies[n % ARRAY_SIZE(policies)]);
}

static void change_switch(unsigned long n)
{
	change("enabled", n & 1 ? "0" : "1");
}

/* Starts a process that maps stacks until it is killed. */
static pid_t start_victim(void)
{
	pid_t pid = fork();

	while (!pid) {
		void *addr = map_stack(NULL);

		if (addr != MAP_FAILED)
			munmap(addr, STACK_PAGES * page);
	}
	return pid;
}

static void end_victim(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Scopes: all, a process that dies in it, a cgroup that is removed in it. */
static void change_scope(unsigned long n)
{
	char text[64];
	pid_t pid;

	if (n % 3 == 0 || (n % 3 == 2 && !guest_has_cgroups())) {
		change("scope", "all");
		usleep(50000);
		return;
	}
	pid = start_victim();
	if (n % 3 == 1) {
		snprintf(text, sizeof(text), "pid:%d", pid);
		change("scope", text);
		usleep(2000);
		end_victim(pid);
		return;
	}
	expect("mkdir", mkdir(CGROUP, 0755) ? -errno : 0);
	snprintf(text, sizeof(text), "%d", pid);
	expect("cgroup.procs", guest_write(CGROUP "/cgroup.procs", text));
	change("scope", "cgroup:/storm");
	usleep(2000);
	end_victim(pid);
	/* EBUSY: the dead process has not left the cgroup yet. */
	while (rmdir(CGROUP) && errno == EBUSY)
		usleep(1000);
}

/*
 * Other users of do_mmap() come and go. A kernel may refuse some of them. On
 * parisc, where stacks grow up, the hook cannot be switched on beside a user
 * that saves no registers, see growup.c.
 */
static void change_company(unsigned long n)
{
	static const struct {
		const char *module, *params;
	} company[] = {
		{ "company_kprobe", "" },
		{ "company_ops", STACKS_GROW_UP ? "save_regs=1" : "" },
		{ "company_ops", "ipmodify=1" },
		{ "company_ops", "save_regs=1" },
	};
	size_t i = n % ARRAY_SIZE(company);
	int ret = guest_try_load(company[i].module, company[i].params);

	if (ret == -EINVAL || ret == -EBUSY ||
	    (ret == -EOPNOTSUPP && !guest_has_kprobes()))
		return;
	expect(company[i].module, ret);
	usleep(1000);
	if (!ret)
		guest_unload(company[i].module);
}

/* Tracers of do_mmap(), a kprobe event, and the tracepoints. */
static void change_tracers(unsigned long n)
{
	static const char *const steps[][2] = {
		{ "current_tracer", STACKS_GROW_UP ? "nop" : "function" },
		{ "kprobe_events", "p:storm do_mmap" },
		{ "events/kprobes/storm/enable", "1" },
		{ "current_tracer", "function_graph" },
		{ "events/mapstack/enable", "1" },
		{ "events/kprobes/storm/enable", "0" },
		{ "kprobe_events", "-:storm" },
		{ "current_tracer", "nop" },
		{ "events/mapstack/enable", "0" },
	};
	const char *const *step = steps[n % ARRAY_SIZE(steps)];
	char path[128];
	int ret;

	snprintf(path, sizeof(path), TRACEFS_DIR "%s", step[0]);
	/* Some kernels have no kprobe events, or lack a tracer. */
	if (access(path, F_OK) ||
	    (!guest_has_kprobes() && !strcmp(step[0], "kprobe_events")))
		return;
	ret = guest_write(path, step[1]);
	if (ret == -EINVAL && !strcmp(step[0], "current_tracer"))
		return;
	/* A module that is unloaded leaves an empty directory for a moment. */
	if (ret == -EINVAL && storm->comes_and_goes &&
	    !strcmp(step[0], "events/mapstack/enable"))
		return;
	expect(step[0], ret);
}

/*
 * The module stays for some milliseconds. On a slow machine no stack grows in
 * that time, so every fourth time it stays until one has, or for MAX_STAY.
 */
static void stay(unsigned long n)
{
	unsigned long grown = storm->grown;
	unsigned int left = n % 4 ? n % 7 * 5 : MAX_STAY;

	for (; left && storm->grown == grown && !storm->stop; left--)
		usleep(1000);
}

static void change_module(unsigned long n)
{
	int ret = guest_try_load("mapstack", n & 1 ? "enabled=1" : "");

	expect("load", ret);
	stay(n);
	do
		ret = syscall(SYS_delete_module, "mapstack", O_NONBLOCK) ?
			      -errno :
			      0;
	while (ret == -EAGAIN);
	expect("unload", ret);
}

static void start_changer(int number, void (*change_once)(unsigned long n))
{
	unsigned long n;

	if (fork())
		return;
	/* Whole turns, so that each leaves everything as it was. */
	for (n = 0; !storm->stop || n % 9; n++) {
		change_once(n);
		storm->changes[number]++;
		usleep(500); /* leaves the CPUs to the mapping threads */
	}
	_exit(0);
}

static bool check_quiet(void)
{
	unsigned long seen = mapstack_counter("seen");
	unsigned long outside = mapstack_counter("out_of_scope");
	unsigned long calls = storm->calls;

	ktap_note("%lu calls: %lu seen, %lu out of scope", calls, seen,
		  outside);
	return seen == laws_sum(laws_outcomes, NR_OUTCOMES) &&
	       seen == laws_sum(laws_shapes, NR_SHAPES) && seen && outside &&
	       seen + outside <= calls;
}

/* Prints progress: a guest that is silent for too long is stopped. */
static void say_progress(void)
{
	static time_t said;

	if (time(NULL) < said + SAY_SECONDS)
		return;
	said = time(NULL);
	ktap_note("%lu stacks grew so far, %lu did not", storm->grown,
		  storm->not_grown);
}

/* Runs half of the storm; false if a law was broken meanwhile. */
static bool blow(bool comes_and_goes, unsigned int seconds)
{
	static void (*const changers[])(unsigned long) = {
		change_policy,	change_switch,	change_scope,
		change_company, change_tracers, change_module,
	};
	size_t n = ARRAY_SIZE(changers) - !comes_and_goes, i;
	time_t end = time(NULL) + seconds;
	bool passed = true;
	int status;

	memset(storm, 0, sizeof(*storm));
	storm->comes_and_goes = comes_and_goes;
	if (!fork())
		run_workers();
	for (i = 0; i < n; i++)
		start_changer(i, changers[i]);
	while (time(NULL) < end || storm->grown < ENOUGH ||
	       storm->not_grown < ENOUGH) {
		if (time(NULL) > end + LATE_SECONDS) {
			ktap_note("too little happened in %d s", LATE_SECONDS);
			passed = false;
			break;
		}
		if (comes_and_goes)
			usleep(100000);
		else
			passed &= laws_hold();
		say_progress();
	}
	storm->stop = true;
	while (wait(&status) > 0)
		passed &= !status;
	for (i = 0; i < n; i++) {
		ktap_note("changer %zu: %lu changes", i,
			  (unsigned long)storm->changes[i]);
		passed &= storm->changes[i] > 0;
	}
	ktap_note("%lu stacks grew, %lu did not", storm->grown,
		  storm->not_grown);
	return passed;
}

static bool is_clean(void)
{
	return !storm->errors && !storm->lost;
}

int main(void)
{
	unsigned int seconds = guest_option("storm_seconds", SECONDS);
	int log;

	ktap_plan(6);
	page = sysconf(_SC_PAGESIZE);
	storm = guest_share(sizeof(*storm));
	guest_trace_filter("do_mmap");

	/* The first module of the tests taints the kernel and logs that. */
	guest_load("company_ops", "");
	guest_unload("company_ops");
	guest_load("mapstack", "");
	log = guest_log_open();
	ktap_result(blow(false, seconds), "no law of the counters is broken");
	ktap_result(check_quiet(), "the counters add up in the end");
	ktap_result(is_clean(), "no byte is lost, and no call fails");

	guest_unload("mapstack");
	ktap_result(blow(true, seconds) && is_clean(),
		    "no byte is lost while the module comes and goes");
	ktap_result(!guest_hooked("do_mmap") &&
			    !guest_hooked("expand_downwards") &&
			    !guest_hooked("mmap_region") &&
			    access(MAPSTACK_DIR, F_OK),
		    "nothing is left");
	ktap_result(guest_log_silent(log, guest_growth_line()),
		    "not a line in the kernel log");
	guest_trace_filter("");
	return ktap_end();
}
