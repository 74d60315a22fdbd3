// SPDX-License-Identifier: GPL-2.0-only
/* Tests how the command reads /dev/mapstack and what perf record writes. */

#include <errno.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ktap.h"
#include "machine/files.h"
#include "recorder/leftover.h"
#include "recorder/owner.h"
#include "recorder/perf_data.h"
#include "recorder/table.h"
#include "recorder/timeline.h"

/* A row of the table with so many anonymous and shared requests. */
static void put_row(FILE *file, unsigned long cgroup, unsigned int translated,
		    unsigned int refused, const char *name)
{
	int i;

	fprintf(file, "program 0 %lu", cgroup);
	for (i = 0; i < NR_SHAPES * NR_OUTCOMES; i++)
		fprintf(file, " %u",
			i == 0 ? translated :
			i == SHAPE_SHARED * NR_OUTCOMES + OUTCOME_REFUSED ?
				 refused :
				 0);
	fprintf(file, " 4096 1 3 5 0 1 2 0");
	for (i = 0; i < 2 * NR_DEPTHS - 1; i++)
		fprintf(file, " %d", i);
	fprintf(file, " 77 5000000000 %s\n", name);
}

static bool read_text(struct table *table, const char *text, int expected)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	int ret;

	if (!file)
		exit(1);
	ret = table_read(table, file);
	fclose(file);
	if (ret != expected)
		printf("# %d, not %d\n", ret, expected);
	return ret == expected;
}

static bool test_rows(void)
{
	struct table table;
	char text[4096] = "";
	FILE *file = fmemopen(text, sizeof(text), "w");
	bool ok;

	if (!file)
		exit(1);
	fputs("results 1\n", file);
	put_row(file, 0, 0, 0, "(others)");
	put_row(file, 1, 50, 0, "/bin/busy");
	put_row(file, 1, 1, 2, "/bin/a b\\012\\134");
	fputs("call 1 3 20021 2 1000 8192 42 a b\\012\n", file);
	fputs("stack 7 2000 4096 20480 -1 3 1 3 a\\012\n", file);
	fclose(file);
	ok = read_text(&table, text, 0) && table.results &&
	     table.nr_rows == 2 &&
	     !strcmp(table.rows[0].program, "/bin/a b\n\\") &&
	     row_refused(&table.rows[0]) == 2 &&
	     row_growable(&table.rows[0]) == 0 && table.rows[0].nr_calls == 1 &&
	     table.rows[0].calls[0].flags == 0x20021 &&
	     table.rows[0].calls[0].address == 0x1000 &&
	     table.rows[0].calls[0].pid == 42 &&
	     !strcmp(table.rows[0].calls[0].thread, "a b\n") &&
	     row_requests(&table.rows[1], SHAPE_ANONYMOUS, NR_OUTCOMES) == 50 &&
	     table.rows[1].number[ROW_MAPPINGS] == 77 &&
	     table.rows[1].number[ROW_KIB] == 5000000000 &&
	     table.rows[1].number[ROW_SIZES + 1] == 1 &&
	     table.rows[1].number[ROW_PASSED] == NR_DEPTHS &&
	     table.rows[0].nr_stacks == 1 &&
	     table.rows[0].stacks[0].size == 20480 &&
	     table.rows[0].stacks[0].space == -1 &&
	     table.rows[0].stacks[0].reason == GROW_RLIMIT_STACK &&
	     !strcmp(table.rows[0].stacks[0].thread, "a\n") &&
	     table.rows[1].number[ROW_DENIED + GROW_RLIMIT_STACK - 1] == 2;
	table_free(&table);
	return ok;
}

static bool test_bad_rows(void)
{
	static const char *const texts[] = {
		"program 1 2 3\n",
		"nonsense\n",
		"program 0 0 - - - - - - - - - - -\n",
	};
	struct table table;
	bool ok = true;
	size_t i;

	for (i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		ok &= read_text(&table, texts[i], -EPROTO);
		table_free(&table);
	}
	return ok;
}

