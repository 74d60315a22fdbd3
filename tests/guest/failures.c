// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes each allocation fail in turn while the module is loaded, switched, set,
 * traced, read, used and unloaded.
 *
 * The n-th allocation of an operation fails, for n = 1, 2, 3 ... until the
 * operation makes fewer than n. Each attempt must either fail and change
 * nothing, or succeed completely. After each operation nothing may be left
 * anywhere. This needs a kernel with fault injection
 * (Documentation/fault-injection/fault-injection.rst, fail-nth).
 *
 * Some allocations are not made to fail, because the kernel mishandles that:
 * - what it allocates for any module before the module's own code runs: 6.12
 *   warns in event_define_fields() and event_file_put();
 * - what it allocates to remove a kprobe: __disarm_kprobe_ftrace() warns, and
 *   kprobes do not work correctly afterwards;
 * - what it allocates to record the names of tasks for its tracers: 6.12 warns
 *   in tracepoint_probe_unregister().
 *
 * failures_only in the environment names the only operation to try.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

#define DEBUG "/sys/kernel/debug/"
#define EVENTS TRACEFS_DIR "events/mapstack"
#define CGROUP "/sys/fs/cgroup/failures"
#define FILES_REFUSED "/sys/kernel/mapstack could not be made"
#define MAX_ALLOCATIONS 5000 /* more than any operation makes */

/* The operations during which an allocation fails. */
struct operation {
	const char *name;
	void (*prepare)(void);
	int (*attempt)(void); /* 0 or -errno */
	bool (*check)(int ret); /* after an attempt that returned this */
	const char *below; /* fail only allocations below this function */
	const char *spared; /* but not those below this one */
};

static bool is_loaded(void)
{
	return !access("/sys/module/mapstack", F_OK);
}

/* Whether the kernel knows of a kprobe on a function, disabled or not. */
static bool has_probe(const char *function)
{
	FILE *file = fopen(DEBUG "kprobes/list", "r");
	bool found = false;
	char line[512];

	if (!file)
		guest_die("cannot open kprobes/list");
	while (!found && fgets(line, sizeof(line), file))
		found = !!strstr(line, function);
	fclose(file);
	return found;
}

/* Without memory for the probe, growth is not followed, and the log says so. */
static bool growth_is_unknown(void)
{
	char text[32];

	return guest_read(MAPSTACK_DIR "counters/grown", text, sizeof(text)) >
		       0 &&
	       !strcmp(text, "-1");
}

/* Whether everything is attached to the kernel and works, or nothing is. */
static bool check_attached(bool on)
{
	bool passed = guest_hooked("do_mmap") == on &&
		      guest_stack_grows() == on;

	passed &= guest_hooked("expand_downwards") ==
		  (on && !growth_is_unknown());
	if (!passed)
		ktap_note("attached: do_mmap %d, expand_downwards %d",
			  guest_hooked("do_mmap"),
			  guest_hooked("expand_downwards"));
	return passed;
}

static bool check_gone(void)
{
	bool probed = has_probe("expand_downwards");

	if (probed)
		ktap_note("the probe is left");
	return mapstack_is_gone() & !probed;
}

static void load(void)
{
	if (!is_loaded())
		guest_load("mapstack", "");
}

static void load_on(void)
{
	if (!is_loaded())
		guest_load("mapstack", "enabled=1");
}

static void unload(void)
{
	if (is_loaded())
		guest_unload("mapstack");
}

/* Loads that failed because the files could not be made, and said so. */
static unsigned int refused_files;
static int load_log = -1;

/* Also opens the log: an attempt could not, because that allocates. */
static void prepare_load(void)
{
	unload();
	if (load_log >= 0)
		close(load_log);
	load_log = guest_log_open();
}

static int try_load(void)
{
	return guest_try_load("mapstack", "");
}

static int try_load_on(void)
{
	return guest_try_load("mapstack",
			      "enabled=1 policy=private scope=cgroup:/");
}

static bool check_load(int ret)
{
	bool passed;

	if (ret) {
		refused_files += guest_log_says(load_log, FILES_REFUSED);
		load_log = -1;
		return check_gone();
	}
	passed = mapstack_is("enabled", "0") && check_attached(false);
	unload();
	return passed & check_gone();
}

static bool check_load_on(int ret)
{
	bool passed;

	if (ret)
		return check_gone();
	passed =
		mapstack_is("enabled", "1") && check_attached(true) &&
		mapstack_is("policy", "observe paired fitting [private] rfc") &&
		mapstack_is("scope", "cgroup:/");
	unload();
	return passed & check_gone();
}

static int try_unload(void)
{
	return syscall(SYS_delete_module, "mapstack", O_NONBLOCK) ? -errno : 0;
}

static bool check_unload(int ret)
{
	bool passed;

	if (ret) {
		passed = check_attached(true) && mapstack_is("enabled", "1");
		unload();
		return passed & check_gone();
	}
	return check_gone();
}

