// SPDX-License-Identifier: GPL-2.0-only
/* The part of a report that describes the machine. See header.h. */

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "header.h"
#include "machine/files.h"
#include "report/safe.h"

/* Beginnings of the options that decide how the module attaches and works. */
static const char *const symbols[] = {
	"CC_VERSION_TEXT",
	"CFI",
	"DYNAMIC_FTRACE",
	"FRAME_POINTER",
	"FUNCTION_",
	"HUGETLBFS",
	"KPROBE",
	"KRETPROBE",
	"LIVEPATCH",
	"LTO_",
	"MODULE_SIG_FORCE",
	"PAGE_SIZE_",
	"PREEMPT",
	"SECURITY_LOCKDOWN",
	"SHADOW_CALL_STACK",
	"SMP",
	"STACK_GROWSUP",
	"TRANSPARENT_HUGEPAGE",
	"UNWINDER_",
	"X86_KERNEL_IBT",
};

static void print_line(const char *name, const char *text)
{
	printf("# %s: ", name);
	text_put(stdout, text);
	putchar('\n');
}

/* Finds the value of a name in a line "NAME=value" or "name : value". */
static const char *value_of(char *line, const char *name)
{
	size_t len = strlen(name);
	char *at = line + len;

	if (strncmp(line, name, len))
		return NULL;
	at += strspn(at, " \t");
	if (*at != '=' && *at != ':')
		return NULL;
	at += 1 + strspn(at + 1, " \t\"");
	at[strcspn(at, "\"\n")] = '\0';
	return at;
}

/* Prints the first value of a name in a file; returns whether there is one. */
static bool print_value(const char *path, const char *name, const char *title)
{
	char *text = file_read_all(path), *rest = text, *line;
	const char *value = NULL;

	while (!value && (line = strsep(&rest, "\n")))
		value = value_of(line, name);
	if (value)
		print_line(title, value);
	free(text);
	return value;
}

/* Architectures have different names for it. */
static void print_processor(void)
{
	static const char *const names[] = { "model name", "cpu model",
					     "cpu",	   "uarch",
					     "isa",	   "CPU part",
					     "vendor_id" };
	size_t i = 0;

	while (i < ARRAY_SIZE(names) &&
	       !print_value("/proc/cpuinfo", names[i], "processor"))
		i++;
	printf("# CPUs: %ld, pages of %ld bytes\n",
	       sysconf(_SC_NPROCESSORS_ONLN), sysconf(_SC_PAGESIZE));
}

static bool is_named(const char *line)
{
	size_t i;

	if (strncmp(line, "CONFIG_", 7))
		return false;
	for (i = 0; i < ARRAY_SIZE(symbols); i++)
		if (!strncmp(line + 7, symbols[i], strlen(symbols[i])))
			return true;
	return false;
}

static void print_symbols(FILE *file)
{
	char line[512];

	while (fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (is_named(line))
			print_line("configuration", line);
	}
}

/* Distributions put it in one of these places. */
static void print_configuration(const char *release)
{
	static const char *const places[] = {
		"/boot/config-%s",
		"/lib/modules/%s/config",
		"/usr/lib/kernel/config-%s",
		"/lib/modules/%s/build/.config",
	};
	char path[256];
	FILE *file = NULL;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(places) && !file; i++) {
		snprintf(path, sizeof(path), places[i], release);
		file = fopen(path, "re");
	}
	if (file) {
		print_symbols(file);
		fclose(file);
		return;
	}
	file = popen("gzip -dc /proc/config.gz 2>/dev/null", "re");
	if (file) {
		print_symbols(file);
		if (!pclose(file))
			return;
	}
	print_line("configuration", "not found");
}

void header_print(void)
{
	struct utsname name;
	char text[256] = "";

	uname(&name);
	file_read("/sys/module/mapstack/version", text, sizeof(text));
	print_line("mapstack", MAPSTACK_VERSION);
	print_line("module", text);
	print_line("kernel", name.release);
	print_line("version", name.version);
	print_line("architecture", name.machine);
	print_value("/etc/os-release", "PRETTY_NAME", "system");
	print_processor();
	print_configuration(name.release);
}
