// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests /dev/mapstack: while it is open it counts what each program asked for,
 * to the last request, whatever others do meanwhile.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

#define DEVICE "/dev/mapstack"
#define WORKERS 4
#define REQUESTS 2000 /* of each process */
#define NUMBERS               \
	(sizeof(struct row) / \
	 sizeof(unsigned long)) /* between "program" and the name */
#define LONG_NAME 200

/* A line of the table, as programs_show() of module/programs.c writes it. */
struct row {
	unsigned long uid, cgroup, requests[5][5], bytes, failed, grown,
		grown_pages;
	unsigned long denied[4], sizes[8], passed[7], mappings, kib;
};

static char *text;
static size_t room = 1 << 20;
static long page;

static int open_device(void)
{
	int fd = open(DEVICE, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		guest_die("cannot open " DEVICE);
	return fd;
}

static void read_table(int fd)
{
	size_t len = 0;
	ssize_t n;

	if (lseek(fd, 0, SEEK_SET))
		guest_die("cannot rewind " DEVICE);
	while ((n = read(fd, text + len, room - len - 1)) > 0) {
		len += n;
		if (len + 1 < room)
			continue;
		room *= 2;
		text = realloc(text, room);
	}
	text[len] = '\0';
}

/* Finds the first row of a name; NULL if there is none. */
static const char *find_row(const char *name, struct row *row)
{
	unsigned long number[NUMBERS];
	char *line, *at, *end;
	size_t i;

	for (line = text; line && *line; line = *end ? end + 1 : end) {
		end = strchrnul(line, '\n');
		if (strncmp(line, "program ", 8))
			continue;
		at = line + 8;
		for (i = 0; i < NUMBERS; i++)
			number[i] = strtoul(at, &at, 10);
		if (strlen(name) == (size_t)(end - at - 1) &&
		    !strncmp(at + 1, name, end - at - 1)) {
			memcpy(row, number, sizeof(number));
			return end + 1;
		}
	}
	return NULL;
}

static unsigned long sum_row(const struct row *row)
{
	unsigned long sum = 0;
	int shape, outcome;

	for (shape = 0; shape < 5; shape++)
		for (outcome = 0; outcome < 5; outcome++)
			sum += row->requests[shape][outcome];
	return sum;
}

/* Adds up the whole table. */
static unsigned long sum_all(void)
{
	unsigned long sum = 0, cells[NUMBERS];
	char *line, *at;
	size_t i;

	for (line = text; line && *line; line = at ? at + 1 : NULL) {
		at = line + 8;
		if (!strncmp(line, "program ", 8)) {
			for (i = 0; i < NUMBERS; i++)
				cells[i] = strtoul(at, &at, 10);
			for (i = 2; i < 27; i++)
				sum += cells[i];
		}
		at = strchr(line, '\n');
	}
	return sum;
}

static void *ask(size_t len, int prot, int flags)
{
	return mmap(NULL, len, prot, flags | MAP_STACK, -1, 0);
}

/* Runs as the file that it is given, and so do its children. */
static int be_worker(const char *what)
{
	int i;

	page = sysconf(_SC_PAGESIZE);
	for (i = 0; i < REQUESTS; i++) {
		void *addr = ask(page, PROT_READ,
				 *what == 's' ? MAP_SHARED | MAP_ANONYMOUS :
						MAP_PRIVATE | MAP_ANONYMOUS);

		if (addr != MAP_FAILED)
			munmap(addr, page);
	}
	return 0;
}

static void copy_self(const char *to)
{
	int in = open("/proc/self/exe", O_RDONLY);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0755);
	static char buf[1 << 16];
	ssize_t n;

	if (in < 0 || out < 0)
		guest_die("cannot make %s", to);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		if (write(out, buf, n) != n)
			guest_die("cannot write %s", to);
	close(in);
	close(out);
}

static pid_t start(const char *file, const char *what)
{
	pid_t pid = fork();

	if (!pid) {
		execl(file, file, what, (char *)NULL);
		_exit(127);
	}
	return pid;
}

