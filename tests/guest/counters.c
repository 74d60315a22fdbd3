// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests that the counters are exact for known calls, and consistent under load.
 *
 * Under load, more threads than there are CPUs make requests of every shape
 * while another process changes policies, switches and resets. Meanwhile this
 * must hold: a reading of seen, then of all outcomes (or all shapes), then of
 * seen again never goes down. When all is quiet, both groups add up to seen.
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
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "laws.h"
#include "mapstack.h"

/* 9651fcedf7b9 (6.11); the C library's headers may be older. */
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif

#define PROCESSES 3
#define THREADS 3 /* in each process, so that nine share the guest's CPUs */
#define WORKERS (PROCESSES * THREADS)
#define MAX_CHANGERS 3
#define ROUNDS 1000 /* or counters_rounds in the environment */
#define BURSTS 200
#define LOAD_SECONDS 4 /* at least */

/* A way to ask for memory. */
struct kind {
	const char *name;
	const char *shape; /* the counter that it adds to */
	int flags;
	const char *path; /* of the file to map */
	size_t len;
	int fd;
	bool missing; /* on this kernel */
	bool left; /* not taken, because others use it */
	bool refused; /* before do_mmap() */
};

static struct kind kinds[] = {
	{ .name = "private anonymous",
	  .shape = "shape_anonymous",
	  .flags = MAP_PRIVATE | MAP_ANONYMOUS },
	{ .name = "shared anonymous",
	  .shape = "shape_shared",
	  .flags = MAP_SHARED | MAP_ANONYMOUS },
	{ .name = "private file",
	  .shape = "shape_file",
	  .flags = MAP_PRIVATE,
	  .path = "/tmp/counters" },
	{ .name = "shared file",
	  .shape = "shape_file",
	  .flags = MAP_SHARED,
	  .path = "/tmp/counters" },
	{ .name = "/dev/zero",
	  .shape = "shape_file",
	  .flags = MAP_PRIVATE,
	  .path = "/dev/zero" },
	{ .name = "hugetlb",
	  .shape = "shape_hugetlb",
	  .flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB },
	{ .name = "droppable",
	  .shape = "shape_droppable",
	  .flags = MAP_DROPPABLE | MAP_ANONYMOUS },
};

static const char *const policies[] = { "observe", "paired", "fitting",
					"private", "rfc" };

static void *map(const struct kind *kind, int flags)
{
	return mmap(NULL, kind->len, PROT_READ | PROT_WRITE,
		    kind->flags | flags, kind->fd, 0);
}

static size_t huge_page_size(void)
{
	char text[4096], *at;
	unsigned long kib;

	if (guest_read("/proc/meminfo", text, sizeof(text)) < 0)
		return 0;
	at = strstr(text, "Hugepagesize:");
	return at && sscanf(at, "Hugepagesize: %lu", &kib) == 1 ? kib << 10 : 0;
}

static void find_kind(struct kind *kind)
{
	void *addr;

	kind->fd = -1;
	kind->len = sysconf(_SC_PAGESIZE);
	if (kind->flags & MAP_HUGETLB) {
		kind->len = huge_page_size();
		/* Others would lose huge pages. */
		kind->left = guest_scope();
		kind->missing = kind->left;
		kind->refused = kind->left;
		if (kind->left)
			return;
	}
	if (kind->path) {
		kind->fd = open(kind->path, O_RDWR | O_CREAT, 0600);
		if (kind->fd < 0)
			guest_die("cannot open %s", kind->path);
	}
	addr = map(kind, 0);
	kind->missing = addr == MAP_FAILED;
	/* Without huge pages in the kernel, mmap() refuses these by itself. */
	kind->refused = kind->missing && (kind->flags & MAP_HUGETLB);
	if (kind->missing && !(kind->flags & (MAP_HUGETLB | MAP_DROPPABLE)))
		guest_die("cannot map %s", kind->name);
	if (!kind->missing)
		munmap(addr, kind->len);
}

static bool can_grow(const struct kind *kind)
{
	return !strcmp(kind->shape, "shape_anonymous");
}

/* Makes one call; returns whether it went as @succeeds and @grows say. */
static bool call_once(const struct kind *kind, int flags, bool succeeds,
		      bool grows)
{
	struct mapping mapping;
	bool passed;
	void *addr;

	addr = map(kind, MAP_STACK | flags);
	if (addr == MAP_FAILED) {
		passed = !succeeds && errno == EINVAL;
		if (!passed)
			ktap_note("refused: %s", strerror(errno));
		return passed;
	}
	passed = succeeds && guest_mapping(addr, &mapping) &&
		 guest_has_vmflag(&mapping, GROWABLE) == grows;
	if (!passed)
		ktap_note("mapped, VmFlags %s", mapping.vmflags);
	munmap(addr, kind->len);
	return passed;
}

