// SPDX-License-Identifier: GPL-2.0-only
/* Generated mmap() calls. See calls.h. */

#define _GNU_SOURCE
#define _FILE_OFFSET_BITS 64
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <linux/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "calls.h"
#include "guest.h"

/* 9651fcedf7b9 (6.11); the C library's headers may be older. */
#ifndef MAP_DROPPABLE
#define MAP_DROPPABLE 0x08
#endif

/*
 * Calls that name an address map here: above every static program, and below
 * what the kernel places itself. MAP_FIXED may replace anything here.
 */
#define ARENA 0x60000000UL
#define ARENA_PAGES 4096

#define HUGE_PAGE (2UL << 20)
#define HUGE_PAGES "6"
#define NR_HUGEPAGES "/proc/sys/vm/nr_hugepages"
#define FILE_PATH "/tmp/equality"

/* A longer mapping is not populated: it would use up the guest's memory. */
#define POPULATED_PAGES 64
/* Only s390's address space has room for this. */
#define IMPOSSIBLE (-16UL * page_size)
/* s390 has room for this too, and would replace all that is above the arena. */
#define HALF_OF_ALL (SIZE_MAX / 2 + 1)

static unsigned long page_size;
static char huge_pages_before[32];

enum source {
	SOURCE_ANONYMOUS,
	SOURCE_FILE,
	SOURCE_READ_ONLY,
	SOURCE_WRITE_ONLY,
	SOURCE_ZERO,
	SOURCE_MEMFD,
	SOURCE_HUGETLB_MEMFD,
	SOURCE_SECRET,
	SOURCE_DIRECTORY,
	SOURCE_BAD,
	NR_SOURCES,
};

static struct {
	const char *name;
	int fd;
} sources[NR_SOURCES] = {
	[SOURCE_ANONYMOUS] = { "-1", -1 },
	[SOURCE_FILE] = { "file", -1 },
	[SOURCE_READ_ONLY] = { "read-only file", -1 },
	[SOURCE_WRITE_ONLY] = { "write-only file", -1 },
	[SOURCE_ZERO] = { "/dev/zero", -1 },
	[SOURCE_MEMFD] = { "memfd", -1 },
	[SOURCE_HUGETLB_MEMFD] = { "hugetlb memfd", -1 },
	[SOURCE_SECRET] = { "secret memfd", -1 },
	[SOURCE_DIRECTORY] = { "directory", -1 },
	[SOURCE_BAD] = { "bad descriptor", 1000 },
};

static const struct name {
	int value;
	const char *name;
} flag_names[] = {
	{ MAP_FIXED, "MAP_FIXED" },
	{ MAP_FIXED_NOREPLACE, "MAP_FIXED_NOREPLACE" },
	{ MAP_ANONYMOUS, "MAP_ANONYMOUS" },
	{ MAP_GROWSDOWN, "MAP_GROWSDOWN" },
	{ MAP_STACK, "MAP_STACK" },
	{ MAP_DENYWRITE, "MAP_DENYWRITE" },
	{ MAP_EXECUTABLE, "MAP_EXECUTABLE" },
	{ MAP_LOCKED, "MAP_LOCKED" },
	{ MAP_NORESERVE, "MAP_NORESERVE" },
	{ MAP_POPULATE, "MAP_POPULATE" },
	{ MAP_NONBLOCK, "MAP_NONBLOCK" },
	{ MAP_HUGETLB, "MAP_HUGETLB" },
#ifdef MAP_SYNC /* parisc does not have it */
	{ MAP_SYNC, "MAP_SYNC" },
#endif
#ifdef MAP_32BIT
	{ MAP_32BIT, "MAP_32BIT" },
#endif
}, prot_names[] = {
	{ PROT_READ, "PROT_READ" },
	{ PROT_WRITE, "PROT_WRITE" },
	{ PROT_EXEC, "PROT_EXEC" },
	{ PROT_GROWSDOWN, "PROT_GROWSDOWN" },
	{ PROT_GROWSUP, "PROT_GROWSUP" },
}, type_names[] = {
	{ MAP_SHARED, "MAP_SHARED" },
	{ MAP_PRIVATE, "MAP_PRIVATE" },
	{ MAP_SHARED_VALIDATE, "MAP_SHARED_VALIDATE" },
	{ MAP_DROPPABLE, "MAP_DROPPABLE" },
};

