// SPDX-License-Identifier: GPL-2.0-only
/* mapstack merge: one document of many machines. See verbs.h. */

#include <stdlib.h>
#include <string.h>

#include "machine/files.h"
#include "report/document.h"
#include "report/store.h"
#include "verbs/verbs.h"

/* Each machine keeps these members. The sum has those that are equal in all. */
static const char *const heads[] = {
	"host",	       "kernel", "architecture",  "module",
	"mapstack",    "start",	 "end",		  "milliseconds",
	"scope",       "policy", "command",	  "forecast",
	"exit_status", "signal", "still_running", "page_size",
};

static void scale(json_t *object, const char *member, long long factor)
{
	long long pages = document_number(object, member);

	if (pages >= 0)
		json_object_set_new(object, member,
				    json_integer(pages * factor));
}

/* Page sizes differ, so count in the smallest. */
static void scale_pages(json_t *document, long long size)
{
	long long factor = document_page_size(document) / size;
	json_t *program;
	size_t i;

	scale(json_object_get(document, "counters"), "grown_pages", factor);
	json_array_foreach(json_object_get(document, "programs"), i, program)
		scale(program, "grown_pages", factor);
}

static void add_programs(json_t *groups, const json_t *document)
{
	json_t *program;
	char *key;
	size_t i;

	json_array_foreach(json_object_get(document, "programs"), i, program)
	{
		if (!json_object_get(program, "host"))
			json_object_set(program, "host",
					json_object_get(document, "host"));
		if (asprintf(&key, "%s\n%s\n%s\n%lld",
			     document_text(program, "host") ?: "",
			     document_text(program, "program") ?: "",
			     document_text(program, "cgroup") ?: "",
			     document_number(program, "uid")) < 0)
			continue;
		document_group(groups, key, program);
		free(key);
	}
}

static void add_hosts(json_t *hosts, const json_t *document)
{
	json_t *merged = json_object_get(document, "hosts"), *host;
	size_t i;

	if (merged) {
		json_array_extend(hosts, merged);
		return;
	}
	host = json_object();
	for (i = 0; i < ARRAY_SIZE(heads); i++)
		json_object_set(host, heads[i],
				json_object_get(document, heads[i]));
	json_array_append_new(hosts, host);
}

/* Takes the earlier start and the later end. Other members stay if they are equal. */
static void add_head(json_t *sum, const json_t *document)
{
	const char *name, *ours, *theirs;
	json_t *value;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(heads); i++) {
		name = heads[i];
		value = json_object_get(document, name);
		if (json_equal(json_object_get(sum, name), value))
			continue;
		ours = document_text(sum, name);
		theirs = document_text(document, name);
		if (ours && theirs && !strcmp(name, "start")) {
			if (strcmp(theirs, ours) < 0)
				json_object_set(sum, name, value);
		} else if (ours && theirs && !strcmp(name, "end")) {
			if (strcmp(theirs, ours) > 0)
				json_object_set(sum, name, value);
		} else {
			json_object_set_new(sum, name, json_null());
		}
	}
	document_add(json_object_get(sum, "counters"),
		     json_object_get(document, "counters"));
	document_add(json_object_get(sum, "complete"),
		     json_object_get(document, "complete"));
}

static json_t *merge_documents(const json_t *documents)
{
	json_t *sum = json_deep_copy(json_array_get(documents, 0));
	json_t *hosts = json_array(), *groups = json_object(), *document;
	long long size, least = document_page_size(sum);
	size_t i;

	json_array_foreach(documents, i, document)
	{
		size = document_page_size(document);
		least = size < least ? size : least;
	}
	scale_pages(sum, least);
	json_array_foreach(documents, i, document)
	{
		add_hosts(hosts, document);
		scale_pages(document, least);
		add_programs(groups, document);
		if (i)
			add_head(sum, document);
	}
	json_object_set_new(sum, "verb", json_string("merge"));
	json_object_set_new(sum, "page_size", json_integer(least));
	json_object_set_new(sum, "hosts", hosts);
	json_object_set_new(sum, "programs", document_sorted(groups));
	json_object_del(sum, "by");
	json_object_del(sum, "followed");
	json_object_del(sum, "timeline");
	json_decref(groups);
	return sum;
}

int merge(const struct options *options)
{
	json_t *documents = json_array(), *document, *sum;
	struct output output;
	char *const *file;
	int ret = -1;

	for (file = options->command; *file; file++) {
		document = document_load(*file, true);
		if (!document)
			goto out;
		json_array_append_new(documents, document);
	}
	if (output_open(&output, options->output, false))
		goto out;
	sum = merge_documents(documents);
	ret = report_write(sum, options->format, &output);
	json_decref(sum);
out:
	json_decref(documents);
	return ret ? EXIT_SELF : 0;
}
