// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starts and joins 600 threads, each on its own MAP_STACK mapping, and prints how
 * many instructions that took. For recorders.py; see calls.h.
 */

#include <pthread.h>
#include <stdio.h>

#include "calls.h"

#define THREADS 600

static void *do_nothing(void *arg)
{
	return arg;
}

int main(void)
{
	static pthread_t threads[THREADS];
	unsigned long start = calls_read_counter();
	pthread_attr_t attr;
	int i;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 1 << 16);
	for (i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], &attr, do_nothing, NULL))
			return 1;
	for (i = 0; i < THREADS; i++)
		if (pthread_join(threads[i], NULL))
			return 1;
	printf("threads %lu\n", calls_read_counter() - start);
	return 0;
}
