// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests what the manual says about growable mappings on mappings made with
 * MAP_STACK: how they grow, where they stop, what they contain. Each touch has
 * one expected effect, and the counters and the tracepoint must agree with it.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

#define GAP 256 /* stack_guard_gap, in pages */
#define ROOM 2048 /* free pages below a stack */
#define PAGES 4 /* of a stack when it is made */
#define THREADS 8
#define MAX_EVENTS 256

/* The expected fields of the tracepoint, in its order. */
struct event {
	unsigned long address, old_start, new_start;
	int error;
	char reason[20];
};

static struct event events[MAX_EVENTS];
static unsigned int nr_events;
static unsigned long grown, grown_pages, grow_denied;
static size_t page;

static void *map(void *at, size_t pages, int prot, int flags)
{
	void *addr = mmap(at, pages * page, prot,
			  MAP_PRIVATE | MAP_ANONYMOUS | flags, -1, 0);

	if (addr == MAP_FAILED || (at && addr != at))
		guest_die("no %zu pages at %p", pages, at);
	return addr;
}

/*
 * Maps a stack with ROOM free pages below it and as many above, where the
 * kernel puts whatever else is mapped meanwhile.
 */
static char *map_stack_as(int prot, int flags)
{
	const size_t pages = 2 * ROOM + PAGES;
	char *low = map(NULL, pages, PROT_NONE, 0);

	if (munmap(low, pages * page))
		guest_die("munmap");
	return map(low + ROOM * page, PAGES, prot, flags);
}

static char *map_stack(void)
{
	return map_stack_as(PROT_READ | PROT_WRITE, MAP_STACK);
}

static void unmap_stack(char *stack)
{
	munmap(stack - ROOM * page, (ROOM + PAGES) * page);
}

static char *start_of(const char *stack)
{
	struct mapping mapping;

	if (!guest_mapping(stack, &mapping))
		guest_die("the stack is gone");
	return (char *)mapping.start;
}

static void expect_event(const char *address, const char *old_start,
			 const char *new_start, int error, const char *reason)
{
	struct event *event = &events[nr_events++];

	if (nr_events > MAX_EVENTS)
		guest_die("more than %u events", MAX_EVENTS);
	event->address = (unsigned long)address & -page;
	event->old_start = (unsigned long)old_start;
	event->new_start = (unsigned long)new_start;
	event->error = error;
	snprintf(event->reason, sizeof(event->reason), "%s", reason);
}

static void expect_growth(const char *old_start, const char *new_start)
{
	expect_event(new_start, old_start, new_start, 0, "done");
	grown++;
	grown_pages += (old_start - new_start) / page;
}

/* Writes below a stack, which must then begin at that page. */
static bool grows(char *stack, char *addr)
{
	char *old_start = start_of(stack), *start;
	char *expected = (char *)((unsigned long)addr & -page);
	int sig;

	expect_growth(old_start, expected);
	sig = guest_touch(addr);
	start = start_of(stack);
	if (!sig && start == expected && *addr == 1)
		return true;
	ktap_note("signal %d, start %p, not %p", sig, start, expected);
	return false;
}

/* Writes below a stack, which must fault and leave it as it was. */
static bool denied(char *stack, char *addr, int error, const char *reason)
{
	char *old_start = start_of(stack), *start;
	int sig;

	expect_event(addr, old_start, old_start, error, reason);
	grow_denied++;
	sig = guest_touch(addr);
	start = start_of(stack);
	if (sig == SIGSEGV && start == old_start)
		return true;
	ktap_note("signal %d, start %p, not %p", sig, start, old_start);
	return false;
}

/* The counters must at any time equal what was expected so far. */
static bool counters_agree(void)
{
	if (!guest_follows_growth())
		return counter_is("grown", -1UL) &
		       counter_is("grown_pages", -1UL) &
		       counter_is("grow_denied", -1UL);
	return counter_is("grown", grown) &
	       counter_is("grown_pages", grown_pages) &
	       counter_is("grow_denied", grow_denied);
}

static void result(bool passed, const char *name)
{
	passed &= counters_agree();
	ktap_result(passed, "%s", name);
}

static bool bytes_are(const char *from, const char *to, char byte)
{
	for (; from < to; from++) {
		if (*from != byte) {
			ktap_note("byte %d at %p", *from, from);
			return false;
		}
	}
	return true;
}

