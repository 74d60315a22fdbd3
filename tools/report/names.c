// SPDX-License-Identifier: GPL-2.0-only
/* Words for numbers. See names.h. */

#include <linux/mman.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>

#include "report/names.h"

/* The C library of bookworm does not have it. */
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif

const char *const shape_names[NR_SHAPES] = {
	[SHAPE_ANONYMOUS] = "anonymous", [SHAPE_SHARED] = "shared",
	[SHAPE_FILE] = "file",		 [SHAPE_HUGETLB] = "hugetlb",
	[SHAPE_DROPPABLE] = "droppable",
};

const char *const outcome_names[NR_OUTCOMES] = {
	[OUTCOME_TRANSLATED] = "translated", [OUTCOME_ALREADY] = "already",
	[OUTCOME_REFUSED] = "refused",	     [OUTCOME_SPARED] = "spared",
	[OUTCOME_OBSERVED] = "observed",
};

const char *const depth_names[NR_DEPTHS] = {
	"16 KiB", "64 KiB", "256 KiB", "1 MiB",
	"4 MiB",  "16 MiB", "64 MiB",  "more",
};

const char *const reason_names[NR_GROW_REASONS] = {
	[GROW_DONE] = "done",		[GROW_MIN_ADDR] = "min_addr",
	[GROW_GUARD_GAP] = "guard_gap", [GROW_RLIMIT_STACK] = "rlimit_stack",
	[GROW_MEMORY] = "memory",
};

struct bit {
	uint64_t bit;
	const char *name;
};

#define BIT(name) { name, #name }

static const struct bit prot_bits[] = {
	BIT(PROT_READ),
	BIT(PROT_WRITE),
	BIT(PROT_EXEC),
	{ 0, NULL },
};

static const struct bit flag_bits[] = {
	BIT(MAP_ANONYMOUS), BIT(MAP_STACK),	 BIT(MAP_HUGETLB),
	BIT(MAP_GROWSDOWN), BIT(MAP_FIXED),	 BIT(MAP_FIXED_NOREPLACE),
	BIT(MAP_NORESERVE), BIT(MAP_LOCKED),	 BIT(MAP_POPULATE),
	BIT(MAP_NONBLOCK),
#ifdef MAP_SYNC /* parisc does not have it */
	BIT(MAP_SYNC),
#endif
#ifdef MAP_32BIT
	BIT(MAP_32BIT),
#endif
	BIT(MAP_DENYWRITE), BIT(MAP_EXECUTABLE), { 0, NULL },
};

static const struct bit types[] = {
	BIT(MAP_SHARED),    BIT(MAP_PRIVATE), BIT(MAP_SHARED_VALIDATE),
	BIT(MAP_DROPPABLE), { 0, NULL },
};

/* Text that grows in a buffer and is cut at its end. */
struct text {
	char *buf;
	size_t size, len;
};

static void __attribute__((format(printf, 2, 3))) add(struct text *text,
						      const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->buf + text->len, text->size - text->len, format,
		      args);
	va_end(args);
	text->len += n;
	if (text->len >= text->size)
		text->len = text->size - 1;
}

static void add_bits(struct text *text, uint64_t value, const struct bit *bits,
		     const char *separator)
{
	for (; bits->name; bits++) {
		if (!(value & bits->bit))
			continue;
		add(text, "%s%s", separator, bits->name);
		value &= ~bits->bit;
		separator = "|";
	}
	if (value)
		add(text, "%s0x%llx", separator, (unsigned long long)value);
}

static void add_type(struct text *text, uint64_t type)
{
	const struct bit *known;

	for (known = types; known->name; known++)
		if (known->bit == type)
			break;
	if (known->name)
		add(text, "%s", known->name);
	else
		add(text, "0x%llx", (unsigned long long)type);
}

const char *call_text(char *buf, size_t size, bool has_addr, uint64_t len,
		      uint64_t prot, uint64_t flags)
{
	struct text text = { buf, size, 0 };

	add(&text, "mmap(%s, %llu, ", has_addr ? "ADDR" : "NULL",
	    (unsigned long long)len);
	if (prot)
		add_bits(&text, prot, prot_bits, "");
	else
		add(&text, "PROT_NONE");
	add(&text, ", ");
	add_type(&text, flags & MAP_TYPE);
	add_bits(&text, flags & ~(uint64_t)MAP_TYPE, flag_bits, "|");
	add(&text, ")");
	return buf;
}
