/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Counts requests and growth of each program while /dev/mapstack is open.
 *
 * Opening the device begins a recording, reading shows it, and closing it, or
 * the death of the process, ends it. docs/ABI describes the text. Requests and growth
 * come from the module's own tracepoints, so they cost nothing while nobody
 * records. The table (programs.h) has everything that the counters count during
 * the recording.
 */
#ifndef MAPSTACK_DEVICE_H
#define MAPSTACK_DEVICE_H

/**
 * mapstack_device_init() - create the device
 *
 * Context: process; may sleep.
 * Return: 0, or the error of misc_register().
 */
int mapstack_device_init(void);

/**
 * mapstack_device_exit() - remove the device
 *
 * Nobody has it open, because an open file holds the module.
 *
 * Context: process; may sleep.
 */
void mapstack_device_exit(void);

#endif /* MAPSTACK_DEVICE_H */
