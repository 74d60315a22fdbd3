// SPDX-License-Identifier: GPL-2.0-only
/* The verdict of mapstack try: its rules, comparing lines, and --fail-on. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "machine/files.h"
#include "report/document.h"
#include "report/lines.h"
#include "report/verdict.h"

static bool same(const char *got, const char *expected, const char *what)
{
	if (!strcmp(got, expected))
		return true;
	printf("# %s: '%s', not '%s'\n", what, got, expected);
	return false;
}

/* A run. Every member that is not set is the same in all runs. */
struct run {
	const char *policy;
	int status;
	const char *signal;
	int refused, failed, denied; /* refused: with a call that is known */
	const char *program; /* NULL: /bin/x */
	const char *call; /* that is refused; NULL: mmap(y) */
	int mappings; /* 0: 20 */
	int space; /* KiB; 0: 32000 */
	int kib; /* 0: 2000 */
	int ms; /* 0: 100 */
	int line; /* of standard output, which differs; 0: none does */
	bool silent; /* asks for no stack */
	bool runs_on;
};

#define OFF(...) { .policy = "off", __VA_ARGS__ }
#define PRIVATE(...) { .policy = "private", __VA_ARGS__ }
#define RFC(...) { .policy = "rfc", __VA_ARGS__ }

#define MAX_RUNS 16