static bool wait_all(void)
{
	bool passed = true;
	int status;

	while (wait(&status) > 0)
		passed &= !status;
	return passed;
}

static bool test_one_at_a_time(void)
{
	int second = open(DEVICE, O_RDONLY);

	if (second >= 0)
		close(second);
	return second < 0 && errno == EBUSY;
}

static bool test_mode(void)
{
	struct stat st;

	return !stat(DEVICE, &st) && S_ISCHR(st.st_mode) &&
	       (st.st_mode & 07777) == 0600;
}

/* Several processes of two programs at the same time, while the table is read. */
static bool test_counts(int fd)
{
	struct row anonymous, shared;
	unsigned long seen;
	const char *call;
	int i;

	mapstack_set("reset", "1");
	for (i = 0; i < WORKERS; i++) {
		start("/one/srv", "anonymous");
		start("/two/srv", "shared");
	}
	for (i = 0; i < 20; i++) {
		read_table(fd);
		usleep(20000);
	}
	if (!wait_all())
		ktap_note("a worker failed");
	seen = mapstack_counter("seen");
	read_table(fd);
	call = find_row("/two/srv", &shared);
	if (!call || !find_row("/one/srv", &anonymous)) {
		ktap_note("no row: %.900s", text);
		return false;
	}
	ktap_note("seen %lu, table %lu, %.60s", seen, sum_all(), call);
	return anonymous.requests[0][0] == WORKERS * REQUESTS &&
	       sum_row(&anonymous) == WORKERS * REQUESTS &&
	       anonymous.bytes == (unsigned long)WORKERS * REQUESTS * page &&
	       anonymous.mappings > 0 && anonymous.kib > anonymous.mappings &&
	       shared.requests[1][2] == WORKERS * REQUESTS &&
	       sum_row(&shared) == WORKERS * REQUESTS && !shared.bytes &&
	       seen == sum_all();
}

static bool test_first_call(void)
{
	unsigned long prot, flags, count, addr, len, counted;
	unsigned int shape;
	struct row row;
	const char *call = find_row("/two/srv", &row);
	char comm[32] = "";
	int pid;

	counted = (unsigned long)WORKERS * REQUESTS;
	return call &&
	       sscanf(call, "call %u %lx %lx %lu %lx %lu %d %31s", &shape,
		      &prot, &flags, &count, &addr, &len, &pid, comm) == 8 &&
	       shape == 1 && prot == PROT_READ && count == counted &&
	       flags == (MAP_SHARED | MAP_ANONYMOUS | MAP_STACK) && !addr &&
	       len == (unsigned long)page && pid > 1 && !strcmp(comm, "srv");
}

/* Makes more kinds of calls than are kept: the rest is only in the sum. */
static bool test_kinds(int fd)
{
	unsigned int lines = 0;
	const char *call;
	struct row row;

	start("/kinds", "kinds");
	if (!wait_all())
		return false;
	read_table(fd);
	call = find_row("/kinds", &row);
	for (; call && !strncmp(call, "call ", 5); lines++)
		call = strchr(call, '\n') + 1;
	ktap_note("%lu requests, %u kinds", sum_row(&row), lines);
	return sum_row(&row) == 40 && lines == 32;
}

static int ask_for_kinds(void)
{
	int i;

	/* Bits that do_mmap() does not know. */
	for (i = 0; i < 40; i++)
		ask(4096, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS | i << 24);
	return 0;
}

/* Two paths with the same end, longer than the part that is kept. */
static bool test_long(int fd, const char *one, const char *two)
{
	const char *kept = one + strlen(one) - 188; /* and "..." before it */
	char name[300];
	struct row row;
	const char *next;

	start(one, "anonymous");
	start(two, "anonymous");
	if (!wait_all())
		return false;
	read_table(fd);
	snprintf(name, sizeof(name), "...%s", kept);
	next = find_row(name, &row);
	if (!next)
		ktap_note("no %s", name);
	return next && sum_row(&row) == REQUESTS && strstr(next, kept);
}

