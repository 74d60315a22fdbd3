// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests that mapstack equals the proposal, which does what
 * MAP_STACK|MAP_GROWSDOWN does without the module.
 *
 *	equality [SEED [CALLS]]
 *
 * Each mode makes the same generated calls at the same addresses, and the
 * results are compared byte for byte. The kernel command line can set the seed
 * and the number of calls too: equality_seed=, equality_calls=.
 *
 * Where stacks grow up, no flag does without the module what MAP_STACK does
 * with it. There the mappings are compared without their growth.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "calls.h"
#include "guest.h"
#include "judge.h"
#include "ktap.h"
#include "mapstack.h"

#define SEED 1
/* A 32-bit program makes fewer: only the kernel's entry differs. */
#define CALLS (sizeof(long) == 8 ? 700 : 300)
#define SHOWN 3 /* differing calls of a comparison that are shown whole */

/* Sets of records. */
enum set {
	PLAIN, /* without the module: MAP_STACK */
	GROWING, /* without the module: MAP_STACK|MAP_GROWSDOWN */
	TRIED, /* with the module: MAP_STACK */
};

static unsigned long long seed = SEED;
static unsigned int calls = CALLS;
static int records;

static off_t place_of(enum set set, unsigned int number)
{
	return ((off_t)set * calls + number) * sizeof(struct record);
}

static void read_record(enum set set, unsigned int number,
			struct record *record)
{
	if (pread(records, record, sizeof(*record), place_of(set, number)) !=
	    sizeof(*record))
		guest_die("cannot read a record");
}

static void make_calls(enum set set)
{
	const struct record *record;
	struct call call;
	unsigned int i;

	judge_prepare();
	for (i = 0; i < calls; i++) {
		call_draw(&call, seed, i);
		record = judge_call(&call, set == GROWING ? MAP_GROWSDOWN : 0);
		if (pwrite(records, record, sizeof(*record),
			   place_of(set, i)) != sizeof(*record))
			guest_die("cannot write a record");
	}
}

/* Runs in a new process, so that every set begins with the same address space. */
static void make_set(enum set set)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		make_calls(set);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		guest_die("cannot fork");
	if (status)
		guest_die("the process that makes the calls ended with %#x",
			  status);
}

static void show_record(const char *title, const struct record *record)
{
	struct record copy = *record;
	char *rest = copy.text, *line;

	ktap_note("%s:", title);
	while ((line = strsep(&rest, "\n")) && rest)
		ktap_note("    %s", line);
}

static void show_call(unsigned int number)
{
	struct call call;
	char text[512];

	call_draw(&call, seed, number);
	call_print(&call, text, sizeof(text));
	ktap_note("seed %llu, call %u: %s", seed, number, text);
}

static void compare(const char *name, enum set (*expected_of)(unsigned int))
{
	struct record expected, found;
	unsigned int i, differing = 0;

	make_set(TRIED);
	for (i = 0; i < calls; i++) {
		enum set set = expected_of(i);

		read_record(set, i, &expected);
		read_record(TRIED, i, &found);
		if (!memcmp(&expected, &found, sizeof(found)))
			continue;
		if (++differing > SHOWN)
			continue;
		show_call(i);
		show_record(set == GROWING ?
				    "without the module, with MAP_GROWSDOWN" :
				    "without the module",
			    &expected);
		show_record("with the module", &found);
	}
	if (differing)
		ktap_note("%u of %u calls differ", differing, calls);
	ktap_result(!differing, "%s", name);
}

static enum set always_plain(unsigned int number)
{
	(void)number;
	return PLAIN;
}

static enum set always_growing(unsigned int number)
{
	(void)number;
	return GROWING;
}

static enum set growing_if_it_can(unsigned int number)
{
	struct call call;

	call_draw(&call, seed, number);
	return call_can_grow(&call) ? GROWING : PLAIN;
}

