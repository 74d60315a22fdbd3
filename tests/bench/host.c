// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures the cost of a call on this machine, in nanoseconds: host MODULE-FILE
 * [ROUNDS]
 *
 * Loads mapstack with a scope of only this program, measures calls with it off
 * and on in turn, and unloads it. Prints lines for host.py: what the machine is, and
 * for each call the median of many runs, and the quartiles. Unlike those of cost.c
 * they vary with the load of the machine.
 */

#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../guest/guest.h"
#include "../guest/mapstack.h"
#include "calls.h"

#define MAX_ROUNDS 50
#define RUNS 1000 /* in a round */
#define VULNERABILITIES "/sys/devices/system/cpu/vulnerabilities/"

/* The states that are compared, in turn. */
struct state {
	const char *name, *enabled, *policy;
};

static const struct state states[] = {
	{ "off", "0", "observe" },
	{ "on, observe", "1", "observe" },
	{ "on, rfc", "1", "rfc" },
};

static const enum call calls[] = { CALL_OTHER, CALL_MMAP, CALL_STACK,
				   CALL_GROWABLE };

static unsigned long ticks[ARRAY_SIZE(states)][ARRAY_SIZE(calls)]
			  [MAX_ROUNDS * RUNS];

static double now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e9 + now.tv_nsec;
}

static double tick_ns(void)
{
	const struct timespec wait = { .tv_nsec = 200000000 };
	unsigned long start = calls_read_counter();
	double ns = now_ns();

	nanosleep(&wait, NULL);
	return (now_ns() - ns) / (calls_read_counter() - start);
}

static void measure(size_t rounds)
{
	size_t round, state, call;
	char scope[32];

	snprintf(scope, sizeof(scope), "pid:%d", getpid());
	mapstack_set("scope", scope);
	/* The first round warms up and is overwritten. */
	for (round = 0; round <= rounds; round++) {
		size_t at = (round ? round - 1 : 0) * RUNS;

		for (state = 0; state < ARRAY_SIZE(states); state++) {
			mapstack_set("policy", states[state].policy);
			mapstack_set("enabled", states[state].enabled);
			for (call = 0; call < ARRAY_SIZE(calls); call++)
				calls_sample(calls[call],
					     &ticks[state][call][at], RUNS);
		}
	}
}

/*
 * Prints what follows @key in the first line of a file that begins with it. If there is
 * no such line, the value is empty.
 */
static void print_line(const char *what, const char *path, const char *key)
{
	FILE *file = fopen(path, "r");
	char line[4096];

	printf("# machine,%s,", what);
	while (file && fgets(line, sizeof(line), file)) {
		if (strncmp(line, key, strlen(key)))
			continue;
		line[strcspn(line, "\n")] = '\0';
		fputs(line + strlen(key), stdout);
		break;
	}
	putchar('\n');
	if (file)
		fclose(file);
}

/* A return costs more on a processor whose returns the kernel guards. */
static void print_machine(void)
{
	struct utsname name;

	uname(&name);
	printf("# machine,release,%s\n# machine,architecture,%s\n",
	       name.release, name.machine);
	print_line("processor", "/proc/cpuinfo", "model name\t: ");
	print_line("spectre_v2", VULNERABILITIES "spectre_v2", "");
	print_line("retbleed", VULNERABILITIES "retbleed", "");
}

/* Prints a median with the quartiles, in nanoseconds. */
static void print_figure(const char *state, enum call call, unsigned long *mine,
			 size_t runs, double ns)
{
	qsort(mine, runs, sizeof(*mine), calls_compare);
	printf("# host,\"%s\",%s,%.1f,%.1f,%.1f\n", state, calls_name(call),
	       mine[runs / 2] * ns, mine[runs / 4] * ns,
	       mine[runs * 3 / 4] * ns);
}

static void print(size_t rounds)
{
	double ns = tick_ns();
	size_t state, call;

	print_machine();
	for (state = 0; state < ARRAY_SIZE(states); state++)
		for (call = 0; call < ARRAY_SIZE(calls); call++)
			print_figure(states[state].name, calls[call],
				     ticks[state][call], rounds * RUNS, ns);
}

static void load(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || syscall(SYS_finit_module, fd, "", 0)) {
		fprintf(stderr,
			"host: %s was refused: %m; nothing was measured. A module that is loaded already has to be unloaded, and Secure Boot wants a signed one\n",
			path);
		exit(1);
	}
	close(fd);
}

/* Works in a child, so that the module is unloaded whatever happens to it. */
int main(int argc, char **argv)
{
	int rounds = argc > 2 ? atoi(argv[2]) : MAX_ROUNDS;
	int status;
	pid_t pid;

	if (argc < 2 || rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: host MODULE-FILE [ROUNDS up to %d]\n",
			MAX_ROUNDS);
		return 2;
	}
#ifdef __riscv
	fprintf(stderr,
		"host: nothing was measured: on riscv64 user space has no counter of time that is fine enough\n");
	return 1;
#endif
	signal(SIGINT, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	load(argv[1]);
	pid = fork();
	if (!pid) {
		signal(SIGINT, SIG_DFL);
		signal(SIGTERM, SIG_DFL);
		measure(rounds);
		print(rounds);
		exit(0);
	}
	waitpid(pid, &status, 0);
	mapstack_set("enabled", "0");
	guest_unload("mapstack");
	return pid > 0 && !status ? 0 : 1;
}