static const struct {
	const char *name;
	struct run runs[MAX_RUNS];
	const char *verdict; /* and how its sentences begin, after a space */
	const char *notes; /* a part of a note; NULL: of these there is none */
	const char *failed_on; /* without --fail-on, with a space after each */
} cases[] = {
	{ "nothing happens",
	  { OFF(), OFF(), PRIVATE(), RFC() },
	  "unchanged",
	  NULL,
	  "" },
	{ "a call is refused",
	  { OFF(), OFF(), PRIVATE(), RFC(.refused = 3) },
	  "breaks /bin/x under rfc: mmap(y) is refused with EINVAL, 3 times",
	  NULL,
	  "refused " },
	{ "a call is refused once",
	  { OFF(), OFF(), RFC(.refused = 1) },
	  "breaks /bin/x under rfc: mmap(y) is refused with EINVAL, 1 time",
	  NULL,
	  "refused " },
	{ "another call is refused in a later run",
	  { OFF(), OFF(), RFC(.refused = 1), OFF(),
	    RFC(.refused = 2, .call = "mmap(z)") },
	  "breaks /bin/x under rfc: mmap(y) is refused with EINVAL, 1 time; /bin/x under rfc: mmap(z) is refused with EINVAL, 2 times",
	  NULL,
	  "refused " },
	{ "a call of another program is refused in a later run",
	  { OFF(), OFF(), RFC(), OFF(),
	    RFC(.refused = 1, .program = "/bin/y") },
	  "breaks /bin/y under rfc: mmap(y) is refused with EINVAL, 1 time",
	  NULL,
	  "refused " },
	{ "the same call is refused in each run",
	  { OFF(), OFF(), RFC(.refused = 1), OFF(), RFC(.refused = 2) },
	  "breaks /bin/x under rfc: mmap(y) is refused with EINVAL, 1 time.",
	  NULL,
	  "refused " },
	{ "a program of one run only has more mappings",
	  { OFF(), OFF(), RFC(.program = "/bin/y"), OFF(.program = "/bin/y"),
	    RFC(.mappings = 99) },
	  "unchanged",
	  NULL,
	  "" },
	{ "a stack is refused",
	  { OFF(), OFF(), PRIVATE(.failed = 2) },
	  "breaks /bin/x under private: 2 stacks are refused for another reason",
	  NULL,
	  "refused " },
	{ "a stack is refused by itself",
	  { OFF(.failed = 2), OFF(), PRIVATE(.failed = 2) },
	  "unchanged",
	  NULL,
	  "" },
	{ "it ends badly",
	  { OFF(), OFF(), PRIVATE(), RFC(.status = 1) },
	  "breaks x under rfc: ends with exit status 1; off with exit status 0",
	  NULL,
	  "differs " },
	{ "it crashes",
	  { OFF(.status = 3), OFF(.status = 3), PRIVATE(.signal = "SIGSEGV") },
	  "breaks x under private: ends with SIGSEGV; off with exit status 3",
	  "by itself (off) x ends with exit status 3",
	  "differs " },
	{ "one of two runs crashes",
	  { OFF(), OFF(), RFC(), OFF(), RFC(.signal = "SIGSEGV") },
	  "breaks x under rfc: ends with exit status 0 or SIGSEGV; off with exit status 0",
	  NULL,
	  "differs " },
	{ "it ends badly, in another way",
	  { OFF(.status = 1), OFF(.status = 1), RFC(.status = 2) },
	  "breaks x under rfc: ends with exit status 2",
	  "by itself",
	  "differs " },
	{ "it does so by itself",
	  { OFF(.status = 0), OFF(.status = 1), PRIVATE(.status = 0),
	    RFC(.status = 1) },
	  "unchanged",
	  "by itself (off) x ends with exit status 0 or exit status 1, so no policy",
	  "" },
	{ "it is killed by itself",
	  { OFF(.signal = "SIGKILL"), OFF(.signal = "SIGKILL"),
	    RFC(.signal = "SIGKILL") },
	  "unchanged",
	  "by itself (off) x ends with SIGKILL",
	  "" },
	{ "it goes on where it crashed",
	  { OFF(.signal = "SIGSEGV"), OFF(.signal = "SIGSEGV"),
	    PRIVATE(.line = 1, .mappings = 99, .kib = 999999) },
	  "gains x under private: ends with exit status 0; off with SIGSEGV",
	  "by itself (off) x ends with SIGSEGV",
	  "" },
	{ "it gains, and breaks elsewhere",
	  { OFF(.signal = "SIGSEGV"), OFF(.signal = "SIGSEGV"), PRIVATE(),
	    RFC(.refused = 1) },
	  "breaks /bin/x under rfc",
	  "by itself",
	  "refused " },
	{ "it crashes less badly now and then",
	  { OFF(.signal = "SIGSEGV"), OFF(.status = 1), PRIVATE(.status = 0),
	    OFF(.status = 1), PRIVATE(.status = 2) },
	  "breaks x under private: ends with exit status 0 or exit status 2",
	  "by itself (off) x ends with SIGSEGV or exit status 1",
	  "differs " },
	{ "it prints something else",
	  { OFF(), OFF(), PRIVATE(), RFC(.line = 7) },
	  "breaks x under rfc: standard output differs: line 7 is \"b\"; off \"a\"",
	  NULL,
	  "differs " },
	{ "more mappings",
	  { OFF(), OFF(), PRIVATE(.mappings = 21) },
	  "costs /bin/x under private: 21 mappings in one process; off 20",
	  NULL,
	  "" },
	{ "more mappings, by no more than off varies",
	  { OFF(), OFF(.mappings = 25), RFC(.mappings = 30) },
	  "unchanged",
	  NULL,
	  "" },
	{ "more mappings, by more than off varies",
	  { OFF(), OFF(.mappings = 25), RFC(.mappings = 31) },
	  "costs /bin/x under rfc: 31 mappings",
	  NULL,
	  "" },
	{ "more address space, by less than a sixteenth",
	  { OFF(), OFF(), RFC(.space = 34000) },
	  "unchanged",
	  NULL,
	  "" },
	{ "more address space, by more than a sixteenth",
	  { OFF(), OFF(), RFC(.space = 34001) },
	  "costs /bin/x under rfc: 34001 KiB of address space in one process; off 32000",
	  NULL,
	  "" },
	{ "fewer mappings, less memory, less time",
	  { OFF(), OFF(), RFC(.mappings = 3, .kib = 3, .ms = 3) },
	  "unchanged",
	  NULL,
	  "" },
	{ "a MiB more memory is not counted",
	  { OFF(), OFF(), RFC(.kib = 3024) },
	  "unchanged",
	  NULL,
	  "" },
	{ "a MiB and a KiB more memory is",
	  { OFF(), OFF(), RFC(.kib = 3025) },
	  "costs x under rfc: 3025 KiB of memory; off 2000",
	  NULL,
	  "" },
	{ "a sixteenth more memory is not counted",
	  { OFF(.kib = 160000), OFF(.kib = 160000), RFC(.kib = 170000) },
	  "unchanged",
	  NULL,
	  "" },
	{ "the costs of a command that breaks are not told",
	  { OFF(), OFF(), RFC(.status = 1, .mappings = 99) },
	  "breaks x under rfc",
	  NULL,
	  "differs " },
	{ "refused growth does not break a command",
	  { OFF(), OFF(), RFC(.denied = 2) },
	  "unchanged",
	  "growth was refused 2 times; off 0",
	  "" },
	{ "the time of one run is not judged",
	  { OFF(), OFF(), RFC(.ms = 9999) },
	  "unchanged",
	  "times are printed but not judged",
	  "" },
	{ "the times of five runs are",
	  { OFF(.ms = 98), OFF(), RFC(.ms = 110), OFF(), RFC(.ms = 104), OFF(),
	    RFC(.ms = 104), OFF(), RFC(.ms = 104), OFF(), RFC(.ms = 103) },
	  "costs x under rfc: 0.104 s of wall time; off 0.100, and never more than 0.100",
	  NULL,
	  "" },
	{ "one of five runs is as fast as one of off",
	  { OFF(.ms = 98), OFF(), RFC(.ms = 110), OFF(), RFC(.ms = 104), OFF(),
	    RFC(.ms = 104), OFF(), RFC(.ms = 104), OFF(), RFC(.ms = 100) },
	  "unchanged",
	  NULL,
	  "" },
	{ "slower, but by less than off varies",
	  { OFF(.ms = 80), OFF(), RFC(.ms = 110), OFF(), RFC(.ms = 104), OFF(),
	    RFC(.ms = 104), OFF(), RFC(.ms = 104), OFF(), RFC(.ms = 103) },
	  "unchanged",
	  NULL,
	  "" },
	{ "no program made a request",
	  { OFF(.silent = true), OFF(.silent = true), RFC(.silent = true) },
	  "unchanged",
	  "nothing that x started asked for MAP_STACK",
	  "" },
	{ "something runs on",
	  { OFF(), OFF(.runs_on = true), RFC() },
	  "unchanged",
	  "still running",
	  "" },
};

