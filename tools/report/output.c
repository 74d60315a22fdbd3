// SPDX-License-Identifier: GPL-2.0-only
/* Writes a report. See output.h. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "machine/files.h"
#include "report/output.h"

/* Opens a new file with the rights of the old one, or those of a new file. */
static int open_aside(struct output *output, const struct stat *old,
		      bool secret)
{
	mode_t mask = umask(0);

	umask(mask);
	if (asprintf(&output->aside, "%s.XXXXXX", output->path) < 0)
		return -1;
	output->fd = mkostemp(output->aside, O_CLOEXEC);
	if (output->fd < 0)
		return -1;
	if (old && !secret) {
		/* A user who may not give files away keeps the file. */
		if (fchown(output->fd, old->st_uid, old->st_gid))
			errno = 0;
		return fchmod(output->fd, old->st_mode & 0777);
	}
	return fchmod(output->fd, secret ? 0600 : 0666 & ~mask);
}

static int open_file(struct output *output, const char *path, bool secret)
{
	struct stat old;

	if (stat(path, &old)) {
		if (errno != ENOENT)
			return -1;
		output->path = xcopy(path);
		return open_aside(output, NULL, secret);
	}
	if (!S_ISREG(old.st_mode)) {
		output->fd = open(path, O_WRONLY | O_CLOEXEC);
		return output->fd < 0 ? -1 : 0;
	}
	/* If the path is a link, the file that it names is replaced. */
	output->path = realpath(path, NULL);
	return output->path ? open_aside(output, &old, secret) : -1;
}

int output_open(struct output *output, const char *path, bool secret)
{
	int ret = 0;

	*output =
		(struct output){ .name = path ?: "standard output", .fd = -1 };
	if (path)
		ret = open_file(output, path, secret);
	else
		output->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	if (output->fd >= 0 && !ret)
		output->file = open_memstream(&output->text, &output->size);
	if (output->file)
		return 0;
	say_err("cannot open %s to write a report (%m); it is as it was, so choose a place that can be written",
		output->name);
	output_abandon(output);
	return -1;
}

static int write_all(int fd, const char *text, size_t size)
{
	ssize_t n;

	for (; size; size -= n, text += n) {
		n = write(fd, text, size);
		if (n < 0 && errno == EINTR)
			n = 0;
		if (n < 0)
			return -1;
	}
	return 0;
}

int output_commit(struct output *output)
{
	struct sigaction ignore = { .sa_handler = SIG_IGN }, before;
	int ret;

	sigaction(SIGPIPE, &ignore, &before);
	ret = fclose(output->file);
	output->file = NULL;
	if (!ret)
		ret = write_all(output->fd, output->text, output->size);
	if (!ret && output->aside)
		ret = fsync(output->fd);
	if (close(output->fd) && !ret)
		ret = -1;
	output->fd = -1;
	if (!ret && output->aside)
		ret = rename(output->aside, output->path);
	if (ret) {
		say_err("cannot write the report to %s (%m)%s", output->name,
			output->path ? ", which is as it was" : "");
	} else {
		free(output->aside);
		output->aside = NULL;
	}
	sigaction(SIGPIPE, &before, NULL);
	output_abandon(output);
	return ret;
}

void output_abandon(struct output *output)
{
	int error = errno;

	if (output->file)
		fclose(output->file);
	if (output->fd >= 0)
		close(output->fd);
	if (output->aside)
		unlink(output->aside);
	free(output->aside);
	free(output->path);
	free(output->text);
	*output = (struct output){ .fd = -1 };
	errno = error;
}
