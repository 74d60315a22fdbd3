/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A recording and its report, from changing the settings to putting them back. run,
 * watch and try share it.
 */
#ifndef TOOLS_RECORDING_H
#define TOOLS_RECORDING_H

#include <jansson.h>

#include "machine/session.h"
#include "recorder/recorder.h"
#include "report/output.h"
#include "verbs/verbs.h"

#define LOOK_MS 100

struct recording {
	const struct options *options;
	struct session session;
	bool held; /* the caller begins and ends the session */
	const char *policy; /* the one in force during it */
	const char *scope;
	struct output output; /* of the next report; none if its file is NULL */
	struct recorder *recorder;
	long long started, told; /* clock_ms() */
};

/**
 * recording_prepare() - do all that may fail before anything is changed
 * @recording: to be filled in
 * @options: output, backtrace; later quiet
 *
 * Call it before child_prepare(). Complains.
 *
 * Return: 0, or -1 if there is nothing to close.
 */
int recording_prepare(struct recording *recording,
		      const struct options *options);

/**
 * recording_begin() - change the settings, and begin to count
 * @recording: from recording_prepare()
 * @verb: see session_begin()
 * @object: see session_begin()
 * @scope: the scope, as the module takes it; kept
 * @policy: the policy; NULL: the one in force
 *
 * Begins to count before it switches on, so that no request is in a program's row
 * and not in the module's counters.
 *
 * Return: 0; or -1 after a complaint, and then everything is put back.
 */
int recording_begin(struct recording *recording, const char *verb,
		    const char *object, const char *scope, const char *policy);

/**
 * recording_look() - read everything that is new; call it every LOOK_MS
 * @recording: after recording_begin()
 * @progress: whether to print progress now and then
 */
void recording_look(struct recording *recording, bool progress);

/**
 * recording_end() - switch off, read everything, put all settings back
 * @recording: after recording_begin()
 *
 * Return: 0, or -1 after a complaint if there can be no report.
 */
int recording_end(struct recording *recording);

/**
 * recording_json() - make the report
 * @recording: after recording_end(), or recorder_take()
 * @verb: the verb that recorded
 *
 * Return: a new document, in which command, exit_status, signal and still_running
 * are null.
 */
json_t *recording_json(const struct recording *recording, const char *verb);

/**
 * recording_write() - print a report where the options say
 * @recording: from recording_prepare()
 * @document: the report
 *
 * Return: 0, or -1 after a complaint.
 */
int recording_write(struct recording *recording, const json_t *document);

/**
 * recording_close() - free everything
 * @recording: from recording_prepare()
 */
void recording_close(struct recording *recording);

#endif /* TOOLS_RECORDING_H */
