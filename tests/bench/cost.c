// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures the cost of a call, to the instruction: without mapstack, with it, and
 * with the other ways to do it. Runs in a guest under QEMU's -icount. Elsewhere
 * the figures are nanoseconds or ticks of a counter, and the limits mean nothing.
 *
 * A figure is a line "# cost,WAY,POLICY,SCOPE,TRACED,CALL,INSTRUCTIONS,
 * REPEATS,RUNS".
 * If the guest has no mapstack.ko for its kernel, only the calls themselves are
 * measured.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "../guest/ktap.h"
#include "../guest/mapstack.h"
#include "calls.h"
#include "figures.h"
#include "others.h"
#include "switching.h"

/*
 * The targets, in instructions added to a call. These are for x86-64 only; for
 * arm64 the table of report.py has targets.
 */
#ifdef __x86_64__
#define HAS_TARGETS true
#else
#define HAS_TARGETS false
#endif
#define LIMIT_MMAP 4 /* ftrace's own trampoline takes about 40 */
#define LIMIT_STACK 75
#define LIMIT_SCOPED 105 /* with a scope other than all */
#define LIMIT_FITTING 12 /* more, because it reads RLIMIT_STACK */
/* The target of switching on or off once, in guest time. */
#define LIMIT_SWITCH_MS 50

#define CGROUP "/sys/fs/cgroup/"

static void test_off(void)
{
	const struct setting off = { .way = "off" };
	bool passed = true;
	enum call call;

	for (call = 0; call < CALLS_HERE; call++)
		passed &= figure_costs(&off, call, call, 0);
	ktap_result(passed, "loaded and off: not one instruction is added");
}

/* A scope: its name in the results, and the text to write. */
struct scope {
	const char *name;
	char text[64];
};

enum {
	SCOPE_ALL,
	SCOPE_SELF,
	SCOPE_PARENT,
	SCOPE_CHILD,
	SCOPE_CGROUP,
	SCOPE_OTHER_CGROUP,
	NR_SCOPES
};

static struct scope scopes[NR_SCOPES] = {
	[SCOPE_ALL] = { .name = "all", .text = "all" },
	[SCOPE_SELF] = { .name = "pid" },
	[SCOPE_PARENT] = { .name = "pid of the parent" },
	[SCOPE_CHILD] = { .name = "pid of another" },
	[SCOPE_CGROUP] = { .name = "cgroup", .text = "cgroup:/cost" },
	[SCOPE_OTHER_CGROUP] = { .name = "another cgroup",
				 .text = "cgroup:/other" },
};

static pid_t sleeper;

static void make_scopes(void)
{
	fflush(stdout);
	sleeper = fork();
	if (!sleeper) {
		pause();
		_exit(0);
	}
	snprintf(scopes[SCOPE_SELF].text, sizeof(scopes->text), "pid:%d",
		 getpid());
	snprintf(scopes[SCOPE_PARENT].text, sizeof(scopes->text), "pid:%d",
		 getppid());
	snprintf(scopes[SCOPE_CHILD].text, sizeof(scopes->text), "pid:%d",
		 sleeper);
	if (!guest_has_cgroups())
		return;
	mkdir(CGROUP "cost", 0755);
	mkdir(CGROUP "other", 0755);
	if (guest_write(CGROUP "cost/cgroup.procs", "0"))
		guest_die("cannot move to a cgroup");
}

static void remove_scopes(void)
{
	kill(sleeper, SIGKILL);
	if (!guest_has_cgroups())
		return;
	guest_write(CGROUP "cgroup.procs", "0");
	rmdir(CGROUP "cost");
	rmdir(CGROUP "other");
}

static const char *const policies[] = { "observe", "paired", "fitting",
					"private", "rfc" };

/* Returns the ordinary call that costs what the request must cost. */
static enum call becomes(const struct setting *setting, int scope)
{
	bool in = scope != SCOPE_CHILD && scope != SCOPE_OTHER_CGROUP;
	bool grows = !strcmp(setting->policy, "fitting") ||
		     !strcmp(setting->policy, "private") ||
		     !strcmp(setting->policy, "rfc");

	return in && grows && !STACKS_GROW_UP ? CALL_GROWABLE : CALL_STACK;
}

/* There is no target for a request that is recorded. */
static unsigned long stack_limit(const struct setting *setting, int scope)
{
	unsigned long more = strcmp(setting->policy, "fitting") ? 0 :
								  LIMIT_FITTING;

	if (setting->traced || !HAS_TARGETS)
		return ULONG_MAX;
	return (scope == SCOPE_ALL ? LIMIT_STACK : LIMIT_SCOPED) + more;
}

static void trace_event(const char *event, bool on)
{
	char file[64];

	snprintf(file, sizeof(file), "events/mapstack/%s/enable", event);
	guest_trace_set(file, on ? "1" : "0");
}

/* Requests are recorded by nobody, by a tracer, or by program. */
enum { BY_NOBODY, BY_TRACER, BY_DEVICE, NR_RECORDERS };

