// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests a kernel that fails to remove the probe of growth. Switching off must
 * still switch off, and the log must say once that the probe is left. The
 * module must stay, with the memory that the kernel still calls.
 *
 * The module stays until the guest ends, so this program must come last by its
 * name.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

static const char *const names[] = {
	"off is an error, and off",
	"one log line says what was left",
	"the module cannot be unloaded",
	"on again: stacks grow, and growth is counted",
	"off again is an error, without a line, and off",
	"the module cannot be unloaded later either",
};

/* Unloading by force is for another configuration of the kernel. */
static bool cannot_unload(void)
{
	int ret = syscall(SYS_delete_module, "mapstack", O_NONBLOCK) ? -errno :
								       0;

	if (ret != -EAGAIN)
		ktap_note("unloading: %s", strerror(-ret));
	return ret == -EAGAIN && !access(MAPSTACK_DIR, F_OK);
}

/* Maps one page, and grows it by one. */
static bool grows_and_counts(void)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	unsigned long grown = mapstack_counter("grown");
	char *stack = guest_map_stack();
	bool passed;

	passed = !guest_touch(stack - page) &&
		 mapstack_counter("grown") == grown + 1;
	munmap(stack - page, 2 * page);
	return passed;
}

/* mapstack_is_off() would not do: the function that grows stacks stays hooked. */
static bool translates_nothing(void)
{
	return mapstack_is("enabled", "0") && !guest_hooked("do_mmap") &&
	       !guest_stack_grows();
}

static bool off_is(int error)
{
	int ret = mapstack_write("enabled", "0");

	if (ret != error)
		ktap_note("off: %s, not %s", strerror(-ret), strerror(-error));
	return ret == error && translates_nothing();
}

int main(void)
{
	int log, ret;
	size_t i;

	ktap_plan(ARRAY_SIZE(names));
	ret = guest_try_load("replace", "function=disable_kprobe answer=-12");
	if (ret) {
		for (i = 0; i < ARRAY_SIZE(names); i++)
			ktap_skip("this kernel's functions cannot be replaced",
				  "%s", names[i]);
		return ktap_end();
	}
	guest_load("mapstack", "enabled=1");
	log = guest_log_open();
	ktap_result(off_is(-ENOMEM) && guest_hooked("expand_downwards"), "%s",
		    names[0]);
	ktap_result(guest_log_says(log, "did not remove the probe on"), "%s",
		    names[1]);
	ktap_result(cannot_unload(), "%s", names[2]);

	mapstack_set("enabled", "1");
	ktap_result(grows_and_counts(), "%s", names[3]);
	log = guest_log_open();
	ktap_result(off_is(-EBUSY) && guest_log_silent(log, NULL), "%s",
		    names[4]);

	/* The kernel counts the probe as gone, so this must not be tried again. */
	guest_unload("replace");
	ktap_result(off_is(-EBUSY) && cannot_unload(), "%s", names[5]);
	return ktap_end();
}
