/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Records what programs do, for a few seconds or for a month. The module counts
 * (/dev/mapstack); the recorder reads its counts and makes a report of them.
 */
#ifndef TOOLS_RECORDER_H
#define TOOLS_RECORDER_H

#include <jansson.h>
#include <stdbool.h>

#include "machine/settings.h"

struct recorder;

/**
 * recorder_prepare() - get ready, so that what may fail fails now
 * @backtrace: whether refused calls shall be traced back
 *
 * Comes before child_prepare(), so that perf does not become a child, and
 * before the scope is set. Complains if it fails; nothing is recorded then.
 *
 * Return: to be closed with recorder_close(), or NULL.
 */
struct recorder *recorder_prepare(bool backtrace);

/**
 * recorder_start() - begin to count
 * @recorder: from recorder_prepare()
 *
 * To be exact it comes after scope and policy are as they shall be, and before
 * the switching on.
 *
 * Return: 0, or -1 after a complaint.
 */
int recorder_start(struct recorder *recorder);

/**
 * recorder_look() - have a look; call it several times a second
 * @recorder: after recorder_start()
 * @counters: what was counted so far; NULL: do not tell
 *
 * The module lays in room for programs that are new, and names of cgroups,
 * which come and go, are looked up. What is read is what is new.
 */
void recorder_look(struct recorder *recorder, struct counter_values *counters);

/**
 * recorder_take() - take what there is so far, and go on
 * @recorder: after recorder_start()
 *
 * Of requests that are made meanwhile some may be in the programs and not yet
 * in the counters.
 *
 * Return: 0, or -1 after a complaint.
 */
int recorder_take(struct recorder *recorder);

/**
 * recorder_stop() - take what there is, and stop
 * @recorder: after recorder_start()
 *
 * To be exact it comes after the switching off, and before the scope is put
 * back. Afterwards nothing is recorded.
 *
 * Return: 0, or -1 after a complaint.
 */
int recorder_stop(struct recorder *recorder);

/**
 * recorder_json() - make the report
 * @recorder: after recorder_stop(), or recorder_take()
 *
 * With backtraces it may take two minutes, so everything is put back before.
 *
 * Return: a new document, as schema.json has it, without what only the verb
 * knows: verb, command, scope, policy, forecast, exit_status, signal,
 * still_running.
 */
json_t *recorder_json(struct recorder *recorder);

/**
 * recorder_close() - forget everything
 * @recorder: from recorder_prepare(), or NULL
 */
void recorder_close(struct recorder *recorder);

#endif /* TOOLS_RECORDER_H */