static const char *outcome_of(const struct kind *kind, const char *policy,
			      bool paired)
{
	if (paired && !STACKS_GROW_UP)
		return "already";
	if (!strcmp(policy, "observe"))
		return "observed";
	if (!strcmp(policy, "paired") && !paired)
		return "spared";
	if (can_grow(kind))
		return "translated";
	return !strcmp(policy, "private") || !strcmp(policy, "fitting") ?
		       "spared" :
		       "refused";
}

/* Three plain requests and two with MAP_GROWSDOWN. */
static void test_kind(const struct kind *kind, const char *policy)
{
	const char *outcome = outcome_of(kind, policy, false);
	const char *paired = outcome_of(kind, policy, true);
	bool refused = !strcmp(outcome, "refused");
	bool translated = !strcmp(outcome, "translated");
	bool grows = !STACKS_GROW_UP || !strcmp(paired, "translated");
	bool passed = true;
	size_t i;

	if (kind->missing) {
		ktap_skip(kind->left ? "others use it" :
				       "this kernel cannot map it",
			  "%s: %s", policy, kind->name);
		return;
	}
	mapstack_set("policy", policy);
	mapstack_set("reset", "1");
	for (i = 0; i < 3; i++)
		passed &= call_once(kind, 0, !refused, translated);
	for (i = 0; i < 2; i++)
		passed &= call_once(kind, MAP_GROWSDOWN, can_grow(kind), grows);

	passed &= counter_is("seen", 5);
	for (i = 0; i < NR_OUTCOMES; i++)
		passed &= counter_is(laws_outcomes[i],
				     3 * !strcmp(laws_outcomes[i], outcome) +
					     2 * !strcmp(laws_outcomes[i],
							 paired));
	for (i = 0; i < NR_SHAPES; i++)
		passed &=
			counter_is(laws_shapes[i],
				   strcmp(laws_shapes[i], kind->shape) ? 0 : 5);
	passed &= counter_is("out_of_scope", 0);
	ktap_result(passed, "%s: %s: three %s, two %s", policy, kind->name,
		    outcome, paired);
}

static void call_anonymous(int flags, unsigned int times)
{
	while (times--) {
		void *addr = map(&kinds[0], flags);

		if (addr == MAP_FAILED)
			guest_die("mmap");
		munmap(addr, kinds[0].len);
	}
}

static void test_uncounted(void)
{
	bool passed = true;
	int missing = 1000; /* no such descriptor */

	mapstack_set("policy", "rfc");
	mapstack_set("reset", "1");
	call_anonymous(0, 50);
	call_anonymous(MAP_GROWSDOWN, 50);
	ktap_result(counter_is("seen", 0),
		    "calls without MAP_STACK are not counted");

	passed &= mmap(NULL, kinds[0].len, PROT_READ, MAP_PRIVATE | MAP_STACK,
		       missing, 0) == MAP_FAILED;
	passed &= counter_is("seen", 0);
	ktap_result(passed,
		    "a call that never reaches do_mmap() is not counted");

	passed = mmap(NULL, 0, PROT_READ,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1,
		      0) == MAP_FAILED;
	passed &= counter_is("translated", 1);
	ktap_result(passed,
		    "a call that do_mmap() refuses by itself is counted");

	mapstack_set("reset", "1");
	call_anonymous(MAP_STACK, 7);
	mapstack_set("enabled", "0");
	call_anonymous(MAP_STACK, 5);
	passed = counter_is("seen", 7);
	mapstack_set("enabled", "1");
	passed &= counter_is("seen", 7);
	call_anonymous(MAP_STACK, 4);
	passed &= counter_is("seen", 11);
	ktap_result(passed, "off: not counted; what was counted stays");

	mapstack_scope_elsewhere();
	call_anonymous(MAP_STACK, 2);
	mapstack_scope_again();
	passed = counter_is("out_of_scope", 2);
	mapstack_set("reset", "1");
	passed &= counter_is("seen", 0) & counter_is("out_of_scope", 0) &&
		  !laws_sum(laws_outcomes, NR_OUTCOMES) &&
		  !laws_sum(laws_shapes, NR_SHAPES);
	call_anonymous(MAP_STACK, 3);
	passed &= counter_is("seen", 3);
	ktap_result(passed, "reset: all 0, counting goes on");
}

