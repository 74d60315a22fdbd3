// SPDX-License-Identifier: GPL-2.0-only
/* See switching.h. */

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "../guest/mapstack.h"
#include "switching.h"

double switching_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

double switching_take(const char *text)
{
	double ms;

	usleep(300000);
	ms = switching_now();
	mapstack_set("enabled", text);
	return switching_now() - ms;
}

static int compare(const void *left, const void *right)
{
	const double *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

double switching_median(double *times, unsigned int n)
{
	qsort(times, n, sizeof(*times), compare);
	return times[n / 2];
}
