// SPDX-License-Identifier: GPL-2.0-only
/* Writes the result of a generated call. See judge.h. */

#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "judge.h"

static long page_size;
static struct rlimit stack_limit;

/* /proc/self/maps before the calls. */
static char maps_before[8192];

/* Shared with a child, which writes the end of the record. */
static struct {
	struct record record;
	size_t len;
} *shared;

void judge_prepare(void)
{
	page_size = sysconf(_SC_PAGESIZE);
	getrlimit(RLIMIT_STACK, &stack_limit);
	shared = guest_share(sizeof(*shared));
	if (guest_read("/proc/self/maps", maps_before, sizeof(maps_before)) < 0)
		guest_die("cannot read maps");
}

__attribute__((format(printf, 1, 2))) static void note(const char *format, ...)
{
	size_t room = RECORD_SIZE - shared->len;
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(shared->record.text + shared->len, room, format, args);
	va_end(args);
	if (n < 0 || (size_t)n >= room)
		guest_die("a record is longer than %d bytes:\n%s", RECORD_SIZE,
			  shared->record.text);
	shared->len += n;
}

static void note_result(const char *what, long result)
{
	if (result == -1)
		note("%s: %s\n", what, strerrorname_np(errno));
	else
		note("%s: %#lx\n", what, result);
}

/*
 * Stacks grow down everywhere but on parisc. Only this function and
 * place_neighbour() know that.
 */
static char *below(char *addr, int pages)
{
	return addr - (long)pages * page_size;
}

/* Finds the next new mapping; NULL after the last. */
static char *next_new(char **rest, struct mapping *mapping)
{
	char *line, *end;

	while ((line = strsep(rest, "\n")) && *line) {
		/* These two of the process itself may have grown. */
		if (strstr(maps_before, line) || strstr(line, "[stack]") ||
		    strstr(line, "[heap]"))
			continue;
		mapping->start = strtoul(line, &end, 16);
		mapping->end = strtoul(end + 1, NULL, 16);
		return line;
	}
	return NULL;
}

static char *read_maps(void)
{
	static char maps[8192];

	if (guest_read("/proc/self/maps", maps, sizeof(maps)) < 0)
		guest_die("cannot read maps");
	return maps;
}

/* Notes addresses, permissions, offset; not the inode, which is new each time. */
static void note_line(const char *line)
{
	note("  %.*s\n", (int)strcspn(line, ":") - 3, line);
}

static void note_mappings(void)
{
	char *rest = read_maps(), *line;
	struct mapping mapping;

	while ((line = next_new(&rest, &mapping)))
		note_line(line);
}

/* Notes all mappings that are left, and unmaps them. */
static void unmap_mappings(void)
{
	char *rest = read_maps(), *line;
	struct mapping mapping;

	while ((line = next_new(&rest, &mapping))) {
		note_line(line);
		if (munmap((void *)mapping.start, mapping.end - mapping.start))
			guest_die("cannot unmap %#lx-%#lx", mapping.start,
				  mapping.end);
	}
}

/* Whether a mapping was there before the calls. */
static bool is_own(const char *addr)
{
	unsigned long start, end, at = (unsigned long)addr;
	const char *line = maps_before;

	while (sscanf(line, "%lx-%lx", &start, &end) == 2) {
		if (at >= start && at < end)
			return true;
		line += strcspn(line, "\n");
		line += *line == '\n';
	}
	return false;
}

/*
 * If the kernel places a mapping among this program's libraries, their data may
 * be below. It is not written.
 */
static void note_touch(char *addr)
{
	int sig;

	if (is_own(addr)) {
		note("the program's own\n");
		return;
	}
	sig = guest_touch(addr);
	note("%s\n", sig ? sigabbrev_np(sig) : "written");
}

static void note_touch_below(char *addr, int pages)
{
	note("%d page%s below: ", pages, pages == 1 ? "" : "s");
	note_touch(below(addr, pages));
}

/* Returns whether there is a mapping, and notes it. */
static bool note_mapping(char *addr, struct mapping *mapping)
{
	if (!guest_mapping(addr, mapping)) {
		note("no mapping\n");
		return false;
	}
	note("  %lx-%lx %s\n" RECORD_FLAGS "%s\n", mapping->start, mapping->end,
	     mapping->perms, mapping->vmflags);
	return true;
}

static void place_neighbour(const struct call *call)
{
	static const int prots[] = {
		[NEIGHBOUR_WRITABLE] = PROT_READ | PROT_WRITE,
		[NEIGHBOUR_INACCESSIBLE] = PROT_NONE,
		[NEIGHBOUR_GROWABLE] = PROT_READ | PROT_WRITE,
	};
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
	unsigned long addr = call->addr & -page_size;
	char *end = below((char *)addr, call->distance);

	if (!call->neighbour)
		return;
	if (call->neighbour == NEIGHBOUR_GROWABLE)
		flags |= MAP_GROWSDOWN;
	if (mmap(below(end, NEIGHBOUR_PAGES), NEIGHBOUR_PAGES * page_size,
		 prots[call->neighbour], flags, -1, 0) == MAP_FAILED)
		guest_die("cannot map a neighbour");
}

static void limit_stack(const struct call *call)
{
	struct rlimit limit = stack_limit;

	if (!call->stack_pages)
		return;
	limit.rlim_cur = (rlim_t)call->stack_pages * page_size;
	setrlimit(RLIMIT_STACK, &limit);
}

/* A mapping, and arguments for a system call on it. */
struct target {
	char *addr;
	size_t len;
	unsigned int variant;
};

