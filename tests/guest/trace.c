// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests the tracepoints as perf, bpftrace and trace-cmd see them: their formats,
 * and what is recorded of calls with known arguments.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif

#define INSTANCES "/sys/kernel/tracing/instances/"
#define ONE INSTANCES "mapstack-test-1/"
#define TWO INSTANCES "mapstack-test-2/"

static const char mmap_line[] =
	"mapstack_mmap: addr=0x%lx len=%zu prot=0x%x flags=0x%x shape=%s outcome=%s";
static const char grow_line[] =
	"address=0x%lx old_start=0x%lx new_start=0x%lx end=0x%lx below=0x%lx error=0 reason=done";

static char text[1 << 16];
static long page;

static void write_file(const char *path, const char *value)
{
	int ret = guest_write(path, value);

	if (ret) {
		errno = -ret;
		guest_die("cannot write %s to %s", value, path);
	}
}

static const char *read_file(const char *path)
{
	int ret = guest_read(path, text, sizeof(text));

	if (ret < 0) {
		errno = -ret;
		guest_die("cannot read %s", path);
	}
	return text;
}

/* Counts the events of an instance: its lines without the header. */
static unsigned int count_events(const char *trace)
{
	const char *line = read_file(trace);
	unsigned int events = 0;

	while (line && *line) {
		events += *line != '#' && strstr(line, "mapstack_");
		line = strchr(line, '\n');
		line = line ? line + 1 : NULL;
	}
	return events;
}

static bool traced(const char *expected)
{
	if (count_events(ONE "trace") == 1 && strstr(text, expected))
		return true;
	ktap_note("not '%s' but: %s", expected, text);
	return false;
}

/* O_TRUNC empties a trace. */
static void forget(const char *trace)
{
	int fd = open(trace, O_WRONLY | O_TRUNC | O_CLOEXEC);

	if (fd < 0)
		guest_die("cannot empty %s", trace);
	close(fd);
}

static void test_format(const char *event, const char *const *fields)
{
	const char *at, *print;
	char path[128];
	bool ok = true;

	snprintf(path, sizeof(path),
		 "/sys/kernel/tracing/events/mapstack/%s/format", event);
	at = strstr(read_file(path), "\n\n");
	for (; *fields && at; fields++) {
		const char *found = strstr(at, *fields);

		if (!found)
			ktap_note("no '%s' where it belongs", *fields);
		ok &= !!found;
		at = found ?: at;
	}
	print = strstr(text, "print fmt");
	/* Tools do not know the names of the module's enums. */
	ok &= print && !strstr(print, "SHAPE_") && !strstr(print, "OUTCOME_") &&
	      !strstr(print, "GROW_");
	ktap_result(at && ok, "%s: its fields, in order, and numbers to print",
		    event);
}

static void test_formats(void)
{
	static const char *const mmap_fields[] = {
		"field:unsigned long addr;",
		"field:unsigned long len;",
		"field:unsigned long prot;",
		"field:unsigned long flags;",
		"field:unsigned int shape;",
		"field:unsigned int outcome;",
		NULL,
	};
	static const char *const grow_fields[] = {
		"field:unsigned long address;",
		"field:unsigned long old_start;",
		"field:unsigned long new_start;",
		"field:unsigned long end;",
		"field:unsigned long below;",
		"field:int error;",
		"field:unsigned int reason;",
		NULL,
	};

	test_format("mapstack_mmap", mmap_fields);
	test_format("mapstack_grow", grow_fields);
}

/* A call, its shape, and its outcome under each policy. */
static const struct call {
	const char *shape;
	size_t len;
	int prot;
	int flags;
	bool file;
	bool grows;
} calls[] = {
	{ "anonymous", 12345, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, false,
	  true },
	{ "shared", 777, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
	  false, false },
	{ "file", 99, PROT_NONE, MAP_PRIVATE, true, false },
	{ "hugetlb", 0 /* one huge page */, PROT_WRITE,
	  MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, false, false },
	{ "droppable", 4321, PROT_READ, MAP_DROPPABLE | MAP_ANONYMOUS, false,
	  false },
};

/* Returns the size in bytes; 0 if the kernel has none. */
static size_t huge_page(void)
{
	const char *at = strstr(read_file("/proc/meminfo"), "Hugepagesize:");

	return at ? strtoul(at + 13, NULL, 10) << 10 : 0;
}

static void make_call(const struct call *call, unsigned long addr, int fd)
{
	void *got = mmap((void *)addr, call->len, call->prot,
			 call->flags | MAP_STACK, call->file ? fd : -1, 0);

	if (got != MAP_FAILED)
		munmap(got, call->len);
}

static void test_calls(const char *policy, const char *grows,
		       const char *does_not)
{
	FILE *file = tmpfile();
	bool ok = true;
	size_t i;

	if (!file)
		guest_die("tmpfile");
	mapstack_set("policy", policy);
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		unsigned long addr = 0x70000000UL + i * (16 << 20);
		struct call call = calls[i];
		char line[256];

		if (!call.len)
			call.len = huge_page();
		if (!call.len)
			continue;
		snprintf(line, sizeof(line), mmap_line, addr, call.len,
			 call.prot, call.flags | MAP_STACK, call.shape,
			 call.grows ? grows : does_not);
		forget(ONE "trace");
		make_call(&call, addr, fileno(file));
		ok &= traced(line);
	}
	fclose(file);
	ktap_result(ok, "%s: each shape is recorded as the program asked",
		    policy);
}

