// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts the lines of /proc/PID/maps as the number of stacks grows, and how
 * many stacks there can be under a max_map_count.
 *
 * The stacks are those of threads ("threads": linked with the C library whose
 * threads are to be measured), or one mmap() each ("bare").
 */

#define _GNU_SOURCE
#include <errno.h>
#include <gnu/libc-version.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define STACK (64 * KIB)
#define MAX_MAP_COUNT "/proc/sys/vm/max_map_count"
#define LOW_MAP_COUNT "1000"
#define ENOUGH 3000 /* stacks at which to stop if nothing else stops it */

static const long samples[] = { 1, 10, 100, 1000, 2000, 3000, 5000, 10000 };

static void *sleeper(void *arg)
{
	(void)arg;
	pause();
	return NULL;
}

static int start_thread(void)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	return pthread_create(&thread, &attr, sleeper, NULL);
}

static int map_bare(void)
{
	static long n;

	return measure_many_stacks(n++);
}

static int (*make_stack)(void);

static void count_lines(long max)
{
	long before = measure_lines(), n = 0;
	int error;

	for (size_t i = 0; i < ARRAY_SIZE(samples) && samples[i] <= max; i++) {
		for (; n < samples[i]; n++) {
			error = make_stack();
			if (error) {
				measure_word(measure_error(error),
					     "stopped-after-%ld", n);
				return;
			}
		}
		measure_number(measure_lines() - before, "%ld-stacks.lines", n);
	}
}

static void count_stacks(void)
{
	int error = 0;
	long n;

	for (n = 0; n < ENOUGH; n++) {
		error = make_stack();
		if (error)
			break;
	}
	measure_number(n, "stacks-under-max_map_count-" LOW_MAP_COUNT);
	measure_word(measure_error(error), "the-next-one");
}

/* Runs in a separate process, whose end ends its threads. */
static void in_child(long max)
{
	fflush(stdout);
	if (!fork()) {
		if (max)
			count_lines(max);
		else
			count_stacks();
		_exit(0);
	}
	wait(NULL);
}

int main(int argc, char **argv)
{
	char usual[32];

	if (argc != 3)
		guest_die("usage: lines threads|bare MAX");
	make_stack = strcmp(argv[1], "bare") ? start_thread : map_bare;
	measure_word(gnu_get_libc_version(), "glibc");
	in_child(atol(argv[2]));
	if (guest_read(MAX_MAP_COUNT, usual, sizeof(usual)) < 0)
		guest_die("cannot read " MAX_MAP_COUNT);
	guest_write(MAX_MAP_COUNT, LOW_MAP_COUNT);
	in_child(0);
	guest_write(MAX_MAP_COUNT, usual);
	return 0;
}
