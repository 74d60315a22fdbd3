/* SPDX-License-Identifier: GPL-2.0-only */
/* mapstack status, on and off. */
#ifndef TOOLS_STATUS_H
#define TOOLS_STATUS_H

#include "report/report.h"

/* Exit statuses of status. */
enum { STATUS_ON, STATUS_FAILED, STATUS_OFF = 3, STATUS_NOT_LOADED };

/**
 * status() - print settings and counters, and what a killed run left
 * @format: how
 *
 * Return: the exit status.
 */
int status(enum format format);

/**
 * turn_on() - switch on, loading the module if need be
 * @policy: to set first; NULL: leave it
 *
 * Return: the exit status: 0, or 1 after a complaint.
 */
int turn_on(const char *policy);

/**
 * turn_off() - switch off; what a killed run left is put back first
 *
 * Return: the exit status: 0, or 1 after a complaint.
 */
int turn_off(void);

#endif /* TOOLS_STATUS_H */
