// SPDX-License-Identifier: GPL-2.0-only
/* Reads and combines documents. See document.h. */

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/files.h"
#include "report/document.h"

long long document_number(const json_t *object, const char *name)
{
	const json_t *value = json_object_get(object, name);

	return json_is_integer(value) ? json_integer_value(value) : -1;
}

long long document_count(const json_t *object, const char *name)
{
	long long value = document_number(object, name);

	return value < 0 ? 0 : value;
}

static int compare_numbers(const void *a, const void *b)
{
	long long l = *(const long long *)a, r = *(const long long *)b;

	return l < r ? -1 : l > r;
}

double document_median(const json_t *objects, const char *name)
{
	size_t size = json_array_size(objects), count = 0, i;
	long long *value = xalloc((size + 1) * sizeof(*value));
	double median = 0;
	json_t *object;

	json_array_foreach(objects, i, object)
	{
		value[count] = document_number(object, name);
		count += value[count] >= 0;
	}
	qsort(value, count, sizeof(*value), compare_numbers);
	if (count)
		median = (value[(count - 1) / 2] + value[count / 2]) / 2.0;
	free(value);
	return median;
}

const char *document_text(const json_t *object, const char *name)
{
	return json_string_value(json_object_get(object, name));
}

long long document_page_size(const json_t *document)
{
	long long size = document_number(document, "page_size");

	return size > 0 ? size : sysconf(_SC_PAGESIZE);
}

json_t *document_counters(const struct counter_values *counters)
{
	json_t *object = json_object();
	int i;

	for (i = 0; i < NR_COUNTER_NAMES; i++)
		json_object_set_new(object, counter_names[i],
				    counters->value[i] < 0 ?
					    json_null() :
					    json_integer(counters->value[i]));
	return object;
}

/* The same call of the same program is one entry, whichever process made it. */
static void add_call(json_t *calls, const json_t *more)
{
	const char *call = document_text(more, "call") ?: "";
	const char *program = document_text(more, "program") ?: "";
	json_int_t sum;
	json_t *known;
	size_t i;

	json_array_foreach(calls, i, known)
	{
		if (strcmp(document_text(known, "call") ?: "", call) ||
		    strcmp(document_text(known, "program") ?: "", program))
			continue;
		sum = document_number(known, "count") +
		      document_number(more, "count");
		json_object_set_new(known, "count", json_integer(sum));
		return;
	}
	json_array_append_new(calls, json_deep_copy(more));
}

static json_t *add_values(const char *name, json_t *sum, const json_t *more)
{
	json_int_t a = json_integer_value(sum), b = json_integer_value(more);
	const json_t *call;
	size_t i;

	if (json_is_object(sum) && json_is_object(more)) {
		document_add(sum, more);
		return json_incref(sum);
	}
	if (json_is_array(sum) && json_is_array(more)) {
		if (strcmp(name, "refused_calls"))
			json_array_extend(sum, (json_t *)more);
		else
			json_array_foreach(more, i, call) add_call(sum, call);
		return json_incref(sum);
	}
	if (json_is_integer(sum) && json_is_integer(more) &&
	    strcmp(name, "uid")) {
		if (!strncmp(name, "peak_", 5))
			return json_integer(a > b ? a : b);
		return json_integer(a + b);
	}
	return json_equal(sum, more) ? json_incref(sum) : json_null();
}

void document_add(json_t *sum, const json_t *more)
{
	json_t *value, *added;
	const char *name;
	void *next;

	json_object_foreach_safe(sum, next, name, value)
	{
		added = add_values(name, value, json_object_get(more, name));
		json_object_set_new(sum, name, added);
	}
}

void document_group(json_t *groups, const char *key, const json_t *program)
{
	json_t *group = json_object_get(groups, key);

	if (group)
		document_add(group, program);
	else
		json_object_set_new(groups, key, json_deep_copy(program));
}

json_t *document_programs(const json_t *document)
{
	json_t *groups = json_object(), *program;
	size_t i;

	json_array_foreach(json_object_get(document, "programs"), i, program)
		document_group(groups, document_text(program, "program") ?: "",
			       program);
	return groups;
}

static int compare(const void *a, const void *b)
{
	static const char *const members[] = { "refused", "requests", NULL };
	const json_t *left = *(const json_t *const *)a;
	const json_t *right = *(const json_t *const *)b;
	const char *const *member;
	long long l, r;

	for (member = members; *member; member++) {
		l = document_number(left, *member);
		r = document_number(right, *member);
		if (l != r)
			return l < r ? 1 : -1;
	}
	return strcmp(document_text(left, "program") ?: "",
		      document_text(right, "program") ?: "");
}

json_t *document_sorted(const json_t *groups)
{
	size_t count = json_object_size(groups), i = 0;
	json_t **list = xalloc((count + 1) * sizeof(json_t *));
	json_t *array = json_array(), *group;
	const char *key;

	json_object_foreach((json_t *)groups, key, group) list[i++] = group;
	qsort(list, count, sizeof(*list), compare);
	for (i = 0; i < count; i++)
		json_array_append(array, list[i]);
	free(list);
	return array;
}

/* Adds the program to each call, because its group may contain several. */
static json_t *name_calls(const json_t *program)
{
	json_t *copy = json_deep_copy(program), *call;
	size_t i;

	json_array_foreach(json_object_get(copy, "refused_calls"), i, call)
		json_object_set(call, "program",
				json_object_get(program, "program"));
	return copy;
}

json_t *document_by(const json_t *document, const char *by)
{
	json_t *copy = json_copy((json_t *)document);
	json_t *groups = json_object(), *program, *named;
	size_t i;

	json_array_foreach(json_object_get(document, "programs"), i, program)
	{
		named = name_calls(program);
		document_group(groups, document_text(program, by) ?: "", named);
		json_decref(named);
	}
	json_object_set_new(copy, "by", json_string(by));
	json_object_set_new(copy, "programs", document_sorted(groups));
	json_decref(groups);
	return copy;
}

bool document_is_try(const json_t *document)
{
	return !strcmp(document_text(document, "verb") ?: "", "try");
}
