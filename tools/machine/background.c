// SPDX-License-Identifier: GPL-2.0-only
/* A process that goes on in the background. See background.h. */

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "machine/background.h"
#include "machine/files.h"

struct end {
	int status, signal;
};

static void wait_for_word(struct child *front, int fd)
{
	struct pollfd wait[] = { { .fd = fd, .events = POLLIN },
				 { .fd = front->signals, .events = POLLIN } };
	struct end end;

	while (!front->ended) {
		poll(wait, ARRAY_SIZE(wait), -1);
		child_wait(front, 0);
		if (!(wait[0].revents & POLLIN))
			continue;
		if (read(fd, &end, sizeof(end)) != sizeof(end))
			continue;
		front->ended = true;
		front->status = end.status;
		front->signal = end.signal;
	}
}

int background_go(struct child *front)
{
	int fds[2];

	front->ended = true;
	front->status = EXIT_SELF;
	if (child_prepare(front))
		return -1;
	if (pipe2(fds, O_CLOEXEC)) {
		say_err("cannot go into the background (%m), so nothing was changed; look at the limits (ulimit -a)");
		return -1;
	}
	front->pid = fork();
	if (!front->pid) {
		sigprocmask(SIG_SETMASK, &front->mask, NULL);
		close(fds[0]);
		return fds[1];
	}
	close(fds[1]);
	if (front->pid > 0) {
		front->ended = false;
		wait_for_word(front, fds[0]);
	} else {
		say_err("cannot go into the background (%m), so nothing was changed; look at the limits (ulimit -a)");
	}
	close(fds[0]);
	return -1;
}

void background_tell(int *fd, const struct child *command)
{
	const struct end end = { command->status, command->signal };

	if (*fd < 0)
		return;
	/* If nobody reads this, the parent does not wait any more. */
	if (write(*fd, &end, sizeof(end)) != sizeof(end))
		say_err("the process that waited for the command has gone");
	close(*fd);
	*fd = -1;
}
