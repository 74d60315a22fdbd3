// SPDX-License-Identifier: GPL-2.0-only
/* Judges a command under growable stacks. See verdict.h. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "machine/files.h"
#include "report/document.h"
#include "report/ending.h"
#include "report/span.h"
#include "report/verdict.h"

const char *const verdict_names[NR_FOUND] = { "breaks", "costs", "gains" };

struct verdict {
	json_t *document;
	const struct fail_on *fail_on;
	json_t *off; /* the policy that the others are compared with */
	json_t *here; /* the one that is compared */
	const char *command, *policy;
	json_t *found[NR_FOUND], *notes; /* sentences */
	bool failed[NR_FAIL_REASONS];
};

__attribute__((format(printf, 2, 3))) static void note(struct verdict *verdict,
						       const char *format, ...)
{
	va_list args;

	va_start(args, format);
	json_array_append_new(verdict->notes, json_vsprintf(format, args));
	va_end(args);
}

/* Adds a finding. The verdict of a policy is its worst finding. */
__attribute__((format(printf, 3, 4))) static void
find(struct verdict *verdict, enum found kind, const char *format, ...)
{
	const char *was = document_text(verdict->here, "verdict");
	va_list args;

	va_start(args, format);
	json_array_append_new(verdict->found[kind],
			      json_vsprintf(format, args));
	va_end(args);
	if (strcmp(was ?: "", verdict_names[FOUND_BREAKS]) &&
	    (kind != FOUND_GAINS || !strcmp(was ?: "", "unchanged")))
		json_object_set_new(verdict->here, "verdict",
				    json_string(verdict_names[kind]));
}

/* Whether each run has more than each of off, by more than off varies. */
static bool is_more(const struct span *here, const struct span *off,
		    long long slack)
{
	long long varies = off->most - off->least;

	if (!here->runs || !off->runs)
		return false;
	return here->least > off->most + (varies > slack ? varies : slack);
}

static bool ends_so(const json_t *policy, const char *ending)
{
	char text[64];
	json_t *run;
	size_t i;

	json_array_foreach(span_runs(policy), i, run)
	{
		if (!strcmp(ending_text(run, text, sizeof(text)), ending))
			return true;
	}
	return false;
}

/* Lists endings, as in "exit status 0 or SIGSEGV"; returns how many there are. */
static int list_endings(const json_t *policy, char *buf, size_t size)
{
	char text[64], *at = buf;
	int count = 0;
	json_t *run;
	size_t i;

	*buf = '\0';
	json_array_foreach(span_runs(policy), i, run)
	{
		ending_text(run, text, sizeof(text));
		if (strstr(buf, text) || strlen(buf) + 80 > size)
			continue;
		at += sprintf(at, "%s%s", count++ ? " or " : "", text);
	}
	return count;
}

static enum ending best_of_off(const struct verdict *verdict)
{
	enum ending best = ENDED_BY_SIGNAL;
	json_t *run;
	size_t i;

	json_array_foreach(span_runs(verdict->off), i, run)
	{
		if (ending_rank(run) < best)
			best = ending_rank(run);
	}
	return best;
}

/* Returns whether the command ends as it does by itself. */
static bool compare_endings(struct verdict *verdict)
{
	char here[512], off[512];
	bool better = true, same = true;
	json_t *run;
	size_t i;

	json_array_foreach(span_runs(verdict->here), i, run)
	{
		same &= ends_so(verdict->off,
				ending_text(run, here, sizeof(here)));
		better &= ending_rank(run) < best_of_off(verdict);
	}
	if (same)
		return true;
	list_endings(verdict->here, here, sizeof(here));
	list_endings(verdict->off, off, sizeof(off));
	find(verdict, better ? FOUND_GAINS : FOUND_BREAKS,
	     "%s under %s: ends with %s; off with %s", verdict->command,
	     verdict->policy, here, off);
	verdict->failed[FAIL_DIFFERS] |= !better;
	return false;
}

