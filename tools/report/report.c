// SPDX-License-Identifier: GPL-2.0-only
/* Reports, whatever their format. See report.h. */

#include <errno.h>
#include <string.h>

#include "machine/files.h"
#include "report/report.h"
#include "machine/state.h"

static const struct {
	const char *file;
	void (*print)(const struct report *report, FILE *file);
} formats[NR_FORMATS] = {
	[FORMAT_TEXT] = { STATE_DIR "/report.txt", report_text },
	[FORMAT_JSON] = { STATE_DIR "/report.json", report_json },
	[FORMAT_PROMETHEUS] = { STATE_DIR "/report.prom", report_prometheus },
};

bool report_is_forecast(const struct report *report)
{
	return !strcmp(report->policy, "observe");
}

void report_print(const struct report *report, enum format format, FILE *file)
{
	formats[format].print(report, file);
}

void report_keep(const struct report *report)
{
	char path[4352];
	FILE *file;
	int i;

	for (i = 0; i < NR_FORMATS; i++) {
		file = fopen(file_path(formats[i].file, path, sizeof(path)),
			     "we");
		if (!file) {
			say_err("cannot keep the report in %s (%m)", path);
			return;
		}
		report_print(report, i, file);
		if (fclose(file))
			say_err("cannot keep the report in %s (%m)", path);
	}
}

int report_again(enum format format)
{
	char path[4352], buf[4096];
	FILE *file;
	size_t n;

	file = fopen(file_path(formats[format].file, path, sizeof(path)), "re");
	if (!file && errno == ENOENT) {
		say_err("there was no run since the system was started; 'mapstack run -- CMD' makes a report");
		return 1;
	}
	if (!file) {
		say_err("cannot open %s (%m), so there is no report; use sudo",
			path);
		return 1;
	}
	while ((n = fread(buf, 1, sizeof(buf), file)))
		fwrite(buf, 1, n, stdout);
	fclose(file);
	return 0;
}
