// SPDX-License-Identifier: GPL-2.0-only
/* Rows of /dev/mapstack. See table.h. */

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "machine/files.h"
#include "recorder/table.h"

uint64_t row_requests(const struct row *row, enum shape shape,
		      enum outcome outcome)
{
	const uint64_t *cell = &row->number[ROW_REQUESTS];
	unsigned int s, o;
	uint64_t sum = 0;

	for (s = 0; s < NR_SHAPES; s++)
		for (o = 0; o < NR_OUTCOMES; o++, cell++)
			if ((shape == NR_SHAPES || shape == s) &&
			    (outcome == NR_OUTCOMES || outcome == o))
				sum += *cell;
	return sum;
}

uint64_t row_growable(const struct row *row)
{
	uint64_t asked = row_requests(row, SHAPE_ANONYMOUS, NR_OUTCOMES) -
			 row_requests(row, SHAPE_ANONYMOUS, OUTCOME_SPARED);

	/* A request under way when the recording began may be in only one of them. */
	return asked - (asked < row->number[ROW_FAILED] ?
				asked :
				row->number[ROW_FAILED]);
}

uint64_t row_refused(const struct row *row)
{
	return row_requests(row, NR_SHAPES, NR_OUTCOMES) -
	       row_requests(row, NR_SHAPES, OUTCOME_ALREADY) -
	       row_requests(row, SHAPE_ANONYMOUS, NR_OUTCOMES) +
	       row_requests(row, SHAPE_ANONYMOUS, OUTCOME_ALREADY);
}

/* Undoes seq_escape(), which writes a byte as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; text++) {
		if (*text == '\\' && text[1] >= '0' && text[1] <= '3' &&
		    text[2] && text[3]) {
			*to++ = (text[1] - '0') * 64 + (text[2] - '0') * 8 +
				(text[3] - '0');
			text += 3;
		} else {
			*to++ = *text;
		}
	}
	*to = '\0';
}

char *row_parse(struct row *row, char *line)
{
	char *end;
	size_t i;

	if (strncmp(line, "program ", 8))
		return NULL;
	line += 8;
	for (i = 0; i < NR_ROW_NUMBERS; i++, line = end + 1) {
		row->number[i] = strtoull(line, &end, 10);
		if (end == line || *end != ' ')
			return NULL;
	}
	unescape(line);
	return line;
}

static bool parse_call(struct call *call, char *line)
{
	int name;

	if (sscanf(line, "call %u %lx %lx %lu %lx %lu %d %n", &call->shape,
		   &call->prot, &call->flags, &call->count, &call->address,
		   &call->length, &call->pid, &name) != 7 ||
	    call->shape >= NR_SHAPES)
		return false;
	snprintf(call->thread, sizeof(call->thread), "%s", line + name);
	unescape(call->thread);
	return true;
}

static bool parse_stack(struct stack *stack, char *line)
{
	int name;

	if (sscanf(line, "stack %d %lx %lu %lu %ld %u %u %u %n", &stack->pid,
		   &stack->end, &stack->mapped, &stack->size, &stack->space,
		   &stack->grown, &stack->denied, &stack->reason, &name) != 8 ||
	    stack->reason >= NR_GROW_REASONS)
		return false;
	snprintf(stack->thread, sizeof(stack->thread), "%s", line + name);
	unescape(stack->thread);
	return true;
}

static void free_calls(struct row *row)
{
	free(row->calls);
	row->calls = NULL;
	row->nr_calls = 0;
}

static void free_stacks(struct row *row)
{
	free(row->stacks);
	row->stacks = NULL;
	row->nr_stacks = 0;
}

static void free_row(struct row *row)
{
	free_calls(row);
	free_stacks(row);
	free(row->program);
}

static void add_to_others(struct table *table, struct row *row)
{
	size_t i;

	for (i = ROW_REQUESTS; i < ROW_PEAKS; i++)
		table->others.number[i] += row->number[i];
	for (; i < NR_ROW_NUMBERS; i++)
		if (row->number[i] > table->others.number[i])
			table->others.number[i] = row->number[i];
	free_row(row);
}

static int by_weight(const void *one, const void *two)
{
	const struct row *a = one, *b = two;
	uint64_t x = row_refused(a), y = row_refused(b);

	if (x == y) {
		x = row_requests(a, NR_SHAPES, NR_OUTCOMES);
		y = row_requests(b, NR_SHAPES, NR_OUTCOMES);
	}
	return (x < y) - (x > y) ?: strcmp(a->program, b->program);
}

/*
 * Keeps at most MAX_DETAILS calls, and as many stacks. The first rows have priority.
 * A row keeps all of its calls or none, and all of its stacks or none.
 */
