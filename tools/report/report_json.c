// SPDX-License-Identifier: GPL-2.0-only
/* The report for programs; mapstack(8) describes it. See report.h. */

#include <unistd.h>

#include "report/json.h"
#include "report/names.h"
#include "report/report.h"

#define JSON_VERSION 1

void json_counters(struct json *json, const struct counter_values *counters)
{
	int i;

	json_open(json, "counters", '{');
	for (i = 0; i < NR_COUNTER_NAMES; i++)
		json_known(json, counter_names[i], counters->value[i]);
	json_close(json, '}');
}

static void put_call(struct json *json, const struct call *call)
{
	char text[512];
	int i;

	json_open(json, NULL, '{');
	json_string(json, "call",
		    call_text(text, sizeof(text), call->has_addr, call->len,
			      call->prot, call->flags));
	json_string(json, "shape", shape_names[call->shape]);
	json_number(json, "count", call->count);
	json_number(json, "prot", call->prot);
	json_number(json, "flags", call->flags);
	json_number(json, "length", call->len);
	json_number(json, "pid", call->pid);
	json_string(json, "thread", call->name);
	json_open(json, "backtrace", '[');
	for (i = 0; i < MAX_FRAMES && call->backtrace[i]; i++)
		json_string(json, NULL, call->backtrace[i]);
	json_close(json, ']');
	json_close(json, '}');
}

static void put_refused(struct json *json, const struct program *program)
{
	unsigned int i;

	json_number(json, "refused", program_refused(program));
	json_open(json, "refused_calls", '[');
	for (i = 0; i < program->nr_calls; i++)
		put_call(json, &program->calls[i]);
	json_close(json, ']');
	json_number(json, "refused_calls_left_out", program->calls_left_out);
}

static void put_growth(struct json *json, const struct program *program)
{
	int reason;

	json_number(json, "grown", program->grown);
	json_number(json, "grown_pages",
		    program->grown_bytes / sysconf(_SC_PAGESIZE));
	json_open(json, "grow_denied", '{');
	for (reason = GROW_DONE + 1; reason < NR_GROW_REASONS; reason++)
		json_number(json, reason_names[reason],
			    program->denied[reason]);
	json_close(json, '}');
}

static void put_program(struct json *json, const struct program *program)
{
	int i;

	json_open(json, NULL, '{');
	json_string(json, "program", program->file);
	json_number(json, "processes", program->processes);
	json_number(json, "requests", program_requests(program));
	json_open(json, "shapes", '{');
	for (i = 0; i < NR_SHAPES; i++)
		json_number(json, shape_names[i], program_shapes(program, i));
	json_close(json, '}');
	json_open(json, "outcomes", '{');
	for (i = 0; i < NR_OUTCOMES; i++)
		json_number(json, outcome_names[i],
			    program_outcomes(program, i));
	json_close(json, '}');
	json_number(json, "growable", program_growable(program));
	json_number(json, "growable_bytes", program->growable_bytes);
	put_refused(json, program);
	put_growth(json, program);
	json_known(json, "peak_mappings",
		   program->peak_mappings ? (long long)program->peak_mappings :
					    -1);
	json_close(json, '}');
}

void report_json(const struct report *report, FILE *file)
{
	struct json json = { .file = file };
	const struct program *program;
	char *const *word;

	json_open(&json, NULL, '{');
	json_number(&json, "version", JSON_VERSION);
	json_open(&json, "command", '[');
	for (word = report->command; *word; word++)
		json_string(&json, NULL, *word);
	json_close(&json, ']');
	json_string(&json, "policy", report->policy);
	json_bool(&json, "forecast", report_is_forecast(report));
	json_number(&json, "exit_status", report->status);
	json_number(&json, "milliseconds", report->seconds * 1000);
	json_bool(&json, "still_running", report->still_running);
	json_number(&json, "events", report->events);
	json_number(&json, "events_lost", report->lost);
	json_counters(&json, &report->counters);
	json_open(&json, "programs", '[');
	for (program = report->programs; program; program = program->next)
		put_program(&json, program);
	json_close(&json, ']');
	json_close(&json, '}');
}