static bool is(char *got, const char *expected)
{
	bool ok = got ? expected && !strcmp(got, expected) : !expected;

	if (!ok)
		printf("# '%s', not '%s'\n", got, expected);
	free(got);
	return ok;
}

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static bool test_owners(void)
{
	static const struct {
		const char *path, *unit, *container;
	} cgroups[] = {
		{ "/", NULL, NULL },
		{ "/system.slice/nginx.service", "nginx.service", NULL },
		{ "/user.slice/user-0.slice/session-1.scope", "session-1.scope",
		  NULL },
		{ "/system.slice/docker-" ID ".scope", "docker-" ID ".scope",
		  "0123456789ab" },
		{ "/docker/" ID, NULL, "0123456789ab" },
		{ "/machine.slice/libpod-" ID ".scope/container",
		  "libpod-" ID ".scope", "0123456789ab" },
		{ "/kubepods.slice/kubepods-pod1.slice/cri-containerd-" ID
		  ".scope",
		  "cri-containerd-" ID ".scope", "0123456789ab" },
		{ "/machine.slice/machine-a\\x2db.scope/payload",
		  "machine-a\\x2db.scope", "a-b" },
		{ "/machine.slice/systemd-nspawn@web.service/payload/init.scope",
		  "init.scope", "web" },
		{ "/machine.slice", "machine.slice", NULL },
		{ "/lxc.payload.web/init.scope", "init.scope", "web" },
	};
	bool ok = true;
	size_t i;

	for (i = 0; i < sizeof(cgroups) / sizeof(*cgroups); i++) {
		ok &= is(unit_of(cgroups[i].path), cgroups[i].unit);
		ok &= is(container_of_cgroup(cgroups[i].path),
			 cgroups[i].container);
	}
	return ok;
}

static bool test_container_cgroup(void)
{
	static const char docker[] = "/system.slice/docker-" ID ".scope";

	return container_cgroup(docker) == sizeof(docker) - 1 &&
	       container_cgroup("/a.slice/machine-b.scope/payload/c") ==
		       strlen("/a.slice/machine-b.scope") &&
	       !container_cgroup("/system.slice/x.service") &&
	       !container_cgroup("/");
}

static unsigned long left_in(const char *text)
{
	/* Mapped from 0x5000 to 0x9000, grown to 0x2000. */
	const struct stack stack = { .end = 0x9000,
				     .mapped = 0x4000,
				     .size = 0x7000 };
	FILE *maps = fmemopen((void *)text, strlen(text), "r");
	unsigned long left;

	if (!maps)
		exit(1);
	left = leftover_in(maps, &stack);
	fclose(maps);
	return left;
}

static bool test_leftover(void)
{
	return left_in("2000-9000 rw-p 0 00:00 0\n") == 0 &&
	       /* glibc's: a guard that has grown, below the writable part */
	       left_in("2000-6000 ---p\n6000-9000 rw-p\n") == 0 &&
	       left_in("1000-2000 rw-p\n2000-5000 rw-p\na000-b000 rw-p\n") ==
		       0x3000 &&
	       left_in("2000-5000 ---p\n5000-9000 rw-p\n") == 0 &&
	       left_in("a000-b000 rw-p\n") == 0;
}

/* Each 50 ms a moment is offered, for more than a day. */
static bool test_timeline(void)
{
	struct counter_values counted = { { 0 } };
	struct timeline timeline = { 0 };
	long long ms, last = 0;
	bool ok = true;
	json_t *json;
	int i;

	for (ms = 50; ms < 100000000; ms += 50) {
		if (!timeline_wants(&timeline, ms))
			continue;
		counted.value[C_SEEN] = ms;
		counted.value[C_GROWN] = -1;
		timeline_note(&timeline, ms, &counted);
		ok &= timeline.count <= MAX_MOMENTS;
	}
	ok &= timeline.count >= MAX_MOMENTS / 2;
	for (i = 0; i < timeline.count; i++) {
		ms = timeline.moment[i].ms;
		ok &= ms == timeline.moment[i].seen && ms > last;
		ok &= ms - last <= 2 * timeline.period;
		last = ms;
	}
	ok &= last > 90000000;
	json = timeline_json(&timeline);
	ok &= json_array_size(json) == (size_t)timeline.count &&
	      json_is_null(json_array_get(json_array_get(json, 0), 3));
	json_decref(json);
	return ok;
}