/* Counts the mappings of this process, in which the hook is proved. */
static unsigned int count_mappings(void)
{
	FILE *file = fopen("/proc/self/maps", "r");
	unsigned int lines = 0;
	int byte;

	while (file && (byte = getc(file)) != EOF)
		lines += byte == '\n';
	if (file)
		fclose(file);
	return lines;
}

static unsigned int mappings;

static void prepare_on(void)
{
	load();
	mappings = count_mappings();
}

static int try_on(void)
{
	return mapstack_write("enabled", "1");
}

static bool check_on(int ret)
{
	bool passed = mapstack_is("enabled", ret ? "0" : "1") &&
		      check_attached(!ret);

	if (count_mappings() != mappings) {
		ktap_note("the page of the proof was left");
		passed = false;
	}

	mapstack_set("enabled", "0");
	return passed & check_attached(false);
}

static void switch_on(void)
{
	mapstack_set("enabled", "1");
}

static int try_off(void)
{
	return mapstack_write("enabled", "0");
}

static bool check_off(int ret)
{
	return mapstack_is("enabled", ret ? "1" : "0") && check_attached(!!ret);
}

static void set_scope(void)
{
	mapstack_set("scope", "pid:1");
}

static int try_scope_pid(void)
{
	return mapstack_write("scope", "pid:2");
}

static bool check_scope_pid(int ret)
{
	return mapstack_is("scope", ret ? "pid:1" : "pid:2");
}

static int try_scope_cgroup(void)
{
	return mapstack_write("scope", "cgroup:/failures");
}

static bool check_scope_cgroup(int ret)
{
	return mapstack_is("scope", ret ? "pid:1" : "cgroup:/failures");
}

static void set_policy(void)
{
	mapstack_set("policy", "observe");
}

static int try_policy(void)
{
	return mapstack_write("policy", "private");
}

static bool check_policy(int ret)
{
	return mapstack_is("policy",
			   ret ? "[observe] paired fitting private rfc" :
				 "observe paired fitting [private] rfc");
}

static void count_one(void)
{
	mapstack_set("reset", "1");
	mapstack_set("policy", "rfc");
	mapstack_set("scope", "all");
	mapstack_set("enabled", "1");
	if (!guest_stack_grows())
		guest_die("the hook is not on");
}

static int try_reset(void)
{
	return mapstack_write("reset", "1");
}

static bool check_reset(int ret)
{
	return mapstack_is("counters/seen", ret ? "1" : "0");
}

static int try_read(void)
{
	char text[64];
	int ret = guest_read(MAPSTACK_DIR "counters/translated", text,
			     sizeof(text));

	return ret < 0 ? ret : strcmp(text, "1") ? -EBADMSG : 0;
}

static bool check_read(int ret)
{
	return ret != -EBADMSG;
}

static void *mapped;

static int try_map(void)
{
	mapped = mmap(NULL, sysconf(_SC_PAGESIZE), PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	return mapped == MAP_FAILED ? -errno : 0;
}

/* The request is counted whatever do_mmap() answers. */
static bool check_map(int ret)
{
	struct mapping mapping;
	bool passed = mapstack_is("counters/translated", "2");

	if (ret)
		return passed;
	passed &= guest_mapping(mapped, &mapping) &&
		  guest_has_vmflag(&mapping, "gd");
	munmap(mapped, sysconf(_SC_PAGESIZE));
	return passed;
}

/* Switches off the recording of the names of tasks: see above. */
static void prepare_trace(void)
{
	guest_trace_set("options/record-cmd", "0");
	count_one();
}

static int try_trace(void)
{
	return guest_write(EVENTS "/enable", "1");
}

static bool check_trace(int ret)
{
	char text[16];
	bool passed;

	/* After an error some events may be on. That is the kernel's doing. */
	passed = guest_read(EVENTS "/enable", text, sizeof(text)) > 0 &&
		 (ret || !strcmp(text, "1"));
	if (guest_write(EVENTS "/enable", "0"))
		guest_die("cannot write enable");
	guest_trace_set("options/record-cmd", "1");
	return passed & guest_stack_grows();
}

#define LOADER "do_init_module"
/* Removes the probe of growth. */
#define PROBE "__disable_kprobe"

static const struct operation operations[] = {
	{ "load", prepare_load, try_load, check_load, LOADER, NULL },
	{ "load, switched on", unload, try_load_on, check_load_on, LOADER,
	  NULL },
	{ "unload, switched on", load_on, try_unload, check_unload, NULL,
	  PROBE },
	{ "switch on", prepare_on, try_on, check_on, NULL, NULL },
	{ "switch off", switch_on, try_off, check_off, NULL, PROBE },
	{ "scope of a process", set_scope, try_scope_pid, check_scope_pid, NULL,
	  NULL },
	{ "scope of a cgroup", set_scope, try_scope_cgroup, check_scope_cgroup,
	  NULL, NULL },
	{ "policy", set_policy, try_policy, check_policy, NULL, NULL },
	{ "reset", count_one, try_reset, check_reset, NULL, NULL },
	{ "read a counter", count_one, try_read, check_read, NULL, NULL },
	{ "map", count_one, try_map, check_map, NULL, NULL },
	{ "tracepoints", prepare_trace, try_trace, check_trace, NULL, NULL },
};

static int fail_nth;

/* Makes the n-th allocation from now on fail; 0 disarms. */
static void arm(unsigned int n)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", n);

	if (pwrite(fail_nth, text, len, 0) != len)
		guest_die("cannot write fail-nth");
}