static void keep_details(struct table *table)
{
	size_t calls = 0, stacks = 0;
	struct row *row;

	for (row = table->rows; row < table->rows + table->nr_rows; row++) {
		if (calls + row->nr_calls > MAX_DETAILS)
			free_calls(row);
		if (stacks + row->nr_stacks > MAX_DETAILS)
			free_stacks(row);
		calls += row->nr_calls;
		stacks += row->nr_stacks;
	}
	table->nr_details = calls + stacks;
}

static void keep_most(struct table *table)
{
	qsort(table->rows, table->nr_rows, sizeof(*table->rows), by_weight);
	while (table->nr_rows > MAX_ROWS)
		add_to_others(table, &table->rows[--table->nr_rows]);
	keep_details(table);
}

/* The module's first row has all requests for which it had no room. */
static bool take_program(struct table *table, char *line, bool first)
{
	struct row *row;

	/* Add up rows before a new one, because its calls follow it. */
	if (table->nr_rows == 2 * MAX_ROWS ||
	    table->nr_details >= 4 * MAX_DETAILS)
		keep_most(table);
	row = &table->rows[table->nr_rows];
	memset(row, 0, sizeof(*row));
	line = row_parse(row, line);
	if (!line)
		return false;
	if (first) {
		add_to_others(table, row);
		return true;
	}
	row->program = xcopy(line);
	table->nr_rows++;
	return true;
}

static void *add_detail(struct table *table, void *details, unsigned int nr,
			size_t size)
{
	table->nr_details++;
	return xrealloc(details, (nr + 1) * size);
}

static bool take_call(struct table *table, char *line)
{
	struct row *row = &table->rows[table->nr_rows - 1];

	if (!table->nr_rows)
		return true;
	if (row->nr_calls == MAX_CALLS)
		return false;
	row->calls = add_detail(table, row->calls, row->nr_calls,
				sizeof(*row->calls));
	return parse_call(&row->calls[row->nr_calls++], line);
}

static bool take_stack(struct table *table, char *line)
{
	struct row *row = &table->rows[table->nr_rows - 1];

	if (!table->nr_rows)
		return true;
	if (row->nr_stacks == MAX_STACKS)
		return false;
	row->stacks = add_detail(table, row->stacks, row->nr_stacks,
				 sizeof(*row->stacks));
	return parse_stack(&row->stacks[row->nr_stacks++], line);
}

int table_read(struct table *table, FILE *file)
{
	bool first = true, good = true;
	int results = 0;
	char *line = NULL;
	size_t size = 0;
	ssize_t len;

	memset(table, 0, sizeof(*table));
	table->rows = xalloc(2 * MAX_ROWS * sizeof(*table->rows));
	while (good && (len = getline(&line, &size, file)) > 0) {
		if (line[len - 1] == '\n')
			line[len - 1] = '\0';
		if (*line == 'r') {
			good = sscanf(line, "results %d", &results) == 1;
			continue;
		}
		if (*line == 'c')
			good = take_call(table, line);
		else if (*line == 's')
			good = take_stack(table, line);
		else
			good = take_program(table, line, first);
		first = false;
	}
	free(line);
	table->results = results;
	keep_most(table);
	if (!good)
		return -EPROTO;
	return ferror(file) ? -EIO : 0;
}

void table_free(struct table *table)
{
	size_t i;

	for (i = 0; i < table->nr_rows; i++)
		free_row(&table->rows[i]);
	free(table->rows);
}
