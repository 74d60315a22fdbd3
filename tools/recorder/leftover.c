// SPDX-License-Identifier: GPL-2.0-only
/* Finds how much of a grown stack its program left mapped. See leftover.h. */

#include <stdbool.h>
#include <stdlib.h>

#include "recorder/leftover.h"

unsigned long leftover_in(FILE *maps, const struct stack *stack)
{
	unsigned long lowest = stack->end - stack->size;
	unsigned long first = stack->end - stack->mapped;
	unsigned long start, end, left = 0;
	bool there = false;
	char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, maps) > 0) {
		if (sscanf(line, "%lx-%lx", &start, &end) != 2)
			continue;
		if (start == lowest && end <= first)
			left = end - start;
		there |= start <= first && first < end;
	}
	free(line);
	return there ? 0 : left;
}

long leftover_of(const struct stack *stack)
{
	long left;
	char path[32];
	FILE *maps;

	snprintf(path, sizeof(path), "/proc/%d/maps", stack->pid);
	maps = fopen(path, "re");
	if (!maps)
		return -1;
	left = leftover_in(maps, stack);
	fclose(maps);
	return left;
}
