// SPDX-License-Identifier: GPL-2.0-only
/*
 * Records the results of generated calls, to compare them with another kernel's.
 *
 *	records, records-POLICY, records-opt-in
 *
 * On every kernel the calls of tests/guest/calls.c are made at the same addresses,
 * without mapstack, or with it and the policy in the program's name, or after the
 * prctl() of docs/proposal/alternatives. "# record N HASH" stands for the text that
 * tests/guest/judge.c wrote about call N, with its surroundings. The word
 * records_show=N on the kernel command line also prints that text.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/wait.h>
#include <unistd.h>

#include "../guest/calls.h"
#include "../guest/guest.h"
#include "../guest/judge.h"
#include "../guest/ktap.h"
#include "../guest/mapstack.h"
#include "opt-in.h"

#define SEED 1
#define CALLS 2000

/* FNV-1a */
static uint64_t hash(const char *text)
{
	uint64_t value = 0xcbf29ce484222325;

	for (; *text; text++)
		value = (value ^ (unsigned char)*text) * 0x100000001b3;
	return value;
}

/* What a mapping that grows may meet: a neighbour that can grow too, or its own part. */
static const char *surroundings(const struct call *call,
				const struct record *record)
{
	if (!strstr(record->text, RECORD_GROWABLE))
		return "";
	if (call->neighbour == NEIGHBOUR_GROWABLE)
		return " beside";
	return strstr(record->text, RECORD_UNMAPPED) ? " cut" : "";
}

static void make_calls(bool stacks_grow)
{
	unsigned long seed = guest_option("records_seed", SEED);
	unsigned long calls = guest_option("records_calls", CALLS);
	unsigned long shown = guest_option("records_show", ~0UL);
	const struct record *record;
	unsigned long i, grew = 0;
	struct call call;
	char text[512];

	judge_prepare();
	for (i = 0; i < calls; i++) {
		call_draw(&call, seed, i);
		record = judge_call(&call, 0);
		grew += !!strstr(record->text, RECORD_GREW);
		printf("# record %lu %016llx%s\n", i,
		       (unsigned long long)hash(record->text),
		       surroundings(&call, record));
		if (i != shown)
			continue;
		call_print(&call, text, sizeof(text));
		printf("# %s\n# %s\n", text, record->text);
	}
	printf("# seed %lu, %lu calls, %lu grew\n", seed, calls, grew);
	fflush(stdout);
	/* Few ask for MAP_GROWSDOWN. Many more grow where MAP_STACK does so too. */
	_exit(grew > calls / (stacks_grow ? 20 : 50) ? 0 : 1);
}

static void stop_randomisation(char **argv)
{
	int persona = personality(0xffffffff);

	if (persona & ADDR_NO_RANDOMIZE)
		return;
	personality(persona | ADDR_NO_RANDOMIZE);
	execv("/proc/self/exe", argv); /* keeps the name */
	guest_die("cannot execute itself again");
}

int main(int argc, char **argv)
{
	/* records-private, records-rfc; the others run without mapstack. */
	const char *policy = strchr(program_invocation_short_name, '-');
	bool opt_in = policy && !strcmp(policy, "-opt-in");
	char params[64];
	int status;
	pid_t pid;

	(void)argc;
	stop_randomisation(argv);
	ktap_plan(1);
	calls_prepare();
	if (opt_in) {
		policy = NULL;
		/* The child that makes the calls inherits it. */
		if (opt_in_set(1))
			guest_die("this kernel has no opt-in");
	}
	if (policy) {
		snprintf(params, sizeof(params), "enabled=1 policy=%s",
			 policy + 1);
		guest_load("mapstack", params);
	}
	fflush(stdout);
	pid = fork();
	if (!pid)
		make_calls(opt_in || policy);
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		guest_die("cannot fork");
	if (policy)
		guest_unload("mapstack");
	ktap_result(!status, "the calls were made, and enough grew");
	calls_end();
	return ktap_end();
}
