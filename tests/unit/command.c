// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests the parts of tools/ that need no kernel: doctor's judgement, the words
 * for a call, and safe names.
 */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ktap.h"
#include "machine/doctor.h"
#include "machine/files.h"
#include "report/names.h"
#include "report/text.h"

static bool same(const char *got, const char *expected)
{
	if (!strcmp(got, expected))
		return true;
	printf("# '%s', not '%s'\n", got, expected);
	return false;
}

#define set_text(array, text) snprintf(array, sizeof(array), "%s", text)

/* A machine on which everything works. */
static const struct facts sound = {
	.release = "6.12",
	.root = true,
	.loaded = true,
	.modules = true,
	.built = true,
	.headers = true,
	.perf = true,
	.tracefs = true,
	.traceable = true,
	.cgroup2 = true,
	.settings = { .policy = "rfc", .scope = "all" },
};

/* Whether exactly these findings are made: their names, each with a space. */
static bool finds(const struct facts *facts, const char *expected)
{
	struct finding findings[MAX_FINDINGS];
	char names[512] = "";
	int count, i;

	count = facts_judge(facts, findings);
	for (i = 0; i < count; i++) {
		strcat(names, findings[i].id);
		strcat(names, " ");
		if (!*findings[i].text || !*findings[i].remedy)
			return false;
	}
	return same(names, expected);
}

static bool test_doctor(void)
{
	struct facts facts = sound;
	bool ok = finds(&facts, "");

#define FINDS(change, expected) \
	(facts = sound, change, ok &= finds(&facts, expected))
	FINDS(facts.loaded = false, "not-loaded ");
	FINDS((facts.loaded = false, facts.built = false), "not-built ");
	FINDS((facts.loaded = false, facts.signed_only = true),
	      "not-loaded unsigned ");
	FINDS(facts.signed_only = true, "");
	FINDS((facts.loaded = false, facts.modules = false), "not-rebooted ");
	FINDS(facts.modules = false, "");
	FINDS((facts.loaded = false, facts.modules_disabled = true),
	      "modules-disabled ");
	FINDS(facts.modules_disabled = true, "");
	FINDS(set_text(facts.other_version, "0.0.1"), "other-version ");
	FINDS(set_text(facts.installed, "0.0.1"), "not-reloaded ");
	FINDS((facts.confidential = true, facts.tracefs = false,
	       facts.traceable = false),
	      "locked-down ");
	FINDS(facts.perf = false, "no-perf ");
	FINDS(facts.ftrace_off = true, "ftrace-off ");
	FINDS(facts.tracefs = false, "no-tracefs ");
	FINDS(facts.traceable = false, "not-traceable ");
	FINDS((facts.traceable = false, facts.root = false), "not-root ");
	FINDS(facts.proof = PROOF_SILENT, "hook-silent ");
	FINDS(facts.proof = PROOF_UNDONE, "hook-undone ");
	FINDS(facts.proof = PROOF_WORKS, "");
	FINDS(facts.users = 1, "other-user ");
	FINDS((facts.users = 1, facts.settings.enabled = true), "");
	FINDS((facts.users = 2, facts.settings.enabled = true), "other-user ");
	FINDS(facts.kprobes = 1, "other-user ");
	FINDS(facts.counters.value[C_GROWN] = -1, "growth-unknown ");
	FINDS(facts.kprobes_off = true, "kprobes-off ");
	FINDS(facts.counters.value[C_GROW_MISSED] = 1, "growth-missed ");
	FINDS(facts.cgroup2 = false, "no-cgroup2 ");
	FINDS(facts.killed = true, "run-killed ");
	FINDS(facts.scope_gone = true, "scope-gone ");
	return ok;
}

static const struct {
	bool has_addr;
	unsigned long long len, prot, flags;
	const char *text;
} calls[] = {
	{ false, 65536, 3, 0x20021,
	  "mmap(NULL, 65536, PROT_READ|PROT_WRITE, MAP_SHARED|MAP_ANONYMOUS|MAP_STACK)" },
	{ true, 1, 0, 0x20002,
	  "mmap(ADDR, 1, PROT_NONE, MAP_PRIVATE|MAP_STACK)" },
	{ false, 1, 8, 0x4002000c,
	  "mmap(NULL, 1, 0x8, 0xc|MAP_STACK|0x40000000)" },
};

static bool test_calls(void)
{
	char text[512], tiny[8];
	bool ok = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(calls); i++) {
		call_text(text, sizeof(text), calls[i].has_addr, calls[i].len,
			  calls[i].prot, calls[i].flags);
		ok &= same(text, calls[i].text);
	}
	call_text(tiny, sizeof(tiny), false, 1, 0, 0x20002);
	return ok && same(tiny, "mmap(NU");
}

/* Text that acts on a terminal or is not UTF-8, and what must be printed. */
static const struct {
	const char *raw, *safe;
} names[] = {
	{ "a\"\\ \xc3\xa4\xe2\x82\xac\xf0\x9f\x90\xa7", NULL },
	{ "\x1b[2J\x07\x7f", "\\x1b[2J\\x07\\x7f" },
	{ "a\n    0 refused", "a\\x0a    0 refused" },
	{ "\xc2\x9bK", "\\xc2\\x9bK" }, /* C1 */
	{ "\xe2\x80\xaegpj", "\\xe2\\x80\\xaegpj" }, /* right to left */
	{ "\xff\xc3", "\\xff\\xc3" },
	{ "\xc0\xaf\xe0\x80\xaf", "\\xc0\\xaf\\xe0\\x80\\xaf" }, /* too long */
	{ "\xed\xa0\x80", "\\xed\\xa0\\x80" }, /* a surrogate */
	{ "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" }, /* beyond 10ffff */
	{ "\xf5\x80\x80\x80", "\\xf5\\x80\\x80\\x80" },
};

static bool test_names(void)
{
	const char *safe;
	bool ok = true;
	json_t *json;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		safe = names[i].safe ?: names[i].raw;
		json = text_json(names[i].raw);
		ok &= same(json_string_value(json) ?: "none", safe);
		json_decref(json);
	}
	return ok;
}

int main(void)
{
	ktap_plan(3);
	ktap_result(test_doctor(), "doctor: each finding from its fact alone");
	ktap_result(test_calls(), "a call as text");
	ktap_result(test_names(),
		    "names that act on a terminal or are not UTF-8");
	return ktap_end();
}
