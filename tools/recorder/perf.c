// SPDX-License-Identifier: GPL-2.0-only
/* Gets backtraces from perf(1). See perf.h. */

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "machine/clock.h"
#include "machine/files.h"
#include "machine/state.h"
#include "recorder/perf.h"
#include "recorder/perf_data.h"
#include "report/text.h"

#define START_SECONDS 60
#define STOP_SECONDS 60
#define RECORD                                                                           \
	"perf record -q -a --user-callchains --namespaces %s -e mapstack:mapstack_mmap " \
	"--filter shape!=0 --call-graph dwarf,16384 --max-size=64M -D -1 "               \
	"--control=fd:%d,%d -o %s -- cat"
#define SCRIPT                                          \
	"perf script -i %s --no-inline --max-stack 32 " \
	"-F pid,trace,ip,sym,symoff,dso"

/* A program that runs until a pipe is closed, and its output. */
struct helper {
	pid_t pid; /* a session of its own */
	int life; /* the program ends when this is closed */
	int output;
};

struct perf {
	char dir[64];
	char data[80]; /* the file in it */
	struct helper record;
	int control, answers; /* of perf, while it runs */
	json_t *samples; /* by "pid prot flags": the frames of the first call */
	const char *error; /* why there are no samples; NULL: perf has recorded */
};

static void __attribute__((noreturn)) execute_words(char *line)
{
	char *words[32], **word = words;

	for (*word = strtok(line, " "); *word; *word = strtok(NULL, " "))
		word++;
	execvp(line, words);
	dprintf(STDERR_FILENO, "%s: %m\n", line);
	_exit(127);
}

/*
 * If perf 6.12 finds the debug file of a library by its build id, it unwinds by
 * that file. The file has no .eh_frame, so the backtrace ends at the library.
 */