static const char *quote(const json_t *object, const char *member, char *buf,
			 size_t size)
{
	const char *text = document_text(object, member);

	if (text)
		snprintf(buf, size, "\"%s\"", text);
	else
		snprintf(buf, size, "not there");
	return buf;
}

/* Finds the first difference of all runs. */
static void compare_output(struct verdict *verdict, const char *stream,
			   const char *words)
{
	char here[1024], off[1024];
	const json_t *differs;
	json_t *run;
	size_t i;

	json_array_foreach(span_runs(verdict->here), i, run)
	{
		differs = json_object_get(json_object_get(run, stream),
					  "differs");
		if (!json_is_object(differs))
			continue;
		find(verdict, FOUND_BREAKS,
		     "%s under %s: %s differs: line %lld is %s; off %s",
		     verdict->command, verdict->policy, words,
		     document_number(differs, "line"),
		     quote(differs, "here", here, sizeof(here)),
		     quote(differs, "off", off, sizeof(off)));
		verdict->failed[FAIL_DIFFERS] = true;
		return;
	}
}

static void find_call(struct verdict *verdict, const char *program,
		      const char *text, const json_t *call)
{
	long long count = document_count(call, "count");

	find(verdict, FOUND_BREAKS,
	     "%s under %s: %s is refused with EINVAL, %lld time%s", program,
	     verdict->policy, text, count, count == 1 ? "" : "s");
}

/* Returns whether any call is known. */
static bool find_calls(struct verdict *verdict)
{
	json_t *programs = span_refused(verdict->here), *calls, *call;
	const char *program, *text;
	bool any = false;

	json_object_foreach(programs, program, calls)
	{
		json_object_foreach(calls, text, call)
		{
			find_call(verdict, program, text, call);
			any = true;
		}
	}
	json_decref(programs);
	return any;
}

/*
 * Off never counts a call as refused, so every one that is counted is new, also one
 * that the kernel refuses in any case.
 */
static void compare_refused(struct verdict *verdict)
{
	struct span span = span_of_counter(verdict->here, "refused");

	if (!span.most)
		return;
	verdict->failed[FAIL_REFUSED] = true;
	if (!find_calls(verdict))
		find(verdict, FOUND_BREAKS,
		     "%s under %s: %lld calls are refused with EINVAL",
		     verdict->command, verdict->policy, span.most);
}

/*
 * Compares a number of each program. If off has not seen the program, its sum there
 * is 0, and a peak (@sum is false) is unknown. Returns whether any program has more.
 */
static bool compare_programs(struct verdict *verdict, enum found kind,
			     const char *member, bool sum, const char *words)
{
	json_t *programs = span_programs(verdict->here), *program;
	size_t runs = json_array_size(span_runs(verdict->here));
	struct span here, off;
	const char *name;
	bool any = false;

	json_object_foreach(programs, name, program)
	{
		here = span_of_program(verdict->here, name, member, sum);
		off = span_of_program(verdict->off, name, member, sum);
		if (sum && !off.runs)
			off.runs = 1;
		if (here.runs < runs ||
		    !is_more(&here, &off, span_slack(member, off.most)))
			continue;
		find(verdict, kind, "%s under %s: %lld %s; off %lld", name,
		     verdict->policy, here.most, words, off.most);
		any = true;
	}
	json_decref(programs);
	return any;
}

/* Requests that can grow may be refused too, for example for want of memory. */
static void compare_failed(struct verdict *verdict)
{
	static const char words[] =
		"stacks are refused for another reason (as ENOMEM)";

	verdict->failed[FAIL_REFUSED] |=
		compare_programs(verdict, FOUND_BREAKS, "failed", true, words);
}

static void compare_denied(struct verdict *verdict)
{
	struct span here = span_of_counter(verdict->here, "grow_denied");
	struct span off = span_of_counter(verdict->off, "grow_denied");

	if (!is_more(&here, &off, 0))
		return;
	note(verdict, "%s under %s: growth was refused %lld time%s; off %lld",
	     verdict->command, verdict->policy, here.most,
	     here.most == 1 ? "" : "s", off.most);
	verdict->failed[FAIL_DENIED] = true;
}

