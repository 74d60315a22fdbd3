// SPDX-License-Identifier: GPL-2.0-only
/*
 * Measures how long other threads of a process wait while one of them maps.
 *
 * One thread maps and unmaps a page, again and again. The other takes page faults
 * in its own memory, and then maps 8 MiB, which is found at once (sizes.c). It
 * begins each time when the first has just begun a new round. This needs two
 * processors that run at the same time, which an emulator's do not.
 */

#define _GNU_SOURCE
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "guest.h"
#include "measure.h"

#define ATTEMPTS 500

static const long counts[] = { 0, 1000, 10000 };
static atomic_bool stop;
static atomic_long mapped;
static size_t page;

static void *map_and_unmap(void *arg)
{
	void *addr;

	(void)arg;
	while (!stop) {
		addr = mmap(NULL, page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1, 0);
		if (addr == MAP_FAILED)
			guest_die("mmap");
		munmap(addr, page);
		mapped++;
	}
	return NULL;
}

/*
 * Waits until the other thread has mapped once more. Yields, because that thread
 * may need this processor.
 */
static void wait_for_turn(void)
{
	long before = mapped;

	while (mapped == before)
		sched_yield();
}

static int compare_times(const void *a, const void *b)
{
	long left = *(const long *)a, right = *(const long *)b;

	return left < right ? -1 : left > right;
}

/* Returns the median of some times, each begun while the other thread maps. */
static long time_of(void (*once)(char *memory, size_t i), char *memory)
{
	static long times[ATTEMPTS];
	long before;
	size_t i;

	for (i = 0; i < ATTEMPTS; i++) {
		wait_for_turn();
		before = measure_now(false);
		once(memory, i);
		times[i] = measure_now(false) - before;
	}
	qsort(times, ATTEMPTS, sizeof(times[0]), compare_times);
	return times[ATTEMPTS / 2];
}

static void fault_once(char *memory, size_t i)
{
	((volatile char *)memory)[i * page] = 1;
}

static void map_once(char *memory, size_t i)
{
	void *addr = mmap(NULL, 8 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			  -1, 0);

	(void)memory;
	(void)i;
	if (addr == MAP_FAILED)
		guest_die("mmap");
	munmap(addr, 8 * MIB);
}

static void measure_beside(long n, char *memory)
{
	pthread_t thread;

	stop = false;
	mapped = 0;
	if (pthread_create(&thread, NULL, map_and_unmap, NULL))
		guest_die("pthread_create");
	while (!mapped)
		sched_yield();
	if (madvise(memory, ATTEMPTS * page, MADV_DONTNEED))
		guest_die("madvise");
	measure_number(time_of(fault_once, memory), "beside-%ld.fault.ns", n);
	measure_number(time_of(map_once, memory), "beside-%ld.mmap-8-MiB.ns",
		       n);
	stop = true;
	pthread_join(thread, NULL);
}

int main(int argc, char **argv)
{
	const struct sched_param first = { .sched_priority = 1 };
	long max, n = 0;
	char *memory;

	if (argc != 2)
		guest_die("usage: contend MAX");
	max = atol(argv[1]);
	page = sysconf(_SC_PAGESIZE);
	/* On a busy machine the threads would wait for other programs. */
	if (get_nprocs() < 2)
		guest_die("this needs two processors");
	measure_word(sched_setscheduler(0, SCHED_FIFO, &first) ? "as-others" :
								 "real-time",
		     "scheduled");
	memory = mmap(NULL, ATTEMPTS * page, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED ||
	    madvise(memory, ATTEMPTS * page, MADV_NOHUGEPAGE))
		guest_die("mmap");
	/* The first fault of a mapping takes longer on every kernel. */
	memory[0] = 1;
	for (size_t i = 0; i < ARRAY_SIZE(counts) && counts[i] <= max; i++) {
		/* The thread's stack exists now, and will be used again. */
		if (i == 1)
			measure_fill_holes();
		for (; n < counts[i]; n++)
			if (measure_many_stacks(n))
				guest_die("cannot map stack %ld", n);
		measure_beside(n, memory);
	}
	return 0;
}
