// SPDX-License-Identifier: GPL-2.0-only
/*
 * Many CPUs: how long switching takes while each CPU maps stacks, whether a
 * request is lost, and what memory the module takes. For the guests "cpus" of
 * bench.py.
 *
 * A figure is a line "# cpus,WHAT,VALUE". The times are the guest's.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "../guest/ktap.h"
#include "../guest/mapstack.h"
#include "switching.h"

#define ROUNDS 3
#define REQUESTS 10 /* of each worker, while its requests are compared */
#define LENGTH 65536
#define MAX_WORKERS 4096

/* One a CPU. Each has a cache line of its own. */
struct worker {
	unsigned long asked; /* requests */
	unsigned long failed; /* of them */
	bool waits; /* because it is told to */
} __attribute__((aligned(64)));

static struct shared {
	bool pause, stop;
	struct worker workers[MAX_WORKERS];
} volatile *shared;

static unsigned int nr_workers;

static void work(volatile struct worker *me)
{
	void *addr;

	while (!shared->stop) {
		if (shared->pause) {
			me->waits = true;
			while (shared->pause && !shared->stop)
				usleep(1000);
			me->waits = false;
			continue;
		}
		me->asked++;
		addr = mmap(NULL, LENGTH, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
		if (addr == MAP_FAILED)
			me->failed++;
		else
			munmap(addr, LENGTH);
	}
	_exit(0);
}

/* They begin when they are told to. */
static void start_workers(void)
{
	cpu_set_t cpu;
	pid_t pid;

	shared = guest_share(sizeof(*shared));
	shared->pause = true;
	nr_workers = sysconf(_SC_NPROCESSORS_ONLN);
	if (nr_workers > MAX_WORKERS)
		guest_die("more than %d CPUs", MAX_WORKERS);
	fflush(stdout);
	for (unsigned int i = 0; i < nr_workers; i++) {
		pid = fork();
		if (pid < 0)
			guest_die("fork");
		if (pid)
			continue;
		CPU_ZERO(&cpu);
		CPU_SET(i, &cpu);
		/* The process that switches is preferred to them. */
		if (sched_setaffinity(0, sizeof(cpu), &cpu) || nice(19) != 19)
			_exit(1);
		work(&shared->workers[i]);
	}
}

static bool end_workers(void)
{
	bool passed = true;
	int status;

	shared->stop = true;
	while (wait(&status) > 0)
		passed &= !status;
	return passed;
}

/* Returns when all have obeyed. */
static void tell_workers(bool pause)
{
	shared->pause = pause;
	for (unsigned int i = 0; i < nr_workers; i++)
		while (shared->workers[i].waits != pause)
			usleep(1000);
}

static unsigned long count_asked(void)
{
	unsigned long sum = 0;

	for (unsigned int i = 0; i < nr_workers; i++)
		sum += shared->workers[i].asked;
	return sum;
}

static unsigned long count_failed(void)
{
	unsigned long sum = 0;

	for (unsigned int i = 0; i < nr_workers; i++)
		sum += shared->workers[i].failed;
	return sum;
}

/* Waits until each worker has made some requests more. */
static void wait_for_requests(void)
{
	for (unsigned int i = 0; i < nr_workers; i++) {
		unsigned long before = shared->workers[i].asked;

		while (shared->workers[i].asked - before < REQUESTS)
			usleep(1000);
	}
}

/* Where the kernel waits for a grace period. */
static void trace_grace_periods(void)
{
	char pid[16];

	snprintf(pid, sizeof(pid), "%d", getpid());
	guest_trace_set("set_event_pid", pid);
	guest_trace_set("kprobe_events",
			"p:grace/begin synchronize_rcu\n"
			"p:grace/begin synchronize_rcu_tasks\n"
			"p:grace/begin synchronize_rcu_tasks_rude\n"
			"r:grace/end synchronize_rcu\n"
			"r:grace/end synchronize_rcu_tasks\n"
			"r:grace/end synchronize_rcu_tasks_rude\n");
	guest_trace_set("events/grace/enable", "1");
}

/* Adds up the grace periods in the trace, and empties it. */
static double grace_ms(void)
{
	double begin = 0, sum = 0;
	char line[256], *event, *time;
	FILE *trace = fopen(guest_trace_path("trace"), "r");

	if (!trace)
		guest_die("cannot open the trace");
	while (fgets(line, sizeof(line), trace)) {
		event = strstr(line, ": begin: ") ?: strstr(line, ": end: ");
		if (*line == '#' || !event)
			continue;
		*event = '\0';
		time = strrchr(line, ' ');
		if (event[2] == 'b')
			begin = atof(time);
		else
			sum += atof(time) - begin;
	}
	fclose(trace);
	guest_trace_set("trace", "");
	return sum * 1e3;
}

/* Times of one direction. */
struct times {
	double whole[ROUNDS], grace[ROUNDS];
};

static void take_switch(const char *text, struct times *times, int round)
{
	times->whole[round] = switching_take(text);
	times->grace[round] = grace_ms();
	ktap_note("%s took %.1f ms, %.1f ms of them in grace periods", text,
		  times->whole[round], times->grace[round]);
}

static void print_times(const char *what, const char *load, struct times *times)
{
	printf("# cpus,switching %s%s: ms,%.1f\n", what, load,
	       switching_median(times->whole, ROUNDS));
	printf("# cpus,switching %s%s: of them in grace periods,%.1f\n", what,
	       load, switching_median(times->grace, ROUNDS));
}

static void test_idle(void)
{
	struct times on, off;

	for (int round = 0; round < ROUNDS; round++) {
		take_switch("1", &on, round);
		take_switch("0", &off, round);
	}
	print_times("on", "", &on);
	print_times("off", "", &off);
}

/*
 * Switches while all CPUs are busy. In between, between two moments at which no
 * worker is in a request, the module must count every request.
 */
static void test_busy(void)
{
	unsigned long asked, seen, all = 0, counted = 0;
	struct times on, off;

	for (int round = 0; round < ROUNDS; round++) {
		tell_workers(false);
		take_switch("1", &on, round);

		tell_workers(true);
		asked = count_asked();
		seen = mapstack_counter("seen");
		tell_workers(false);
		wait_for_requests();
		tell_workers(true);
		all += count_asked() - asked;
		counted += mapstack_counter("seen") - seen;

		tell_workers(false);
		take_switch("0", &off, round);
		tell_workers(true);
	}
	print_times("on", " while all CPUs map", &on);
	print_times("off", " while all CPUs map", &off);
	printf("# cpus,requests of all rounds,%lu\n", count_asked());
	printf("# cpus,requests that failed,%lu\n", count_failed());
	printf("# cpus,requests while it was on,%lu\n", all);
	printf("# cpus,requests that it counted of these,%lu\n", counted);
	ktap_result(!count_failed(), "no request fails");
	ktap_result(all == counted, "every request is counted");
}

static unsigned long percpu_kib(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	unsigned long kib = 0; /* no kernel has so little */
	char line[128];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "Percpu: %lu", &kib) == 1)
			break;
	if (!kib)
		guest_die("/proc/meminfo has no Percpu");
	fclose(file);
	return kib;
}

