// SPDX-License-Identifier: GPL-2.0-only
/* Finds the range of a value in the runs of a policy. See span.h. */

#include <string.h>

#include "report/document.h"
#include "report/span.h"

#define SLACK_KIB 1024

json_t *span_runs(const json_t *policy)
{
	return json_object_get(policy, "runs");
}

static json_t *report_of(const json_t *run)
{
	return json_object_get(run, "report");
}

json_t *span_counters(const json_t *run)
{
	return json_object_get(report_of(run), "counters");
}

json_t *span_programs(const json_t *policy)
{
	json_t *names = json_object(), *programs, *run;
	size_t i;

	json_array_foreach(span_runs(policy), i, run)
	{
		programs = document_programs(report_of(run));
		json_object_update_missing_new(names, programs);
	}
	return names;
}

static void add_refused(json_t *names, const char *name, const json_t *program)
{
	json_t *known = json_object_get(names, name);
	json_t *calls = json_object(), *call;
	size_t i;

	json_array_foreach(json_object_get(program, "refused_calls"), i, call)
		json_object_set(calls, document_text(call, "call") ?: "?",
				call);
	if (known)
		json_object_update_missing_new(known, calls);
	else
		json_object_set_new(names, name, calls);
}

/* A program may also have calls that a policy spares. */
json_t *span_refused(const json_t *policy)
{
	json_t *names = json_object(), *programs, *program, *run;
	const char *name;
	size_t i;

	json_array_foreach(span_runs(policy), i, run)
	{
		programs = document_programs(report_of(run));
		json_object_foreach(programs, name, program)
		{
			if (document_count(json_object_get(program, "outcomes"),
					   "refused"))
				add_refused(names, name, program);
		}
		json_decref(programs);
	}
	return names;
}

static void span_add(struct span *span, long long value)
{
	if (value < 0)
		return;
	if (!span->runs || value < span->least)
		span->least = value;
	if (!span->runs || value > span->most)
		span->most = value;
	span->runs++;
}

long long span_slack(const char *member, long long value)
{
	if (!strstr(member, "_kib"))
		return 0;
	return value / 16 > SLACK_KIB ? value / 16 : SLACK_KIB;
}

struct span span_of_run(const json_t *policy, const char *member)
{
	struct span span = { 0 };
	json_t *run;
	size_t i;

	json_array_foreach(span_runs(policy), i, run)
		span_add(&span, document_number(run, member));
	return span;
}

struct span span_of_counter(const json_t *policy, const char *member)
{
	struct span span = { 0 };
	json_t *run;
	size_t i;

	json_array_foreach(span_runs(policy), i, run)
		span_add(&span, document_number(span_counters(run), member));
	return span;
}

/* The value of a program over all its users and cgroups: sum or maximum. */
static long long program_value(const json_t *run, const char *name,
			       const char *member, bool sum)
{
	long long value, result = -1;
	json_t *program;
	size_t i;

	json_array_foreach(json_object_get(report_of(run), "programs"), i,
			   program)
	{
		if (strcmp(document_text(program, "program") ?: "", name))
			continue;
		value = document_number(program, member);
		if (sum && result > 0 && value > 0)
			result += value;
		else if (value > result)
			result = value;
	}
	return result;
}

struct span span_of_program(const json_t *policy, const char *name,
			    const char *member, bool sum)
{
	struct span span = { 0 };
	json_t *run;
	size_t i;

	json_array_foreach(span_runs(policy), i, run)
		span_add(&span, program_value(run, name, member, sum));
	return span;
}
