// SPDX-License-Identifier: GPL-2.0-only
/* The module under test. See mapstack.h. */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "guest.h"
#include "mapstack.h"

int mapstack_write(const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), MAPSTACK_DIR "%s", file);
	return guest_write(path, text);
}

void mapstack_set(const char *file, const char *text)
{
	int ret = mapstack_write(file, text);

	if (ret) {
		errno = -ret;
		guest_die("cannot write %s to %s", text, file);
	}
}

/* Ends the program if it cannot be read. */
static void read_file(const char *file, char *text, size_t size)
{
	char path[128];
	int ret;

	snprintf(path, sizeof(path), MAPSTACK_DIR "%s", file);
	ret = guest_read(path, text, size);
	if (ret < 0) {
		errno = -ret;
		guest_die("cannot read %s", path);
	}
}

bool mapstack_is(const char *file, const char *expected)
{
	char text[128];

	read_file(file, text, sizeof(text));
	if (!strcmp(text, expected))
		return true;
	printf("# %s reads '%s', not '%s'\n", file, text, expected);
	return false;
}

unsigned long mapstack_counter(const char *name)
{
	char file[64], text[32];

	snprintf(file, sizeof(file), "counters/%s", name);
	read_file(file, text, sizeof(text));
	return strtoul(text, NULL, 10);
}

bool counter_is(const char *name, unsigned long expected)
{
	unsigned long value = mapstack_counter(name);

	if (value != expected)
		printf("# %s reads %lu, not %lu\n", name, value, expected);
	return value == expected;
}

/* What it hooks on this architecture or another. */
static bool anything_hooked(void)
{
	static const char *const functions[] = { "do_mmap", "mmap_region",
						 "expand_downwards" };
	bool any = false;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(functions); i++) {
		if (!guest_hooked(functions[i]))
			continue;
		printf("# %s() is hooked\n", functions[i]);
		any = true;
	}
	return any;
}

static bool stacks_grow(void)
{
	bool grow = guest_stack_grows();

	if (grow)
		printf("# MAP_STACK makes a growable mapping\n");
	return grow;
}

bool mapstack_is_off(void)
{
	bool off = mapstack_is("enabled", "0");

	return !anything_hooked() & !stacks_grow() & off;
}

bool mapstack_is_gone(void)
{
	static const char *const places[] = {
		"/sys/module/mapstack",
		MAPSTACK_DIR,
		TRACEFS_DIR "events/mapstack",
	};
	bool gone = true;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		if (access(places[i], F_OK))
			continue;
		printf("# %s is left\n", places[i]);
		gone = false;
	}
	return !anything_hooked() & !stacks_grow() & gone;
}
