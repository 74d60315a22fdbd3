/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Finds where refused calls were made. perf(1) records them and names the
 * frames: it knows namespaces, build ids and JIT compilers.
 */
#ifndef TOOLS_PERF_H
#define TOOLS_PERF_H

#include <jansson.h>

#include "recorder/table.h"

struct perf;

/**
 * perf_start() - start perf, which records refused calls from now on
 *
 * Call it before this process becomes a child subreaper; then perf is neither its
 * child nor in its scope. perf ends with this process, however that dies. Complains
 * if perf is missing or cannot record.
 *
 * Return: the running perf, or NULL. Free it with perf_close().
 */
struct perf *perf_start(void);

/**
 * perf_stop() - end the recording, and let perf name the frames
 * @perf: from perf_start()
 *
 * Takes two minutes at most, one for perf record and one for perf script, even if
 * the watched programs have replaced their files. If a call gets no backtrace, it
 * gets the reason.
 */
void perf_stop(struct perf *perf);

/**
 * perf_put() - add the place where a call was made
 * @perf: from perf_start(), after perf_stop(); NULL: backtraces were not asked
 * for
 * @json: gets "backtrace" and "backtrace_error"
 * @call: the call
 */
void perf_put(const struct perf *perf, json_t *json, const struct call *call);

/**
 * perf_close() - end perf if it still runs, and free its results
 * @perf: from perf_start(), or NULL
 */
void perf_close(struct perf *perf);

#endif /* TOOLS_PERF_H */
