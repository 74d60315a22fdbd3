/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A recording and its report, from changing the settings to putting them back:
 * the code that run and watch share.
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
	bool held; /* the session is the caller's, who has begun and ends it */
	const char *policy; /* the one in force meanwhile */
	const char *scope;
	struct output output; /* of the next report; its file is NULL: of none */
	struct recorder *recorder;
	long long started, told; /* clock_ms() */
};

/**
 * recording_prepare() - do all that may fail before anything is changed
 * @recording: to be filled in
 * @options: output, backtrace; quiet later
 *
 * Comes before child_prepare(). Complains.
 *
 * Return: 0, or -1; then there is nothing to close.
 */
int recording_prepare(struct recording *recording,
		      const struct options *options);

/**
 * recording_begin() - change the settings, and begin to count
 * @recording: from recording_prepare()
 * @verb: what is done
 * @object: to what; see session_begin()
 * @scope: for whom, as the module has it; kept
 * @policy: which; NULL: the one in force
 *
 * The counting begins before the switching on, so that no request of anybody
 * is in a program's row and not in the module's counters.
 *
 * Return: 0; or -1 after a complaint, and then everything is put back.
 */
int recording_begin(struct recording *recording, const char *verb,
		    const char *object, const char *scope, const char *policy);

/**
 * recording_look() - have a look; call it every LOOK_MS
 * @recording: after recording_begin()
 * @progress: whether to say now and then how it is going
 */
void recording_look(struct recording *recording, bool progress);

/**
 * recording_end() - switch off, take what there is, put everything back
 * @recording: after recording_begin()
 *
 * Return: 0, or -1 after a complaint if there can be no report.
 */
int recording_end(struct recording *recording);

/**
 * recording_json() - make the report
 * @recording: after recording_end(), or recorder_take()
 * @verb: of which
 *
 * Return: a new document; of what schema.json wants command, exit_status,
 * signal and still_running are null.
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
 * recording_close() - forget everything
 * @recording: from recording_prepare()
 */
void recording_close(struct recording *recording);

#endif /* TOOLS_RECORDING_H */
