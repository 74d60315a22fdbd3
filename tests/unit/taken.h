/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Makes the command's report of the module's table. Their types share names, so no
 * file can include both.
 */
#ifndef UNIT_TAKEN_H
#define UNIT_TAKEN_H

#include <stdbool.h>
#include <stdio.h>

struct taken {
	long long requests; /* of all programs of the report */
	size_t programs;
	size_t calls, stacks; /* that the report lists */
	size_t cgroups; /* whose path it has */
	bool silent; /* a program that grew has no stacks, and the report says [] */
};

/**
 * take_report() - read a table and make the report of it, as the command does
 * @file: what /dev/mapstack would say, from its beginning
 * @taken: is filled in
 *
 * Return: whether all could be read.
 */
int take_report(FILE *file, struct taken *taken);

#endif /* UNIT_TAKEN_H */
