// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests loading, switching and unloading many times while every CPU maps, grows
 * and unmaps stacks. No call may fail, nothing may be left behind, and each
 * mapping must stay as it was made. churn_cycles in the environment sets the
 * number of cycles.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

#define CYCLES 8 /* of loading and unloading, by default */
#define MAX_CYCLES 100
#define TOGGLES 2 /* on and off again, in each cycle */
#define RACES 5 /* between a writer and unloading */
#define ROOM 16 /* free pages where a stack grows */
#define MAX_WORKERS 32
#define TRIES 6000 /* a minute, for something that takes no time */
#define KPROBES "/sys/kernel/debug/kprobes/list"
/* The function that is hooked in addition to do_mmap(). */
#define SECOND (STACKS_GROW_UP ? "mmap_region" : "expand_downwards")

/* Shared by the processes. */
struct churn {
	atomic_bool stop;
	atomic_ulong grown[MAX_WORKERS];
	atomic_ulong not_grown[MAX_WORKERS];
	atomic_uint failures;
	atomic_uint writes;
};

static struct churn *churn;
static size_t page;

/* Maps one page, with room where it grows, at a place that the caller chose. */
static char *map_stack(char *room)
{
	char *place = STACKS_GROW_UP ? room : room + ROOM * page;
	char *addr = mmap(place, page, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_FIXED,
			  -1, 0);

	return addr == MAP_FAILED ? NULL : addr;
}

static char *find_room(void)
{
	return guest_find_room(ROOM * page, page);
}

/* Maps a page of its own in the same address space, again and again. */
static void *map_again(void *arg)
{
	while (!churn->stop)
		churn->failures += mmap(arg, page, PROT_NONE,
					MAP_PRIVATE | MAP_ANONYMOUS |
						MAP_STACK | MAP_FIXED,
					-1, 0) != arg;
	return NULL;
}

/* Maps, and sees whether the mapping grows. */
static void work(unsigned int number)
{
	char *room = find_room(), *stack;
	pthread_t thread;

	if (pthread_create(&thread, NULL, map_again, find_room()))
		_exit(1);
	while (!churn->stop) {
		stack = map_stack(room);
		if (!stack) {
			churn->failures++;
			continue;
		}
		if (guest_touch(STACKS_GROW_UP ? room + (ROOM - 1) * page :
						 room))
			churn->not_grown[number]++;
		else if (stack[STACKS_GROW_UP ? page : -page] || stack[0])
			churn->failures++;
		else
			churn->grown[number]++;
		munmap(room, ROOM * page);
	}
	pthread_join(thread, NULL);
	_exit(0);
}

/* Starts one worker on each CPU. They yield to the process that switches. */
static unsigned int start_workers(void)
{
	unsigned int cpus = sysconf(_SC_NPROCESSORS_ONLN), i;
	unsigned int workers = cpus < MAX_WORKERS ? cpus : MAX_WORKERS;

	for (i = 0; i < workers; i++) {
		cpu_set_t cpu;

		CPU_ZERO(&cpu);
		CPU_SET(i, &cpu);
		if (fork())
			continue;
		if (sched_setaffinity(0, sizeof(cpu), &cpu) || nice(19) != 19)
			_exit(1);
		work(i);
	}
	return workers;
}

/*
 * Waits until every worker has had a mapping that grew. The switching process
 * does not sleep between on and off, so on a single CPU a worker would meet
 * only one of them.
 */
static void wait_for_growth(unsigned int workers)
{
	unsigned int i, tries;

	for (i = 0; i < workers; i++)
		for (tries = 0; !churn->grown[i] && tries < TRIES; tries++)
			usleep(10000);
}

/* Every worker must have met the hook on and off. */
static bool end_workers(unsigned int workers)
{
	bool passed = true;
	unsigned int i;
	int status;

	churn->stop = true;
	while (wait(&status) > 0)
		passed &= status == 0;
	for (i = 0; i < workers; i++) {
		ktap_note("worker %u: %lu grew, %lu did not", i,
			  churn->grown[i], churn->not_grown[i]);
		passed &= churn->grown[i] && churn->not_grown[i];
	}
	if (churn->failures)
		ktap_note("%u calls failed", churn->failures);
	return passed && !churn->failures;
}

/* The kernel may have some of its own: ppc64 has one from the start. */
static char kprobes_before[8192];

static void read_kprobes(char *list)
{
	*list = '\0';
	if (guest_read(KPROBES, list, sizeof(kprobes_before)) < 0 &&
	    guest_has_kprobes())
		guest_die("cannot read " KPROBES);
}

/*
 * Whether growth is followed. On some kernels kprobes do not use ftrace, so
 * enabled_functions does not tell. While off, the kprobe is disabled.
 */
static bool growth_is_followed(void)
{
	char kprobes[sizeof(kprobes_before)];
	const char *line, *off;

	read_kprobes(kprobes);
	line = strstr(kprobes, "expand_downwards");
	if (!line)
		return false;
	off = strstr(line, "[DISABLED]");
	return !off || off > strchrnul(line, '\n');
}

