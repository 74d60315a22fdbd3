/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records the requests of programs, for a few seconds or for a month. The module
 * counts (/dev/mapstack); the recorder reads its counts and makes a report of them.
 */
#ifndef TOOLS_RECORDER_H
#define TOOLS_RECORDER_H

#include <jansson.h>
#include <stdbool.h>

#include "machine/settings.h"

struct recorder;

/**
 * recorder_prepare() - do everything that may fail
 * @backtrace: whether to record where refused calls are made
 *
 * Call it before child_prepare(), so that perf does not become a child, and before
 * the scope is set. Complains if it fails; then nothing is recorded.
 *
 * Return: a recorder, or NULL. Free it with recorder_close().
 */
struct recorder *recorder_prepare(bool backtrace);

/**
 * recorder_start() - begin to count
 * @recorder: from recorder_prepare()
 *
 * For exact counts call it after scope and policy are set, and before the module is
 * switched on.
 *
 * Return: 0, or -1 after a complaint.
 */
int recorder_start(struct recorder *recorder);

/**
 * recorder_look() - read everything that is new; call it several times a second
 * @recorder: after recorder_start()
 * @counters: becomes what was counted so far; NULL: not needed
 *
 * Reading has the module allocate room for new programs. It also looks up the names
 * of cgroups while they exist.
 */
void recorder_look(struct recorder *recorder, struct counter_values *counters);

/**
 * recorder_take() - read everything so far, and go on
 * @recorder: after recorder_start()
 *
 * A request that is made during this may be in its program's row and not yet in the
 * counters.
 *
 * Return: 0, or -1 after a complaint.
 */
int recorder_take(struct recorder *recorder);

/**
 * recorder_stop() - read everything, and stop
 * @recorder: after recorder_start()
 *
 * For exact counts call it after the module is switched off, and before the scope is
 * put back.
 *
 * Return: 0, or -1 after a complaint.
 */
int recorder_stop(struct recorder *recorder);

/**
 * recorder_json() - make the report
 * @recorder: after recorder_stop(), or recorder_take()
 *
 * With backtraces it may take two minutes, so put everything back before.
 *
 * Return: a new document, as schema.json has it, except for the members that only
 * the verb knows: verb, command, scope, policy, forecast, exit_status, signal,
 * still_running.
 */
json_t *recorder_json(struct recorder *recorder);

/**
 * recorder_close() - forget everything
 * @recorder: from recorder_prepare(), or NULL
 */
void recorder_close(struct recorder *recorder);

#endif /* TOOLS_RECORDER_H */