static bool test_forgery(int fd)
{
	struct row row;

	start("/evil\nprogram 0", "anonymous");
	if (!wait_all())
		return false;
	read_table(fd);
	return find_row("/evil\\012program 0", &row) &&
	       sum_row(&row) == REQUESTS;
}

/* A request that fails for another reason than the flag: it is too long. */
static bool test_failure(int fd)
{
	char self[200] = "";
	struct row row;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return false;
	if (ask(-1UL << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS) !=
	    MAP_FAILED)
		return false;
	ask(page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS);
	read_table(fd);
	if (!find_row(self, &row))
		return false;
	ktap_note("%.10s, %lu failed, %lu bytes", text, row.failed, row.bytes);
	return !strncmp(text, "results 1\n", 10) && row.failed == 1 &&
	       row.requests[0][0] == 2 && row.bytes == (unsigned long)page;
}

static bool test_growth(int fd)
{
	/* So that the address space is larger than it was when anything asked. */
	char *room = mmap(NULL, 64 << 20, PROT_NONE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	struct row before = {}, after = {}, later;
	char *addr = guest_map_stack(), self[200] = "";

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return false;
	read_table(fd);
	if (!find_row(self, &before) || room == MAP_FAILED ||
	    guest_touch(addr - page) || guest_touch(addr - 3 * page))
		return false;
	read_table(fd);
	find_row(self, &after);
	guest_map_stack();
	munmap(room, 64 << 20);
	read_table(fd);
	/* First the size before that stack, now the size with its growth. */
	return find_row(self, &later) && after.kib == before.kib &&
	       later.kib - before.kib == (unsigned long)page * 4 / 1024 &&
	       after.grown == before.grown + 2 &&
	       after.grown_pages == before.grown_pages + 3;
}

/* Returns a number from the line of the stack at @end, or -1 if there is none. */
static long stack_number(const void *end, int number)
{
	char begin[64], *at;

	snprintf(begin, sizeof(begin), "\nstack %d %lx ", getpid(),
		 (unsigned long)end);
	at = strstr(text, begin);
	if (!at)
		return -1;
	at += strlen(begin);
	while (number--)
		strtol(at, &at, 10);
	return strtol(at, NULL, 10);
}

enum { MAPPED, SIZE, SPACE, GROWN, DENIED };

/* Whether one more mapping grew out of each class that this growth passed. */
static bool passed(const struct row *before, const struct row *after,
		   size_t from, size_t to)
{
	size_t limit = 16 << 10;
	int i;

	for (i = 0; i < 7; i++, limit <<= 2)
		if (after->passed[i] - before->passed[i] !=
		    (from <= limit && limit < to))
			return false;
	return true;
}

/* A stack grows from one page to 20, with another mapping below it. */
static bool test_depth(int fd)
{
	const size_t size = 20 * page;
	struct row before = {}, after;
	char self[200] = "", *floor, *addr;

	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return false;
	floor = mmap(NULL, 4 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		     0);
	if (floor == MAP_FAILED || munmap(floor + page, 4 * size - page))
		return false;
	read_table(fd);
	find_row(self, &before);
	addr = mmap(floor + 2 * size, page, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (addr != floor + 2 * size || guest_touch(addr - page) ||
	    guest_touch(addr + page - size))
		return false;
	read_table(fd);
	if (!find_row(self, &after))
		return false;
	ktap_note("mapped %ld, now %ld, space %ld, grown %ld, denied %ld",
		  stack_number(addr + page, MAPPED),
		  stack_number(addr + page, SIZE),
		  stack_number(addr + page, SPACE),
		  stack_number(addr + page, GROWN),
		  stack_number(addr + page, DENIED));
	return stack_number(addr + page, MAPPED) == page &&
	       stack_number(addr + page, SIZE) == (long)size &&
	       stack_number(addr + page, SPACE) ==
		       addr + page - size - (floor + page) &&
	       stack_number(addr + page, GROWN) == 2 &&
	       stack_number(addr + page, DENIED) == 0 &&
	       after.sizes[page > 16 << 10] ==
		       before.sizes[page > 16 << 10] + 1 &&
	       passed(&before, &after, page, size);
}

static bool test_ends(int fd)
{
	struct row row;

	if (!syscall(__NR_delete_module, "mapstack", O_NONBLOCK)) {
		guest_load("mapstack", "enabled=1");
		return false;
	}
	close(fd);
	start("/one/srv", "anonymous");
	wait_all();
	fd = open_device();
	read_table(fd);
	close(fd);
	return !find_row("/one/srv", &row) && !sum_all();
}

/* The process that holds the device is killed. */
static bool test_killed(void)
{
	int fd, ready[2];
	bool held;
	pid_t pid;
	char c;

	if (pipe(ready))
		return false;
	pid = fork();
	if (!pid) {
		fd = open_device();
		if (write(ready[1], "x", 1) != 1)
			_exit(1);
		pause();
		close(fd);
		_exit(0);
	}
	close(ready[1]);
	held = read(ready[0], &c, 1) == 1 && test_one_at_a_time();
	close(ready[0]);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	close(open_device());
	return held;
}

static void make_deep(char *path, size_t size, const char *from)
{
	int i;

	snprintf(path, size, "%s", from);
	mkdir(path, 0755);
	for (i = 0; i < LONG_NAME / 50; i++) {
		strcat(path, "/");
		memset(path + strlen(path) + 50, 0, 1);
		memset(path + strlen(path), 'd', 50);
		mkdir(path, 0755);
	}
	strcat(path, "/srv");
	copy_self(path);
}

/*
 * The programs are in the root directory: on PREEMPT_RT a name begins below the
 * mount point.
 */
int main(int argc, char **argv)
{
	static const char alike[] =
		"programs whose long paths end alike are distinct";
	char deep_one[600], deep_two[600];
	int fd;

	if (argc > 1)
		return *argv[1] == 'k' ? ask_for_kinds() : be_worker(argv[1]);
	ktap_plan(12);
	page = sysconf(_SC_PAGESIZE);
	text = malloc(room);
	mkdir("/one", 0755);
	mkdir("/two", 0755);
	copy_self("/one/srv");
	copy_self("/two/srv");
	copy_self("/kinds");
	copy_self("/evil\nprogram 0");
	make_deep(deep_one, sizeof(deep_one), "/a");
	make_deep(deep_two, sizeof(deep_two), "/b");
	guest_load("mapstack", "enabled=1");
	fd = open_device();

	ktap_result(test_mode(), "the device is root's");
	ktap_result(test_one_at_a_time(), "one recorder at a time");
	ktap_result(test_counts(fd),
		    "every request is in the row of its program");
	ktap_result(test_first_call(), "the first call of a kind is kept");
	ktap_result(test_kinds(fd), "only so many kinds of calls are kept");
	if (access("/sys/kernel/realtime", F_OK))
		ktap_result(test_long(fd, deep_one, deep_two), "%s", alike);
	else
		ktap_skip("PREEMPT_RT keeps the end of a path", "%s", alike);
	ktap_result(test_forgery(fd), "a name cannot forge a line");
	if (guest_follows_growth())
		ktap_result(test_failure(fd),
			    "a failed request is counted as failed");
	else
		ktap_skip("results are not followed here",
			  "a failed request is counted as failed");
	if (guest_follows_growth())
		ktap_result(test_growth(fd), "growth");
	else
		ktap_skip("growth is not followed here", "growth");
	if (guest_follows_growth())
		ktap_result(test_depth(fd), "sizes, and how deep a stack grew");
	else
		ktap_skip("growth is not followed here",
			  "sizes, and how deep a stack grew");
	ktap_result(test_ends(fd),
		    "the open device holds the module until close()");
	ktap_result(test_killed(), "it ends with its process");
	guest_unload("mapstack");
	return ktap_end();
}
