// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests the hook together with other users of do_mmap(). Each of them attaches
 * before the hook or after it, and leaves before it or after it. At every step
 * the hook works as it does alone, and the other user still sees calls.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

/* The kprobe event. tests/selftest/run.c removes it if it was left. */
#define EVENT "mapstack_test"

/* Another user of do_mmap(): a module, a tracer, or else a kprobe event. */
struct companion {
	const char *name;
	const char *module;
	const char *params;
	const char *tracer;
	const char *line; /* what the tracer writes for a call */
	bool kprobe;
	bool plain; /* does not ask ftrace for registers */
};

/*
 * Whether kprobes use ftrace, and so are in enabled_functions. Without
 * CONFIG_KPROBES_ON_FTRACE they are breakpoints.
 */
static bool kprobes_use_ftrace;

static const struct companion companions[] = {
	{ .name = "kprobe",
	  .module = "company_kprobe",
	  .params = "",
	  .kprobe = true },
	{ .name = "kprobe with a post handler",
	  .module = "company_kprobe",
	  .params = "post=1",
	  .kprobe = true },
	{ .name = "ftrace_ops",
	  .module = "company_ops",
	  .params = "",
	  .plain = true },
	{ .name = "ftrace_ops with all registers",
	  .module = "company_ops",
	  .params = "save_regs=1" },
	{ .name = "ftrace_ops with IPMODIFY",
	  .module = "company_ops",
	  .params = "ipmodify=1" },
	{ .name = "function tracer",
	  .tracer = "function",
	  .line = " do_mmap <-",
	  .plain = true },
	{ .name = "function graph tracer",
	  .tracer = "function_graph",
	  .line = " do_mmap(" },
	{ .name = "kprobe event", .kprobe = true },
	{ .name = "direct call", .module = "company_direct", .params = "" },
};

/* Whether to trace all functions with a tracer; that is slow. */
static bool trace_everything;

/* Returns 0 or -errno. */
static int attach(const struct companion *companion)
{
	int ret;

	if (companion->module)
		return guest_try_load(companion->module, companion->params);
	if (companion->tracer) {
		if (!trace_everything)
			guest_trace_filter("do_mmap");
		return guest_write(guest_trace_path("current_tracer"),
				   companion->tracer);
	}
	ret = guest_write(TRACEFS_DIR "kprobe_events", "p:" EVENT " do_mmap");
	if (!ret)
		guest_trace_set("events/kprobes/" EVENT "/enable", "1");
	return ret;
}

static void detach(const struct companion *companion)
{
	if (companion->module) {
		guest_unload(companion->module);
	} else if (companion->tracer) {
		guest_trace_set("current_tracer", "nop");
		guest_trace_filter("");
	} else {
		guest_trace_set("events/kprobes/" EVENT "/enable", "0");
		guest_trace_set("kprobe_events", "-:" EVENT);
	}
}

static bool is_in_ftrace(const struct companion *companion)
{
	return !companion->kprobe || kprobes_use_ftrace;
}

/* Counts the lines of a file of tracefs that have a word. */
static unsigned long count_lines(const char *file, const char *word)
{
	FILE *stream = fopen(file, "r");
	unsigned long lines = 0;
	char *line = NULL;
	size_t size = 0;

	if (!stream)
		guest_die("cannot open %s", file);
	while (getline(&line, &size, stream) > 0)
		lines += !!strstr(line, word);
	free(line);
	fclose(stream);
	return lines;
}

static unsigned long read_calls(const struct companion *companion)
{
	static char text[1 << 14];
	char path[128] = TRACEFS_DIR "kprobe_profile";
	const char *format = EVENT " %lu", *at = text;
	unsigned long calls = 0;

	if (companion->tracer)
		return count_lines(guest_trace_path("trace"), companion->line);
	if (companion->module) {
		snprintf(path, sizeof(path), "/sys/module/%s/parameters/calls",
			 companion->module);
		format = "%lu";
	}
	if (guest_read(path, text, sizeof(text)) < 0)
		guest_die("cannot read %s", path);
	/* Other programs may have events too. */
	if (!companion->module)
		at = strstr(text, EVENT " ");
	if (!at || sscanf(at, format, &calls) != 1)
		guest_die("no calls in %s", path);
	return calls;
}

/*
 * Makes a request with room on both sides, and writes one page beyond it, where
 * it grows. A tracer records only while this runs.
 */