static json_t *program_json(const struct run *run)
{
	json_t *calls = json_array();

	if (run->refused)
		json_array_append_new(calls, json_pack("{s:s,s:i}", "call",
						       run->call ?: "mmap(y)",
						       "count", run->refused));
	return json_pack("{s:s,s:i,s:{s:i},s:i,s:i,s:o}", "program",
			 run->program ?: "/bin/x", "failed", run->failed,
			 "outcomes", "refused", run->refused, "peak_mappings",
			 run->mappings ?: 20, "peak_address_space_kib",
			 run->space ?: 32000, "refused_calls", calls);
}

static json_t *run_json(const struct run *run)
{
	json_t *programs = json_array(), *json;
	int us = (run->ms ?: 100) * 1000;

	if (!run->silent)
		json_array_append_new(programs, program_json(run));
	json = json_pack("{s:b,s:i,s:i,s:i,s:i,s:{s:{s:i,s:i,s:i,s:i},s:o}}",
			 "still_running", run->runs_on, "wall_us", us,
			 "user_us", 1000, "system_us", 1000, "peak_kib",
			 run->kib ?: 2000, "report", "counters", "seen",
			 run->silent ? 0 : 9, "refused", run->refused,
			 "grow_denied", run->denied, "grown", 0, "programs",
			 programs);
	if (run->signal)
		json_object_set_new(json, "signal", json_string(run->signal));
	else
		json_object_set_new(json, "exit_status",
				    json_integer(run->status));
	if (run->line)
		json_object_set_new(json, "stdout",
				    json_pack("{s:{s:i,s:s,s:s}}", "differs",
					      "line", run->line, "off", "a",
					      "here", "b"));
	return json;
}

