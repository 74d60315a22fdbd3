// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads that all run at the same time: threads [NUMBER [KIB]]
 *
 * Each writes to some of its stack and adds to a sum, which is printed. KIB is the size
 * of a stack; without it the C library's default.
 */

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static pthread_barrier_t all_run;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static long sum;

static void *work(void *arg)
{
	volatile char frame[8192];
	long number = (long)arg;
	size_t i;

	for (i = 0; i < sizeof(frame); i++)
		frame[i] = number;
	pthread_barrier_wait(&all_run);
	pthread_mutex_lock(&lock);
	sum += number + frame[number] - (char)number;
	pthread_mutex_unlock(&lock);
	/* A debugger that attaches meanwhile finds all threads here. */
	if (getenv("THREADS_WAIT"))
		pause();
	return NULL;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 128, i;
	size_t kib = argc > 2 ? atoi(argv[2]) : 0;
	pthread_t *threads = calloc(n, sizeof(*threads));
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	if (kib)
		pthread_attr_setstacksize(&attr, kib << 10);
	pthread_barrier_init(&all_run, NULL, n);
	for (i = 0; i < n; i++) {
		if (pthread_create(&threads[i], &attr, work, (void *)(long)i)) {
			fprintf(stderr, "thread %d cannot be started\n", i);
			return 1;
		}
	}
	for (i = 0; i < n; i++)
		pthread_join(threads[i], NULL);
	printf("%ld\n", sum);
	free(threads);
	return 0;
}