static int touch_beyond_stack(void)
{
	const size_t page = sysconf(_SC_PAGESIZE), room = 1024 * page;
	char *low, *addr;
	int sig;

	low = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (low == MAP_FAILED || munmap(low, room))
		guest_die("no room");
	guest_trace_set("tracing_on", "1");
	addr = mmap(STACKS_GROW_UP ? low : low + room - page, page,
		    PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	guest_trace_set("tracing_on", "0");
	if (addr == MAP_FAILED)
		guest_die("mmap");
	sig = guest_touch(STACKS_GROW_UP ? addr + page : addr - page);
	munmap(STACKS_GROW_UP ? addr : addr - page, 2 * page);
	return sig;
}

/* Checks everything that must hold now. */
static bool check_step(bool hooked, const struct companion *companion)
{
	unsigned long seen = mapstack_counter("seen"), calls = 0;
	int sig;

	guest_trace_set("trace", "");
	if (companion)
		calls = read_calls(companion);
	sig = touch_beyond_stack();
	seen = mapstack_counter("seen") - seen;
	if (!sig != hooked || seen != hooked) {
		ktap_note("signal %d, %lu seen", sig, seen);
		return false;
	}
	if (companion && read_calls(companion) <= calls) {
		ktap_note("the companion saw nothing");
		return false;
	}
	if (guest_hooked("do_mmap") ==
	    (hooked || (companion && is_in_ftrace(companion))))
		return true;
	ktap_note("do_mmap is in enabled_functions, or is not, wrongly");
	return false;
}

/* The hook is alone: on x86-64, do_mmap() calls its own trampoline again. */
static bool check_alone(void)
{
	bool passed = check_step(true, NULL);

	if (OWN_TRAMPOLINE && !guest_others("do_mmap") &&
	    !guest_hooked_by("do_mmap", "mapstack_trampoline")) {
		ktap_note("do_mmap does not call mapstack_trampoline");
		return false;
	}
	return passed;
}

static bool switch_hook(const char *text)
{
	int ret = mapstack_write("enabled", text);

	if (ret)
		ktap_note("writing %s to enabled: %s", text, strerror(-ret));
	return !ret;
}

/*
 * On parisc ftrace_modify_call() does nothing, so a function that is traced
 * without registers cannot be traced with them.
 */
static bool is_in_the_way(const struct companion *companion)
{
	return STACKS_GROW_UP && companion->plain;
}

static bool check_refused(const struct companion *companion)
{
	bool passed;
	int log, ret;

	if (attach(companion))
		return false;
	log = guest_log_open();
	ret = mapstack_write("enabled", "1");
	passed = ret == -EIO && guest_log_says(log, "did not fire") &
					mapstack_is("enabled", "0") &
					check_step(false, companion);
	detach(companion);
	return passed & check_step(false, NULL);
}

/* Attaches both in one order and removes them in another. */
static bool check_order(const struct companion *companion, bool hook_before,
			bool hook_leaves_first)
{
	bool passed = true;
	int ret;

	if (hook_before)
		passed &= switch_hook("1") && check_alone();
	ret = attach(companion);
	if (ret) {
		ktap_note("not attached: %s", strerror(-ret));
		switch_hook("0");
		return false;
	}
	if (!hook_before)
		passed &= check_step(false, companion) && switch_hook("1");
	passed &= check_step(true, companion);

	if (hook_leaves_first)
		passed &= switch_hook("0") && check_step(false, companion);
	detach(companion);
	if (!hook_leaves_first)
		passed &= check_alone() && switch_hook("0");
	return passed & check_step(false, NULL);
}

/* Modules of the tests are not loaded on a machine that has other users. */
static bool is_left_out(const struct companion *companion)
{
	return companion->module && guest_scope();
}

static void test_companion(const struct companion *companion)
{
	int order, ret = -ENOENT;

	if (!is_left_out(companion))
		ret = attach(companion);
	if (!ret)
		detach(companion);
	for (order = 0; order < 4; order++) {
		bool before = order & 1, leaves_first = order & 2;
		char name[128];

		snprintf(name, sizeof(name), "%s: comes %s, leaves %s",
			 companion->name, before ? "after" : "before",
			 leaves_first ? "after" : "before");
		/*
		 * This kernel may lack registers or a tracer, or they may not
		 * be known for this architecture.
		 */
		if (is_left_out(companion))
			ktap_skip("it is a module of the tests", "%s", name);
		else if ((ret == -EINVAL || ret == -ENOENT ||
			  ret == -EOPNOTSUPP) &&
			 (!companion->kprobe || !guest_has_kprobes()))
			ktap_skip("the kernel refuses it", "%s", name);
		else if (!before && is_in_the_way(companion))
			ktap_result(check_refused(companion),
				    "%s: and the hook is refused", name);
		else
			ktap_result(check_order(companion, before,
						leaves_first),
				    "%s", name);
	}
}

/*
 * Attaches everything that can be attached at the same time. There can be only
 * one IPMODIFY user. The function tracer traces all functions.
 */
static void test_crowd(void)
{
	static const int numbers[] = { 4, 0, 5, 7 };
	const struct companion *crowd[ARRAY_SIZE(numbers)];
	bool passed = true;
	size_t n = 0, i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++)
		if (!is_left_out(&companions[numbers[i]]) &&
		    (guest_has_kprobes() || !companions[numbers[i]].kprobe))
			crowd[n++] = &companions[numbers[i]];

	trace_everything = !guest_scope();
	for (i = 0; i < n; i++) {
		passed &= !attach(crowd[i]);
		if (!i)
			passed &= switch_hook("1");
	}
	for (i = 0; i < n; i++)
		passed &= check_step(true, crowd[i]);
	for (i = 0; i < n; i++)
		detach(crowd[i]);
	passed &= check_alone() && switch_hook("0");
	ktap_result(passed, "all of them at the same time");
}

