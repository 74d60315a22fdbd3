// SPDX-License-Identifier: GPL-2.0-only
/* mapstack doctor. See verbs.h. */

#include <stdio.h>

#include "machine/doctor.h"
#include "machine/files.h"
#include "report/text.h"
#include "verbs/verbs.h"

static void print_text(const struct finding *findings, int count, FILE *file)
{
	int i;

	if (!count)
		fputs("nothing is wrong\n", file);
	for (i = 0; i < count; i++) {
		fprintf(file, "%s: ", findings[i].id);
		text_put(file, findings[i].text);
		fputs("; ", file);
		text_put(file, findings[i].remedy);
		fputc('\n', file);
	}
}

static json_t *compose(const struct finding *findings, int count)
{
	json_t *list = json_array(), *item;
	int i;

	for (i = 0; i < count; i++) {
		item = json_pack("{s:s, s:o, s:o}", "id", findings[i].id,
				 "text", text_json(findings[i].text), "remedy",
				 text_json(findings[i].remedy));
		json_array_append_new(list, item);
	}
	return json_pack("{s:i, s:o}", "version", 1, "findings", list);
}

static void print_json(const struct finding *findings, int count, FILE *file)
{
	json_t *json = compose(findings, count);

	report_json(json, file);
	json_decref(json);
}

static void print_prometheus(const struct finding *findings, int count,
			     FILE *file)
{
	int i;

	prometheus_head(file, "mapstack_doctor_finding",
			"Something that doctor found to be wrong.");
	for (i = 0; i < count; i++)
		fprintf(file, "mapstack_doctor_finding{id=\"%s\"} 1\n",
			findings[i].id);
}

int doctor(const struct options *options)
{
	static void (*const print[NR_FORMATS])(const struct finding *findings,
					       int count, FILE *file) = {
		[FORMAT_TEXT] = print_text,
		[FORMAT_JSON] = print_json,
		[FORMAT_PROMETHEUS] = print_prometheus,
	};
	struct finding findings[MAX_FINDINGS];
	struct output output;
	struct facts facts;
	int count;

	if (output_open(&output, NULL, false))
		return EXIT_SELF;
	facts_gather(&facts);
	count = facts_judge(&facts, findings);
	print[options->format](findings, count, output.file);
	if (output_commit(&output))
		return EXIT_SELF;
	return count ? 1 : 0;
}
