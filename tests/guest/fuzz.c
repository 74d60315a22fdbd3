// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes at random to the files of sysfs: correct words, nearly correct words,
 * and bytes.
 *
 * A model says what each write must return and what must be read afterwards. An
 * error must change nothing. fuzz_seconds in the environment sets the duration.
 * The seed is printed; fuzz_seed sets it.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

#define SECONDS 4
#define CGROUP "/sys/fs/cgroup/fuzz"
#define LONGEST 8192 /* more than sysfs takes in one write */

/* The model of the settings in force. */
struct state {
	bool enabled;
	unsigned int policy;
	char scope[64];
};

static const char *const policies[] = { "observe", "paired", "fitting",
					"private", "rfc" };
static const char *const policy_texts[] = {
	"[observe] paired fitting private rfc",
	"observe [paired] fitting private rfc",
	"observe paired [fitting] private rfc",
	"observe paired fitting [private] rfc",
	"observe paired fitting private [rfc]"
};

static struct state state = { .policy = ARRAY_SIZE(policies) - 1,
			      .scope = "all" };

/* The bytes to write, and the NUL that sysfs puts after them. */
static char text[LONGEST + 1];
static size_t length;

/* Whether the text is a word, with or without a newline. */
static bool text_is(const char *word)
{
	size_t n = strlen(word);

	return !strncmp(text, word, n) &&
	       (!text[n] || (text[n] == '\n' && !text[n + 1]));
}

/* Each of these applies the text to the state, if it is correct. */

static bool model_enabled(void)
{
	static const char *const words[] = { "0",   "1",   "n",	    "y",
					     "no",  "yes", "f",	    "t",
					     "off", "on",  "false", "true" };
	size_t len = strcspn(text, "\n"), i;

	for (i = 0; i < ARRAY_SIZE(words); i++)
		if (strlen(words[i]) == len && (!text[len] || !text[len + 1]) &&
		    !strncasecmp(text, words[i], len)) {
			state.enabled = i % 2;
			return true;
		}
	return false;
}

static bool model_policy(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(policies); i++)
		if (text_is(policies[i])) {
			state.policy = i;
			return true;
		}
	return false;
}

/* Only PID 1 and this process certainly exist. */
static bool model_scope(void)
{
	char own[32];

	snprintf(own, sizeof(own), "pid:%d", getpid());
	if (!text_is("all") && !text_is("pid:1") && !text_is(own) &&
	    !(guest_has_cgroups() &&
	      (text_is("cgroup:/") || text_is("cgroup:/fuzz"))))
		return false;
	snprintf(state.scope, sizeof(state.scope), "%.*s",
		 (int)strcspn(text, "\n"), text);
	return true;
}

static bool model_reset(void)
{
	return text_is("1");
}

static bool model_refused(void)
{
	return false;
}

static const struct file {
	const char *name;
	bool (*model)(void);
	const char *words[6];
} files[] = {
	{ "enabled", model_enabled, { "0", "1", "on", "off", "y", "N" } },
	{ "policy",
	  model_policy,
	  { "observe", "paired", "fitting", "private", "rfc" } },
	{ "scope",
	  model_scope,
	  { "all", "pid:1", "cgroup:/", "cgroup:/fuzz", "pid:0", "pid:" } },
	{ "reset", model_reset, { "1", "0" } },
	{ "counters/seen", model_refused, { "0", "1" } },
	{ "counters/grown", model_refused, { "0" } },
};

/* Whether a text that the model refuses may name an existing process or cgroup. */
static bool is_unsure(const struct file *file)
{
	return file->model == model_scope &&
	       (!strncmp(text, "pid:", 4) || !strncmp(text, "cgroup:/", 8));
}

static void damage_text(void)
{
	size_t at = length ? rand() % length : 0;

	switch (rand() % 6) {
	case 0: /* cut */
		length = at;
		break;
	case 1: /* another byte */
		text[at] = rand();
		break;
	case 2: /* more */
		text[length++] = "\n\t ,:/0"[rand() % 7];
		break;
	case 3: /* upper case */
		text[at] ^= 0x20;
		break;
	case 4: /* twice */
		memcpy(text + length, text, length);
		length *= 2;
		break;
	default: /* a NUL inside */
		text[at] = '\0';
		break;
	}
}

static void make_text(const struct file *file)
{
	size_t words = 0, i;

	memset(text, 0, sizeof(text));
	while (words < ARRAY_SIZE(file->words) && file->words[words])
		words++;
	length = 0;
	if (rand() % 8) {
		length = sprintf(text, "%s%s", file->words[rand() % words],
				 rand() % 2 ? "\n" : "");
		for (i = rand() % 3; i > 0; i--)
			damage_text();
	} else {
		length = rand() % (rand() % 4 ? 40 : LONGEST);
		for (i = 0; i < length; i++)
			text[i] = rand();
	}
	memset(text + length, 0, sizeof(text) - length);
}

/* Returns 0 or -errno; a write that sysfs cut short is an error. */
static int write_text(const char *name)
{
	char path[128];
	ssize_t n;
	int fd, ret;

	snprintf(path, sizeof(path), MAPSTACK_DIR "%s", name);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, length);
	ret = n < 0 ? -errno : 0;
	close(fd);
	return ret;
}

static bool state_is_read(void)
{
	return mapstack_is("enabled", state.enabled ? "1" : "0") &&
	       mapstack_is("policy", policy_texts[state.policy]) &&
	       mapstack_is("scope", state.scope);
}

/* Called after a text that the model is not sure of was accepted. */
static void settle_state(void)
{
	mapstack_set("scope", "all");
	snprintf(state.scope, sizeof(state.scope), "all");
}

static bool fuzz_once(void)
{
	/* The first file takes long, so it is chosen less often. */
	size_t first = rand() % 16 ? 1 : 0;
	const struct file *file =
		&files[first + rand() % (ARRAY_SIZE(files) - first)];
	size_t page = sysconf(_SC_PAGESIZE);
	bool accepted;
	int ret;

	make_text(file);
	ret = write_text(file->name);
	/* An empty write does not reach the module. */
	if (!length)
		return state_is_read();
	/* sysfs takes at most a page. */
	if (page < sizeof(text))
		text[page] = '\0';
	/* A NUL ends the text, so a text with one inside is refused. */
	accepted = strlen(text) == (length < page ? length : page) &&
		   file->model();
	if (!accepted && !ret && is_unsure(file)) {
		settle_state();
		return true;
	}
	if (accepted == !ret && state_is_read())
		return true;
	ktap_note("%s: '%.60s' (%zu bytes): %s, the model says %s", file->name,
		  text, length, strerror(-ret), accepted ? "yes" : "no");
	return false;
}

int main(void)
{
	time_t end = time(NULL) + guest_option("fuzz_seconds", SECONDS);
	unsigned int seed = guest_option("fuzz_seed", time(NULL));
	unsigned long writes = 0;
	bool passed = true;

	ktap_plan(2);
	ktap_note("fuzz_seed=%u", seed);
	srand(seed);
	mkdir(CGROUP, 0755);
	guest_load("mapstack", "");
	while (passed && time(NULL) < end) {
		passed = fuzz_once();
		writes++;
	}
	ktap_note("%lu writes", writes);
	ktap_result(passed && writes > 100,
		    "each write does what the model says, or nothing");
	guest_unload("mapstack");
	rmdir(CGROUP);
	ktap_result(access(MAPSTACK_DIR, F_OK) && !guest_hooked("do_mmap"),
		    "nothing is left");
	return ktap_end();
}