enum { HEADER = 13, FORK = 5, WORDS = 32 };

/*
 * Makes a file as perf record writes it, in a byte order like ours, of words: a header;
 * a record of an execve() of a program of this name; another record; and a table of one
 * section, with that section. With @fork, a fork is before the execve(). Returns the
 * number of words.
 */
static size_t make_perf_file(uint64_t *words, const char *name, bool fork)
{
	const uint64_t exec = 1ULL << 45, pids = 7ULL << 32 | 7, time = 99;
	size_t length = strlen(name) / 8 + 1, n = HEADER;
	size_t records = (fork ? FORK : 0) + 2 + length + 1 + 2;

	memset(words, 0, WORDS * 8);
	words[0] = 0x32454c4946524550; /* the magic number */
	words[1] = HEADER * 8;
	words[5] = HEADER * 8; /* where the records are, and their bytes */
	words[6] = records * 8;
	words[9] = 1; /* one section follows them */
	if (fork) {
		words[n++] = FORK * 8ULL << 48 | exec | PERF_RECORD_FORK;
		words[n++] = pids;
		words[n++] = pids;
		n++;
		words[n++] = time;
	}
	words[n++] = (3 + length) * 8 << 48 | exec | PERF_RECORD_COMM;
	words[n++] = pids;
	memcpy(&words[n], name, strlen(name));
	n += length;
	words[n++] = time;
	words[n++] = 16ULL << 48 | PERF_RECORD_COMM;
	words[n++] = pids;
	words[n] = (n + 2) * 8; /* where the section is, and its bytes */
	words[n + 1] = 8;
	words[n + 2] = 0x1234;
	return n + 3;
}

static void write_words(const char *path, const uint64_t *words, size_t count)
{
	FILE *file = fopen(path, "w");

	if (!file || fwrite(words, 8, count, file) != count || fclose(file))
		exit(1);
}

static bool has_words(const char *path, const uint64_t *words, size_t count)
{
	uint64_t read[2 * WORDS];
	FILE *file = fopen(path, "r");
	bool ok;

	if (!file)
		exit(1);
	ok = fread(read, 8, 2 * WORDS, file) == count &&
	     !memcmp(read, words, count * 8);
	fclose(file);
	return ok;
}

/* Whether a file that is damaged stays as it is, alone. */
static bool stays(const char *path, const uint64_t *words, size_t count)
{
	char edited[64];

	snprintf(edited, sizeof(edited), "%s.new", path);
	write_words(path, words, count);
	return perf_data_forget(path) && has_words(path, words, count) &&
	       access(edited, F_OK);
}

static bool test_perf_data(void)
{
	static const char *const names[] = { "n", "7 bytes", "8 bytes.",
					     "15 bytes, as the" };
	uint64_t before[WORDS], after[WORDS];
	char path[] = "/tmp/recorder-XXXXXX";
	size_t count = 0, i;
	bool ok = true;

	close(mkstemp(path));
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		count = make_perf_file(before, names[i], false);
		write_words(path, before, count);
		ok &= !perf_data_forget(path);
		count = make_perf_file(after, names[i], true);
		ok &= has_words(path, after, count);
	}
	ok &= stays(path, before, HEADER + 4);
	before[6] -= 8;
	ok &= stays(path, before, count - FORK);
	before[0]++;
	ok &= stays(path, before, count - FORK);
	unlink(path);
	return ok && perf_data_forget(path);
}

int main(void)
{
	ktap_plan(7);
	ktap_result(test_rows(), "rows, and the calls that follow them");
	ktap_result(test_bad_rows(), "a line that is not a row is an error");
	ktap_result(test_owners(), "units and containers");
	ktap_result(test_container_cgroup(), "the cgroup of a whole container");
	ktap_result(test_leftover(),
		    "what stayed of a stack that was unmapped");
	ktap_result(test_timeline(),
		    "a time line of any length: bounded, and in order");
	ktap_result(test_perf_data(),
		    "perf's file: a fork at each exec, or it is as it was");
	return ktap_end();
}
