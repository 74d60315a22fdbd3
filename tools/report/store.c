// SPDX-License-Identifier: GPL-2.0-only
/* Reads documents from files, and keeps the last one. See store.h. */

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "machine/files.h"
#include "machine/state.h"
#include "report/document.h"
#include "report/report.h"
#include "report/store.h"

#define KEPT STATE_DIR "/report.json"

static bool is_recording(const json_t *document)
{
	return document_number(document, "version") == 1 &&
	       json_is_object(json_object_get(document, "counters")) &&
	       json_is_array(json_object_get(document, "programs"));
}

static bool is_report(const json_t *document)
{
	if (!document_is_try(document))
		return is_recording(document);
	return document_number(document, "version") == 1 &&
	       json_array_size(json_object_get(document, "policies"));
}

static FILE *open_report(const char *path, bool kept)
{
	FILE *file = strcmp(path, "-") ? fopen(path, "re") : stdin;

	if (file)
		return file;
	if (kept && errno == ENOENT)
		say_err("there was no recording since the system was started; 'mapstack run -- CMD' makes a report");
	else
		say_err("cannot read %s (%m), so there is no report%s", path,
			errno == EACCES ? "; use sudo" : "");
	return NULL;
}

json_t *document_load(const char *path, bool recording)
{
	char buf[4352];
	json_error_t error;
	json_t *document;
	FILE *file;

	file = open_report(path ?: file_path(KEPT, buf, sizeof(buf)), !path);
	if (!file)
		return NULL;
	path = path ?: buf;
	document = json_loadf(file, JSON_REJECT_DUPLICATES, &error);
	if (file != stdin)
		fclose(file);
	if (!document)
		say_err("%s is not a report (line %d: %s); nothing was done",
			path, error.line, error.text);
	else if (!is_report(document))
		say_err("%s is not a report of this version of mapstack; nothing was done",
			path);
	else if (recording && document_is_try(document))
		say_err("%s is a try report, which is a comparison already; nothing was done; 'mapstack try --keep DIR' keeps each run's report",
			path);
	else
		return document;
	json_decref(document);
	return NULL;
}

int document_keep(const json_t *document)
{
	struct output output;

	mkdir(STATE_DIR, 0755);
	if (output_open(&output, KEPT, true))
		return -1;
	return report_write(document, FORMAT_JSON, &output);
}
