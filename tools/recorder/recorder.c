// SPDX-License-Identifier: GPL-2.0-only
/* Records the requests of programs. See recorder.h. */

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#include "machine/clock.h"
#include "machine/files.h"
#include "recorder/compose.h"
#include "recorder/owner.h"
#include "recorder/perf.h"
#include "recorder/recorder.h"
#include "recorder/table.h"
#include "recorder/timeline.h"
#include "report/document.h"
#include "report/text.h"

#define DEVICE "/dev/mapstack"

struct recorder {
	FILE *news; /* the device, read up to its last row so far */
	struct owners *owners;
	struct perf *perf; /* NULL: not asked for */
	struct counter_values before, counted;
	struct table table;
	struct timeline timeline;
	time_t start, end;
	long long started, ms;
};

struct recorder *recorder_prepare(bool backtrace)
{
	struct recorder *recorder = xalloc(sizeof(*recorder));

	recorder->owners = owners_new();
	if (!backtrace)
		return recorder;
	recorder->perf = perf_start();
	if (recorder->perf)
		return recorder;
	recorder_close(recorder);
	return NULL;
}

static const char *remedy(int error)
{
	switch (error) {
	case EBUSY:
		return "another process records; let it end";
	case ENOENT:
		return "devtmpfs has to be on /dev, and the module as new as this command";
	default:
		return "see mapstack doctor";
	}
}

int recorder_start(struct recorder *recorder)
{
	int ret;

	recorder->news = fopen(DEVICE, "re");
	if (!recorder->news) {
		say_err("cannot open %s (%m), so nothing is recorded; %s",
			DEVICE, remedy(errno));
		return -1;
	}
	ret = counters_read_all(&recorder->before);
	if (ret) {
		say_err("cannot read the module's counters (%s), so nothing is recorded; see mapstack doctor",
			strerror(-ret));
		return -1;
	}
	recorder->start = time(NULL);
	recorder->started = clock_ms();
	return 0;
}

/* Reading the counters makes a mapping, so this is not done at every look. */
static void look_at_time(struct recorder *recorder)
{
	long long ms = clock_ms() - recorder->started;
	struct counter_values counted;

	if (!timeline_wants(&recorder->timeline, ms) ||
	    counters_read_all(&counted))
		return;
	counters_since(&counted, &recorder->before);
	timeline_note(&recorder->timeline, ms, &counted);
}

/* Rows are only added, so the file goes on where it ended. */
static void look_at_rows(struct recorder *recorder)
{
	char *line = NULL;
	size_t size = 0;
	struct row row;

	clearerr(recorder->news);
	while (getline(&line, &size, recorder->news) > 0)
		if (row_parse(&row, line) && row.number[ROW_CGROUP])
			owners_look(recorder->owners, row.number[ROW_CGROUP]);
	free(line);
}

void recorder_look(struct recorder *recorder, struct counter_values *counters)
{
	look_at_rows(recorder);
	look_at_time(recorder);
	if (counters && !counters_read_all(counters))
		counters_since(counters, &recorder->before);
}

int recorder_take(struct recorder *recorder)
{
	int ret = counters_read_all(&recorder->counted);

	look_at_rows(recorder);
	rewind(recorder->news);
	if (recorder->table.rows)
		table_free(&recorder->table);
	ret = ret ?: table_read(&recorder->table, recorder->news);
	counters_since(&recorder->counted, &recorder->before);
	recorder->end = time(NULL);
	recorder->ms = clock_ms() - recorder->started;
	timeline_note(&recorder->timeline, recorder->ms, &recorder->counted);
	if (!ret)
		return 0;
	say_err("cannot read what the module has counted (%s), so there is no report; the module and this command may be of different versions",
		strerror(-ret));
	return -1;
}

int recorder_stop(struct recorder *recorder)
{
	int ret = recorder_take(recorder);

	fclose(recorder->news);
	recorder->news = NULL;
	return ret;
}

static json_t *time_json(time_t seconds)
{
	char text[32];
	struct tm tm;

	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ",
		 gmtime_r(&seconds, &tm));
	return json_string(text);
}

static json_t *module_version(void)
{
	char version[32];

	if (file_read("/sys/module/mapstack/version", version,
		      sizeof(version)) < 0)
		return json_null();
	return text_json(version);
}

static json_t *complete_json(const struct recorder *recorder, bool growth)
{
	const struct row *others = &recorder->table.others;
	uint64_t dropped = row_requests(others, NR_SHAPES, NR_OUTCOMES);

	return json_pack("{s:I,s:n,s:b,s:b}", "dropped", (json_int_t)dropped,
			 "samples_lost", "results", recorder->table.results,
			 "growth", growth);
}

json_t *recorder_json(struct recorder *recorder)
{
	bool growth = recorder->counted.value[C_GROWN] >= 0;
	struct utsname uts;
	json_t *json;

	if (recorder->perf && !recorder->news)
		perf_stop(recorder->perf);
	uname(&uts);
	json = json_pack("{s:i,s:o,s:s,s:s,s:o,s:s,s:i}", "version", 1, "host",
			 text_json(uts.nodename), "kernel", uts.release,
			 "architecture", uts.machine, "module",
			 module_version(), "mapstack", MAPSTACK_VERSION,
			 "page_size", (int)sysconf(_SC_PAGESIZE));
	json_object_set_new(json, "start", time_json(recorder->start));
	json_object_set_new(json, "end", time_json(recorder->end));
	json_object_set_new(json, "milliseconds", json_integer(recorder->ms));
	json_object_set_new(json, "counters",
			    document_counters(&recorder->counted));
	json_object_set_new(json, "timeline",
			    timeline_json(&recorder->timeline));
	json_object_set_new(json, "complete", complete_json(recorder, growth));
	json_object_set_new(json, "programs",
			    compose_programs(&recorder->table, recorder->owners,
					     recorder->perf, growth));
	return json;
}

void recorder_close(struct recorder *recorder)
{
	if (!recorder)
		return;
	if (recorder->news)
		fclose(recorder->news);
	if (recorder->table.rows)
		table_free(&recorder->table);
	perf_close(recorder->perf);
	owners_free(recorder->owners);
	free(recorder);
}
