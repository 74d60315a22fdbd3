// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests the errors that the kernel returns to the module's own calls. The
 * module must pass each on, log one line, and leave nothing behind. The test
 * module replace makes the kernel return them.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

/* vm_mmap() maps nothing but returns an address. */
#define NOT_MAPPED "function=vm_mmap answer=0x10000"
/* The address that vm_mmap() returns with these parameters. */
#define GROWABLE_AT 0x10000000UL

static bool is_error(int ret, int error)
{
	if (ret != error)
		ktap_note("%s, not %s", strerror(-ret), strerror(-error));
	return ret == error;
}

static void unload_if_loaded(const char *name)
{
	char path[64];

	snprintf(path, sizeof(path), "/sys/module/%s", name);
	if (!access(path, F_OK))
		guest_unload(name);
}

/* Expects that switching on fails with this error and one line. */
static bool is_refused(int error, const char *line)
{
	int log, ret;

	guest_load("mapstack", "");
	log = guest_log_open();
	ret = mapstack_write("enabled", "1");
	return is_error(ret, error) & guest_log_says(log, line) &
	       mapstack_is_off();
}

/* The mapping that should prove the hook does not exist. */
static bool test_not_found(void)
{
	return is_refused(-EIO, "do_mmap() was not found");
}

static bool test_not_fired(void)
{
	int log, ret;

	guest_unload("replace");
	guest_load("mapstack", "");
	guest_load("replace", NOT_MAPPED);
	log = guest_log_open();
	ret = mapstack_write("enabled", "1");
	return is_error(ret, -EIO) &
	       guest_log_says(log, "was attached but did not fire") &
	       mapstack_is_off();
}

/* The proof failed, not the hook, so the hook stays as it was. */
static bool test_no_proof(void)
{
	bool passed;
	int log, ret;

	guest_unload("replace");
	guest_load("mapstack", "enabled=1");
	guest_load("replace", "function=vm_mmap answer=-11");
	log = guest_log_open();
	ret = mapstack_write("enabled", "1");
	passed = is_error(ret, -EAGAIN) & guest_log_says(log, "ulimit -l") &
		 mapstack_is("enabled", "1") & guest_stack_grows();
	mapstack_set("enabled", "0");
	log = guest_log_open();
	ret = mapstack_write("enabled", "1");
	return passed & is_error(ret, -EAGAIN) &
	       guest_log_says(log, "nothing was changed") & mapstack_is_off();
}

/* Makes the mapping that the proof will find, as if MAP_STACK grew by itself. */
static bool map_growable(void)
{
	void *at = (void *)GROWABLE_AT;

	return mmap(at, sysconf(_SC_PAGESIZE), PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_GROWSDOWN |
			    MAP_FIXED_NOREPLACE,
		    -1, 0) == at;
}

static bool is_not_needed(int ret, int log)
{
	struct mapping mapping;
	bool passed = is_error(ret, -EALREADY);

	passed &= guest_log_says(log, "growable by itself");
	return passed & !guest_mapping((void *)GROWABLE_AT, &mapping);
}

static bool test_no_need(void)
{
	bool passed;
	int log;

	guest_load("mapstack", "");
	log = guest_log_open();
	passed = map_growable() &&
		 is_not_needed(mapstack_write("enabled", "1"), log) &&
		 mapstack_is_off();
	guest_unload("mapstack");
	log = guest_log_open();
	return passed && map_growable() &&
	       is_not_needed(guest_try_load("mapstack", "enabled=1"), log) &&
	       mapstack_is_gone();
}

static bool test_unknown(void)
{
	return is_refused(-EINVAL, "ftrace does not know do_mmap()");
}

static bool test_shut_down(void)
{
	return is_refused(-ENODEV, "ftrace has shut itself down");
}

static bool test_refused(void)
{
	return is_refused(-EPERM, "ftrace refused the hook on do_mmap()");
}

/* The hook stays on, as the kernel has it, and can be switched off later. */
static bool test_kept(void)
{
	bool passed;
	int log;

	guest_load("mapstack", "enabled=1");
	log = guest_log_open();
	passed = is_error(mapstack_write("enabled", "0"), -ENODEV);
	passed &= guest_log_says(log, "ftrace did not release the hook");
	passed &= mapstack_is("enabled", "1") & guest_hooked("do_mmap") &
		  guest_stack_grows();
	guest_unload("replace");
	mapstack_set("enabled", "0");
	return passed & mapstack_is_off();
}

