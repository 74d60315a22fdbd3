// SPDX-License-Identifier: GPL-2.0-only
/* Tests the switch: off after loading, on and effective, off, gone. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

/* Proves the hook again. Its page must be gone when the write returns. */
static bool proof_leaves_no_mapping(void)
{
	static char before[16384], after[sizeof(before)];

	if (guest_read("/proc/self/maps", before, sizeof(before)) < 0)
		guest_die("maps");
	mapstack_set("enabled", "1");
	if (guest_read("/proc/self/maps", after, sizeof(after)) < 0)
		guest_die("maps");
	return !strcmp(before, after);
}

/*
 * Whether a request goes through mapstack_trampoline(). On arm64
 * enabled_functions names the ops but not its direct_call. A backtrace of the
 * request tells, and must also have the caller of do_mmap().
 */
static bool trampoline_is_called(void)
{
	bool called = false, whole = false;
	char line[512];
	FILE *trace;

	if (OWN_TRAMPOLINE)
		return guest_hooked_by("do_mmap", "mapstack_trampoline");
	guest_trace_set("options/stacktrace", "1");
	guest_trace_set("events/mapstack/mapstack_mmap/enable", "1");
	guest_stack_grows();
	guest_trace_set("events/mapstack/mapstack_mmap/enable", "0");
	guest_trace_set("options/stacktrace", "0");
	trace = fopen(guest_trace_path("trace"), "r");
	if (!trace)
		guest_die("trace");
	while (fgets(line, sizeof(line), trace)) {
		called |= !!strstr(line, "mapstack_trampoline");
		whole |= !!strstr(line, "vm_mmap_pgoff");
	}
	fclose(trace);
	guest_trace_set("trace", "");
	return called && whole;
}

/* With these two, arm64's ftrace_caller() branches to a direct call. */
static bool has_direct_call(void)
{
	return guest_symbol("ftrace_nop_ops", NULL) &&
	       guest_symbol("ftrace_stub_direct_tramp", NULL);
}

static void test_trampoline(void)
{
	static const char name[] = "on: do_mmap calls the module's trampoline";

	if (guest_others("do_mmap"))
		ktap_skip("others trace do_mmap()", name);
	else if (OWN_TRAMPOLINE || has_direct_call())
		ktap_result(trampoline_is_called(), name);
	else
		ktap_skip("here ftrace makes it", name);
}

int main(void)
{
	static const char unloaded[] = "unloaded while on: nothing is left";

	ktap_plan(11);
	mapstack_load("");
	ktap_result(mapstack_is("enabled", "0"), "off after loading");
	ktap_result(mapstack_is("policy",
				"observe paired fitting private [rfc]"),
		    "policy rfc after loading");
	ktap_result(!guest_stack_grows() && !guest_hooked("do_mmap"),
		    "off: nothing on do_mmap, MAP_STACK does not grow");
	mapstack_set("enabled", "1");
	ktap_result(mapstack_is("enabled", "1") && guest_hooked("do_mmap"),
		    "on: attached to do_mmap");
	ktap_result(mapstack_counter("seen") == 0, "the proof is not counted");
	ktap_result(proof_leaves_no_mapping(),
		    "the proof leaves the writer's mappings as they were");
	ktap_result(guest_stack_grows(), "on: MAP_STACK grows");
	ktap_result(mapstack_counter("seen") == 1, "one request is counted");
	test_trampoline();
	mapstack_set("enabled", "0");
	ktap_result(!guest_stack_grows() && !guest_hooked("do_mmap"),
		    "off again: nothing on do_mmap, MAP_STACK does not grow");
	mapstack_set("enabled", "1");
	mapstack_unload();
	if (guest_scope())
		ktap_skip("the module stays loaded", unloaded);
	else
		ktap_result(access(MAPSTACK_DIR, F_OK) &&
				    !guest_stack_grows() &&
				    !guest_hooked("do_mmap"),
			    unloaded);
	return ktap_end();
}