static enum set growing_if_it_fits(unsigned int number)
{
	struct call call;
	size_t page = sysconf(_SC_PAGESIZE);
	struct rlimit limit;

	call_draw(&call, seed, number);
	getrlimit(RLIMIT_STACK, &limit);
	if (!call_can_grow(&call) || !(call.prot & PROT_WRITE) ||
	    call.len > SIZE_MAX - page || call.len + page > limit.rlim_cur)
		return PLAIN;
	return GROWING;
}

/* The first VmFlags line of a record; false if there was no mapping. */
static bool take_flags(const struct record *record, struct mapping *mapping)
{
	const char *flags = strstr(record->text, RECORD_FLAGS);

	if (!flags)
		return false;
	flags += strlen(RECORD_FLAGS);
	snprintf(mapping->vmflags, sizeof(mapping->vmflags), "%.*s",
		 (int)strcspn(flags, "\n"), flags);
	return true;
}

static void remove_flag(struct mapping *mapping, const char *flag)
{
	char *at = mapping->vmflags;

	for (; at[0] && at[1] && at[2]; at += 3)
		if (at[0] == flag[0] && at[1] == flag[1])
			memmove(at, at + 3, strlen(at + 3) + 1);
}

/*
 * Compares the VmFlags under rfc with those without the module: gd (or ar) was
 * added, and nothing else changed. VM_NOHUGEPAGE (nh), which MAP_STACK sets
 * since c4608d1bf7c6 (6.7), must stay.
 */
static void compare_flags(void)
{
	unsigned int i, made = 0, nh = 0, differing = 0;
	struct mapping plain, grown;
	struct record record;

	for (i = 0; i < calls; i++) {
		bool grows;

		read_record(PLAIN, i, &record);
		if (!take_flags(&record, &plain))
			continue;
		read_record(TRIED, i, &record);
		if (!take_flags(&record, &grown))
			continue;
		made++;
		nh += guest_has_vmflag(&grown, "nh");
		grows = guest_has_vmflag(&grown, GROWABLE);
		remove_flag(&plain, GROWABLE);
		remove_flag(&grown, GROWABLE);
		if (grows && !strcmp(plain.vmflags, grown.vmflags))
			continue;
		if (++differing > SHOWN)
			continue;
		show_call(i);
		ktap_note("without the module: %s", plain.vmflags);
		ktap_note("with it, %s " GROWABLE " in it: %s",
			  grows ? "besides" : "no", grown.vmflags);
	}
	ktap_note("%u mappings compared, %u of them with nh", made, nh);
	if (differing)
		ktap_note("%u differ", differing);
	ktap_result(made && !differing,
		    "VmFlags: rfc adds %s to every mapping, and nothing else",
		    GROWABLE);
}

static bool starts_with(const char *text, const char *start)
{
	return !strncmp(text, start, strlen(start));
}

/*
 * The comparison would prove nothing if all calls failed or none grew. Each kind
 * must be at least a twentieth of the calls.
 */
static void count_kinds(void)
{
	unsigned int i, made = 0, lost = 0, grew = 0, stopped = 0;
	struct record plain, growing;

	for (i = 0; i < calls; i++) {
		bool was_made;

		read_record(PLAIN, i, &plain);
		read_record(GROWING, i, &growing);
		was_made = strstr(plain.text, RECORD_FLAGS);
		made += was_made;
		lost += was_made && starts_with(growing.text, "mmap: EINVAL");
		grew += strcmp(plain.text, growing.text) &&
			strstr(growing.text, RECORD_GREW);
		if (strstr(growing.text, RECORD_STOPPED))
			stopped++;
	}
	ktap_note("of %u calls %u work, %u of them not with MAP_GROWSDOWN",
		  calls, made, lost);
	ktap_note("with MAP_GROWSDOWN %u grow and %u are stopped", grew,
		  stopped);
	ktap_result(made > calls / 20 && lost > calls / 20 &&
			    grew > calls / 20 && stopped > calls / 20,
		    "the calls are of every kind");
}