/* An action returns where to look for the mapping afterwards. */
typedef char *(*action)(const struct target *target);

static char *change_prot(const struct target *target, char *addr, int prot)
{
	note_result("mprotect", mprotect(addr, page_size, prot));
	return target->addr;
}

static char *protect_growsdown(const struct target *target)
{
	return change_prot(target, target->addr, PROT_READ | PROT_GROWSDOWN);
}

static char *protect_growsdown_inside(const struct target *target)
{
	return change_prot(target, target->addr + target->len - page_size,
			   PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN);
}

static char *protect_growsup(const struct target *target)
{
	return change_prot(target, target->addr, PROT_READ | PROT_GROWSUP);
}

static char *protect_none(const struct target *target)
{
	return change_prot(target, target->addr, PROT_NONE);
}

static char *remap(const struct target *target, size_t len, int flags, char *to)
{
	char *moved = mremap(target->addr, target->len, len, flags, to);

	note_result("mremap", (long)moved);
	return moved == MAP_FAILED ? target->addr : moved;
}

static char *remap_larger(const struct target *target)
{
	size_t len = target->len + (1 + target->variant % 8) * page_size;

	return remap(target, len, MREMAP_MAYMOVE, NULL);
}

static char *remap_larger_here(const struct target *target)
{
	return remap(target, target->len + page_size, 0, NULL);
}

static char *remap_smaller(const struct target *target)
{
	return remap(target, page_size, 0, NULL);
}

static char *remap_elsewhere(const struct target *target)
{
	char *to =
		below(target->addr, 1000 + target->variant % 600) - target->len;

	return remap(target, target->len, MREMAP_MAYMOVE | MREMAP_FIXED, to);
}

static char *remap_dontunmap(const struct target *target)
{
	return remap(target, target->len, MREMAP_MAYMOVE | MREMAP_DONTUNMAP,
		     NULL);
}

static char *advise(const struct target *target)
{
	static const int advice[] = {
		MADV_NORMAL,	     MADV_SEQUENTIAL, MADV_DONTNEED,
		MADV_FREE,	     MADV_HUGEPAGE,   MADV_NOHUGEPAGE,
		MADV_WIPEONFORK,     MADV_DONTFORK,   MADV_DONTDUMP,
		MADV_REMOVE,	     MADV_MERGEABLE,
#ifdef MADV_POPULATE_WRITE
		MADV_POPULATE_WRITE,
#endif
#ifdef MADV_GUARD_INSTALL
		MADV_GUARD_INSTALL,
#endif
	};
	int chosen = advice[target->variant % ARRAY_SIZE(advice)];

	note("advice %d, ", chosen);
	note_result("madvise", madvise(target->addr, page_size, chosen));
	return target->addr;
}

static char *lock(const struct target *target)
{
	note_result("mlock", mlock(target->addr, page_size));
	return target->addr;
}

static char *unmap_lowest(const struct target *target)
{
	note_result("munmap", munmap(target->addr, page_size));
	return target->addr + page_size;
}

static char *map_below(const struct target *target)
{
	int distance = 2 + target->variant % 400;
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
	char *addr = below(target->addr, distance);

	note_result("mmap",
		    (long)mmap(addr, page_size, PROT_READ, flags, -1, 0));
	return target->addr;
}

static const action actions[] = {
	protect_growsdown,
	protect_growsdown_inside,
	protect_growsup,
	protect_none,
	remap_larger,
	remap_larger_here,
	remap_smaller,
	remap_elsewhere,
	remap_dontunmap,
	advise,
	lock,
	unmap_lowest,
	map_below,
};

/*
 * parisc places a shared mapping by the address of its inode's mapping in the
 * kernel (GET_FILP_PGOFF() in arch/parisc/kernel/sys_parisc.c). The inode of a
 * new file is at another address in each set of calls, so its mapping is not
 * moved there.
 */
static action choose_action(const struct call *call)
{
	action chosen = actions[call->action % ARRAY_SIZE(actions)];

	if (STACKS_GROW_UP && call_has_own_file(call) &&
	    (chosen == remap_larger || chosen == remap_elsewhere ||
	     chosen == remap_dontunmap))
		return remap_larger_here;
	return chosen;
}

/* A child grows its own copy only. */
static void judge_fork(const struct call *call, char *addr)
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		note("in a child, ");
		note_touch_below(addr, call->farther);
		note_mappings();
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		guest_die("cannot fork");
	if (status)
		note("the child ended with %#x\n", status);
}

static void judge_mapping(const struct call *call, char *addr)
{
	struct target target = { .addr = addr, .variant = call->variant };
	struct mapping mapping;

	if (!note_mapping(addr, &mapping))
		return;
	target.len = mapping.end - (unsigned long)addr;
	note("first byte: ");
	note_touch(addr);
	note_touch_below(addr, 1);
	note_mappings();
	note_touch_below(addr, call->far);
	if (call->forks)
		judge_fork(call, addr);
	addr = choose_action(call)(&target);
	if (note_mapping(addr, &mapping))
		note_touch_below((char *)mapping.start, 1);
}

const struct record *judge_call(const struct call *call, int more_flags)
{
	char *addr;

	memset(shared->record.text, 0, shared->len);
	shared->len = 0;
	place_neighbour(call);
	addr = call_make(call, more_flags);
	limit_stack(call);
	note_result("mmap", (long)addr);
	if (addr != MAP_FAILED)
		judge_mapping(call, addr);
	unmap_mappings();
	setrlimit(RLIMIT_STACK, &stack_limit);
	return &shared->record;
}
