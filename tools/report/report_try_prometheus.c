// SPDX-License-Identifier: GPL-2.0-only
/* Prints a report of mapstack try for Prometheus. See report.h. */

#include "machine/files.h"
#include "report/document.h"
#include "report/report.h"
#include "report/span.h"

/* Of the runs of a policy: the largest value of a counter, the median of the rest. */
static const struct {
	const char *member, *metric, *help;
	bool counter; /* of the module */
	double unit;
} metrics[] = {
	{ "wall_us", "wall_seconds", "Wall time of the command.", false,
	  0.000001 },
	{ "user_us", "user_seconds", "User time of its processes.", false,
	  0.000001 },
	{ "system_us", "system_seconds", "System time of its processes.", false,
	  0.000001 },
	{ "peak_kib", "peak_bytes", "Most memory of one of its processes.",
	  false, 1024 },
	{ "seen", "requests", "Calls of mmap() with MAP_STACK.", true, 1 },
	{ "refused", "refused", "Calls that the kernel refuses for the flag.",
	  true, 1 },
	{ "grown", "grown", "Expansions of growable mappings.", true, 1 },
	{ "grow_denied", "grow_denied", "Expansions that the kernel refused.",
	  true, 1 },
};

static void print_value(FILE *file, const json_t *policy, size_t metric)
{
	const char *member = metrics[metric].member;
	struct span span = metrics[metric].counter ?
				   span_of_counter(policy, member) :
				   span_of_run(policy, member);
	double value = span.most;

	if (!span.runs)
		return;
	if (!metrics[metric].counter)
		value = document_median(span_runs(policy), member);
	fprintf(file, "mapstack_try_%s{", metrics[metric].metric);
	prometheus_label(file, "policy", document_text(policy, "policy") ?: "");
	fprintf(file, "} %.9g\n", value * metrics[metric].unit);
}

static void print_verdict(FILE *file, const json_t *policy)
{
	const char *verdict = document_text(policy, "verdict");

	if (!verdict)
		return;
	fputs("mapstack_try_verdict{", file);
	prometheus_label(file, "policy", document_text(policy, "policy") ?: "");
	fputc(',', file);
	prometheus_label(file, "verdict", verdict);
	fputs("} 1\n", file);
}

void report_try_prometheus(const json_t *document, FILE *file)
{
	json_t *policies = json_object_get(document, "policies"), *policy;
	char name[64];
	size_t i, j;

	prometheus_head(file, "mapstack_try_verdict",
			"What became of the command under a policy.");
	json_array_foreach(policies, i, policy) print_verdict(file, policy);
	for (j = 0; j < ARRAY_SIZE(metrics); j++) {
		snprintf(name, sizeof(name), "mapstack_try_%s",
			 metrics[j].metric);
		prometheus_head(file, name, metrics[j].help);
		json_array_foreach(policies, i, policy)
			print_value(file, policy, j);
	}
}
