/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts the searches for free addresses that a program makes, and the gaps that
 * they look at. Each search of vm_unmapped_area() asks the maple tree for a gap
 * (mas_empty_area_rev(), from 6.1 on), and asks again below a gap that lies inside
 * the guard gap of the mapping above.
 *
 * The counters are breakpoints of perf, because neither kprobe events nor ftrace
 * reach a function of the kernel's lib/.
 */
#ifndef TESTS_FINDINGS_SEARCHES_H
#define TESTS_FINDINGS_SEARCHES_H

struct searches {
	int made; /* descriptors of perf */
	int gaps;
};

/**
 * searches_begin() - count in each child that this process forks, once it executes
 * @searches: where to store the counters
 *
 * Ends the program if that cannot be done.
 */
void searches_begin(struct searches *searches);

/**
 * searches_print() - print both counts as results, and end the counting
 * @searches: from searches_begin()
 *
 * A child is counted, with its own children, when it has ended. Ends the program
 * if nothing was counted, or not all of the time.
 */
void searches_print(const struct searches *searches);

#endif
