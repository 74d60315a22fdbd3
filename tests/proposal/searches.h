/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The functions of the maple tree that tests/proposal/searches.c counts. --wrap makes
 * the linker put __wrap_NAME in the place of NAME; that calls __real_NAME.
 */
#ifndef TESTS_PROPOSAL_SEARCHES_H
#define TESTS_PROPOSAL_SEARCHES_H

#include <linux/maple_tree.h>

typeof(mas_empty_area_rev) __real_mas_empty_area_rev;
typeof(mas_empty_area) __real_mas_empty_area;
typeof(mas_empty_area_rev) __wrap_mas_empty_area_rev;
typeof(mas_empty_area) __wrap_mas_empty_area;

#endif /* TESTS_PROPOSAL_SEARCHES_H */
