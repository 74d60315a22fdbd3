// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests the policy 'fitting' on both sides of each of its limits, and that the
 * requests that it spares would not have gained anything.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

#define LIMIT 64 /* RLIMIT_STACK of the tests, in pages */
#define ROOM \
	1024 /* free pages on each side of a stack; more than the guard gap */
#define READ_WRITE (PROT_READ | PROT_WRITE)

static size_t page;

static void limit_stack(rlim_t bytes)
{
	struct rlimit limit = { .rlim_max = RLIM_INFINITY };

	limit.rlim_cur = bytes;
	if (setrlimit(RLIMIT_STACK, &limit))
		guest_die("cannot set RLIMIT_STACK");
}

/* Maps a stack with nothing near it. */
static char *map_stack(size_t len, int prot)
{
	size_t room = ROOM * page, around = len + 2 * room;
	char *low, *stack;

	low = mmap(NULL, around, PROT_NONE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (low == MAP_FAILED || munmap(low, around))
		guest_die("no room for %zu bytes", len);
	stack = mmap(low + room, len, prot,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK | MAP_NORESERVE,
		     -1, 0);
	if (stack != low + room)
		guest_die("cannot map %zu bytes", len);
	return stack;
}

/* Whether such a request becomes growable as expected, and is counted. */
static bool grows_if(bool grows, size_t len, int prot)
{
	char *stack;
	struct mapping mapping;
	bool passed;

	mapstack_set("reset", "1");
	stack = map_stack(len, prot);
	passed = guest_mapping(stack, &mapping) &&
		 guest_has_vmflag(&mapping, GROWABLE) == grows;
	if (!passed)
		ktap_note("%zu bytes, prot %d: VmFlags %s", len, prot,
			  mapping.vmflags);
	munmap(stack, len);
	return passed & counter_is("translated", grows) &
	       counter_is("spared", !grows) & counter_is("shape_anonymous", 1);
}

static void test_length(void)
{
	size_t limit = LIMIT * page;
	bool passed;

	passed = grows_if(true, 1, READ_WRITE);
	passed &= grows_if(true, limit - page, READ_WRITE);
	passed &= grows_if(true, limit - 2 * page + 1, READ_WRITE);
	passed &= grows_if(false, limit - page + 1, READ_WRITE);
	passed &= grows_if(false, limit, READ_WRITE);
	passed &= grows_if(false, limit + page, READ_WRITE);
	ktap_result(passed, "shorter than the limit by a page: grows");

	limit_stack(LIMIT * page - 1);
	passed = grows_if(false, limit - page, READ_WRITE);
	limit_stack(0);
	passed &= grows_if(false, 1, READ_WRITE);
	limit_stack(RLIM_INFINITY);
	passed &= grows_if(true, 512 << 20, READ_WRITE);
	limit_stack(LIMIT * page);
	ktap_result(passed, "with limits of a part of a page, none, infinite");
}

static void test_protection(void)
{
	int prot;

	for (prot = 0; prot < 8; prot++)
		ktap_result(grows_if(prot & PROT_WRITE, page, prot),
			    "protection %d: %s", prot,
			    prot & PROT_WRITE ? "grows" : "spared");
}

/* Touches the page beyond. Returns whether that raises a signal. */
static bool dies(size_t len, int prot, int opened)
{
	char *stack = map_stack(len, prot);
	bool died;

	if (mprotect(stack + page, len - 2 * page, opened))
		guest_die("mprotect");
	died = guest_touch(STACKS_GROW_UP ? stack + len : stack - page);
	munmap(stack - page, len + 2 * page);
	return died;
}

/* Under 'private' these are growable but do not grow. */
static void test_gain(void)
{
	size_t limit = LIMIT * page;

	mapstack_set("policy", "private");
	ktap_result(dies(limit, READ_WRITE, READ_WRITE) &&
			    !dies(limit - page, READ_WRITE, READ_WRITE),
		    "private: a stack as long as the limit does not grow");
	ktap_result(dies(limit / 2, PROT_NONE, READ_WRITE),
		    "private: a stack that mprotect() opens does not grow");
	mapstack_set("policy", "fitting");
	ktap_result(!dies(limit - page, READ_WRITE, READ_WRITE),
		    "fitting: a shorter stack grows");
}

static void test_others(void)
{
	static const int types[] = { MAP_SHARED | MAP_ANONYMOUS, MAP_PRIVATE };
	static const char *const names[] = { "shared", "/dev/zero" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(types); i++) {
		int fd = i ? open("/dev/zero", O_RDWR) : -1;
		void *addr;

		mapstack_set("reset", "1");
		addr = mmap(NULL, page, READ_WRITE, types[i] | MAP_STACK, fd,
			    0);
		ktap_result(addr != MAP_FAILED && counter_is("spared", 1),
			    "%s: spared, and works", names[i]);
		munmap(addr, page);
		if (i)
			close(fd);
	}
}

int main(void)
{
	ktap_plan(2 + 8 + 3 + 2);
	page = sysconf(_SC_PAGESIZE);
	mapstack_load("policy=fitting enabled=1");
	limit_stack(LIMIT * page);
	test_length();
	test_protection();
	test_gain();
	test_others();
	mapstack_unload();
	return ktap_end();
}
