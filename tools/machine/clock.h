/* SPDX-License-Identifier: GPL-2.0-only */
/* Tells the time. */
#ifndef TOOLS_CLOCK_H
#define TOOLS_CLOCK_H

#include <time.h>

/**
 * clock_ms() - milliseconds since the boot, with suspended time
 */
static inline long long clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1000LL + now.tv_nsec / 1000000;
}

#endif /* TOOLS_CLOCK_H */