static void compare_memory(struct verdict *verdict)
{
	struct span here = span_of_run(verdict->here, "peak_kib");
	struct span off = span_of_run(verdict->off, "peak_kib");

	if (is_more(&here, &off, span_slack("peak_kib", off.most)))
		find(verdict, FOUND_COSTS,
		     "%s under %s: %lld KiB of memory; off %lld",
		     verdict->command, verdict->policy, here.most, off.most);
}

static void compare_time(struct verdict *verdict, const char *member,
			 const char *words)
{
	struct span here = span_of_run(verdict->here, member);
	struct span off = span_of_run(verdict->off, member);
	double was = document_median(span_runs(verdict->off), member) / 1e6;
	double is = document_median(span_runs(verdict->here), member) / 1e6;

	if (here.runs >= MIN_TIMED && off.runs >= MIN_TIMED &&
	    here.least > off.most && (is - was) * 1e6 > off.most - off.least)
		find(verdict, FOUND_COSTS,
		     "%s under %s: %.3f s of %s time; off %.3f, and never more than %.3f",
		     verdict->command, verdict->policy, is, words, was,
		     off.most / 1e6);
}

static void compare_limit(struct verdict *verdict)
{
	double was = document_median(span_runs(verdict->off), "wall_us");
	double is = document_median(span_runs(verdict->here), "wall_us");
	size_t runs = json_array_size(span_runs(verdict->here));
	double limit = verdict->fail_on->slower;

	if (!verdict->fail_on->on[FAIL_SLOWER] || is <= was * (1 + limit / 100))
		return;
	find(verdict, FOUND_COSTS,
	     "%s under %s: %.1f%% slower than off (wall time, median of %zu run%s and of %zu off); the limit is %g%%",
	     verdict->command, verdict->policy, 100 * (is / was - 1), runs,
	     runs == 1 ? "" : "s", json_array_size(span_runs(verdict->off)),
	     limit);
	verdict->failed[FAIL_SLOWER] = true;
}

/* The costs of a command that did something else cannot be compared. */
static void compare_costs(struct verdict *verdict)
{
	compare_programs(verdict, FOUND_COSTS, "peak_mappings", false,
			 "mappings in one process");
	compare_memory(verdict);
	compare_time(verdict, "wall_us", "wall");
	compare_time(verdict, "user_us", "user");
	compare_time(verdict, "system_us", "system");
	compare_programs(verdict, FOUND_COSTS, "peak_address_space_kib", false,
			 "KiB of address space in one process");
}

static void compare_policy(struct verdict *verdict, json_t *policy)
{
	verdict->here = policy;
	verdict->policy = document_text(policy, "policy") ?: "?";
	json_object_set_new(policy, "verdict", json_string("unchanged"));
	compare_refused(verdict);
	compare_failed(verdict);
	compare_denied(verdict);
	if (compare_endings(verdict)) {
		compare_output(verdict, "stdout", "standard output");
		compare_output(verdict, "stderr", "standard error");
		if (!strcmp(document_text(policy, "verdict"), "unchanged"))
			compare_costs(verdict);
	}
	compare_limit(verdict);
}

/* Notes on what the command does by itself. */
static void note_endings(struct verdict *verdict)
{
	char endings[512];

	if (list_endings(verdict->off, endings, sizeof(endings)) > 1)
		note(verdict,
		     "by itself (off) %s ends with %s, so no policy is blamed",
		     verdict->command, endings);
	else if (best_of_off(verdict) != ENDED_WELL)
		note(verdict, "by itself (off) %s ends with %s",
		     verdict->command, endings);
}

static void note_output(struct verdict *verdict, const char *stream,
			const char *words)
{
	const json_t *streams = json_object_get(verdict->off, "varies");
	const json_t *varies = json_object_get(streams, stream);
	long long lines = document_count(varies, "lines");

	if (json_is_true(json_object_get(varies, "unlike")))
		note(verdict,
		     "by itself (off) the number of lines of %s varies, so it was not compared; --ignore REGEX takes out what varies within lines",
		     words);
	else if (lines)
		note(verdict,
		     "by itself (off) %lld line%s of %s var%s, so %s not compared; --ignore REGEX takes out what varies",
		     lines, lines == 1 ? "" : "s", words,
		     lines == 1 ? "ies" : "y",
		     lines == 1 ? "it was" : "they were");
}