/* Whether the allocation has been made and has failed. */
static bool has_failed(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) < 0)
		guest_die("cannot read fail-nth");
	return atoi(text) == 0;
}

static void set_fault(const char *file, const char *text)
{
	static const char *const kinds[] = { "failslab", "fail_page_alloc" };
	char path[128];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		snprintf(path, sizeof(path), DEBUG "%s/%s", kinds[i], file);
		if (guest_write(path, text))
			guest_die("cannot write %s", path);
	}
}

static void set_range(const char *kind, unsigned long start, unsigned long end)
{
	char file[32], text[32];

	snprintf(file, sizeof(file), "%s-start", kind);
	snprintf(text, sizeof(text), "%#lx", start);
	set_fault(file, text);
	snprintf(file, sizeof(file), "%s-end", kind);
	snprintf(text, sizeof(text), "%#lx", end);
	set_fault(file, text);
}

static unsigned long find_function(const char *name, unsigned long *end)
{
	unsigned long start = guest_symbol(name, end);

	if (!start)
		guest_die("there is no %s", name);
	return start;
}

/* Chooses the allocations that fail by their callers. */
static void choose_callers(const struct operation *operation)
{
	unsigned long start = 0, end = -1UL;

	if (operation->below)
		start = find_function(operation->below, &end);
	set_range("require", start, end);
	start = 0;
	end = 0;
	if (operation->spared)
		start = find_function(operation->spared, &end);
	set_range("reject", start, end);
}

static void test_operation(const struct operation *operation)
{
	unsigned int n, errors = 0, failed = 0;
	bool injected = true;

	choose_callers(operation);
	for (n = 1; injected && n < MAX_ALLOCATIONS; n++) {
		int ret;

		if (n % 20 == 0)
			ktap_note("%s: allocation %u", operation->name, n);

		if (operation->prepare)
			operation->prepare();
		arm(n);
		ret = operation->attempt();
		injected = has_failed();
		arm(0);
		errors += !!ret;
		if ((injected || !ret) && operation->check(ret))
			continue;
		ktap_note("allocation %u: %s", n, strerror(-ret));
		failed++;
	}
	ktap_note("%u allocations failed: %u errors, %u successes", n - 2,
		  errors, n - 2 - errors);
	ktap_result(!failed && !injected && n > 2,
		    "%s: each allocation fails in turn", operation->name);
}

/* Has every allocation of this task fail, small or large, and log nothing. */
static void prepare_faults(void)
{
	set_fault("verbose", "0");
	set_fault("ignore-gfp-wait", "N");
	set_fault("stacktrace-depth", "32");
	if (guest_write(DEBUG "fail_page_alloc/ignore-gfp-highmem", "N") ||
	    guest_write(DEBUG "fail_page_alloc/min-order", "0"))
		guest_die("cannot write fail_page_alloc");
}

int main(void)
{
	const char *only = getenv("failures_only");
	size_t i;

	ktap_plan(ARRAY_SIZE(operations) + 2);
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);
	if (fail_nth < 0) {
		for (i = 0; i < ARRAY_SIZE(operations); i++)
			ktap_skip("this kernel has no fault injection", "%s",
				  operations[i].name);
		ktap_skip("this kernel has no fault injection",
			  "files refused");
		ktap_skip("this kernel has no fault injection",
			  "in the end nothing is left");
		return ktap_end();
	}
	prepare_faults();
	if (mkdir(CGROUP, 0755))
		guest_die("cannot make %s", CGROUP);
	load();
	for (i = 0; i < ARRAY_SIZE(operations); i++)
		if (!only || !strcmp(only, operations[i].name))
			test_operation(&operations[i]);
		else
			ktap_skip("not asked for", "%s", operations[i].name);
	ktap_note("%u loads were refused for want of the files", refused_files);
	if (only)
		ktap_skip("not asked for", "files refused");
	else
		ktap_result(refused_files,
			    "no memory for the files: one log line");
	unload();
	ktap_result(check_gone(), "in the end nothing is left");
	rmdir(CGROUP);
	return ktap_end();
}
