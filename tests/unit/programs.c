// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests the table of /dev/mapstack in user space (kernel.h), and what the module and
 * the command need together for the events of very many programs. "programs NUMBER"
 * feeds so many events too.
 */

#include <time.h>

#include "kernel.h"
#include "ktap.h"
#include "programs.h"
#include "taken.h"

#define PAGE 4096UL
#define MIB (1024 * 1024UL)
#define EVENTS 10000000U
#define OF_PROCESS 10 /* events, on average */
#define OF_PROGRAM 10 /* processes */
#define LOOK 1000 /* events between two looks of the recorder */
#define MOST 140000 /* programs, which are more than there is room for */
#define MAX_ROWS 2048 /* that the command keeps */

size_t kernel_room = 1024 * MIB, kernel_taken;
void (*kernel_meanwhile)(void);

/* The module has siphash(). */
static u64 hash_of(const char *path)
{
	u64 hash = 14695981039346656037ULL;

	for (; *path; path++)
		hash = (hash ^ *path) * 1099511628211ULL;
	return hash;
}

static struct program *find(struct programs *programs, const char *path,
			    u64 cgroup)
{
	struct whose whose = {
		.path = path,
		.len = strlen(path),
		.hash = hash_of(path),
		.cgroup = cgroup,
	};

	return programs_find(programs, &whose);
}

static void ask(struct programs *programs, struct program *program)
{
	program_count(programs, program, NUMBER_REQUESTS + OUTCOME_OBSERVED, 1);
	program_count(programs, program, NUMBER_BYTES, 2 * PAGE);
	program_count(programs, program, NUMBER_SIZES, 1);
	program_size(program, 100, 5000000000);
}

static const struct call shares = {
	.shape = SHAPE_SHARED,
	.flags = 0x20021,
	.prot = 3,
	.len = PAGE,
	.pid = 42,
	.comm = "shares",
};

static void ask_shared(struct programs *programs, struct program *program,
		       unsigned int pid)
{
	struct call call = shares;

	call.pid = pid;
	program_count(programs, program,
		      NUMBER_REQUESTS + SHAPE_SHARED * NR_OUTCOMES +
			      OUTCOME_OBSERVED,
		      1);
	program_call(programs, program, &call);
}

static void grow(struct programs *programs, struct program *program,
		 unsigned int pid)
{
	struct stack stack = {
		.pid = pid,
		.end = 0x400000000000,
		.mapped = 2 * PAGE,
		.size = 5 * PAGE,
		.space = -1,
		.comm = "grows",
	};

	program_stack(programs, program, &stack, 0);
	program_count(programs, program, NUMBER_GROWN, 1);
	program_count(programs, program, NUMBER_GROWN_PAGES, 3);
	program_count(programs, program, NUMBER_PASSED, 1);
}

static FILE *show(const struct programs *programs)
{
	struct seq_file m = { tmpfile() };
	struct program *row;
	loff_t number;

	if (!m.file)
		exit(1);
	for (number = 0; (row = programs_row(programs, number)); number++)
		program_show(&m, programs, row);
	rewind(m.file);
	return m.file;
}

static struct programs *new_programs(void)
{
	struct programs *programs;

	kernel_taken = 0;
	programs = programs_new();
	if (!programs)
		exit(1);
	return programs;
}

/* Whether this comes, word for word, after the first row. */
static bool says(const struct programs *programs, const char *expected)
{
	char text[8192];
	FILE *file = show(programs);
	bool ok;

	if (!fgets(text, sizeof(text), file))
		exit(1);
	text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
	fclose(file);
	ok = !strcmp(text, expected);
	if (!ok)
		printf("# %s# not\n# %s", text, expected);
	return ok;
}

#define SEVEN_ZEROS " 0 0 0 0 0 0 0"

static bool test_rows(void)
{
	struct programs *programs = new_programs();
	struct program *program = find(programs, "/bin/a\nb", 7);
	bool ok;

	ask(programs, program);
	ask(programs, find(programs, "/bin/a\nb", 7));
	ask_shared(programs, program, 42);
	grow(programs, program, 43);
	grow(programs, program, 43);
	program_size(program, 99, 5000000001);
	ok = says(programs,
		  "program 0 7 0 0 0 0 2 0 0 0 0 1" SEVEN_ZEROS SEVEN_ZEROS
		  " 0 16384 0 2 6 0 0 0 0 2" SEVEN_ZEROS
		  " 2 0 0 0 0 0 0 100 5000000001 /bin/a\\012b\n"
		  "call 1 3 20021 1 0 4096 42 shares\n"
		  "stack 43 400000000000 8192 20480 -1 2 0 0 grows\n");
	programs_free(programs);
	return ok;
}

