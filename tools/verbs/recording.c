// SPDX-License-Identifier: GPL-2.0-only
/* A recording and its report. See recording.h. */

#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "machine/clock.h"
#include "machine/files.h"
#include "machine/settings.h"
#include "verbs/recording.h"

#define PROGRESS_MS 10000 /* on a terminal */
#define PROGRESS_LOG_MS 60000 /* elsewhere */

int recording_prepare(struct recording *recording,
		      const struct options *options)
{
	*recording = (struct recording){ .options = options };
	if (output_open(&recording->output, options->output, false))
		return -1;
	recording->recorder = recorder_prepare(options->backtrace);
	if (recording->recorder)
		return 0;
	output_abandon(&recording->output);
	return -1;
}

static int apply(struct recording *recording)
{
	/* Requests in the earlier scope must not be counted in this recording. */
	if (recording->session.state.settings.enabled &&
	    setting_write("enabled", "0"))
		return -1;
	if (setting_write("scope", recording->scope) ||
	    setting_write("policy", recording->policy) ||
	    recorder_start(recording->recorder))
		return -1;
	return setting_write("enabled", "1") ? -1 : 0;
}

static void give_back(struct recording *recording)
{
	if (!recording->held)
		session_end(&recording->session);
}

int recording_begin(struct recording *recording, const char *verb,
		    const char *object, const char *scope, const char *policy)
{
	if (!recording->held &&
	    session_begin(&recording->session, verb, object))
		return -1;
	recording->scope = scope;
	recording->policy = policy ?: recording->session.state.settings.policy;
	if (apply(recording)) {
		give_back(recording);
		return -1;
	}
	recording->started = clock_ms();
	recording->told = recording->started;
	return 0;
}

/*
 * A pager, an editor or a shell that reads keys draws on the terminal itself.
 * So does another group of processes to which the terminal belongs.
 */
static bool is_painted(void)
{
	struct termios terminal;

	return !tcgetattr(STDERR_FILENO, &terminal) &&
	       (!(terminal.c_lflag & ICANON) ||
		tcgetpgrp(STDERR_FILENO) != getpgrp());
}

void recording_look(struct recording *recording, bool progress)
{
	long long period = isatty(STDERR_FILENO) ? PROGRESS_MS :
						   PROGRESS_LOG_MS;
	struct counter_values counted = {};
	long long now = clock_ms();

	if (!progress || now - recording->told < period) {
		recorder_look(recording->recorder, NULL);
		return;
	}
	recorder_look(recording->recorder, &counted);
	recording->told = now;
	if (is_painted())
		return;
	say_err("%lld s: %lld requests, %lld refused, %lld grown",
		(now - recording->started) / 1000, counted.value[C_SEEN],
		counted.value[C_REFUSED], counted.value[C_GROWN]);
}

int recording_end(struct recording *recording)
{
	int ret;

	/* First, so that nothing is counted between the two readings. */
	setting_write("enabled", "0");
	ret = recorder_stop(recording->recorder);
	give_back(recording);
	return ret;
}

json_t *recording_json(const struct recording *recording, const char *verb)
{
	json_t *document = recorder_json(recording->recorder), *about;

	about = json_pack("{s:s,s:n,s:s,s:s,s:b,s:n,s:n,s:n}", "verb", verb,
			  "command", "scope", recording->scope, "policy",
			  recording->policy, "forecast",
			  !strcmp(recording->policy, "observe"), "exit_status",
			  "signal", "still_running");
	json_object_update_new(document, about);
	return document;
}

int recording_write(struct recording *recording, const json_t *document)
{
	const struct options *options = recording->options;

	if (!recording->output.file &&
	    output_open(&recording->output, options->output, false))
		return -1;
	return report_write(document, options->format, &recording->output);
}

void recording_close(struct recording *recording)
{
	recorder_close(recording->recorder);
	output_abandon(&recording->output);
}