static void test_pages(void)
{
	char *stack = map_stack();
	bool passed = true;
	int i;

	for (i = 1; i <= 64; i++)
		passed &= grows(stack, stack - i * page);
	result(passed, "grows page by page");

	passed = grows(stack, start_of(stack) - 1) &&
		 grows(stack, start_of(stack) - page / 2 - 1);
	for (i = 2; i <= 512; i *= 4)
		passed &= grows(stack, start_of(stack) - i * page);
	result(passed, "grows by jumps, to the page that is touched");
	unmap_stack(stack);
}

static void test_content(void)
{
	char *stack = map_stack(), *end = stack + PAGES * page;
	char *middle = stack - 100 * page, *low = middle - 50 * page;
	bool passed;

	memset(stack, 'a', PAGES * page);
	passed = grows(stack, middle) && bytes_are(middle + 1, stack, 0) &&
		 bytes_are(stack, end, 'a');
	memset(middle, 'b', stack - middle);
	passed &= grows(stack, low) && bytes_are(low + 1, middle, 0) &&
		  bytes_are(middle, stack, 'b') && bytes_are(stack, end, 'a');
	result(passed, "grown memory is zero, and all keeps its bytes");
	unmap_stack(stack);
}

/*
 * System calls that copy fault like a user's access. Those that take hold of
 * pages (process_vm_writev(2), vmsplice(2)) are not tested: since 6.5 they do
 * not grow a mapping, and dump the kernel's stack into the log.
 */
static void test_system_calls(void)
{
	char *stack = map_stack(), byte = 'r';
	bool passed;
	int fds[2];

	if (pipe(fds) || write(fds[1], &byte, 1) != 1)
		guest_die("pipe");
	expect_growth(stack, stack - 3 * page);
	passed = read(fds[0], stack - 3 * page, 1) == 1 &&
		 stack[-3 * page] == 'r' && start_of(stack) == stack - 3 * page;
	result(passed, "grows when read(2) stores below it");

	expect_growth(stack - 3 * page, stack - 9 * page);
	passed = write(fds[1], stack - 9 * page, 1) == 1 &&
		 read(fds[0], &byte, 1) == 1 && !byte &&
		 start_of(stack) == stack - 9 * page;
	result(passed, "grows when write(2) loads from below it");
	close(fds[0]);
	close(fds[1]);
	unmap_stack(stack);
}

static void test_neighbours(void)
{
	char *stack = map_stack(), *end = stack - 2 * GAP * page;
	bool passed;

	map(end - page, 1, PROT_READ, 0);
	passed = denied(stack, end + GAP * page - 1, -ENOMEM, "guard_gap") &&
		 denied(stack, end, -ENOMEM, "guard_gap") &&
		 grows(stack, end + GAP * page) &&
		 denied(stack, end + GAP * page - 1, -ENOMEM, "guard_gap");
	result(passed, "stops a guard gap above an accessible neighbour");

	passed = !mprotect(end - page, page, PROT_NONE) &&
		 grows(stack, end + page) && grows(stack, end);
	/* No expansion is tried: the address is in the neighbour. */
	passed &= guest_touch(end - 1) == SIGSEGV && start_of(stack) == end;
	result(passed, "grows to where a neighbour without access begins");
	unmap_stack(stack);

	stack = map_stack();
	end = stack - 2 * GAP * page;
	map(end - page, 1, PROT_READ | PROT_WRITE, MAP_STACK);
	passed = grows(stack, end + GAP * page - 1) && grows(stack, end);
	passed &= !guest_touch(end - 1) && start_of(stack) == end;
	result(passed, "grows to where a growable neighbour begins");
	unmap_stack(stack);
}

static void set_rlimit_stack(rlim_t bytes)
{
	struct rlimit limit;

	getrlimit(RLIMIT_STACK, &limit);
	limit.rlim_cur = bytes;
	if (setrlimit(RLIMIT_STACK, &limit))
		guest_die("RLIMIT_STACK");
}

