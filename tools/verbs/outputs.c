// SPDX-License-Identifier: GPL-2.0-only
/* Compares what a command printed. See outputs.h. */

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine/files.h"
#include "report/document.h"
#include "report/lines.h"
#include "verbs/outputs.h"

struct stream {
	const struct trials *trials;
	const char *file, *name; /* "out", "stdout" */
	struct lines base; /* of the first run of off */
};

/* Returns its bytes, or -1. */
static ssize_t read_whole(const char *path, char **text)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0, size = 0;
	struct stat stat;

	if (fd < 0 || fstat(fd, &stat))
		return -1;
	*text = xalloc(stat.st_size + 1);
	while (size < stat.st_size &&
	       (n = read(fd, *text + size, stat.st_size - size)) > 0)
		size += n;
	close(fd);
	if (n >= 0)
		return size;
	free(*text);
	return -1;
}

/* Returns the bytes, before anything is ignored; or -1 after a complaint. */
static ssize_t read_lines(const struct stream *stream, const char *policy,
			  int number, struct lines *lines)
{
	char *path = trial_path(stream->trials, policy, number, stream->file);
	char *text = NULL;
	ssize_t size = read_whole(path, &text);

	if (size < 0)
		say_err("cannot read %s, which the command printed (%m), so there is no verdict; try again",
			path);
	else
		lines_split(lines, text, size, stream->trials->options->ignore);
	free(path);
	return size;
}

static int learn(struct stream *stream, const json_t *off)
{
	size_t runs = json_array_size(json_object_get(off, "runs")), i;
	struct lines other;

	if (read_lines(stream, "off", 1, &stream->base) < 0)
		return -1;
	for (i = 1; i < runs; i++) {
		if (read_lines(stream, "off", i + 1, &other) < 0)
			return -1;
		lines_learn(&stream->base, &other);
		lines_free(&other);
	}
	return 0;
}

static int compare_policy(struct stream *stream, const json_t *policy)
{
	const char *name = document_text(policy, "policy");
	json_t *run, *printed;
	struct lines lines;
	ssize_t size;
	size_t i;

	json_array_foreach(json_object_get(policy, "runs"), i, run)
	{
		size = read_lines(stream, name, i + 1, &lines);
		if (size < 0)
			return -1;
		printed = json_pack("{s:I,s:o}", "bytes", (json_int_t)size,
				    "differs",
				    lines_differ(&stream->base, &lines));
		json_object_set_new(run, stream->name, printed);
		lines_free(&lines);
	}
	return 0;
}

static int compare_stream(struct stream *stream, json_t *policies)
{
	json_t *off = json_array_get(policies, 0), *policy;
	int ret = learn(stream, off);
	size_t i;

	json_array_foreach(policies, i, policy)
	{
		ret = ret ?: compare_policy(stream, policy);
	}
	json_object_set_new(json_object_get(off, "varies"), stream->name,
			    json_pack("{s:I,s:b}", "lines",
				      (json_int_t)lines_varying(&stream->base),
				      "unlike", stream->base.unlike));
	lines_free(&stream->base);
	return ret;
}

int outputs_compare(const struct trials *trials, json_t *policies)
{
	struct stream streams[] = {
		{ .trials = trials, .file = "out", .name = "stdout" },
		{ .trials = trials, .file = "err", .name = "stderr" },
	};

	json_object_set_new(json_array_get(policies, 0), "varies",
			    json_object());
	return compare_stream(&streams[0], policies) ||
			       compare_stream(&streams[1], policies) ?
		       -1 :
		       0;
}