static void take_arguments(char **argv)
{
	seed = guest_option("equality_seed", seed);
	calls = guest_option("equality_calls", calls);
	if (argv[1])
		seed = strtoull(argv[1], NULL, 0);
	if (argv[1] && argv[2])
		calls = strtoul(argv[2], NULL, 0);
}

/*
 * Compares the records under rfc with those without the module, up to the
 * address: mappings that can grow are where they were, and all else fails.
 */
static void compare_addresses(void)
{
	unsigned int i, same = 0, refused = 0, differing = 0;
	struct record plain, tried;
	struct call call;

	make_set(TRIED);
	for (i = 0; i < calls; i++) {
		bool was_made;

		read_record(PLAIN, i, &plain);
		read_record(TRIED, i, &tried);
		call_draw(&call, seed, i);
		was_made = strstr(plain.text, RECORD_FLAGS);
		if (was_made && !call_can_grow(&call)) {
			refused += starts_with(tried.text, "mmap: EINVAL");
			differing += !starts_with(tried.text, "mmap: EINVAL");
		} else if (was_made) {
			size_t len = strcspn(plain.text, "\n") + 1;

			same += !strncmp(plain.text, tried.text, len);
			differing += !!strncmp(plain.text, tried.text, len);
		} else {
			differing += !!strstr(tried.text, RECORD_FLAGS);
		}
	}
	ktap_note("%u calls as before, %u refused, %u differ", same, refused,
		  differing);
	ktap_result(!differing && same > calls / 20 && refused > calls / 20,
		    "rfc: mapped as without the module, or EINVAL");
}

/* The part of main() for kernels whose stacks grow up. */
static void compare_upwards(void)
{
	mapstack_load("");
	compare("loaded and off: as without the module", always_plain);
	mapstack_set("policy", "observe");
	mapstack_set("enabled", "1");
	compare("observe: as without the module", always_plain);
	mapstack_set("policy", "rfc");
	compare_addresses();
	compare_flags();
	mapstack_unload();
	compare("unloaded: as before", always_plain);
}

static void stop_randomisation(char **argv)
{
	int persona = personality(0xffffffff);

	if (persona & ADDR_NO_RANDOMIZE)
		return;
	personality(persona | ADDR_NO_RANDOMIZE);
	execv("/proc/self/exe", argv);
	guest_die("cannot execute itself again");
}

int main(int argc, char **argv)
{
	(void)argc;
	stop_randomisation(argv);
	take_arguments(argv);
	ktap_plan(STACKS_GROW_UP ? 5 : 9);
	ktap_note("seed %llu, %u calls in each mode", seed, calls);
	records = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	if (records < 0)
		guest_die("cannot make a file for the records");
	calls_prepare();

	make_set(PLAIN);
	if (STACKS_GROW_UP) {
		compare_upwards();
		calls_end();
		return ktap_end();
	}
	make_set(GROWING);
	count_kinds();
	mapstack_load("");
	compare("loaded and off: as without the module", always_plain);
	mapstack_set("policy", "observe");
	mapstack_set("enabled", "1");
	compare("observe: as without the module", always_plain);
	/* Where stacks grow down, it makes growable only what asks for that. */
	mapstack_set("policy", "paired");
	compare("paired: as without the module", always_plain);
	mapstack_set("policy", "fitting");
	compare("fitting: grows if it has a use, else as without the module",
		growing_if_it_fits);
	mapstack_set("policy", "private");
	compare("private: grows if it can, else as without the module",
		growing_if_it_can);
	mapstack_set("policy", "rfc");
	compare("rfc: as MAP_GROWSDOWN without the module", always_growing);
	compare_flags();
	mapstack_unload();
	compare(guest_scope() ? "off again: as before" : "unloaded: as before",
		always_plain);
	calls_end();
	return ktap_end();
}