static int make_memfd(unsigned int flags, size_t size)
{
	int fd = memfd_create("equality", MFD_CLOEXEC | flags);

	/* Without the memory the calls get a bad descriptor. */
	if (fd >= 0 && ftruncate(fd, size))
		guest_die("cannot size a memfd");
	return fd;
}

static int make_secret(void)
{
#ifdef SYS_memfd_secret
	int fd = syscall(SYS_memfd_secret, 0);

	if (fd >= 0 && ftruncate(fd, 4 * page_size))
		guest_die("cannot size a secret memfd");
	return fd;
#else
	return -1;
#endif
}

void calls_prepare(void)
{
	int fd = open(FILE_PATH, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0700);

	page_size = sysconf(_SC_PAGESIZE);
	/* The last page of the file is a part of one. */
	if (fd < 0 || ftruncate(fd, 4 * page_size - 100))
		guest_die("cannot make " FILE_PATH);
	sources[SOURCE_FILE].fd = fd;
	sources[SOURCE_READ_ONLY].fd = open(FILE_PATH, O_RDONLY | O_CLOEXEC);
	sources[SOURCE_WRITE_ONLY].fd = open(FILE_PATH, O_WRONLY | O_CLOEXEC);
	sources[SOURCE_ZERO].fd = open("/dev/zero", O_RDWR | O_CLOEXEC);
	sources[SOURCE_DIRECTORY].fd = open("/tmp", O_RDONLY | O_CLOEXEC);
	sources[SOURCE_MEMFD].fd = make_memfd(0, 4 * page_size);
	sources[SOURCE_SECRET].fd = make_secret();

	/* Others would lose huge pages. The calls get a bad descriptor. */
	if (guest_scope())
		return;
	/* Without huge pages the kernel refuses the calls in every mode. */
	if (guest_read(NR_HUGEPAGES, huge_pages_before,
		       sizeof(huge_pages_before)) > 0)
		guest_write(NR_HUGEPAGES, HUGE_PAGES);
	sources[SOURCE_HUGETLB_MEMFD].fd = make_memfd(MFD_HUGETLB, 0);
}

void calls_end(void)
{
	if (sources[SOURCE_HUGETLB_MEMFD].fd >= 0)
		close(sources[SOURCE_HUGETLB_MEMFD].fd);
	if (*huge_pages_before)
		guest_write(NR_HUGEPAGES, huge_pages_before);
	unlink(FILE_PATH);
}

/* splitmix64 */
static unsigned long long dice;

static uint32_t roll(uint32_t sides)
{
	unsigned long long z = dice += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	return (uint32_t)((z ^ (z >> 31)) >> 32) % sides;
}

static bool one_in(uint32_t n)
{
	return !roll(n);
}

static size_t draw_length(void)
{
	const size_t special[] = {
		0,
		1,
		HUGE_PAGE,
		1UL << 30,
		SIZE_MAX,
		SIZE_MAX - page_size + 1,
		IMPOSSIBLE,
		HALF_OF_ALL,
		2 * HUGE_PAGE,
		600 * page_size,
	};

	if (one_in(5))
		return special[roll(ARRAY_SIZE(special))];
	if (one_in(6))
		return 1 + roll(16 * page_size);
	return (1 + roll(16)) * page_size;
}

