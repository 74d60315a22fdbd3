// SPDX-License-Identifier: GPL-2.0-only
/* Edits the file that perf record writes. See perf_data.h. */

#include <linux/perf_event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "recorder/perf_data.h"

#define MAGIC 0x32454c4946524550 /* "PERFILE2" */

struct section {
	uint64_t offset, size;
};

/* As in tools/perf/Documentation/perf.data-file-format.txt. */
struct file_header {
	uint64_t magic, size, attr_size;
	struct section attrs, data, types;
	uint64_t features[4]; /* a bit for each section after the data */
};

/* include/uapi/linux/perf_event.h describes the records. Ids, as the time, follow. */
struct comm {
	struct perf_event_header header;
	uint32_t pid, tid;
	char name[65536];
};

struct fork {
	struct perf_event_header header;
	uint32_t pid, ppid, tid, ptid;
	uint64_t time; /* perf takes that of the ids that follow */
};

/* Copies up to @size bytes. Returns how many. */
static uint64_t copy(FILE *in, FILE *out, uint64_t size)
{
	uint64_t left = size;
	char buf[4096];
	size_t n;

	for (; left; left -= n) {
		n = fread(buf, 1, left < sizeof(buf) ? left : sizeof(buf), in);
		if (!n || fwrite(buf, n, 1, out) != 1)
			break;
	}
	return size - left;
}

static bool read_record(FILE *in, struct comm *record)
{
	size_t rest;

	if (fread(&record->header, sizeof(record->header), 1, in) != 1 ||
	    record->header.size < sizeof(record->header))
		return false;
	rest = record->header.size - sizeof(record->header);
	return !rest || fread(&record->pid, rest, 1, in) == 1;
}

static bool is_exec(const struct perf_event_header *header)
{
	return header->type == PERF_RECORD_COMM &&
	       header->misc & PERF_RECORD_MISC_COMM_EXEC;
}

/* Writes a fork with the ids of @exec, which has a name in units of 8 bytes. */
static bool put_fork(FILE *out, const struct comm *exec)
{
	size_t begin = offsetof(struct comm, name);
	size_t ids = begin + (strlen(exec->name) / 8 + 1) * 8;
	struct fork fork = {
		.header.type = PERF_RECORD_FORK,
		.header.misc = PERF_RECORD_MISC_FORK_EXEC,
		.pid = exec->pid,
		.ppid = exec->pid,
		.tid = exec->tid,
		.ptid = exec->tid,
	};
	size_t size = exec->header.size - ids;

	if (ids > exec->header.size)
		return false;
	fork.header.size = sizeof(fork) + size;
	return fwrite(&fork, sizeof(fork), 1, out) == 1 &&
	       (!size || fwrite((const char *)exec + ids, size, 1, out) == 1);
}

static bool edit_records(FILE *in, FILE *out, uint64_t end)
{
	static struct comm record;

	while ((uint64_t)ftell(in) < end) {
		if (!read_record(in, &record) ||
		    (is_exec(&record.header) && !put_fork(out, &record)) ||
		    fwrite(&record, record.header.size, 1, out) != 1)
			return false;
	}
	return (uint64_t)ftell(in) == end;
}

/* After the data there is a table of sections, and the sections. */
static bool move_sections(FILE *in, FILE *out, const struct file_header *header,
			  uint64_t by)
{
	struct section section;
	int count = 0, i;

	for (i = 0; i < 4; i++)
		count += __builtin_popcountll(header->features[i]);
	for (i = 0; i < count; i++) {
		if (fread(&section, sizeof(section), 1, in) != 1)
			return false;
		section.offset += by;
		fwrite(&section, sizeof(section), 1, out);
	}
	copy(in, out, UINT64_MAX);
	return !ferror(in) && !fflush(out) && !ferror(out);
}

static bool edit(FILE *in, FILE *out)
{
	struct file_header header;
	uint64_t end, by, more;

	if (fread(&header, sizeof(header), 1, in) != 1 ||
	    header.magic != MAGIC ||
	    fwrite(&header, sizeof(header), 1, out) != 1 ||
	    header.data.offset < sizeof(header))
		return false;
	more = header.data.offset - sizeof(header);
	if (copy(in, out, more) != more)
		return false;
	end = header.data.offset + header.data.size;
	if (!edit_records(in, out, end))
		return false;
	by = ftell(out) - end;
	if (!move_sections(in, out, &header, by))
		return false;
	header.data.size += by;
	rewind(out);
	return fwrite(&header, sizeof(header), 1, out) == 1;
}

int perf_data_forget(const char *path)
{
	FILE *in = fopen(path, "re"), *out;
	char edited[4352];
	bool ok = false;

	if (!in)
		return -1;
	snprintf(edited, sizeof(edited), "%s.new", path);
	out = fopen(edited, "we");
	if (out) {
		ok = edit(in, out);
		ok = !fclose(out) && ok && !rename(edited, path);
		if (!ok)
			unlink(edited);
	}
	fclose(in);
	return ok ? 0 : -1;
}
