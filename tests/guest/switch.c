// SPDX-License-Identifier: GPL-2.0-only
/* The switch itself: off after loading, on, effective, off, gone. */

#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

/* Proves the hook again; its page must be gone when the write returns. */
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

/* Where the module has one: the call goes through nothing of ftrace's. */
static void test_trampoline(void)
{
	static const char name[] = "on: do_mmap calls a trampoline of ours";

	if (!OWN_TRAMPOLINE)
		ktap_skip("here ftrace makes it", name);
	else
		ktap_result(guest_hooked_by("do_mmap", "mapstack_trampoline"),
			    name);
}

int main(void)
{
	ktap_plan(11);
	guest_load("mapstack", "");
	ktap_result(mapstack_is("enabled", "0"), "off after loading");
	ktap_result(mapstack_is("policy",
				"observe paired fitting private [rfc]"),
		    "policy rfc after loading");
	ktap_result(!guest_stack_grows() && !guest_hooked("do_mmap"),
		    "off: nothing on do_mmap, MAP_STACK does not grow");
	mapstack_set("enabled", "1");
	ktap_result(mapstack_is("enabled", "1") && guest_hooked("do_mmap"),
		    "on: attached to do_mmap");
	test_trampoline();
	ktap_result(mapstack_counter("seen") == 0, "the proof is not counted");
	ktap_result(proof_leaves_no_mapping(),
		    "the proof leaves the writer's mappings as they were");
	ktap_result(guest_stack_grows(), "on: MAP_STACK grows");
	ktap_result(mapstack_counter("seen") == 1, "one request is counted");
	mapstack_set("enabled", "0");
	ktap_result(!guest_stack_grows() && !guest_hooked("do_mmap"),
		    "off again: nothing on do_mmap, MAP_STACK does not grow");
	mapstack_set("enabled", "1");
	guest_unload("mapstack");
	ktap_result(access(MAPSTACK_DIR, F_OK) && !guest_stack_grows() &&
			    !guest_hooked("do_mmap"),
		    "unloaded while on: nothing is left");
	return ktap_end();
}