static int draw_prot(void)
{
	int prot = PROT_READ | PROT_WRITE;

	if (one_in(3))
		prot = roll(8); /* PROT_READ, _WRITE and _EXEC */
	if (one_in(12))
		prot |= PROT_GROWSDOWN;
	if (one_in(16))
		prot |= PROT_GROWSUP;
	if (one_in(40))
		prot |= 8 << roll(20);
	return prot;
}

static int draw_flags(void)
{
	static const int types[] = {
		MAP_PRIVATE, MAP_PRIVATE, MAP_PRIVATE,	       MAP_PRIVATE,
		MAP_PRIVATE, MAP_SHARED,  MAP_SHARED_VALIDATE, MAP_DROPPABLE,
	};
	static const unsigned int huge[] = { 0, 0, 0, 0, 21, 16, 20, 30, 5 };
	unsigned int flags = MAP_STACK;
	size_t i;

	flags |= one_in(16) ? roll(MAP_TYPE + 1) :
			      (uint32_t)types[roll(ARRAY_SIZE(types))];
	for (i = 0; i < ARRAY_SIZE(flag_names); i++)
		if (one_in(16))
			flags |= flag_names[i].value;
	if (one_in(6))
		flags |= MAP_FIXED;
	if (one_in(12))
		flags |= MAP_FIXED_NOREPLACE;
	if (flags & MAP_HUGETLB)
		flags |= huge[roll(ARRAY_SIZE(huge))] << MAP_HUGE_SHIFT;
	if (one_in(40))
		flags |= 1U << roll(31);
	if (guest_scope())
		flags &= ~MAP_HUGETLB;
	return flags;
}

static int draw_source(void)
{
	return one_in(3) ? (int)roll(NR_SOURCES) : SOURCE_ANONYMOUS;
}

static unsigned long draw_place(void)
{
	if (one_in(6))
		return ARENA + (2 + roll(4)) * HUGE_PAGE;
	return ARENA + (ARENA_PAGES / 4 + roll(ARENA_PAGES / 2)) * page_size;
}

/* MAP_FIXED alone must not replace what this program needs. */
static unsigned long draw_addr(bool replaces)
{
	if (one_in(24))
		return draw_place() + 1 + roll(page_size - 1);
	if (one_in(48))
		return IMPOSSIBLE;
	if (replaces || one_in(2))
		return draw_place();
	/* Near the lowest address that may be mapped, or anywhere. */
	return one_in(16) ? 17 * page_size : 0;
}

static long long draw_offset(void)
{
	if (one_in(20))
		return 1 + roll(page_size - 1);
	if (one_in(20))
		return -(long long)page_size;
	return one_in(4) ? (long long)(roll(8) * page_size) : 0;
}

static void draw_surroundings(struct call *call)
{
	/* The guard gap is 256 pages, see stack_guard_gap in mm/mmap.c. */
	static const int distances[] = { -1,  0,   1,	2,   16,  100,
					 200, 255, 256, 257, 258, 300 };
	static const int limits[] = { 1, 4, 20, 300 };

	if (call->addr >= ARENA && call->addr < IMPOSSIBLE && one_in(2))
		call->neighbour = 1 + roll(NR_NEIGHBOURS - 1);
	call->distance = distances[roll(ARRAY_SIZE(distances))];
	if (one_in(6))
		call->stack_pages = limits[roll(ARRAY_SIZE(limits))];
	call->far = 2 + roll(one_in(2) ? 16 : 320);
	call->forks = one_in(3);
	call->farther = call->far + roll(16);
	call->action = roll(1 << 16);
	call->variant = roll(1 << 16);
}

