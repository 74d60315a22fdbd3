// SPDX-License-Identifier: GPL-2.0-only
/* The module under test. See mapstack.h. */

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "mapstack.h"

/* Replaces the scope "all" by guest_scope() if others use the machine. */
static const char *in_scope(const char *file, const char *text)
{
	bool all = !strcmp(file, "scope") && !strcmp(text, "all");

	return all && guest_scope() ? guest_scope() : text;
}

int mapstack_write(const char *file, const char *text)
{
	char path[128];

	text = in_scope(file, text);
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

/* The module's parameters and its files have the same names. */
static void set_params(const char *params)
{
	char copy[128], *rest = copy, *word, *value;

	snprintf(copy, sizeof(copy), "%s", params);
	while ((word = strsep(&rest, " "))) {
		value = strchr(word, '=');
		if (!value)
			continue;
		*value++ = '\0';
		mapstack_set(word, value);
	}
}

void mapstack_load(const char *params)
{
	if (!guest_scope()) {
		guest_load("mapstack", params);
		return;
	}
	mapstack_set("enabled", "0");
	/* A program that died may have left it, with its settings. */
	rmdir(TRACE_INSTANCE);
	guest_count_others();
	mapstack_set("scope", "all");
	mapstack_set("policy", "rfc");
	mapstack_set("reset", "1");
	set_params(params);
}

void mapstack_unload(void)
{
	if (guest_scope())
		mapstack_set("enabled", "0");
	else
		guest_unload("mapstack");
}

static pid_t elsewhere;

void mapstack_scope_elsewhere(void)
{
	char scope[32];

	elsewhere = fork();
	if (!elsewhere) {
		pause();
		_exit(0);
	}
	snprintf(scope, sizeof(scope), "pid:%d", elsewhere);
	mapstack_set("scope", scope);
}

void mapstack_scope_again(void)
{
	mapstack_set("scope", "all");
	kill(elsewhere, SIGKILL);
	waitpid(elsewhere, NULL, 0);
}

/* Ends the program if the file cannot be read. */
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

	expected = in_scope(file, expected);
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

	if (guest_scope() && !strcmp(name, "out_of_scope") && value > expected)
		return true;
	if (value != expected)
		printf("# %s reads %lu, not %lu\n", name, value, expected);
	return value == expected;
}

/* The functions that the module hooks on this architecture or another. */
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
