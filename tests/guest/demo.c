// SPDX-License-Identifier: GPL-2.0-only
/*
 * Prints `make demo`. Every line about the kernel is what this kernel answered.
 * The exit status is 0 only if every answer was the expected one.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "mapstack.h"

#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif

#define STACK_PAGES 16

static long page;
static int surprises;

static void say(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

/* Prints a command that a person would type, and does it. */
static void type_write(const char *text, const char *file)
{
	int ret = mapstack_write(file, text);

	say("  # echo %s > %s%s", text, MAPSTACK_DIR, file);
	if (ret) {
		say("    %s", strerror(-ret));
		surprises++;
	}
}

static void show_mapping(const char *what, const void *addr)
{
	struct mapping mapping;

	if (!guest_mapping(addr, &mapping)) {
		say("    %s: no mapping", what);
		surprises++;
		return;
	}
	say("    %s %lx-%lx %4lu KiB  VmFlags: %s", what, mapping.start,
	    mapping.end, (mapping.end - mapping.start) / 1024, mapping.vmflags);
}

/* The program of the demo: it maps a stack and then needs more. */
static int use_stack(void)
{
	int sig, pages;
	char *stack;

	stack = mmap(NULL, STACK_PAGES * page, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (stack == MAP_FAILED)
		return 2;
	show_mapping("mapped", stack);
	for (pages = 1; pages <= 64; pages *= 4) {
		sig = guest_touch(stack - pages * page);
		say("    write %2d page%s below its start: %s", pages,
		    pages == 1 ? " " : "s", sig ? "SIGSEGV" : "done");
		if (sig)
			return 1;
	}
	show_mapping("now   ", stack);
	return 0;
}

static void run_program(int expected)
{
	int status;

	say("  $ ./use-stack");
	fflush(stdout);
	if (!fork())
		_exit(use_stack());
	wait(&status);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != expected) {
		say("    this is not what was expected");
		surprises++;
	}
}

struct call {
	const char *name;
	int flags;
	int file; /* 0: none, 1: a file, 2: a memfd */
	int works_under_rfc;
};

static const struct call calls[] = {
	{ "private, anonymous (every glibc thread)",
	  MAP_PRIVATE | MAP_ANONYMOUS, 0, 1 },
	{ "shared, anonymous", MAP_SHARED | MAP_ANONYMOUS, 0, 0 },
	{ "private, of a file", MAP_PRIVATE, 1, 0 },
	{ "shared, of a memfd", MAP_SHARED, 2, 0 },
	{ "private, huge pages", MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, 0,
	  0 },
	{ "droppable", MAP_DROPPABLE | MAP_ANONYMOUS, 0, 0 },
};

static int try_call(const struct call *call)
{
	size_t len = call->flags & MAP_HUGETLB ? 2 << 20 : page;
	int fd = -1, ret = 0;
	void *addr;

	if (call->file == 1)
		fd = open("/init", O_RDONLY | O_CLOEXEC);
	else if (call->file == 2)
		fd = memfd_create("demo", MFD_CLOEXEC);
	if (call->file == 2 && ftruncate(fd, len))
		guest_die("ftruncate");

	addr = mmap(NULL, len, PROT_READ, call->flags | MAP_STACK, fd, 0);
	if (addr == MAP_FAILED)
		ret = errno;
	else
		munmap(addr, len);
	if (fd >= 0)
		close(fd);
	return ret;
}

static const char *outcome(int error)
{
	return error == EINVAL ? "EINVAL" : error ? strerror(error) : "works";
}

static void compare_policies(void)
{
	size_t i;

	say("    %-42s%-9s%-9s%s", "mmap(MAP_STACK), and", "off", "rfc",
	    "private");
	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		int off, rfc, private;

		mapstack_set("enabled", "0");
		off = try_call(&calls[i]);
		mapstack_set("enabled", "1");
		mapstack_set("policy", "rfc");
		rfc = try_call(&calls[i]);
		mapstack_set("policy", "private");
		private = try_call(&calls[i]);
		say("    %-42s%-9s%-9s%s", calls[i].name, outcome(off),
		    outcome(rfc), outcome(private));
		surprises += off != private;
		surprises += !off && (rfc == 0) != calls[i].works_under_rfc;
	}
	mapstack_set("policy", "rfc");
}

static void show_counters(void)
{
	static const char *const names[] = { "seen",	"translated",
					     "refused", "spared",
					     "grown",	"grown_pages" };
	size_t i;

	say("  # grep . %scounters/*", MAPSTACK_DIR);
	for (i = 0; i < ARRAY_SIZE(names); i++)
		say("    %-12s %lu", names[i], mapstack_counter(names[i]));
}

int main(void)
{
	struct utsname uts;

	setvbuf(stdout, NULL, _IOLBF, 0);
	page = sysconf(_SC_PAGESIZE);
	uname(&uts);
	guest_write("/proc/sys/vm/nr_hugepages", "4");

	say("This is Debian's kernel %s, unmodified, in QEMU.\n", uts.release);
	say("A program maps %ld KiB with mmap(MAP_STACK) and then needs more.",
	    STACK_PAGES * page / 1024);
	run_program(1);
	say("The mapping did not grow: MAP_STACK asks for nothing today.\n");

	say("The module is loaded and switched on. The kernel is the same.");
	say("  # insmod mapstack.ko");
	guest_load("mapstack", "");
	type_write("1", "enabled");
	run_program(0);
	say("The same program, and its mapping grew under it: gd is VM_GROWSDOWN.\n");

	say("Growing is not all that changes. Some calls stop working under the");
	say("proposal (rfc); the policy 'private' translates only what can grow.");
	compare_policies();
	say("");
	show_counters();

	say("\nThe switch back. Nothing is left on do_mmap().");
	type_write("0", "enabled");
	run_program(1);
	say("  # grep do_mmap /sys/kernel/tracing/enabled_functions");
	if (guest_hooked("do_mmap")) {
		say("    do_mmap is still hooked");
		surprises++;
	}
	say("  # rmmod mapstack");
	guest_unload("mapstack");
	if (surprises)
		say("\n%d of the answers above were not the expected ones.",
		    surprises);
	else
		say("\nThat is the whole story. README.md tells how to do it here.");
	return surprises != 0;
}