static void test_undo(void)
{
	int log, ret;

	if (guest_scope()) {
		for (ret = 0; ret < 4; ret++)
			ktap_skip("it needs a module of the tests",
				  "its effect undone");
		return;
	}
	guest_load("company_undo", "");
	log = guest_log_open();
	ret = mapstack_write("enabled", "1");
	ktap_result(ret == -EIO && mapstack_is("enabled", "0"),
		    "its effect undone: EIO, and off");
	ktap_result(guest_log_says(log, "fired but the mapping cannot grow"),
		    "its effect undone: one log line");
	guest_unload("company_undo");
	ktap_result(!guest_hooked("do_mmap") && check_step(false, NULL),
		    "its effect undone: nothing is left");
	ktap_result(switch_hook("1") && check_step(true, NULL) &&
			    switch_hook("0"),
		    "on again after bad company has left");
}

/* A module's functions with the same names are not attached to. */
static bool is_untouched(void)
{
	unsigned long seen = mapstack_counter("seen");

	char text[16] = "";

	guest_read("/sys/module/company_namesake/parameters/untouched", text,
		   sizeof(text));
	if (strcmp(text, "1")) {
		ktap_note("a call of a module's own function was changed");
		return false;
	}
	return mapstack_counter("seen") == seen &&
	       count_lines(TRACEFS_DIR "enabled_functions", "do_mmap") == 1 &&
	       count_lines(TRACEFS_DIR "enabled_functions", "mmap_region") ==
		       STACKS_GROW_UP;
}

static void test_namesake(void)
{
	bool passed;

	if (guest_scope()) {
		ktap_skip("it needs a module of the tests",
			  "a module's function of that name, before");
		ktap_skip("it needs a module of the tests",
			  "a module's function of that name, after");
		return;
	}
	mapstack_unload();
	guest_load("company_namesake", "");
	mapstack_load("");
	passed = switch_hook("1") && is_untouched() && check_step(true, NULL);
	ktap_result(passed,
		    "a module's function of that name, before: untouched");
	guest_unload("company_namesake");
	guest_load("company_namesake", "");
	ktap_result(is_untouched() && check_step(true, NULL) &&
			    switch_hook("0") && switch_hook("1") &&
			    is_untouched() && switch_hook("0"),
		    "a module's function of that name, after: untouched");
	guest_unload("company_namesake");
}

int main(void)
{
	const struct companion *kprobe = &companions[guest_scope() ? 7 : 0];
	size_t i;

	ktap_plan(4 * ARRAY_SIZE(companions) + 7);
	mapstack_load("");
	guest_trace_set("tracing_on", "0");
	if (guest_has_kprobes() && !attach(kprobe)) {
		kprobes_use_ftrace = guest_hooked("do_mmap");
		detach(kprobe);
	}
	for (i = 0; i < ARRAY_SIZE(companions); i++)
		test_companion(&companions[i]);
	test_crowd();
	test_undo();
	test_namesake();
	mapstack_unload();
	guest_trace_set("tracing_on", "1");
	return ktap_end();
}