static void test_rlimit_stack(void)
{
	const long pages = 512;
	char *stack = map_stack(), *last = stack + (PAGES - pages) * page;
	bool passed;

	set_rlimit_stack(pages * page);
	passed = denied(stack, last - 1, -ENOMEM, "rlimit_stack") &&
		 grows(stack, last) &&
		 denied(stack, last - 1, -ENOMEM, "rlimit_stack");
	result(passed, "stops at RLIMIT_STACK, of the mapping as a whole");
	set_rlimit_stack((pages + 3) * page);
	passed = grows(stack, last - 2 * page - 1) &&
		 denied(stack, last - 4 * page, -ENOMEM, "rlimit_stack");
	set_rlimit_stack(2 * ROOM * page);
	result(passed, "grows on after RLIMIT_STACK was raised");
	unmap_stack(stack);
}

static void test_rlimit_as(void)
{
	char *stack = map_stack(), text[64];
	struct rlimit old, limit;
	unsigned long pages;
	bool passed;

	if (guest_read("/proc/self/statm", text, sizeof(text)) < 0 ||
	    sscanf(text, "%lu", &pages) != 1)
		guest_die("statm");
	getrlimit(RLIMIT_AS, &old);
	limit = (struct rlimit){ (pages + 8) * page, old.rlim_max };
	if (setrlimit(RLIMIT_AS, &limit))
		guest_die("RLIMIT_AS");
	passed = denied(stack, stack - 9 * page, -ENOMEM, "memory") &&
		 grows(stack, stack - 8 * page) &&
		 denied(stack, stack - 9 * page, -ENOMEM, "memory");
	setrlimit(RLIMIT_AS, &old);
	passed &= grows(stack, stack - 9 * page);
	result(passed, "stops at RLIMIT_AS, and grows on without it");
	unmap_stack(stack);
}

/*
 * The limit in force is the larger of the sysctl and CONFIG_LSM_MMAP_MIN_ADDR,
 * which cannot be read and is larger on most architectures. So raise the sysctl
 * to 64 KiB, the largest value that Debian's kernels have there.
 */
static void test_min_addr(void)
{
	const char *name = "stops at vm.mmap_min_addr";
	const char *file = "/proc/sys/vm/mmap_min_addr";
	char *min_addr = (char *)65536;
	char before[32], *stack;

	if (guest_scope() || guest_read(file, before, sizeof(before)) <= 0 ||
	    guest_write(file, "65536")) {
		ktap_skip("vm.mmap_min_addr is not ours to set", "%s", name);
		return;
	}
	stack = map(min_addr + 2 * page, 1, PROT_READ | PROT_WRITE,
		    MAP_STACK | MAP_FIXED);
	result(grows(stack, min_addr) &&
		       denied(stack, min_addr - 1, -EPERM, "min_addr"),
	       name);
	munmap(min_addr, 3 * page);
	if (guest_write(file, before))
		guest_die("%s could not be set back", file);
}

/* Growth does not check the mapping's rights: it grows, and then faults. */
static void test_no_access(void)
{
	char *stack = map_stack_as(PROT_NONE, MAP_STACK);
	bool passed;

	expect_growth(stack, stack - 5 * page);
	passed = guest_touch(stack - 5 * page) == SIGSEGV &&
		 start_of(stack) == stack - 5 * page;
	result(passed, "without access: grows, and then faults");
	unmap_stack(stack);
}

/* When gdb reads another process's hole, it tries to expand the mapping above. */
static void test_not_growable(void)
{
	char *plain = map_stack_as(PROT_READ | PROT_WRITE, 0), byte;
	int fd = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);
	bool passed;

	if (fd < 0)
		guest_die("/proc/self/mem");
	passed = pread(fd, &byte, 1, (uintptr_t)(plain - page)) < 0 &&
		 start_of(plain) == plain;
	close(fd);
	result(passed, "no refusal is counted if the mapping was not growable");
	unmap_stack(plain);
}

static bool child_passes(bool (*child)(char *stack), char *stack)
{
	int status;

	if (!fork())
		_exit(!child(stack));
	return wait(&status) > 0 && status == 0;
}

static bool grow_in_child(char *stack)
{
	return bytes_are(stack - page, stack + PAGES * page, 'a') &&
	       grows(stack, stack - 7 * page) &&
	       bytes_are(stack - page, stack + PAGES * page, 'a');
}

