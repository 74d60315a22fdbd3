// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures which mappings get huge pages, by their flags, madvise() and the
 * setting.
 */

#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define SETTING "/sys/kernel/mm/transparent_hugepage/enabled"
#define HUGE (2 * MIB)
#define SIZE (8 * MIB)
#define ROOM (64 * MIB)

struct kind {
	const char *name;
	int flags;
};

static const struct kind kinds[] = {
	{ "plain", 0 },
	{ "stack", MAP_STACK },
	{ "growsdown", MAP_GROWSDOWN },
	{ "stack-growsdown", MAP_STACK | MAP_GROWSDOWN },
};

/* Returns a number that smaps has for the mapping at an address. */
static long smaps_field(const void *addr, const char *name)
{
	static char text[1 << 18];
	char start[32], *at;

	if (guest_read("/proc/self/smaps", text, sizeof(text)) < 0)
		guest_die("cannot read smaps");
	snprintf(start, sizeof(start), "\n%lx-", (unsigned long)addr);
	at = strstr(text, start);
	at = at ? strstr(at, name) : NULL;
	if (!at)
		guest_die("no %s in smaps", name);
	return strtol(at + strlen(name), NULL, 10);
}

static void measure(const char *setting, const struct kind *kind, int advise)
{
	const char *advice = advise ? "madvised" : "unadvised";
	struct mapping mapping;
	unsigned long room;
	char *addr;

	room = (unsigned long)measure_room(ROOM + HUGE);
	addr = mmap((void *)((room + ROOM / 2) & ~(HUGE - 1)), SIZE,
		    PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | kind->flags, -1, 0);
	if (addr == MAP_FAILED)
		guest_die("mmap");
	if (advise && madvise(addr, SIZE, MADV_HUGEPAGE))
		guest_die("madvise");
	guest_mapping(addr, &mapping);
	if (!advise)
		measure_word(guest_has_vmflag(&mapping, "nh") ? "yes" : "no",
			     "%s.%s.no-huge-pages-flag", setting, kind->name);
	memset(addr, 1, SIZE);
	measure_number(smaps_field(addr, "THPeligible:"), "%s.%s.%s.eligible",
		       setting, kind->name, advice);
	measure_number(smaps_field(addr, "AnonHugePages:"), "%s.%s.%s.huge.KiB",
		       setting, kind->name, advice);
	munmap(addr, SIZE);
}

int main(void)
{
	static const char *const settings[] = { "madvise", "always" };
	char usual[64], word[16];
	size_t i, j;

	if (guest_read(SETTING, usual, sizeof(usual)) < 0)
		guest_die("cannot read " SETTING);
	if (sscanf(strchr(usual, '[') + 1, "%15[a-z]", word) != 1)
		guest_die("cannot understand %s", usual);
	measure_word(word, "setting-of-this-kernel");
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		guest_write(SETTING, settings[i]);
		for (j = 0; j < ARRAY_SIZE(kinds); j++) {
			measure(settings[i], &kinds[j], 0);
			measure(settings[i], &kinds[j], 1);
		}
	}
	guest_write(SETTING, word);
	return 0;
}
