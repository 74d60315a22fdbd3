/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What each program asked for, counted while somebody holds /dev/mapstack open.
 *
 * Opening the device begins a recording, reading shows it, and closing ends it,
 * by whatever death. docs/ABI has the text. Requests and growth come from the
 * module's own tracepoints, so nothing is paid while nobody records, and all that
 * the counters count while they are probed is in the table: what has no row of
 * its own is in the first.
 */
#ifndef MAPSTACK_PROGRAMS_H
#define MAPSTACK_PROGRAMS_H

/**
 * programs_init() - make the device
 *
 * Context: process; may sleep.
 * Return: 0, or what misc_register() answered.
 */
int programs_init(void);

/**
 * programs_exit() - remove the device
 *
 * Nobody has it open: an open file holds the module.
 *
 * Context: process; may sleep.
 */
void programs_exit(void);

#endif /* MAPSTACK_PROGRAMS_H */
