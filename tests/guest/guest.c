// SPDX-License-Identifier: GPL-2.0-only
/* Functions that the test programs of a guest share. See guest.h. */

#define _GNU_SOURCE
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"

void guest_die(const char *format, ...)
{
	int error = errno;
	va_list args;

	printf("# ");
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(": %s\nBail out!\n", strerror(error));
	fflush(stdout);
	_exit(1);
}

bool guest_has_kprobes(void)
{
#ifdef __riscv
	return false;
#else
	return !access("/sys/kernel/debug/kprobes/list", F_OK);
#endif
}

bool guest_has_cgroups(void)
{
	return !access("/proc/self/cgroup", F_OK);
}

int guest_cgroup_error(int error)
{
	return guest_has_cgroups() ? error : -EOPNOTSUPP;
}

bool guest_follows_growth(void)
{
	return guest_has_kprobes() && !STACKS_GROW_UP;
}

const char *guest_growth_line(void)
{
	return guest_follows_growth() ? NULL : "growth counters read -1";
}

int guest_try_load(const char *name, const char *params)
{
	char path[128];
	int fd, ret;

	snprintf(path, sizeof(path), "/modules/%s.ko", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	ret = syscall(SYS_finit_module, fd, params, 0) ? -errno : 0;
	close(fd);
	return ret;
}

void guest_load(const char *name, const char *params)
{
	int ret = guest_try_load(name, params);

	if (ret) {
		errno = -ret;
		guest_die("cannot load %s %s", name, params);
	}
}

void guest_unload(const char *name)
{
	if (syscall(SYS_delete_module, name, O_NONBLOCK))
		guest_die("cannot unload %s", name);
}

int guest_read(const char *path, char *buf, size_t size)
{
	ssize_t len = 0, n;
	int fd, ret;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while ((n = read(fd, buf + len, size - 1 - len)) > 0)
		len += n;
	ret = n < 0 ? -errno : (int)len;
	close(fd);
	if (len && buf[len - 1] == '\n')
		len--;
	buf[len] = '\0';
	return ret;
}

int guest_write(const char *path, const char *text)
{
	ssize_t len = strlen(text), n;
	int fd, ret;

	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = write(fd, text, len);
	ret = n < 0 ? -errno : n == len ? 0 : -EIO;
	close(fd);
	return ret;
}

const char *guest_scope(void)
{
	return getenv("MAPSTACK_SCOPE");
}

/* Probes are made for all instances. */
static bool is_of_instances(const char *file)
{
	return strncmp(file, "kprobe_", strlen("kprobe_"));
}

const char *guest_trace_path(const char *file)
{
	const char *dir = TRACEFS_DIR;
	static char path[128];

	if (guest_scope() && is_of_instances(file)) {
		dir = TRACE_INSTANCE;
		if (mkdir(dir, 0700) && errno != EEXIST)
			guest_die("cannot make %s", dir);
	}
	snprintf(path, sizeof(path), "%s%s", dir, file);
	return path;
}

void guest_trace_set(const char *file, const char *text)
{
	ssize_t len = strlen(text);
	int fd;

	/* Truncating kprobe_events removes what is there. */
	fd = open(guest_trace_path(file),
		  O_WRONLY | O_CLOEXEC | (len ? 0 : O_TRUNC));
	if (fd < 0)
		guest_die("cannot open %s", file);
	if (len && write(fd, text, len) != len)
		guest_die("cannot write %s to %s", text, file);
	close(fd);
}

void guest_trace_filter(const char *function)
{
	if (!STACKS_GROW_UP)
		guest_trace_set("set_ftrace_filter", function);
}

int guest_log_open(void)
{
	int fd = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	if (fd < 0)
		guest_die("cannot open /dev/kmsg");
	lseek(fd, 0, SEEK_END);
	return fd;
}

/* Reads the next record. After the last, closes the log and returns false. */
static bool next_record(int log, char *record, size_t size)
{
	ssize_t n;

	/*
	 * EPIPE: records were lost; the rest still counts. The report is in the
	 * log too if the guest has no other way to print it, see init.c.
	 */
	do {
		n = read(log, record, size - 1);
		record[n > 0 ? n : 0] = '\0';
	} while ((n < 0 && errno == EPIPE) || strstr(record, ";report: "));
	if (n > 0)
		return true;
	close(log);
	return false;
}

bool guest_log_says(int log, const char *text)
{
	const char *usual = guest_growth_line();
	unsigned int lines = 0, matches = 0;
	char record[2048];

	while (next_record(log, record, sizeof(record))) {
		if (!strstr(record, ";mapstack: "))
			continue;
		if (usual && strstr(record, usual) && !strstr(record, text))
			continue;
		lines++;
		if (strstr(record, text))
			matches++;
		else
			printf("# log: %s", strchr(record, ';') + 1);
	}
	if (lines != 1 || !matches)
		printf("# %u log lines, %u with '%s'\n", lines, matches, text);
	return lines == 1 && matches == 1;
}

bool guest_log_silent(int log, const char *but)
{
	bool silent = true, reporting = false;
	char record[2048];

	while (next_record(log, record, sizeof(record))) {
		/* A report is between two of these lines; tests/vm judges it. */
		if (strstr(record, ";========"))
			reporting = !reporting;
		if (reporting || strstr(record, ";========"))
			continue;
		/* The time of these depends on how busy the host is. */
		if ((but && strstr(record, but)) ||
		    strstr(record, "random: crng init done") ||
		    strstr(record, "hrtimer: interrupt took"))
			continue;
		printf("# log: %.*s\n", (int)strcspn(record, "\n"), record);
		silent = false;
	}
	return silent;
}

unsigned long guest_symbol(const char *name, unsigned long *end)
{
	FILE *file = fopen("/proc/kallsyms", "r");
	unsigned long addr, start = 0;
	char line[512], symbol[256];

	if (!file)
		guest_die("cannot open kallsyms");
	while (!start && fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx %*c %255s", &addr, symbol) == 2 &&
		    !strcmp(symbol, name))
			start = addr;
	if (end) {
		*end = -1UL;
		rewind(file);
		while (fgets(line, sizeof(line), file)) {
			addr = strtoul(line, NULL, 16);
			if (addr > start && addr < *end)
				*end = addr;
		}
	}
	fclose(file);
	return start;
}

/* Reads a file line by line with its own buffer. */
struct reader {
	int fd;
	size_t pos, len;
	char buf[4096];
};

static bool read_line(struct reader *reader, char *line, size_t size)
{
	size_t n = 0;

	for (;;) {
		if (reader->pos == reader->len) {
			ssize_t got = read(reader->fd, reader->buf,
					   sizeof(reader->buf));

			if (got <= 0)
				break;
			reader->pos = 0;
			reader->len = got;
		}
		if (reader->buf[reader->pos] == '\n') {
			reader->pos++;
			line[n] = '\0';
			return true;
		}
		if (n < size - 1)
			line[n++] = reader->buf[reader->pos];
		reader->pos++;
	}
	line[n] = '\0';
	return n > 0;
}

bool guest_mapping(const void *addr, struct mapping *mapping)
{
	unsigned long at = (unsigned long)addr;
	struct reader reader = { 0 };
	bool inside = false, found = false;
	char line[256];

	reader.fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	if (reader.fd < 0)
		guest_die("cannot open smaps");
	while (!found && read_line(&reader, line, sizeof(line))) {
		struct mapping here = { 0 };

		/* Most lines begin with a name and do not need sscanf(). */
		if (!isupper(*line) && sscanf(line, "%lx-%lx %7s", &here.start,
					      &here.end, here.perms) == 3) {
			inside = at >= here.start && at < here.end;
			if (inside)
				*mapping = here;
		} else if (inside && !strncmp(line, "VmFlags: ", 9)) {
			snprintf(mapping->vmflags, sizeof(mapping->vmflags),
				 "%.127s", line + 9);
			found = true;
		}
	}
	close(reader.fd);
	return found;
}

bool guest_has_vmflag(const struct mapping *mapping, const char *flag)
{
	const char *at = mapping->vmflags;

	for (; at[0] && at[1]; at += at[2] ? 3 : 2)
		if (at[0] == flag[0] && at[1] == flag[1])
			return true;
	return false;
}

bool guest_stack_grows(void)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	struct mapping mapping;
	bool grows;
	char *addr;

	addr = mmap(NULL, page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (addr == MAP_FAILED)
		guest_die("mmap");
	grows = guest_mapping(addr, &mapping) &&
		guest_has_vmflag(&mapping, GROWABLE);
	munmap(addr, page);
	return grows;
}

unsigned long long guest_option(const char *name, unsigned long long otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

void *guest_share(size_t size)
{
	void *addr = mmap(NULL, size, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (addr == MAP_FAILED)
		guest_die("cannot map %zu shared bytes", size);
	return addr;
}

void guest_become_silent(const char *path, unsigned int seconds)
{
	int null = open("/dev/null", O_RDWR);

	if (null < 0)
		_exit(127);
	setsid();
	dup2(null, STDIN_FILENO);
	dup2(null, STDOUT_FILENO);
	dup2(null, STDERR_FILENO);
	close(null);
	alarm(seconds);
	execl(path, path, (char *)NULL);
	_exit(127);
}

static int is_file(const struct dirent *entry)
{
	return entry->d_name[0] != '.';
}

int guest_list(const char *dir, struct dirent ***names)
{
	return scandir(dir, names, is_file, alphasort);
}

char *guest_find_room(size_t room, size_t beside)
{
	char *addr = mmap(NULL, room + 2 * beside, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (addr == MAP_FAILED || munmap(addr + beside, room))
		guest_die("no room for %zu bytes", room);
	return addr + beside;
}

char *guest_map_stack(void)
{
	const size_t page = sysconf(_SC_PAGESIZE), room = 1024 * page;
	char *low, *addr = MAP_FAILED;

	low = mmap(NULL, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (low != MAP_FAILED && !munmap(low, room))
		addr = mmap(STACKS_GROW_UP ? low : low + room - page, page,
			    PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (addr == MAP_FAILED)
		guest_die("mmap");
	return addr;
}

static sigjmp_buf touch_return;

static void touch_fault(int sig)
{
	siglongjmp(touch_return, sig);
}

int guest_touch(volatile void *addr)
{
	/* On its own stack: the fault may be in the current one. */
	static char stack[65536];
	stack_t alt = { .ss_sp = stack, .ss_size = sizeof(stack) }, old_alt;
	struct sigaction action = { .sa_handler = touch_fault,
				    .sa_flags = SA_ONSTACK };
	struct sigaction old_segv, old_bus;
	int sig;

	sigaltstack(&alt, &old_alt);
	sigaction(SIGSEGV, &action, &old_segv);
	sigaction(SIGBUS, &action, &old_bus);
	sig = sigsetjmp(touch_return, 1);
	if (!sig)
		*(volatile char *)addr = 1;
	sigaction(SIGSEGV, &old_segv, NULL);
	sigaction(SIGBUS, &old_bus, NULL);
	sigaltstack(&old_alt, NULL);
	return sig;
}

/* Takes the number of users, in brackets, from a line of enabled_functions. */
static unsigned long users_of(const char *line)
{
	const char *bracket = strchr(line, '(');

	return bracket ? strtoul(bracket + 1, NULL, 10) : 1;
}

/* Counts the users of a function whose line has a word; 0 if there is none. */
static unsigned long count_users(const char *function, const char *by)
{
	size_t len = strlen(function);
	struct reader reader = { 0 };
	unsigned long users = 0;
	char line[512];

	reader.fd = open(TRACEFS_DIR "enabled_functions", O_RDONLY | O_CLOEXEC);
	if (reader.fd < 0)
		guest_die("cannot open enabled_functions");
	while (!users && read_line(&reader, line, sizeof(line)))
		if (!strncmp(line, function, len) &&
		    (!line[len] || line[len] == ' ') && strstr(line, by))
			users = users_of(line);
	close(reader.fd);
	return users;
}

/* The functions that are hooked on this architecture or another. */
static struct {
	const char *function;
	unsigned long users;
} others[] = {
	{ .function = "do_mmap" },
	{ .function = "mmap_region" },
	{ .function = "expand_downwards" },
};

unsigned long guest_others(const char *function)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		if (!strcmp(others[i].function, function))
			return others[i].users;
	return 0;
}

void guest_count_others(void)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(others); i++)
		others[i].users = count_users(others[i].function, "");
}

bool guest_hooked_by(const char *function, const char *by)
{
	return count_users(function, by);
}

bool guest_hooked(const char *function)
{
	return count_users(function, "") > guest_others(function);
}