static bool nothing_is_left(void)
{
	char kprobes[sizeof(kprobes_before)];
	bool passed = mapstack_is_gone();

	read_kprobes(kprobes);
	if (strcmp(kprobes, kprobes_before)) {
		ktap_note("kprobes are left: %s", kprobes);
		passed = false;
	}
	return passed;
}

static bool is_on(void)
{
	return mapstack_is("enabled", "1") && guest_hooked("do_mmap") &&
	       (!STACKS_GROW_UP || guest_hooked(SECOND)) &&
	       growth_is_followed() == guest_follows_growth();
}

static bool is_off(void)
{
	return mapstack_is_off() && !growth_is_followed();
}

/* A mapping made while on, and one made while off. */
struct kept {
	char *on, *off;
};

static bool grows(const char *stack, bool expected)
{
	struct mapping mapping;
	bool passed;

	passed = guest_mapping(stack, &mapping) &&
		 guest_has_vmflag(&mapping, GROWABLE) == expected &&
		 !guest_touch(STACKS_GROW_UP ?
				      (char *)mapping.end :
				      (char *)mapping.start - page) == expected;
	if (!passed)
		ktap_note("made while %s: VmFlags %s", expected ? "on" : "off",
			  mapping.vmflags);
	return passed;
}

static bool check_kept(const struct kept *kept)
{
	return grows(kept->on, true) & grows(kept->off, false);
}

/* Loads, switches and unloads; alternately while on and while off. */
static bool churn_once(unsigned int cycle, unsigned int workers,
		       struct kept *kept)
{
	bool passed = true;
	int i;

	guest_load("mapstack", cycle & 1 ? "enabled=1" : "");
	if (cycle & 2)
		guest_trace_set("events/mapstack/enable", "1");
	for (i = 0; i < TOGGLES; i++) {
		mapstack_set("enabled", "1");
		passed &= is_on();
		mapstack_set("enabled", "0");
		passed &= is_off();
	}
	kept->off = map_stack(find_room());
	mapstack_set("enabled", "1");
	kept->on = map_stack(find_room());
	wait_for_growth(workers);
	if (cycle & 4)
		mapstack_set("enabled", "0");
	guest_unload("mapstack");
	return passed & nothing_is_left();
}

static void test_churn(void)
{
	unsigned int cycles = guest_option("churn_cycles", CYCLES);
	unsigned int workers = start_workers(), i;
	struct kept kept[MAX_CYCLES];
	bool passed = cycles > 0 && cycles <= MAX_CYCLES;

	for (i = 0; i < cycles && passed; i++)
		passed = churn_once(i, workers, &kept[i]);
	ktap_result(passed, "%u times loaded, %u times switched, unloaded",
		    cycles, cycles * (2 * TOGGLES + 1));
	ktap_result(end_workers(workers), "no call failed meanwhile");
	while (passed && i--)
		passed = check_kept(&kept[i]);
	ktap_result(passed, "mappings stay what they were made, and grow on");
}

/* Writes and reads files that it opened before, until they are gone. */
static void write_until_gone(void)
{
	int enabled = open(MAPSTACK_DIR "enabled", O_WRONLY);
	int seen = open(MAPSTACK_DIR "counters/seen", O_RDONLY);
	char text[32];

	while (pwrite(enabled, churn->writes & 1 ? "0" : "1", 1, 0) == 1)
		churn->writes++;
	if (errno != ENODEV)
		_exit(errno);
	while (pread(seen, text, sizeof(text), 0) > 0)
		;
	_exit(errno != ENODEV || pwrite(enabled, "1", 1, 0) >= 0);
}

static bool race_once(void)
{
	int status;

	churn->writes = 0;
	guest_load("mapstack", "");
	if (!fork())
		write_until_gone();
	while (churn->writes < 3)
		sched_yield();
	guest_unload("mapstack");
	if (wait(&status) < 0 || status)
		ktap_note("the writer ended with status %#x", status);
	return !status && nothing_is_left();
}

static void test_race(void)
{
	bool passed = true;
	int i;

	for (i = 0; i < RACES; i++)
		passed &= race_once();
	ktap_result(passed, "unloaded beside a writer, who gets ENODEV");
}

int main(void)
{
	int log;

	ktap_plan(6);
	page = sysconf(_SC_PAGESIZE);
	churn = guest_share(sizeof(*churn));
	read_kprobes(kprobes_before);
	ktap_result(nothing_is_left() && !strstr(kprobes_before, "do_mmap") &&
			    !strstr(kprobes_before, "expand_downwards"),
		    "nothing is there before");

	/* The first load taints the kernel and logs that. */
	guest_load("mapstack", "");
	guest_unload("mapstack");
	log = guest_log_open();
	test_churn();
	test_race();
	ktap_result(guest_log_silent(log, guest_growth_line()),
		    "not a line in the kernel log");
	return ktap_end();
}