/* Shared by the processes under load. */
struct load {
	pthread_barrier_t barrier; /* workers and the watching process */
	void (*work)(void); /* what a worker does */
	atomic_bool stop;
	atomic_uint running; /* workers that have not ended */
	unsigned int rounds; /* of each worker; 0: until stop is set */
	atomic_ulong calls; /* begun */
	atomic_uint bursts; /* in which there was a reset */
	unsigned int changers;
	atomic_uint changes[MAX_CHANGERS]; /* made by each changer */
	atomic_int error; /* the first */
};

static struct load *load;

static void make_round(unsigned int round)
{
	int flags = round & 1 ? MAP_GROWSDOWN : 0;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		void *addr;

		if (kinds[i].refused)
			continue;
		load->calls++;
		addr = map(&kinds[i], MAP_STACK | flags);
		if (addr != MAP_FAILED)
			munmap(addr, kinds[i].len);
	}
}

static void work_steadily(void)
{
	unsigned int round;

	pthread_barrier_wait(&load->barrier);
	for (round = 0; load->rounds ? round < load->rounds : !load->stop;
	     round++)
		make_round(round);
	load->running--;
}

static void work_in_bursts(void)
{
	unsigned int burst;

	for (burst = 0; burst < BURSTS; burst++) {
		pthread_barrier_wait(&load->barrier);
		/* On one CPU the burst would end before the writer's turn. */
		while (load->bursts <= burst)
			sched_yield();
		make_round(burst);
		load->running--;
		pthread_barrier_wait(&load->barrier);
	}
}

static void *start_work(void *arg)
{
	pthread_barrier_wait(&load->barrier);
	load->work();
	return arg;
}

/* The C library maps threads' stacks with MAP_STACK, but only before the load. */
static void start_workers(void (*work)(void), unsigned int rounds)
{
	pthread_barrierattr_t shared;
	pthread_t thread;
	int i, j;

	memset(load, 0, sizeof(*load));
	pthread_barrierattr_init(&shared);
	pthread_barrierattr_setpshared(&shared, PTHREAD_PROCESS_SHARED);
	pthread_barrier_init(&load->barrier, &shared, WORKERS + 1);
	load->work = work;
	load->rounds = rounds;
	load->running = WORKERS;
	for (i = 0; i < PROCESSES; i++) {
		if (fork())
			continue;
		for (j = 1; j < THREADS; j++)
			if (pthread_create(&thread, NULL, start_work, NULL))
				_exit(1);
		start_work(NULL);
		pthread_exit(NULL);
	}
	pthread_barrier_wait(&load->barrier);
}

/* Something that a process does again and again during the load. */
struct changer {
	const char *file;
	const char *texts[4]; /* written in turn */
};

static const struct changer change_policy = { "policy",
					      { "observe", "private", "rfc" } };

static const struct changer prove_again = { "enabled", { "1" } };
static const struct changer toggle = { "enabled", { "0", "1" } };
static const struct changer reset = { "reset", { "1" } };

static void start_changer(const struct changer *changer)
{
	unsigned int number = load->changers++;
	int none = 0, i, ret;

	if (fork())
		return;
	for (i = 0; !load->stop; i++) {
		if (!changer->texts[i])
			i = 0;
		ret = mapstack_write(changer->file, changer->texts[i]);
		if (ret)
			atomic_compare_exchange_strong(&load->error, &none,
						       ret);
		load->changes[number]++;
	}
	_exit(0);
}

/* No counter may exceed the number of calls, or be negative. */
static bool check_limits(const char *const *names, size_t n)
{
	while (n--) {
		unsigned long value = mapstack_counter(names[n]);
		unsigned long calls = load->calls;

		if (value <= calls)
			continue;
		ktap_note("%s reads %lu after %lu calls", names[n], value,
			  calls);
		return false;
	}
	return true;
}

/* Switching off is slow while no task sleeps, and the workers do not. */
static bool all_changed_twice(void)
{
	unsigned int i;

	for (i = 0; i < load->changers; i++)
		if (load->changes[i] < 2)
			return false;
	return true;
}

static bool watch(bool resets)
{
	struct timespec begin, now;
	bool passed = true;

	clock_gettime(CLOCK_MONOTONIC, &begin);
	while (passed && load->running) {
		if (!resets)
			passed = laws_hold();
		passed &= check_limits(laws_outcomes, NR_OUTCOMES) &&
			  check_limits(laws_shapes, NR_SHAPES);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (!load->rounds && all_changed_twice() &&
		    now.tv_sec - begin.tv_sec >=
			    (guest_scope() ? 1 : LOAD_SECONDS))
			load->stop = true;
	}
	return passed;
}

