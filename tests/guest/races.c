// SPDX-License-Identifier: GPL-2.0-only
/*
 * Does everything that mapstack reads and writes, at the same time and as often
 * as possible, so that KCSAN can find data races. KCSAN must also find a race
 * that was made on purpose; otherwise its silence proves nothing. Needs a
 * kernel with CONFIG_KCSAN.
 *
 * races_seconds in the environment sets the duration.
 */

#define _GNU_SOURCE
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

#define KCSAN "/sys/kernel/debug/kcsan"
#define RACE "/sys/module/race/parameters/race"
#define SECONDS 60
#define FIND_SECONDS 300 /* a race is found by chance */

static const char *const names[] = {
	"KCSAN finds a race that is there",
	"KCSAN finds no race in mapstack",
};

/* Reads on in the log: whether a report is about a function of a module. */
static bool is_reported(int log, const char *module)
{
	char record[2048];
	ssize_t n;

	while ((n = read(log, record, sizeof(record) - 1)) > 0) {
		record[n] = '\0';
		if (!strstr(record, "BUG: KCSAN: ") || !strstr(record, module))
			continue;
		ktap_note("%.*s", (int)strcspn(record, "\n"), record);
		return true;
	}
	return false;
}

static bool test_race(void)
{
	time_t end = time(NULL) + FIND_SECONDS;
	int log = guest_log_open();
	bool found = false;
	char text[16];

	guest_load("race", "");
	while (!found && time(NULL) < end) {
		if (guest_read(RACE, text, sizeof(text)) < 0)
			guest_die("cannot read " RACE);
		found = is_reported(log, "race_add [race]");
	}
	guest_unload("race");
	close(log);
	return found;
}

static void read_once(void)
{
	static const char *const files[] = {
		"enabled",
		"policy",
		"scope",
		"counters/seen",
		"counters/translated",
		"counters/shape_anonymous",
		"counters/out_of_scope",
		"counters/grown",
		"counters/grow_missed",
	};
	static size_t n;
	char path[64], text[64];

	snprintf(path, sizeof(path), MAPSTACK_DIR "%s",
		 files[n++ % ARRAY_SIZE(files)]);
	if (guest_read(path, text, sizeof(text)) < 0)
		guest_die("cannot read %s", path);
}

static void write_once(void)
{
	static const struct {
		const char *file, *text;
	} writes[] = {
		{ "policy", "rfc" },	 { "scope", "all" },
		{ "policy", "private" }, { "scope", "pid:1" },
		{ "policy", "observe" }, { "scope", "cgroup:/" },
		{ "reset", "1" },
	};
	static size_t n;
	size_t i = n++ % ARRAY_SIZE(writes);

	mapstack_set(writes[i].file, writes[i].text);
}

static void switch_once(void)
{
	static unsigned int n;

	mapstack_set("enabled", n++ % 4 ? "1" : "0");
}

/* Maps a page and grows it by another, if it can. */
static void map_once(void)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	char *stack = guest_map_stack();

	guest_touch(stack - page);
	munmap(stack - page, 2 * page);
}

static void (*const jobs[])(void) = {
	read_once, write_once, switch_once, map_once, map_once,
};

/* Runs each job in a process, over and over. */
static bool run_jobs(unsigned int seconds)
{
	pid_t pids[ARRAY_SIZE(jobs)];
	bool passed = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		pids[i] = fork();
		while (!pids[i])
			jobs[i]();
	}
	sleep(seconds);
	for (i = 0; i < ARRAY_SIZE(jobs); i++) {
		int status;

		kill(pids[i], SIGKILL);
		if (waitpid(pids[i], &status, 0) == pids[i] &&
		    WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL)
			continue;
		ktap_note("job %zu ended by itself", i);
		passed = false;
	}
	return passed;
}

static bool test_mapstack(void)
{
	int log = guest_log_open();
	bool passed;

	guest_load("mapstack", "enabled=1");
	passed = run_jobs(guest_option("races_seconds", SECONDS));
	guest_unload("mapstack");
	passed &= !is_reported(log, "[mapstack]");
	close(log);
	return passed;
}

int main(void)
{
	size_t i;

	ktap_plan(ARRAY_SIZE(names));
	if (access(KCSAN, F_OK)) {
		for (i = 0; i < ARRAY_SIZE(names); i++)
			ktap_skip("this kernel does not look for data races",
				  "%s", names[i]);
		return ktap_end();
	}
	ktap_result(test_race(), "%s", names[0]);
	ktap_result(test_mapstack(), "%s", names[1]);
	return ktap_end();
}