/* The first line of its stack tells where it sleeps, within a few seconds. */
static bool waits_in_mapstack(pid_t pid)
{
	char path[32], stack[4096] = "";
	unsigned int i;

	snprintf(path, sizeof(path), "/proc/%d/stack", pid);
	for (i = 0; i < 1000; i++) {
		guest_read(path, stack, sizeof(stack));
		stack[strcspn(stack, "\n")] = '\0';
		if (strstr(stack, "[mapstack]"))
			return true;
		usleep(10000);
	}
	ktap_note("it is in %s", stack);
	return false;
}

static bool wake_later(pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	return !guest_write("/sys/module/replace/parameters/wake", text);
}

/* The code that the kernel calls stays as long as it is called. */
static bool test_unload_waits(void)
{
	int log, status;
	bool passed;
	pid_t pid;

	guest_load("mapstack", "enabled=1");
	log = guest_log_open();
	pid = fork();
	if (!pid) {
		guest_unload("mapstack");
		_exit(0);
	}
	passed = waits_in_mapstack(pid) &&
		 guest_log_says(log, "ftrace did not release the hook") &&
		 guest_hooked("do_mmap") && guest_stack_grows();
	passed &= wake_later(pid);
	guest_unload("replace");
	return passed & (waitpid(pid, &status, 0) == pid && !status) &
	       mapstack_is_gone();
}

static bool test_no_files(const char *params)
{
	int log = guest_log_open(), ret = guest_try_load("mapstack", params);

	if (!ret)
		guest_unload("mapstack");
	return is_error(ret, -ENOMEM) && mapstack_is_gone() &&
	       guest_log_says(log, "/sys/kernel/mapstack could not be made");
}

static bool test_no_files_off(void)
{
	return test_no_files("");
}

static bool test_no_files_on(void)
{
	return test_no_files("enabled=1");
}

static bool growth_is(const char *text)
{
	return mapstack_is("counters/grown", text) &
	       mapstack_is("counters/grown_pages", text) &
	       mapstack_is("counters/grow_denied", text) &
	       mapstack_is("counters/grow_missed", text);
}

static bool test_no_growth(void)
{
	bool passed;
	int log;

	guest_load("mapstack", "");
	log = guest_log_open();
	mapstack_set("enabled", "1");
	passed = growth_is("-1") && guest_stack_grows() &&
		 !guest_hooked("expand_downwards");
	/* The module knows that by now. */
	mapstack_set("enabled", "0");
	mapstack_set("enabled", "1");
	passed &= guest_log_says(log, "cannot be followed on this kernel");
	guest_unload("replace");
	mapstack_set("enabled", "0");
	mapstack_set("enabled", "1");
	passed &= growth_is("0") && guest_hooked("expand_downwards");
	return passed;
}

static const struct error {
	const char *name;
	const char *params;
	bool (*test)(void);
} errors[] = {
	{ "do_mmap() is not found: EIO, and off", NOT_MAPPED, test_not_found },
	{ "the hook does not fire: EIO, and off", NOT_MAPPED, test_not_fired },
	{ "the proof cannot be made: its error, and nothing changes",
	  NOT_MAPPED, test_no_proof },
	{ "MAP_STACK grows by itself: EALREADY, and off",
	  "function=vm_mmap answer=0x10000000", test_no_need },
	{ "no files: the module is not loaded",
	  "function=sysfs_create_groups answer=-12", test_no_files_off },
	{ "no files: the module is not loaded, and was not on",
	  "function=sysfs_create_groups answer=-12", test_no_files_on },
	{ "growth cannot be followed: said once, and all else works",
	  "function=register_kretprobe answer=-22", test_no_growth },
	{ "ftrace does not know the function: EINVAL, and off",
	  "function=ftrace_set_filter answer=-22", test_unknown },
	{ "ftrace has shut itself down: ENODEV, and off",
	  "function=register_ftrace_function answer=-19", test_shut_down },
	{ "ftrace refuses: its error, and off",
	  "function=register_ftrace_function answer=-1", test_refused },
	{ "ftrace does not release: its error, and on",
	  "function=unregister_ftrace_function answer=-19", test_kept },
	{ "ftrace does not release: unloading waits until it does",
	  "function=unregister_ftrace_function answer=-19", test_unload_waits },
};

int main(void)
{
	size_t i;

	ktap_plan(ARRAY_SIZE(errors));
	for (i = 0; i < ARRAY_SIZE(errors); i++) {
		bool passed;

		if (guest_try_load("replace", errors[i].params)) {
			ktap_skip("this kernel's functions cannot be replaced",
				  "%s", errors[i].name);
			continue;
		}
		passed = errors[i].test();
		unload_if_loaded("replace");
		unload_if_loaded("mapstack");
		ktap_result(passed && mapstack_is_gone(), "%s", errors[i].name);
	}
	return ktap_end();
}