static void test_already(void)
{
	struct call call = calls[0];

	call.flags |= MAP_GROWSDOWN;
	forget(ONE "trace");
	make_call(&call, 0x70000000UL, -1);
	/* Where stacks grow up, this is not a request to grow. */
	ktap_result(traced(STACKS_GROW_UP ?
				   "shape=anonymous outcome=translated" :
				   "shape=anonymous outcome=already"),
		    "a request with MAP_GROWSDOWN is recorded as %s",
		    STACKS_GROW_UP ? "any other" : "already");
}

static void test_silence(void)
{
	forget(ONE "trace");
	munmap(mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0),
	       page);
	ktap_result(!count_events(ONE "trace"),
		    "a call without MAP_STACK is not recorded");

	mapstack_scope_elsewhere();
	make_call(&calls[0], 0, -1);
	ktap_result(!count_events(ONE "trace"),
		    "a request out of scope is not recorded");
	mapstack_scope_again();

	mapstack_set("enabled", "0");
	make_call(&calls[0], 0, -1);
	mapstack_set("enabled", "1");
	ktap_result(!count_events(ONE "trace"),
		    "nothing is recorded while off, or for the proof");
}

static void test_filter(void)
{
	unsigned int filtered;
	int i;

	mapstack_set("policy", "rfc");
	mapstack_set("reset", "1");
	forget(ONE "trace");
	forget(TWO "trace");
	write_file(ONE "events/mapstack/mapstack_mmap/filter", "outcome == 2");
	for (i = 0; i < 100; i++)
		make_call(&calls[i & 1], 0, -1);
	filtered = count_events(ONE "trace");
	ktap_result(filtered == 50 && strstr(text, "outcome=refused") &&
			    !strstr(text, "outcome=translated"),
		    "a filter on outcome lets only those through");
	ktap_result(count_events(TWO "trace") == 100 &&
			    mapstack_counter("seen") == 100,
		    "another instance sees every request that is counted");
	write_file(ONE "events/mapstack/mapstack_mmap/filter", "0");
}

static void test_growth(void)
{
	static const char name[] = "growth is recorded";
	unsigned long start, below;
	char line[256];
	char *addr;
	bool passed;

	if (!guest_follows_growth()) {
		ktap_skip("growth cannot be followed here", name);
		return;
	}
	addr = guest_map_stack();
	start = (unsigned long)addr;
	forget(ONE "trace");
	guest_touch(addr - 2 * page + 5);
	snprintf(line, sizeof(line), grow_line, start - 2 * page, start,
		 start - 2 * page, start + page, 0UL);
	passed = traced(line);

	/* A neighbour without access is not kept at a distance. */
	below = start - 100 * page;
	if (mmap((void *)(below - page), page, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		 0) != (void *)(below - page))
		guest_die("mmap");
	forget(ONE "trace");
	guest_touch(addr - 3 * page);
	snprintf(line, sizeof(line), grow_line, start - 3 * page,
		 start - 2 * page, start - 3 * page, start + page, below);
	ktap_result(passed & traced(line), name);
	munmap((void *)(below - page), page);
	munmap(addr - 3 * page, 4 * page);
}

/* An unwinder must find the caller of do_mmap() through the trampoline. */
static void test_backtrace(void)
{
	static const char event[] = ONE "events/mapstack/mapstack_mmap/trigger";
	static const char name[] = "a backtrace has the caller of do_mmap()";

#if defined(__riscv) || defined(__hppa__)
	ktap_skip("ftrace's own trampoline hides it here", name);
	return;
#endif
	forget(ONE "trace");
	write_file(event, "stacktrace");
	make_call(&calls[0], 0, -1);
	write_file(event, "!stacktrace");
	read_file(ONE "trace");
	ktap_result(strstr(text, "=> vm_mmap_pgoff"), name);
}

int main(void)
{
	static const char unloaded[] =
		"unloaded while traced: the tracepoints are gone";

	page = sysconf(_SC_PAGESIZE);
	ktap_plan(14);
	mapstack_load("enabled=1");
	test_formats();
	if (mkdir(ONE, 0755) || mkdir(TWO, 0755))
		guest_die("cannot make trace instances");
	write_file(ONE "events/mapstack/enable", "1");
	write_file(TWO "events/mapstack/enable", "1");

	test_calls("rfc", "translated", "refused");
	test_calls("private", "translated", "spared");
	test_calls("observe", "observed", "observed");
	mapstack_set("policy", "rfc");
	test_already();
	test_silence();
	test_filter();
	test_growth();
	test_backtrace();

	/* With both events still enabled in both instances. */
	mapstack_unload();
	if (guest_scope())
		ktap_skip("the module stays loaded", "%s", unloaded);
	else
		ktap_result(access("/sys/kernel/tracing/events/mapstack",
				   F_OK) &&
				    access(ONE "events/mapstack", F_OK),
			    "%s", unloaded);
	if (rmdir(ONE) || rmdir(TWO))
		guest_die("cannot remove trace instances");
	return ktap_end();
}