static json_t *policy_of(json_t *policies, const char *name)
{
	json_t *policy;
	size_t i;

	json_array_foreach(policies, i, policy)
	{
		if (!strcmp(document_text(policy, "policy"), name))
			return policy;
	}
	policy = json_pack("{s:s,s:[]}", "policy", name, "runs");
	json_array_append_new(policies, policy);
	return policy;
}

static json_t *document_of(const struct run *run)
{
	json_t *policies = json_array(), *runs;

	for (; run->policy; run++) {
		runs = json_object_get(policy_of(policies, run->policy),
				       "runs");
		json_array_append_new(runs, run_json(run));
	}
	return json_pack("{s:[s],s:o}", "command", "x", "policies", policies);
}

static void join(const json_t *list, char *buf)
{
	json_t *word;
	size_t i;

	*buf = '\0';
	json_array_foreach(list, i, word)
	{
		strcat(buf, json_string_value(word));
		strcat(buf, " ");
	}
}

/* The verdict and its sentences begin so; a full stop ends the last one. */
static bool judged(const json_t *document, const char *expected)
{
	const char *verdict = document_text(document, "verdict");
	json_t *list = json_object_get(document, verdict), *sentence;
	char got[1024];
	size_t i, at;

	at = snprintf(got, sizeof(got), "%s", verdict);
	json_array_foreach(list, i, sentence)
		at += snprintf(got + at, sizeof(got) - at, "%s%s",
			       i ? "; " : " ", json_string_value(sentence));
	snprintf(got + at, sizeof(got) - at, ".");
	if (strlen(expected) < strlen(got))
		got[strlen(expected)] = '\0';
	return same(got, expected, "verdict");
}

static bool test_rules(void)
{
	const struct fail_on none = { 0 };
	char notes[4096], failed[256];
	bool ok = true, one, given;
	json_t *document;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		document = document_of(cases[i].runs);
		given = verdict_judge(document, &none);
		one = judged(document, cases[i].verdict);
		join(json_object_get(document, "failed_on"), failed);
		one &= same(failed, cases[i].failed_on, "failed on");
		one &= given == !!*cases[i].failed_on;
		join(json_object_get(document, "notes"), notes);
		if (cases[i].notes)
			one &= !!strstr(notes, cases[i].notes);
		else
			one &= !strstr(notes, "by itself");
		if (!one)
			printf("# %s: %s\n", cases[i].name, notes);
		ok &= one;
		json_decref(document);
	}
	return ok;
}

static const struct run denied_and_slower[] = {
	OFF(),
	OFF(),
	RFC(.denied = 1, .ms = 106),
	{ .policy = NULL },
};

static bool test_fail_on(void)
{
	static const char *const wrong[] = {
		"",	     ",",	"refused,", "odd",	  "slower",
		"refused=1", "slower=", "slower=x", "slower=5%%", "slower=-1"
	};
	static const struct {
		const char *words, *failed;
	} lists[] = {
		{ "refused,differs", "" },
		{ "denied", "denied " },
		{ "slower=5%", "slower " },
		{ "slower=5", "slower " },
		{ "slower=6%", "" },
		{ "slower=5.9%,denied", "denied slower " },
	};
	struct fail_on fail_on;
	json_t *document;
	char failed[256];
	bool ok = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(wrong); i++)
		if (fail_on_parse(&fail_on, wrong[i])) {
			printf("# understood: '%s'\n", wrong[i]);
			ok = false;
		}
	for (i = 0; i < ARRAY_SIZE(lists); i++) {
		document = document_of(denied_and_slower);
		ok &= fail_on_parse(&fail_on, lists[i].words);
		verdict_judge(document, &fail_on);
		join(json_object_get(document, "failed_on"), failed);
		ok &= same(failed, lists[i].failed, lists[i].words);
		join(json_object_get(document, "costs"), failed);
		ok &= !strstr(lists[i].failed, "slower") ||
		      strstr(failed, "median of 1 run and of 2 off)");
		json_decref(document);
	}
	return ok;
}

