// SPDX-License-Identifier: GPL-2.0-only
/* Makes the command's report of a table. See taken.h. */

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "recorder/compose.h"
#include "recorder/owner.h"
#include "recorder/table.h"
#include "taken.h"

static unsigned long long asked; /* the id of a cgroup */

/* Every cgroup is there, and has a name as long as those of systemd's scopes. */
int open_by_handle_at(int mount, struct file_handle *handle, int flags)
{
	(void)mount;
	(void)flags;
	memcpy(&asked, handle->f_handle, sizeof(asked));
	return dup(0);
}

ssize_t readlink(const char *path, char *to, size_t size)
{
	static const char slice[] = "/user.slice/user-1000.slice";

	(void)path;
	return snprintf(to, size,
			"%s/user@1000.service/app.slice/run-%llu.scope", slice,
			asked);
}

static void look_at_all(FILE *file, struct owners *owners)
{
	char *line = NULL;
	size_t size = 0;
	struct row row;

	while (getline(&line, &size, file) > 0)
		if (row_parse(&row, line) && row.number[ROW_CGROUP])
			owners_look(owners, row.number[ROW_CGROUP]);
	free(line);
	rewind(file);
}

static size_t count(const json_t *program, const char *member)
{
	return json_array_size(json_object_get(program, member));
}

/* Stacks that are not in the report are null there, and not an empty list. */
static bool is_silent(const json_t *program)
{
	const json_t *stacks = json_object_get(program, "stacks");
	const json_t *grown = json_object_get(program, "grown");

	return json_integer_value(grown) && json_is_array(stacks) &&
	       !json_array_size(stacks);
}

int take_report(FILE *file, struct taken *taken)
{
	struct owners *owners = owners_new();
	json_t *programs, *program, *requests;
	struct table table;
	size_t at;
	int ret;

	memset(taken, 0, sizeof(*taken));
	look_at_all(file, owners);
	ret = !table_read(&table, file);
	programs = compose_programs(&table, owners, NULL, true);
	json_array_foreach(programs, at, program)
	{
		requests = json_object_get(program, "requests");
		taken->requests += json_integer_value(requests);
		taken->calls += count(program, "refused_calls");
		taken->stacks += count(program, "stacks");
		taken->silent |= is_silent(program);
		taken->cgroups +=
			json_is_string(json_object_get(program, "cgroup"));
	}
	taken->programs = json_array_size(programs);
	json_decref(programs);
	owners_free(owners);
	table_free(&table);
	return ret;
}
