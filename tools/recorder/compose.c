// SPDX-License-Identifier: GPL-2.0-only
/* Makes the programs of a report. See compose.h. */

#include <stdio.h>

#include "machine/files.h"
#include "recorder/compose.h"
#include "recorder/leftover.h"
#include "report/names.h"
#include "report/text.h"

static json_t *call_json(const struct perf *perf, const struct call *call)
{
	char text[512], prot[24], flags[24], address[24];
	json_t *sample;

	call_text(text, sizeof(text), call->address, call->length, call->prot,
		  call->flags);
	snprintf(prot, sizeof(prot), "%#lx", call->prot);
	snprintf(flags, sizeof(flags), "%#lx", call->flags);
	snprintf(address, sizeof(address), "0x%lx", call->address);
	sample = json_pack("{s:s,s:I,s:i,s:o}", "address", address, "length",
			   (json_int_t)call->length, "pid", call->pid, "thread",
			   text_json(call->thread));
	perf_put(perf, sample, call);
	return json_pack("{s:s,s:s,s:I,s:s,s:s,s:o}", "call", text, "shape",
			 shape_names[call->shape], "count",
			 (json_int_t)call->count, "prot", prot, "flags", flags,
			 "sample", sample);
}

/* If growth was not followed, a number is null and not 0. */
static json_t *known_json(bool known, uint64_t value)
{
	return known ? json_integer(value) : json_null();
}

/* Most numbers are 0, and share one. */
static void put_count(json_t *json, const char *name, uint64_t count)
{
	static json_t *zero;

	if (!zero)
		zero = json_integer(0);
	json_object_set_new(json, name,
			    count ? json_integer(count) : json_incref(zero));
}

static json_t *stack_json(const struct stack *stack)
{
	json_t *json = json_pack("{s:i,s:I,s:I,s:i,s:i}", "pid", stack->pid,
				 "mapped", (json_int_t)stack->mapped, "size",
				 (json_int_t)stack->size, "grown", stack->grown,
				 "denied", stack->denied);
	long left = leftover_of(stack);
	char end[24];

	snprintf(end, sizeof(end), "%#lx", stack->end);
	json_object_set_new(json, "end", json_string(end));
	json_object_set_new(json, "thread", text_json(stack->thread));
	json_object_set_new(json, "space",
			    known_json(stack->space >= 0, stack->space));
	json_object_set_new(json, "reason",
			    stack->denied ?
				    json_string(reason_names[stack->reason]) :
				    json_null());
	json_object_set_new(json, "leftover", known_json(left >= 0, left));
	return json;
}

/* Adds numbers by class: sizes of requests, and mappings that grew past a class. */
static void put_depths(json_t *json, const struct row *row, bool growth)
{
	json_t *passed = growth ? json_object() : json_null();
	json_t *sizes = json_object();
	unsigned int i;

	for (i = 0; i < NR_DEPTHS; i++)
		put_count(sizes, depth_names[i], row->number[ROW_SIZES + i]);
	for (i = 0; growth && i < NR_DEPTHS - 1; i++)
		put_count(passed, depth_names[i], row->number[ROW_PASSED + i]);
	json_object_set_new(json, "sizes", sizes);
	json_object_set_new(json, "grew_past", passed);
}

static uint64_t row_denied(const struct row *row)
{
	uint64_t sum = 0;
	unsigned int i;

	for (i = GROW_DONE + 1; i < NR_GROW_REASONS; i++)
		sum += row->number[ROW_DENIED + i - 1];
	return sum;
}

/* The stacks of rows that matter less were not kept. */
static json_t *stacks_json(const struct row *row, bool growth)
{
	bool kept = row->nr_stacks ||
		    !(row->number[ROW_GROWN] || row_denied(row));
	json_t *stacks;
	unsigned int i;

	if (!growth || !kept)
		return json_null();
	stacks = json_array();
	for (i = 0; i < row->nr_stacks; i++)
		json_array_append_new(stacks, stack_json(&row->stacks[i]));
	return stacks;
}

static json_t *row_json(const struct row *row, const struct perf *perf,
			bool growth, bool results)
{
	json_t *shapes = json_object(), *outcomes = json_object();
	json_t *denied = json_object(), *calls = json_array();
	json_t *json = json_object();
	unsigned int i;

	for (i = 0; i < NR_SHAPES; i++)
		put_count(shapes, shape_names[i],
			  row_requests(row, i, NR_OUTCOMES));
	for (i = 0; i < NR_OUTCOMES; i++)
		put_count(outcomes, outcome_names[i],
			  row_requests(row, NR_SHAPES, i));
	for (i = GROW_DONE + 1; i < NR_GROW_REASONS; i++)
		put_count(denied, reason_names[i],
			  row->number[ROW_DENIED + i - 1]);
	for (i = 0; i < row->nr_calls; i++)
		json_array_append_new(calls, call_json(perf, &row->calls[i]));
	json_object_set_new(json, "program",
			    text_json(row->program ?: "(others)"));
	put_count(json, "requests", row_requests(row, NR_SHAPES, NR_OUTCOMES));
	json_object_set_new(json, "shapes", shapes);
	json_object_set_new(json, "outcomes", outcomes);
	put_count(json, "growable", row_growable(row));
	json_object_set_new(json, "failed",
			    known_json(results, row->number[ROW_FAILED]));
	put_count(json, "bytes", row->number[ROW_BYTES]);
	put_count(json, "refused", row_refused(row));
	json_object_set_new(json, "refused_calls", calls);
	json_object_set_new(json, "grown",
			    known_json(growth, row->number[ROW_GROWN]));
	json_object_set_new(json, "grown_pages",
			    known_json(growth, row->number[ROW_GROWN_PAGES]));
	json_object_set_new(json, "grow_denied", denied);
	put_depths(json, row, growth);
	json_object_set_new(json, "stacks", stacks_json(row, growth));
	put_count(json, "peak_mappings", row->number[ROW_MAPPINGS]);
	put_count(json, "peak_address_space_kib", row->number[ROW_KIB]);
	return json;
}

static void put_others(const struct table *table, bool growth, json_t *programs)
{
	static const char *const unknown[] = { "cgroup", "unit", "container",
					       "user", "uid" };
	const struct row *others = &table->others;
	json_t *json;
	size_t i;

	for (i = ROW_REQUESTS; i < ROW_PEAKS; i++)
		if (others->number[i])
			break;
	if (i == ROW_PEAKS)
		return;
	json = row_json(others, NULL, growth, table->results);
	for (i = 0; i < ARRAY_SIZE(unknown); i++)
		json_object_set_new(json, unknown[i], json_null());
	json_array_append_new(programs, json);
}

json_t *compose_programs(const struct table *table, struct owners *owners,
			 const struct perf *perf, bool growth)
{
	json_t *programs = json_array(), *json;
	const struct row *row;
	size_t i;

	for (i = 0; i < table->nr_rows; i++) {
		row = &table->rows[i];
		json = row_json(row, perf, growth, table->results);
		owners_put(owners, json, row->number[ROW_CGROUP],
			   row->number[ROW_UID]);
		json_array_append_new(programs, json);
	}
	put_others(table, growth, programs);
	return programs;
}