/* Ends the load; false if a process or a write failed, or there was no load. */
static bool end_load(void)
{
	bool passed = true;
	unsigned int i;
	int status;

	/* After a failure, let the workers end. */
	while (load->running)
		usleep(10000);
	load->stop = true;
	while (wait(&status) > 0)
		passed &= status == 0;
	if (load->error)
		ktap_note("a write failed: %s", strerror(-load->error));
	ktap_note("%lu calls", (unsigned long)load->calls);
	for (i = 0; i < load->changers; i++)
		ktap_note("%u changes", load->changes[i]);
	return passed && all_changed_twice() && !load->error;
}

static bool adds_up(void)
{
	unsigned long seen = mapstack_counter("seen");

	return seen == laws_sum(laws_outcomes, NR_OUTCOMES) &&
	       seen == laws_sum(laws_shapes, NR_SHAPES);
}

static void test_exact_load(void)
{
	const unsigned int rounds = guest_option("counters_rounds", ROUNDS);
	const unsigned long calls = (unsigned long)rounds * WORKERS;
	unsigned long seen = 0;
	bool passed;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		seen += kinds[i].refused ? 0 : calls;
	start_workers(work_steadily, rounds);
	mapstack_set("reset", "1");
	start_changer(&change_policy);
	start_changer(&prove_again);
	pthread_barrier_wait(&load->barrier);
	ktap_result(watch(false), "policies change: no sum ever falls behind");

	passed = end_load() && adds_up() && counter_is("seen", seen) &&
		 counter_is("already", STACKS_GROW_UP ? 0 : seen / 2) &&
		 counter_is("out_of_scope", 0);
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (strcmp(kinds[i].shape, "shape_file") && !kinds[i].refused)
			passed &= counter_is(kinds[i].shape, calls);
	ktap_result(passed, "policies change: every call is counted once");
}

static void test_load(bool resets, const char *name)
{
	bool passed;

	start_workers(work_steadily, 0);
	mapstack_set("reset", "1");
	start_changer(&change_policy);
	start_changer(&toggle);
	if (resets)
		start_changer(&reset);
	pthread_barrier_wait(&load->barrier);
	passed = watch(resets);
	load->stop = true;
	ktap_result(passed, "%s: no counter is ever wrong", name);

	passed = end_load();
	passed &= resets || mapstack_counter("seen") > 0;
	ktap_result(passed && adds_up(), "%s: all adds up in the end", name);
	mapstack_set("enabled", "1");
}

/*
 * A reset that races with requests must leave no difference behind. Only the
 * last reset of a burst can be checked, so there are many bursts, each checked
 * when all is quiet.
 */
static void test_bursts(void)
{
	unsigned long resets = 0;
	unsigned int burst;
	bool passed = true;

	start_workers(work_in_bursts, 0);
	for (burst = 0; burst < BURSTS; burst++) {
		load->running = WORKERS;
		pthread_barrier_wait(&load->barrier);
		while (load->running) {
			mapstack_set("reset", "1");
			resets++;
			load->bursts = burst + 1;
		}
		pthread_barrier_wait(&load->barrier);
		if (passed && !adds_up()) {
			ktap_note("burst %u", burst);
			passed = false;
		}
	}
	passed &= end_load();
	ktap_note("%lu resets in %u bursts", resets, BURSTS);
	ktap_result(passed && resets > BURSTS,
		    "a reset among requests leaves no difference");
}

int main(void)
{
	size_t i, j;

	ktap_plan(ARRAY_SIZE(policies) * ARRAY_SIZE(kinds) + 5 + 7);
	if (!guest_scope())
		guest_write("/proc/sys/vm/nr_hugepages", "8");
	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		find_kind(&kinds[i]);
	load = guest_share(sizeof(*load));

	mapstack_load("");
	mapstack_set("enabled", "1");
	for (i = 0; i < ARRAY_SIZE(policies); i++)
		for (j = 0; j < ARRAY_SIZE(kinds); j++)
			test_kind(&kinds[j], policies[i]);
	test_uncounted();
	test_exact_load();
	test_bursts();
	test_load(false, "policies and the switch change");
	test_load(true, "counters are reset too");
	mapstack_unload();
	if (!guest_scope())
		guest_write("/proc/sys/vm/nr_hugepages", "0");
	return ktap_end();
}