static const struct {
	const char *off, *again, *here; /* again: of off */
	const char *ignore; /* NULL: nothing */
	int line; /* that differs; 0: none */
} outputs[] = {
	{ "a\nb\n", "a\nb\n", "a\nb\n", NULL, 0 },
	{ "", "", "", NULL, 0 },
	{ "", "", "a", NULL, 1 },
	{ "a\n", "a\n", "a", NULL, 1 },
	{ "a\nb\n", "a\nb\n", "a\nc\n", NULL, 2 },
	{ "a\nb\n", "a\nb\n", "a\n", NULL, 2 },
	{ "a\n", "a\n", "a\nb\n", NULL, 2 },
	{ "a\n1\nb\n", "a\n2\nb\n", "a\n3\nb\n", NULL, 0 },
	{ "a\n1\nb\n", "a\n2\nb\n", "a\n3\nc\n", NULL, 3 },
	{ "a\n", "a\na\n", "x\n", NULL, 0 },
	{ "at 1.5 s\n", "at 1.5 s\n", "at 22.7 s\n", "[0-9.]+", 0 },
	{ "at 1.5 s\n", "at 1.5 s\n", "at 22.7 m\n", "[0-9.]+", 1 },
	{ "a1b1\n", "a1b1\n", "a2b2\n", "[0-9]", 0 },
	{ "a\n", "a\n", "b\n", "x*", 1 },
	{ "1\n1\n", "1\n1\n", "2\n2\n", "^.$", 0 },
	{ "ab\n", "ab\n", "b\n", "^a", 0 },
	{ "aab\n", "aab\n", "b\n", "^a", 1 },
};

static struct lines split(const char *text, const regex_t *ignore)
{
	struct lines lines;

	lines_split(&lines, xcopy(text), strlen(text), ignore);
	return lines;
}

static bool test_lines(void)
{
	struct lines off, again, here;
	bool ok = true;
	json_t *differs;
	regex_t regex;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(outputs); i++) {
		regcomp(&regex, outputs[i].ignore ?: "x", REG_EXTENDED);
		off = split(outputs[i].off, outputs[i].ignore ? &regex : NULL);
		again = split(outputs[i].again,
			      outputs[i].ignore ? &regex : NULL);
		here = split(outputs[i].here,
			     outputs[i].ignore ? &regex : NULL);
		lines_learn(&off, &again);
		differs = lines_differ(&off, &here);
		if (document_count(differs, "line") != outputs[i].line) {
			printf("# %zu: line %lld\n", i,
			       document_count(differs, "line"));
			ok = false;
		}
		json_decref(differs);
		lines_free(&off);
		lines_free(&again);
		lines_free(&here);
		regfree(&regex);
	}
	return ok;
}

/* Bytes that are not text, and a long line. */
static bool test_bytes(void)
{
	char base[400], other[400];
	struct lines off, here;
	json_t *differs;
	bool ok;

	memset(base, 'x', sizeof(base));
	memcpy(base, "a\0b\x1b\n", 5);
	memcpy(other, base, sizeof(other));
	other[399] = 'y';
	off = split("", NULL);
	lines_free(&off);
	off = (struct lines){ 0 };
	lines_split(&off, memcpy(xalloc(400), base, 400), 400, NULL);
	lines_split(&here, memcpy(xalloc(400), other, 400), 400, NULL);
	differs = lines_differ(&off, &here);
	ok = document_number(differs, "line") == 2 &&
	     strlen(document_text(differs, "here")) == 160;
	json_decref(differs);
	lines_free(&here);
	other[2] = 'c';
	lines_split(&here, memcpy(xalloc(400), other, 400), 400, NULL);
	differs = lines_differ(&off, &here);
	ok &= document_number(differs, "line") == 1 &&
	      !strcmp(document_text(differs, "here"), "a");
	json_decref(differs);
	lines_free(&here);
	lines_free(&off);
	return ok;
}

int main(void)
{
	ktap_plan(4);
	ktap_result(test_rules(), "each rule of the verdict");
	ktap_result(test_fail_on(), "--fail-on: words, and what they find");
	ktap_result(test_lines(), "lines that differ, and those that vary");
	ktap_result(test_bytes(), "lines of bytes that are not text");
	return ktap_end();
}