static void test_fork(void)
{
	char *stack = map_stack();
	bool passed = grows(stack, stack - page);

	memset(stack - page, 'a', (PAGES + 1) * page);
	passed &= child_passes(grow_in_child, stack);
	expect_growth(stack - page, stack - 7 * page);
	passed &= start_of(stack) == stack - page;
	passed &= grows(stack, stack - 3 * page) &&
		  bytes_are(stack - page, stack + PAGES * page, 'a');
	result(passed, "a child's copy grows by itself");
	unmap_stack(stack);
}

static void __attribute__((noinline)) use_own_stack(size_t bytes)
{
	volatile char here[1024];

	here[0] = 1;
	if (bytes > sizeof(here))
		use_own_stack(bytes - sizeof(here));
	here[1] = here[0];
}

static void test_uncounted(void)
{
	char *stack = map_stack(), *own = start_of((char *)&stack);
	bool passed;

	use_own_stack(ROOM / 4 * page);
	result(start_of((char *)&stack) < own,
	       "the process's own [stack] grows uncounted");

	mapstack_set("enabled", "0");
	passed = !guest_touch(stack - page) && start_of(stack) == stack - page;
	mapstack_set("enabled", "1");
	result(passed, "off: an older mapping still grows, uncounted");

	passed = grows(stack, stack - 2 * page);
	result(passed, "on again: it is counted again");

	mapstack_scope_elsewhere();
	passed = !guest_touch(stack - 3 * page) &&
		 start_of(stack) == stack - 3 * page;
	mapstack_scope_again();
	result(passed, "out of scope: it grows, uncounted");
	unmap_stack(stack);
}

/* Reads the trace; every line must be the next event expected. */
static void test_trace(void)
{
	static const char format[] =
		"address=0x%lx old_start=0x%lx new_start=0x%lx %*s %*s error=%d reason=%19s";
	static const char name[] =
		"the tracepoint says all of this, in its order";
	FILE *trace = fopen(guest_trace_path("trace"), "r");
	unsigned int i = 0, wrong = 0;
	size_t size = 0;
	char *line = NULL;

	if (!guest_follows_growth()) {
		ktap_skip("growth cannot be followed here", name);
		return;
	}
	if (!trace)
		guest_die("cannot open trace");
	while (getline(&line, &size, trace) > 0) {
		const char *at = strstr(line, "address=");
		struct event is = { 0 }, *event = &events[i];

		if (!at)
			continue;
		if (sscanf(at, format, &is.address, &is.old_start,
			   &is.new_start, &is.error, is.reason) == 5 &&
		    i < nr_events && !memcmp(&is, event, sizeof(is))) {
			i++;
			continue;
		}
		if (!wrong++)
			ktap_note("event %u: %.*s, expected 0x%lx %s", i,
				  (int)strcspn(at, "\n"), at, event->address,
				  event->reason);
	}
	free(line);
	fclose(trace);
	ktap_note("%u events of %u, %u other", i, nr_events, wrong);
	ktap_result(i == nr_events && !wrong, name);
}

static struct {
	pthread_barrier_t barrier;
	char *stack;
} race;

/* Each thread touches its own pages of the same mapping. */
static void *grow_in_thread(void *arg)
{
	long i, number = (long)arg;

	pthread_barrier_wait(&race.barrier);
	for (i = number; i < ROOM / 4; i += THREADS)
		memset(race.stack - (i + 1) * page, 'A' + number, page);
	return NULL;
}

static void test_threads(void)
{
	static const char counted[] = "several threads: no page is left out";
	pthread_t threads[THREADS];
	unsigned long pages;
	bool passed;
	long i;

	/* The threads' stacks are mapped before, so that they are elsewhere. */
	pthread_barrier_init(&race.barrier, NULL, THREADS + 1);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, grow_in_thread,
				   (void *)i))
			guest_die("pthread_create");
	race.stack = map_stack();
	mapstack_set("reset", "1");
	pthread_barrier_wait(&race.barrier);
	for (i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	passed = start_of(race.stack) == race.stack - ROOM / 4 * page;
	for (i = 0; passed && i < ROOM / 4; i++)
		passed = bytes_are(race.stack - (i + 1) * page,
				   race.stack - i * page, 'A' + i % THREADS);
	ktap_result(passed, "several threads grow one mapping at a time");

	unmap_stack(race.stack);
	if (!guest_follows_growth()) {
		ktap_skip("growth cannot be followed here", counted);
		return;
	}
	/* On 5.10 a page can be counted twice, see docs/decisions.md. */
	pages = mapstack_counter("grown_pages");
	ktap_note("%lu of %u pages counted", pages, ROOM / 4);
	ktap_result(pages >= ROOM / 4 && mapstack_counter("grown") <= pages &&
			    counter_is("grow_denied", 0),
		    counted);
}

