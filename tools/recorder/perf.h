/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where refused calls were made: perf(1) records and names the frames, with all
 * that it knows of namespaces, build ids and JIT compilers.
 */
#ifndef TOOLS_PERF_H
#define TOOLS_PERF_H

#include <jansson.h>

#include "recorder/table.h"

struct perf;

/**
 * perf_start() - have perf record refused calls from now on
 *
 * perf becomes neither a child of this process nor part of a scope of it if
 * this process is not yet a child subreaper. It ends with this process, however
 * that dies. Complains if perf is missing or cannot record.
 *
 * Return: to be closed with perf_close(), or NULL.
 */
struct perf *perf_start(void);

/**
 * perf_stop() - end the recording, and have the frames named
 * @perf: from perf_start()
 *
 * Takes a minute at most, whatever the watched programs have put in the place
 * of their files. What cannot be had is told with each call.
 */
void perf_stop(struct perf *perf);

/**
 * perf_put() - say where a call was made
 * @perf: from perf_start(), after perf_stop(); NULL: it was not asked for
 * @json: gets "backtrace" and "backtrace_error"
 * @call: which
 */
void perf_put(const struct perf *perf, json_t *json, const struct call *call);

/**
 * perf_close() - end perf if it still runs, and forget what it has said
 * @perf: from perf_start(), or NULL
 */
void perf_close(struct perf *perf);

#endif /* TOOLS_PERF_H */
