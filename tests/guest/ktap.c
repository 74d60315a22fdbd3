// SPDX-License-Identifier: GPL-2.0-only
/* KTAP. See ktap.h. */

#include <stdarg.h>
#include <stdio.h>

#include "ktap.h"

static unsigned int planned, done, failed, skipped;

void ktap_plan(unsigned int tests)
{
	/* A test that dies, or forks, must not lose or repeat a line. */
	setvbuf(stdout, NULL, _IOLBF, 0);
	planned = tests;
	printf("KTAP version 1\n1..%u\n", tests);
}

bool ktap_result(bool passed, const char *format, ...)
{
	va_list args;

	done++;
	failed += !passed;
	printf("%sok %u ", passed ? "" : "not ", done);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
	return passed;
}

void ktap_skip(const char *reason, const char *format, ...)
{
	va_list args;

	done++;
	skipped++;
	printf("ok %u ", done);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	printf(" # SKIP %s\n", reason);
}

void ktap_note(const char *format, ...)
{
	va_list args;

	fputs("# ", stdout);
	va_start(args, format);
	vprintf(format, args);
	va_end(args);
	putchar('\n');
}

int ktap_end(void)
{
	if (failed || done != planned)
		return 1;
	return skipped == planned ? 4 : 0;
}
