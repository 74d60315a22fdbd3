// SPDX-License-Identifier: GPL-2.0-only
/* See searches.h. */

#include <linux/hw_breakpoint.h>
#include <linux/perf_event.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "guest.h"
#include "searches.h"

static int open_counter(const char *function)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_BREAKPOINT,
		.size = sizeof(attr),
		.bp_type = HW_BREAKPOINT_X,
		.bp_addr = guest_symbol(function, NULL),
		.bp_len = sizeof(long),
		.disabled = 1,
		.enable_on_exec = 1,
		.inherit = 1,
		.read_format = PERF_FORMAT_TOTAL_TIME_ENABLED |
			       PERF_FORMAT_TOTAL_TIME_RUNNING,
		.exclude_user = 1,
	};
	int fd;

	if (!attr.bp_addr)
		guest_die("kallsyms has no %s", function);
	fd = syscall(SYS_perf_event_open, &attr, 0, -1, -1,
		     PERF_FLAG_FD_CLOEXEC);

	if (fd < 0)
		guest_die("cannot count %s", function);
	return fd;
}

static void print_counter(int fd, const char *key)
{
	struct {
		unsigned long value, enabled, running;
	} count;

	if (read(fd, &count, sizeof(count)) != sizeof(count))
		guest_die("cannot read a counter");
	close(fd);
	/* What is executed is mapped, so 0 is not a count. */
	if (!count.value || count.running != count.enabled)
		guest_die("%s: not all was counted", key);
	printf("result counted %s %lu\n", key, count.value);
}

void searches_begin(struct searches *searches)
{
	searches->made = open_counter("vm_unmapped_area");
	searches->gaps = open_counter("mas_empty_area_rev");
}

void searches_print(const struct searches *searches)
{
	print_counter(searches->made, "searches");
	print_counter(searches->gaps, "gaps");
}