static unsigned int possible_cpus(void)
{
	char text[64], *last;

	if (guest_read("/sys/devices/system/cpu/possible", text, sizeof(text)) <
	    0)
		guest_die("cannot read the possible CPUs");
	last = strrchr(text, '-');
	return last ? atoi(last + 1) + 1 : 1;
}

static void load_and_measure_memory(void)
{
	unsigned long before = percpu_kib(), loaded;
	int device;

	mapstack_load("");
	loaded = percpu_kib();
	device = open("/dev/mapstack", O_RDONLY);
	if (device < 0)
		guest_die("cannot open /dev/mapstack");
	printf("# cpus,CPUs online,%ld\n", sysconf(_SC_NPROCESSORS_ONLN));
	printf("# cpus,CPUs possible,%u\n", possible_cpus());
	printf("# cpus,KiB of Percpu before,%lu\n", before);
	printf("# cpus,KiB more when the module is loaded,%lu\n",
	       loaded - before);
	printf("# cpus,KiB more while the device is open,%lu\n",
	       percpu_kib() - loaded);
	close(device);
}

int main(void)
{
	ktap_plan(3);
	load_and_measure_memory();
	start_workers();
	trace_grace_periods();
	test_idle();
	test_busy();
	ktap_result(end_workers(), "every worker ends well");
	guest_trace_set("events/grace/enable", "0");
	guest_trace_set("kprobe_events", "");
	mapstack_unload();
	return ktap_end();
}
