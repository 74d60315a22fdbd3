// SPDX-License-Identifier: GPL-2.0-only
/* Makes the document of a run. See compose.h. */

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "machine/files.h"
#include "recorder/compose.h"
#include "report/document.h"
#include "report/names.h"
#include "report/text.h"

static json_t *compose_call(const struct call *call)
{
	char text[512], prot[32], flags[32];
	static const char layout[] =
		"{s:s, s:s, s:I, s:s, s:s, s:{s:n, s:I, s:i, s:o, s:o, s:n}}";
	json_t *backtrace = json_array();
	int i;

	call_text(text, sizeof(text), call->has_addr, call->len, call->prot,
		  call->flags);
	snprintf(prot, sizeof(prot), "%#llx", (unsigned long long)call->prot);
	snprintf(flags, sizeof(flags), "%#llx",
		 (unsigned long long)call->flags);
	for (i = 0; i < MAX_FRAMES && call->backtrace[i]; i++)
		json_array_append_new(backtrace, text_json(call->backtrace[i]));
	return json_pack(layout, "call", text, "shape",
			 shape_names[call->shape], "count",
			 (json_int_t)call->count, "prot", prot, "flags", flags,
			 "sample", "address", "length", (json_int_t)call->len,
			 "pid", call->pid, "thread", text_json(call->name),
			 "backtrace", backtrace, "backtrace_error");
}

static json_t *compose_program(const struct program *program, bool growth)
{
	static const char layout[] =
		"{s:o, s:n, s:n, s:n, s:n, s:n, s:I, s:o, s:o, s:I, s:n, s:I, s:I, s:o, s:n, s:n, s:o, s:n}";
	json_t *shapes = json_object(), *outcomes = json_object();
	json_t *denied = json_object(), *calls = json_array(), *json;
	int i;

	for (i = 0; i < NR_SHAPES; i++)
		json_object_set_new(shapes, shape_names[i],
				    json_integer(program_shapes(program, i)));
	for (i = 0; i < NR_OUTCOMES; i++)
		json_object_set_new(outcomes, outcome_names[i],
				    json_integer(program_outcomes(program, i)));
	for (i = GROW_DONE + 1; i < NR_GROW_REASONS; i++)
		json_object_set_new(denied, reason_names[i],
				    json_integer(program->denied[i]));
	for (i = 0; i < (int)program->nr_calls; i++)
		json_array_append_new(calls, compose_call(&program->calls[i]));
	json = json_pack(layout, "program", text_json(program->file), "cgroup",
			 "unit", "container", "user", "uid", "requests",
			 (json_int_t)program_requests(program), "shapes",
			 shapes, "outcomes", outcomes, "growable",
			 (json_int_t)program_growable(program), "failed",
			 "bytes", (json_int_t)program->growable_bytes,
			 "refused", (json_int_t)program_refused(program),
			 "refused_calls", calls, "grown", "grown_pages",
			 "grow_denied", denied, "peak_mappings");
	if (growth) {
		json_object_set_new(json, "grown",
				    json_integer(program->grown));
		json_object_set_new(json, "grown_pages",
				    json_integer(program->grown_bytes /
						 sysconf(_SC_PAGESIZE)));
	}
	if (program->peak_mappings)
		json_object_set_new(json, "peak_mappings",
				    json_integer(program->peak_mappings));
	return json;
}

static json_t *compose_time(time_t seconds)
{
	char text[32];
	struct tm tm;

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return json_string(text);
}

static json_t *compose_module(void)
{
	char version[32];

	if (file_read("/sys/module/mapstack/version", version,
		      sizeof(version)) < 0)
		return json_null();
	return text_json(version);
}

json_t *compose_document(const struct recording *recording)
{
	static const char layout[] =
		"{s:i, s:s, s:o, s:s, s:s, s:o, s:s, s:i, s:o, s:o, s:I, s:o, s:s, s:s, s:b, s:o, s:s?, s:b, s:o, s:{s:I, s:n, s:b, s:b}, s:o}";
	bool growth = recording->counters.value[C_GROWN] >= 0;
	json_t *command = json_array(), *groups = json_object();
	const struct program *program;
	char *const *word;
	struct utsname uts;
	char key[32];
	json_t *start, *end, *counters, *json;
	int n = 0;

	uname(&uts);
	start = compose_time(recording->start);
	end = compose_time(recording->start + recording->seconds);
	counters = document_counters(&recording->counters);
	for (word = recording->command; *word; word++)
		json_array_append_new(command, text_json(*word));
	for (program = recording->programs; program; program = program->next) {
		snprintf(key, sizeof(key), "%d", n++);
		json_object_set_new(groups, key,
				    compose_program(program, growth));
	}
	json = json_pack(layout, "version", 1, "verb", "run", "host",
			 text_json(uts.nodename), "kernel", uts.release,
			 "architecture", uts.machine, "module",
			 compose_module(), "mapstack", MAPSTACK_VERSION,
			 "page_size", (int)sysconf(_SC_PAGESIZE), "start",
			 start, "end", end, "milliseconds",
			 (json_int_t)(recording->seconds * 1000), "command",
			 command, "scope", recording->scope, "policy",
			 recording->policy, "forecast",
			 !strcmp(recording->policy, "observe"), "exit_status",
			 recording->signal ? json_null() :
					     json_integer(recording->status),
			 "signal", recording->signal, "still_running",
			 recording->still_running, "counters", counters,
			 "complete", "dropped", (json_int_t)recording->lost,
			 "samples_lost", "results", false, "growth", growth,
			 "programs", document_sorted(groups));
	json_decref(groups);
	return json;
}
