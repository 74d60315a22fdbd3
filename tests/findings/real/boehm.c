// SPDX-License-Identifier: GPL-2.0-only
/*
 * Threads whose stacks Boehm's collector scans: each builds a list to which only its
 * stack points, collects, and counts the list. Prints the sum.
 */

#define GC_THREADS
#include <gc.h>
#include <pthread.h>
#include <stdio.h>

#define THREADS 128
#define NODES 100

struct node {
	struct node *next;
};

static void *work(void *arg)
{
	struct node *list = NULL, *node;
	long n = 0;
	int i;

	for (i = 0; i < NODES; i++) {
		node = GC_MALLOC(sizeof(*node));
		node->next = list;
		list = node;
	}
	if ((long)arg % 16 == 0)
		GC_gcollect();
	for (node = list; node; node = node->next)
		n++;
	return (void *)n;
}

int main(void)
{
	pthread_t threads[THREADS];
	long sum = 0, i;
	void *n;

	GC_INIT();
	GC_allow_register_threads();
	for (i = 0; i < THREADS; i++)
		pthread_create(&threads[i], NULL, work, (void *)i);
	for (i = 0; i < THREADS; i++) {
		pthread_join(threads[i], &n);
		sum += (long)n;
	}
	printf("%ld\n", sum);
	return 0;
}