void call_draw(struct call *call, uint64_t seed, unsigned int number)
{
	size_t populated = POPULATED_PAGES * page_size;

	dice = seed;
	dice = ((uint64_t)roll(UINT32_MAX) << 32) + number;
	*call = (struct call){ .len = draw_length() };
	call->prot = draw_prot();
	call->flags = draw_flags();
	call->source = draw_source();
	call->offset = draw_offset();
	if (call->source == SOURCE_ANONYMOUS)
		call->flags |= MAP_ANONYMOUS;
	if (call->len == HALF_OF_ALL)
		call->flags |= MAP_FIXED_NOREPLACE;
	if (call->len > populated && call->len < IMPOSSIBLE &&
	    !(call->flags & MAP_HUGETLB))
		call->flags &= ~(MAP_LOCKED | MAP_POPULATE);
	call->addr = draw_addr((call->flags & MAP_FIXED) &&
			       !(call->flags & MAP_FIXED_NOREPLACE));
	draw_surroundings(call);
}

void *call_make(const struct call *call, int more_flags)
{
	return mmap((void *)call->addr, call->len, call->prot,
		    call->flags | more_flags, sources[call->source].fd,
		    call->offset);
}

bool call_can_grow(const struct call *call)
{
	return (call->flags & MAP_TYPE) == MAP_PRIVATE &&
	       (call->flags & MAP_ANONYMOUS) && !(call->flags & MAP_HUGETLB);
}

bool call_has_own_file(const struct call *call)
{
	return (call->flags & MAP_TYPE) != MAP_PRIVATE &&
	       ((call->flags & MAP_ANONYMOUS) || call->source == SOURCE_ZERO);
}

/* Text that grows piece by piece. */
struct text {
	char *buf;
	size_t size, len;
};

__attribute__((format(printf, 2, 3))) static void add(struct text *text,
						      const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(text->buf + text->len, text->size - text->len, format,
		      args);
	va_end(args);
	if (n > 0 && (size_t)n < text->size - text->len)
		text->len += n;
}

/* Adds the names of bits, and then the rest as a number. */
static void add_bits(struct text *text, const struct name *names, size_t n,
		     int bits, const char *separator)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if ((bits & names[i].value) != names[i].value)
			continue;
		add(text, "%s%s", separator, names[i].name);
		bits &= ~names[i].value;
		separator = "|";
	}
	if (bits || !*separator)
		add(text, "%s%#x", separator, bits);
}

static void add_flags(struct text *text, unsigned int flags)
{
	unsigned int huge = (flags >> MAP_HUGE_SHIFT) & MAP_HUGE_MASK;
	size_t i;

	flags &= ~((unsigned int)MAP_HUGE_MASK << MAP_HUGE_SHIFT);
	for (i = 0; i < ARRAY_SIZE(type_names); i++)
		if ((flags & MAP_TYPE) == (unsigned int)type_names[i].value)
			break;
	if (i < ARRAY_SIZE(type_names))
		add(text, "%s", type_names[i].name);
	else
		add(text, "type %#x", flags & MAP_TYPE);
	add_bits(text, flag_names, ARRAY_SIZE(flag_names), flags & ~MAP_TYPE,
		 "|");
	if (huge)
		add(text, "|%u<<MAP_HUGE_SHIFT", huge);
}

void call_print(const struct call *call, char *buf, size_t size)
{
	static const char *const neighbours[] = {
		[NEIGHBOUR_WRITABLE] = "a writable",
		[NEIGHBOUR_INACCESSIBLE] = "an inaccessible",
		[NEIGHBOUR_GROWABLE] = "a growable",
	};
	struct text text = { .buf = buf, .size = size };

	add(&text, "mmap(%#lx, %#zx, ", call->addr, call->len);
	add_bits(&text, prot_names, ARRAY_SIZE(prot_names), call->prot, "");
	add(&text, ", ");
	add_flags(&text, call->flags);
	add(&text, ", %s, %#llx)", sources[call->source].name,
	    (unsigned long long)call->offset);
	if (call->neighbour)
		add(&text, " %d pages above %s neighbour", call->distance,
		    neighbours[call->neighbour]);
	if (call->stack_pages)
		add(&text, " with RLIMIT_STACK %d pages", call->stack_pages);
}