static struct programs *raced;

static void find_meanwhile(void)
{
	find(raced, "/bin/a", 7);
}

static void ask_meanwhile(void)
{
	ask(raced, find(raced, "/bin/a", 7));
}

static void share_meanwhile(void)
{
	ask_shared(raced, find(raced, "/bin/a", 7), 42);
}

static void grow_meanwhile(void)
{
	grow(raced, find(raced, "/bin/a", 7), 43);
}

/* Two CPUs need the same new row at once, of each kind: it is there once. */
static bool test_races(void)
{
	struct program *program;
	bool ok;

	raced = new_programs();
	kernel_meanwhile = find_meanwhile;
	program = find(raced, "/bin/a", 7);
	kernel_meanwhile = ask_meanwhile;
	ask(raced, program);
	kernel_meanwhile = share_meanwhile;
	program_call(raced, program, &shares);
	kernel_meanwhile = grow_meanwhile;
	grow(raced, program, 43);
	ok = !kernel_meanwhile &&
	     says(raced,
		  "program 0 7 0 0 0 0 2 0 0 0 0 1" SEVEN_ZEROS SEVEN_ZEROS
		  " 0 16384 0 2 6 0 0 0 0 2" SEVEN_ZEROS
		  " 2 0 0 0 0 0 0 100 5000000000 /bin/a\n"
		  "call 1 3 20021 2 0 4096 42 shares\n"
		  "stack 43 400000000000 8192 20480 -1 2 0 0 grows\n");
	programs_free(raced);
	return ok;
}

/* The last row's name. */
static void last_name(const struct programs *programs, char *name, size_t size)
{
	FILE *file = show(programs);
	char line[1024];

	while (fgets(line, sizeof(line), file))
		;
	fclose(file);
	line[strcspn(line, "\n")] = '\0';
	snprintf(name, size, "%s", strrchr(line, ' ') + 1);
}

/* Of each length up to more than is kept, one after the other. */
static bool test_names(void)
{
	struct programs *programs = new_programs();
	char path[300], name[512];
	bool ok = true;
	size_t len;

	for (len = 1; len < sizeof(path); len++) {
		memset(path, 'a' + len % 26, len);
		path[len] = '\0';
		if (len >= 192)
			path[len - 189] = '!';
		find(programs, path, 0);
		last_name(programs, name, sizeof(name));
		ok &= len < 192 ?
			      !strcmp(name, path) :
			      strlen(name) == 191 && !strncmp(name, "...", 3) &&
				      !strchr(name, '!');
	}
	programs_free(programs);
	return ok;
}

/* If nobody reads or memory is out, the first row counts the rest. */
static bool test_no_room(void)
{
	struct programs *programs = new_programs();
	struct taken taken;
	char path[32];
	unsigned int i;
	FILE *file;
	bool ok;

	kernel_room = kernel_taken;
	for (i = 0; i < 20000; i++) {
		snprintf(path, sizeof(path), "/bin/%u", i);
		ask(programs, find(programs, path, i));
		ask_shared(programs, find(programs, path, i), i);
		if (i == 10000)
			programs_lay_in(programs);
	}
	kernel_room = 1024 * MIB;
	file = show(programs);
	ok = take_report(file, &taken) && taken.requests == 40000 &&
	     taken.programs == MAX_ROWS + 1;
	printf("# %lld requests of %zu programs\n", taken.requests,
	       taken.programs);
	fclose(file);
	programs_free(programs);
	return ok;
}

static double seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/*
 * The most memory that this process has had, in bytes. ru_maxrss keeps the caller's
 * peak if that was larger (exec_mmap()).
 */
static size_t peak_memory(void)
{
	FILE *file = fopen("/proc/self/status", "re");
	char line[256];
	size_t kib = 0;

	while (file && !kib && fgets(line, sizeof(line), file))
		if (sscanf(line, "VmHWM: %zu", &kib) != 1)
			kib = 0;
	if (file)
		fclose(file);
	return kib ? kib << 10 : (size_t)-1;
}

