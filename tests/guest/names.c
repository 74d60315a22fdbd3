// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests that no function or variable of the module has the name of one in the
 * kernel. A backtrace, a kprobe or a header of the next release could mean the
 * other one.
 */

#define _GNU_SOURCE
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

static char names[1024][64];
static size_t nr_names;

/*
 * The compiler and the kernel's macros choose some names. Each object has a
 * _sub_I_ and a _sub_D_ where KASAN registers its variables.
 */
static bool is_ours(const char *name)
{
	return strncmp(name, "__", 2) && !strpbrk(name, ".$") &&
	       strncmp(name, "_sub_", 5) && strcmp(name, "init_module") &&
	       strcmp(name, "cleanup_module") && strcmp(name, "orc_header");
}

static void add_name(const char *name, const char *module)
{
	if (strcmp(module, "[mapstack]") || !is_ours(name))
		return;
	if (nr_names == ARRAY_SIZE(names))
		guest_die("more than %zu names", nr_names);
	snprintf(names[nr_names++], sizeof(names[0]), "%s", name);
}

static int compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

static unsigned int shared;

/* The lines of the kernel's own symbols have no module. */
static void look_up(const char *name, const char *module)
{
	char key[sizeof(names[0])];

	snprintf(key, sizeof(key), "%s", name);
	if (*module || !bsearch(key, names, nr_names, sizeof(key), compare))
		return;
	ktap_note("the kernel has a %s, too", name);
	shared++;
}

/*
 * Returns how many symbols there are. parisc's kernels are built for size, so
 * inline functions of headers become local symbols, both in the kernel and in
 * the module. There the kernel's symbols are left out.
 */
static unsigned long visit_symbols(void (*visit)(const char *name,
						 const char *module))
{
	FILE *file = fopen("/proc/kallsyms", "r");
	char line[1024], name[512], module[64];
	unsigned long symbols = 0;
	char type;

	if (!file)
		guest_die("cannot open kallsyms");
	while (fgets(line, sizeof(line), file)) {
		*module = '\0';
		if (sscanf(line, "%*s %c %511s %63s", &type, name, module) < 2)
			continue;
		if (STACKS_GROW_UP && !*module && !isupper(type))
			continue;
		visit(name, module);
		symbols++;
	}
	fclose(file);
	return symbols;
}

int main(void)
{
	unsigned long symbols;

	ktap_plan(1);
	guest_load("mapstack", "");
	visit_symbols(add_name);
	qsort(names, nr_names, sizeof(names[0]), compare);
	symbols = visit_symbols(look_up);
	ktap_note("%zu names of %lu", nr_names, symbols);
	ktap_result(nr_names > 50 && symbols > 1000 && !shared,
		    "no name of the module is one of the kernel's");
	guest_unload("mapstack");
	return ktap_end();
}