static bool growth_reads(unsigned long value)
{
	return counter_is("grown", value) & counter_is("grown_pages", value) &
	       counter_is("grow_denied", value == -1UL ? value : 0) &
	       counter_is("grow_missed", value == -1UL ? value : 0);
}

/* Switches all kprobes without telling the module. */
static void switch_kprobes(const char *value)
{
	if (guest_write("/sys/kernel/debug/kprobes/enabled", value))
		guest_die("kprobes/enabled");
}

/* Grows by a page, and checks the counters. */
static bool grows_counted(bool known)
{
	char *stack = map_stack();
	bool passed;

	mapstack_set("reset", "1");
	passed = !guest_touch(stack - 1) && growth_reads(known ? 1 : -1UL);
	unmap_stack(stack);
	return passed;
}

static void test_kprobes_off(void)
{
	static const char *const names[] = {
		"kprobes are switched off: the counters do not know",
		"kprobes are switched on again: growth is counted",
		"on while kprobes are off: one log line, and not known",
		"the remedy that was printed is enough",
		"off while kprobes are off: not known",
		"on again: growth is counted",
	};
	const char *why = guest_scope() ? "it would end others' kprobes too" :
					  "growth cannot be followed here";
	bool passed;
	size_t i;
	int log;

	if (!guest_follows_growth() || guest_scope()) {
		for (i = 0; i < ARRAY_SIZE(names); i++)
			ktap_skip(why, "%s", names[i]);
		return;
	}
	switch_kprobes("0");
	ktap_result(grows_counted(false), "%s", names[0]);
	switch_kprobes("1");
	ktap_result(grows_counted(true), "%s", names[1]);

	mapstack_set("enabled", "0");
	switch_kprobes("0");
	log = guest_log_open();
	mapstack_set("enabled", "1");
	mapstack_set("enabled", "1");
	passed = grows_counted(false);
	passed &= guest_log_says(log,
				 "echo 1 >/sys/kernel/debug/kprobes/enabled");
	ktap_result(passed, "%s", names[2]);
	switch_kprobes("1");
	ktap_result(grows_counted(true), "%s", names[3]);

	switch_kprobes("0");
	mapstack_set("enabled", "0");
	ktap_result(growth_reads(-1UL), "%s", names[4]);
	switch_kprobes("1");
	mapstack_set("enabled", "1");
	ktap_result(grows_counted(true), "%s", names[5]);
}

/* The lines of a trace are in order only if they are from one CPU. */
static void stay_on_one_cpu(cpu_set_t *before)
{
	cpu_set_t one;
	int cpu = 0;

	if (sched_getaffinity(0, sizeof(*before), before))
		guest_die("affinity");
	while (!CPU_ISSET(cpu, before))
		cpu++;
	CPU_ZERO(&one);
	CPU_SET(cpu, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		guest_die("affinity");
}

int main(void)
{
	cpu_set_t cpus;

	ktap_plan(28);
	page = sysconf(_SC_PAGESIZE);
	set_rlimit_stack(2 * ROOM * page);
	stay_on_one_cpu(&cpus);
	mapstack_load("enabled=1");
	guest_trace_set("events/mapstack/mapstack_grow/enable", "1");
	guest_trace_set("trace", "");

	test_pages();
	test_content();
	test_system_calls();
	test_neighbours();
	test_rlimit_stack();
	test_rlimit_as();
	test_min_addr();
	test_no_access();
	test_not_growable();
	test_fork();
	test_uncounted();
	test_trace();
	guest_trace_set("events/mapstack/mapstack_grow/enable", "0");
	guest_trace_set("trace", "");

	sched_setaffinity(0, sizeof(cpus), &cpus);
	test_threads();
	test_kprobes_off();
	mapstack_unload();
	return ktap_end();
}