static bool runs_on(const json_t *policy)
{
	json_t *run;
	size_t i;

	json_array_foreach(span_runs(policy), i, run)
	{
		if (json_is_true(json_object_get(run, "still_running")))
			return true;
	}
	return false;
}

static void note_what_was_not_seen(struct verdict *verdict)
{
	json_t *policies = json_object_get(verdict->document, "policies");
	bool running = false, growth = true;
	long long outside = 0;
	struct span span;
	json_t *policy;
	size_t i;

	json_array_foreach(policies, i, policy)
	{
		running |= runs_on(policy);
		span = span_of_counter(policy, "grown");
		growth &= span.runs == json_array_size(span_runs(policy));
		span = span_of_counter(policy, "out_of_scope");
		if (span.most > outside)
			outside = span.most;
	}
	if (running)
		note(verdict,
		     "something that the command had started was still running when the next run began; --wait waits for it");
	if (!growth)
		note(verdict, "growth could not be followed (mapstack doctor)");
	if (outside)
		note(verdict,
		     "up to %lld requests a run came from processes that the command did not start itself; nothing was changed for those",
		     outside);
}

static void note_scale(struct verdict *verdict)
{
	if (!span_of_counter(verdict->off, "seen").most)
		note(verdict,
		     "nothing that %s started asked for MAP_STACK, so no policy had anything to change",
		     verdict->command);
	if (json_array_size(span_runs(verdict->here)) < MIN_TIMED)
		note(verdict,
		     "times are printed but not judged; judging needs at least %d runs (--runs %d)",
		     MIN_TIMED, MIN_TIMED);
}

static bool list_failures(struct verdict *verdict)
{
	static const struct fail_on breaks = {
		.on = { [FAIL_REFUSED] = true, [FAIL_DIFFERS] = true },
	};
	const struct fail_on *wanted = verdict->fail_on;
	json_t *list = json_array();
	int i;

	if (!wanted->given)
		wanted = &breaks;
	for (i = 0; i < NR_FAIL_REASONS; i++)
		if (wanted->on[i] && verdict->failed[i])
			json_array_append_new(list, json_string(fail_names[i]));
	json_object_set_new(verdict->document, "failed_on", list);
	return json_array_size(list);
}

static const char *worst(const struct verdict *verdict)
{
	int kind;

	for (kind = 0; kind < NR_FOUND; kind++)
		if (json_array_size(verdict->found[kind]))
			return verdict_names[kind];
	return "unchanged";
}

bool verdict_judge(json_t *document, const struct fail_on *fail_on)
{
	json_t *policies = json_object_get(document, "policies"), *policy;
	struct verdict verdict = { .document = document, .fail_on = fail_on };
	json_t *words = json_object_get(document, "command");
	size_t i;

	verdict.off = json_array_get(policies, 0);
	verdict.here = verdict.off;
	verdict.command = json_string_value(json_array_get(words, 0)) ?: "?";
	for (i = 0; i < NR_FOUND; i++)
		verdict.found[i] = json_array();
	verdict.notes = json_array();
	json_object_set_new(verdict.off, "verdict", json_null());
	note_endings(&verdict);
	note_output(&verdict, "stdout", "standard output");
	note_output(&verdict, "stderr", "standard error");
	json_array_foreach(policies, i, policy)
	{
		if (i)
			compare_policy(&verdict, policy);
	}
	note_what_was_not_seen(&verdict);
	note_scale(&verdict);
	json_object_set_new(document, "verdict", json_string(worst(&verdict)));
	for (i = 0; i < NR_FOUND; i++)
		json_object_set_new(document, verdict_names[i],
				    verdict.found[i]);
	json_object_set_new(document, "notes", verdict.notes);
	return list_failures(&verdict);
}