static void record(const char *event, int by)
{
	static int device = -1;

	trace_event(event, by == BY_TRACER);
	if (device >= 0)
		close(device);
	device = by == BY_DEVICE ? open("/dev/mapstack", O_RDONLY) : -1;
	if (by == BY_DEVICE && device < 0)
		guest_die("cannot open /dev/mapstack");
}

/* To see results, a probe is put on do_mmap(), and every call passes it. */
static unsigned long mmap_limit(int by)
{
	return by == BY_DEVICE || !HAS_TARGETS ? ULONG_MAX : LIMIT_MMAP;
}

static void test_on(void)
{
	bool other = true, ordinary = true, stack = true;
	size_t policy;
	int scope, traced, nr_scopes;

	nr_scopes = guest_has_cgroups() ? NR_SCOPES : SCOPE_CGROUP;
	for (traced = BY_NOBODY; traced < NR_RECORDERS; traced++) {
		record("mapstack_mmap", traced);
		for (policy = 0; policy < ARRAY_SIZE(policies); policy++) {
			mapstack_set("policy", policies[policy]);
			for (scope = 0; scope < nr_scopes; scope++) {
				const struct setting on = {
					.way = "mapstack",
					.policy = policies[policy],
					.scope = scopes[scope].name,
					.traced = traced,
				};

				mapstack_set("scope", scopes[scope].text);
				other &= figure_costs(&on, CALL_OTHER,
						      CALL_OTHER, 0);
				ordinary &= figure_costs(&on, CALL_MMAP,
							 CALL_MMAP,
							 mmap_limit(traced));
				stack &= figure_costs(&on, CALL_STACK,
						      becomes(&on, scope),
						      stack_limit(&on, scope));
			}
		}
	}
	record("mapstack_mmap", BY_NOBODY);
	mapstack_set("scope", "all");
	ktap_result(other, "on: nothing is added to another call");
	if (!HAS_TARGETS) {
		ktap_skip("the target is for x86-64", "on: an ordinary mmap()");
		ktap_skip("the target is for x86-64", "on: mmap(MAP_STACK)");
		return;
	}
	ktap_result(ordinary, "on: at most %d are added to an ordinary mmap()",
		    LIMIT_MMAP);
	ktap_result(stack,
		    "on: at most %d, with a scope %d, to mmap(MAP_STACK)",
		    LIMIT_STACK, LIMIT_SCOPED);
}

static void measure_growth(void)
{
	struct setting on = { .way = "mapstack",
			      .policy = "rfc",
			      .scope = "all" };

	if (STACKS_GROW_UP)
		return;
	figure_take(&on, CALL_OWN);
	for (; on.traced < NR_RECORDERS; on.traced++) {
		record("mapstack_grow", on.traced);
		figure_take(&on, CALL_GROW);
	}
	record("mapstack_grow", BY_NOBODY);
}

static void report_switch(const char *name, double ms)
{
	printf("# switch,%s,%.3f\n", name, ms);
	if (!HAS_TARGETS) {
		ktap_skip("the target is for x86-64", "switching %s", name);
		return;
	}
	ktap_result(ms < LIMIT_SWITCH_MS, "switching %s: less than %d ms", name,
		    LIMIT_SWITCH_MS);
}

/* The time of a grace period varies, so this takes the median of some. */
static void test_switch(void)
{
	double on[9], off[ARRAY_SIZE(on)];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(on); i++) {
		on[i] = switching_take("1");
		off[i] = switching_take("0");
	}
	report_switch("on", switching_median(on, ARRAY_SIZE(on)));
	report_switch("off", switching_median(off, ARRAY_SIZE(off)));
}

/* Measures text and data, without the memory of the CPUs. */
static void measure_memory(void)
{
	char text[64];
	unsigned long bytes = 0;
	FILE *modules;

	modules = fopen("/proc/modules", "r");
	if (!modules)
		guest_die("cannot open /proc/modules");
	while (fgets(text, sizeof(text), modules))
		if (sscanf(text, "mapstack %lu", &bytes) == 1)
			break;
	fclose(modules);
	printf("# memory,module,%lu\n", bytes);
}

static void test_mapstack(void)
{
	double start = switching_now();

	guest_load("mapstack", "");
	printf("# switch,load,%.3f\n", switching_now() - start);
	measure_memory();
	test_off();
	report_switch("on the first time", switching_take("1"));
	test_on();
	measure_growth();
	mapstack_set("enabled", "0");
	test_switch();
	guest_unload("mapstack");
}

int main(void)
{
	bool modules = !access("/modules/mapstack.ko", R_OK);

	ktap_plan(modules ? 9 + OTHERS_TESTS : 2);
	calls_prepare();
	ktap_result(calls_counter_is_exact(), "1000 instructions are 1000");
	/* After a fork a write that grows [stack] takes longer; so fork first. */
	make_scopes();
	figure_take_bare();
	if (modules) {
		test_mapstack();
		others_test();
	}
	remove_scopes();
	ktap_result(figures_repeat(), "every figure repeats");
	return ktap_end();
}