static void hide_debug_files(void)
{
	if (!unshare(CLONE_NEWNS) &&
	    !mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
		mount("none", "/usr/lib/debug", "tmpfs", MS_RDONLY, NULL);
}

/* try reads signals from a descriptor and blocks them, and perf waits for SIGCHLD. */
static void unblock_signals(void)
{
	sigset_t none;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * Makes perf a grandchild and not a child of this process: run waits for its
 * children to see whether everything that a command has started has ended.
 */
static void __attribute__((noreturn)) execute(char *line, int life, int output,
					      int told)
{
	pid_t pid = fork();

	if (pid) {
		if (write(told, &pid, sizeof(pid)) != sizeof(pid))
			_exit(1);
		_exit(0);
	}
	setsid();
	unblock_signals();
	hide_debug_files();
	dup2(life, STDIN_FILENO);
	dup2(output, STDOUT_FILENO);
	dup2(output, STDERR_FILENO);
	execute_words(line);
}

/* @line: words with a space between, changed */
static int helper_start(struct helper *helper, char *line)
{
	int life[2], output[2], told[2];
	pid_t pid;

	if (pipe2(life, O_CLOEXEC))
		return -1;
	if (pipe2(output, O_CLOEXEC))
		goto out_life;
	if (pipe2(told, O_CLOEXEC))
		goto out_output;
	pid = fork();
	if (!pid)
		execute(line, life[0], output[1], told[1]);
	close(told[1]);
	if (read(told[0], &helper->pid, sizeof(helper->pid)) !=
	    sizeof(helper->pid))
		helper->pid = 0;
	close(told[0]);
	if (pid > 0)
		waitpid(pid, NULL, 0);
	if (helper->pid <= 0)
		goto out_output;
	close(life[0]);
	close(output[1]);
	helper->life = life[1];
	helper->output = output[0];
	return 0;

out_output:
	close(output[0]);
	close(output[1]);
out_life:
	close(life[0]);
	close(life[1]);
	helper->pid = 0;
	return -1;
}

/* Reads a piece of the output. Returns 0 at its end, or -1 after the time. */
static ssize_t helper_read(struct helper *helper, char *buf, size_t size,
			   long long until)
{
	struct pollfd wait = { .fd = helper->output, .events = POLLIN };
	long long left = until - clock_ms();

	if (left <= 0 || poll(&wait, 1, left) != 1)
		return -1;
	return read(helper->output, buf, size);
}

/* Returns the whole output. Free it. Sets @late if it did not end in time. */
static char *helper_finish(struct helper *helper, int seconds, bool *late)
{
	long long until = clock_ms() + seconds * 1000LL;
	char *text = NULL, buf[4096];
	size_t size = 0;
	ssize_t n;
	FILE *file;

	*late = false;
	if (!helper->pid)
		return xcopy("");
	close(helper->life);
	file = xmemory(&text, &size);
	while ((n = helper_read(helper, buf, sizeof(buf), until)) > 0)
		fwrite(buf, 1, n, file);
	fclose(file);
	*late = n < 0;
	if (*late)
		kill(-helper->pid, SIGKILL);
	close(helper->output);
	helper->pid = 0;
	return text;
}

/* Waits for the answer of --control. Everything is recorded from then on. */
static int wait_for_answer(int ack)
{
	struct pollfd wait = { .fd = ack, .events = POLLIN };
	char answer[16];

	if (poll(&wait, 1, START_SECONDS * 1000) != 1)
		return -1;
	return read(ack, answer, sizeof(answer)) > 0 ? 0 : -1;
}

/*
 * Since 5.12 the kernel records the build ids of mapped files, which distinguish
 * files of a container from those of this system. On older kernels perf reads the
 * build ids from the files at the end.
 */
static int start_record(struct perf *perf, const char *build_ids)
{
	char line[512];
	int ctl[2], ack[2], ret;

	/* Not O_CLOEXEC: perf inherits its ends. */
	if (pipe(ctl))
		return -1;
	if (pipe(ack)) {
		close(ctl[0]);
		close(ctl[1]);
		return -1;
	}
	fcntl(ctl[1], F_SETFD, FD_CLOEXEC);
	fcntl(ack[0], F_SETFD, FD_CLOEXEC);
	snprintf(line, sizeof(line), RECORD, build_ids, ctl[0], ack[1],
		 perf->data);
	/* This process itself has the reading end open, so there is no SIGPIPE. */
	ret = write(ctl[1], "enable\n", 7) == 7 ? 0 : -1;
	ret = ret ?: helper_start(&perf->record, line);
	close(ctl[0]);
	close(ack[1]);
	ret = ret ?: wait_for_answer(ack[0]);
	if (ret) {
		close(ctl[1]);
		close(ack[0]);
		return -1;
	}
	/* If they were closed, perf would end before it has written everything. */
	perf->control = ctl[1];
	perf->answers = ack[0];
	return 0;
}

static void say_missing(struct perf *perf)
{
	bool late;
	char *said = helper_finish(&perf->record, 10, &late);

	say_err("perf record does not work (%s), so nothing was started; install perf (Debian: linux-perf), or go without --backtrace",
		strtok(said, "\n") ?: "it said nothing");
	free(said);
}

static bool starts(struct perf *perf)
{
	bool late;

	if (!start_record(perf, "--buildid-mmap"))
		return true;
	free(helper_finish(&perf->record, 10, &late));
	if (!start_record(perf, "--no-buildid-cache"))
		return true;
	say_missing(perf);
	return false;
}

struct perf *perf_start(void)
{
	struct perf *perf = xalloc(sizeof(*perf));

	perf->samples = json_object();
	snprintf(perf->dir, sizeof(perf->dir), "%s/perf-XXXXXX", STATE_DIR);
	mkdir(STATE_DIR, 0755);
	if (!mkdtemp(perf->dir)) {
		say_err("cannot make %s (%m), so nothing was started; go without --backtrace",
			perf->dir);
		perf->dir[0] = '\0';
		goto err;
	}
	snprintf(perf->data, sizeof(perf->data), "%s/data", perf->dir);
	if (starts(perf))
		return perf;
err:
	perf_close(perf);
	return NULL;
}

static char *key_of(char *key, size_t size, int pid, unsigned long prot,
		    unsigned long flags)
{
	snprintf(key, size, "%d %lx %lx", pid, prot, flags);
	return key;
}

/* The frames of a call follow a line "PID addr=...", each after a tab. */
static void take_line(struct perf *perf, char *line, json_t **frames)
{
	unsigned long prot, flags;
	const char *fields;
	char key[64];
	int pid;

	fields = strstr(line, " addr=0x");
	if (*line != '\t' && fields && sscanf(line, " %d", &pid) == 1 &&
	    sscanf(fields, " addr=%*x len=%*u prot=%lx flags=%lx", &prot,
		   &flags) == 2) {
		key_of(key, sizeof(key), pid, prot, flags);
		*frames = NULL;
		if (json_object_get(perf->samples, key))
			return;
		*frames = json_array();
		json_object_set_new(perf->samples, key, *frames);
	} else if (*frames && *line == '\t') {
		/* The address comes first. It is meaningless now. */
		line += strspn(line, " \t");
		line += strspn(line, "0123456789abcdef");
		json_array_append_new(*frames, text_json(line + 1));
	}
}

static void name_frames(struct perf *perf)
{
	char command[256], *text, *line, *rest = NULL;
	struct helper script = {};
	json_t *frames = NULL;
	bool late;

	snprintf(command, sizeof(command), SCRIPT, perf->data);
	if (helper_start(&script, command)) {
		perf->error = "perf script could not be started";
		return;
	}
	text = helper_finish(&script, STOP_SECONDS, &late);
	if (late)
		perf->error = "perf script took longer than a minute";
	for (line = strtok_r(text, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		take_line(perf, line, &frames);
	free(text);
}

void perf_stop(struct perf *perf)
{
	bool late;

	free(helper_finish(&perf->record, STOP_SECONDS, &late));
	if (late) {
		perf->error = "perf record did not end in a minute";
		return;
	}
	/* If it cannot be edited, some backtraces end early. */
	perf_data_forget(perf->data);
	name_frames(perf);
}

void perf_put(const struct perf *perf, json_t *json, const struct call *call)
{
	const char *error = perf ? perf->error : NULL;
	json_t *frames = NULL;
	char key[64];

	if (perf)
		frames = json_object_get(perf->samples,
					 key_of(key, sizeof(key), call->pid,
						call->prot, call->flags));
	if (perf && !json_array_size(frames))
		error = error ?: "perf has no backtrace of this call";
	json_object_set_new(json, "backtrace",
			    frames ? json_incref(frames) : json_array());
	json_object_set_new(json, "backtrace_error", text_json(error));
}

void perf_close(struct perf *perf)
{
	bool late;

	if (!perf)
		return;
	free(helper_finish(&perf->record, 10, &late));
	if (perf->control) {
		close(perf->control);
		close(perf->answers);
	}
	if (*perf->dir) {
		unlink(perf->data);
		rmdir(perf->dir);
	}
	json_decref(perf->samples);
	free(perf);
}