/* One process in a hundred shares, and one in ten has a stack that grows. */
static void run_process(struct programs *programs, unsigned int process,
			unsigned int nr_programs, unsigned int events)
{
	unsigned int number = process % nr_programs;
	struct program *program;
	unsigned int i;
	char path[64];

	snprintf(path, sizeof(path), "/srv/build/%u/program", number);
	for (i = 0; i < events; i++) {
		program = find(programs, path, number + 1);
		if (!i && !(process % 100))
			ask_shared(programs, program, process);
		else
			ask(programs, program);
		if (!i && !(process % 10))
			grow(programs, program, process);
	}
}

static void say(const char *what, unsigned int events, double value)
{
	printf("# many,%s,%u,%.*f\n", what, events, value < 1000, value);
}

/* Feeds so many events to a table, and makes the report of it. */
static bool take_events(unsigned int events, unsigned int nr_programs)
{
	struct programs *programs = new_programs();
	unsigned int nr_processes = nr_programs * OF_PROGRAM, process;
	double start = seconds(), fed;
	struct taken taken;
	FILE *file;
	bool ok;

	for (process = 0; process < nr_processes; process++) {
		run_process(programs, process, nr_programs,
			    events / nr_processes +
				    (process < events % nr_processes));
		if (process % (LOOK / OF_PROCESS) == 0)
			programs_lay_in(programs);
	}
	fed = seconds();
	say("programs", events, nr_programs);
	say("processes", events, nr_processes);
	file = show(programs);
	ok = take_report(file, &taken) && taken.requests == events &&
	     taken.programs == MAX_ROWS + 1 && taken.cgroups == MAX_ROWS &&
	     taken.calls == nr_programs / 100 && taken.stacks > 1000 &&
	     taken.stacks <= 2048 && !taken.silent;
	say("seconds of the module", events, fed - start);
	say("seconds of the command", events, seconds() - fed);
	say("MiB of the module", events, (double)kernel_taken / MIB);
	say("MiB of both", events, (double)peak_memory() / MIB);
	fclose(file);
	programs_free(programs);
	return ok;
}

static bool is_less(size_t bytes, size_t limit)
{
#ifdef __SANITIZE_ADDRESS__
	return true || bytes < limit;
#else
	return bytes < limit;
#endif
}

static bool test_many(unsigned int more)
{
	bool ok = take_events(EVENTS / 10, EVENTS / 1000) &&
		  take_events(EVENTS, EVENTS / 100) &&
		  (!more || take_events(more, EVENTS / 100));

	return ok && is_less(peak_memory(), 64 * MIB);
}

/* More of everything than there is room for; names that are not the longest. */
static bool test_most(void)
{
	struct programs *programs = new_programs();
	struct program *program;
	struct taken taken;
	unsigned int i, number;
	char path[128];
	FILE *file;
	bool ok;

	for (i = 0; i < MOST; i++) {
		snprintf(path, sizeof(path), "/%0126u", i);
		program = find(programs, path, i + 1);
		ask_shared(programs, program, i);
		grow(programs, program, i);
		for (number = 0; number < NR_DEPTHS; number++)
			program_count(programs, program, NUMBER_SIZES + number,
				      1);
		programs_lay_in(programs);
	}
	file = show(programs);
	ok = take_report(file, &taken) && taken.requests == MOST &&
	     kernel_taken < 64 * MIB &&
	     is_less(peak_memory() - kernel_taken, 64 * MIB);
	printf("# full: %.1f MiB of the module, %.1f MiB of the command\n",
	       (double)kernel_taken / MIB,
	       (double)(peak_memory() - kernel_taken) / MIB);
	fclose(file);
	programs_free(programs);
	return ok;
}

int main(int argc, char **argv)
{
	unsigned int more = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;

	ktap_plan(6);
	ktap_result(test_many(more),
		    "ten million events: all counted, in less than 64 MiB");
	ktap_result(test_most(),
		    "more than there is room for: less than 64 MiB in each");
	ktap_result(test_rows(), "rows, word for word");
	ktap_result(test_races(), "two CPUs that need a row at once get one");
	ktap_result(test_names(), "names of any length");
	ktap_result(test_no_room(), "without room nothing is lost");
	return ktap_end();
}
