// SPDX-License-Identifier: GPL-2.0-only
/* mapstack doctor. See verbs.h. */

#include <stdio.h>

#include "machine/doctor.h"
#include "report/json.h"
#include "verbs/verbs.h"

static void print_text(const struct finding *findings, int count)
{
	int i;

	if (!count)
		puts("nothing is wrong");
	for (i = 0; i < count; i++)
		printf("%s: %s; %s\n", findings[i].id, findings[i].text,
		       findings[i].remedy);
}

static void print_json(const struct finding *findings, int count)
{
	struct json json = { .file = stdout };
	int i;

	json_open(&json, NULL, '{');
	json_number(&json, "version", 1);
	json_open(&json, "findings", '[');
	for (i = 0; i < count; i++) {
		json_open(&json, NULL, '{');
		json_string(&json, "id", findings[i].id);
		json_string(&json, "text", findings[i].text);
		json_string(&json, "remedy", findings[i].remedy);
		json_close(&json, '}');
	}
	json_close(&json, ']');
	json_close(&json, '}');
}

static void print_prometheus(const struct finding *findings, int count)
{
	int i;

	puts("# TYPE mapstack_doctor_finding gauge");
	for (i = 0; i < count; i++)
		printf("mapstack_doctor_finding{id=\"%s\"} 1\n",
		       findings[i].id);
}

int doctor(const struct options *options)
{
	static void (*const print[NR_FORMATS])(const struct finding *findings,
					       int count) = {
		[FORMAT_TEXT] = print_text,
		[FORMAT_JSON] = print_json,
		[FORMAT_PROMETHEUS] = print_prometheus,
	};
	struct finding findings[MAX_FINDINGS];
	struct facts facts;
	int count;

	facts_gather(&facts);
	count = facts_judge(&facts, findings);
	print[options->format](findings, count);
	return count ? 1 : 0;
}
