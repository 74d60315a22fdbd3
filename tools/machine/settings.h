/* SPDX-License-Identifier: GPL-2.0-only */
/* The module's settings and counters, as sysfs has them. */
#ifndef TOOLS_SETTINGS_H
#define TOOLS_SETTINGS_H

#include <stdbool.h>

#define SCOPE_SIZE 4096 /* a sysfs file is no longer than that on any page */

/* The values of enabled, policy and scope. */
struct settings {
	bool enabled;
	char policy[16];
	char scope[SCOPE_SIZE];
};

/* The counters, in the order in which they are printed. */
enum counter_name {
	C_SEEN,
	C_TRANSLATED,
	C_ALREADY,
	C_REFUSED,
	C_SPARED,
	C_OBSERVED,
	C_SHAPE_ANONYMOUS,
	C_SHAPE_SHARED,
	C_SHAPE_FILE,
	C_SHAPE_HUGETLB,
	C_SHAPE_DROPPABLE,
	C_OUT_OF_SCOPE,
	C_GROWN,
	C_GROWN_PAGES,
	C_GROW_DENIED,
	C_GROW_MISSED,
	NR_COUNTER_NAMES,
};

extern const char *const counter_names[NR_COUNTER_NAMES];

struct counter_values {
	long long value[NR_COUNTER_NAMES]; /* -1: unknown */
};

/**
 * module_is_loaded() - whether the module's directory is there
 */
bool module_is_loaded(void);

/**
 * module_load() - load the module with modprobe(8) if it is not loaded
 *
 * Complains if that fails.
 *
 * Return: whether it is loaded now.
 */
bool module_load(void);

/**
 * settings_read() - read the settings
 * @settings: to be filled in
 *
 * Return: 0 or -errno.
 */
int settings_read(struct settings *settings);

/**
 * setting_write() - write one setting
 * @name: its file
 * @value: the text to write
 *
 * Complains if that fails.
 *
 * Return: 0 or -errno.
 */
int setting_write(const char *name, const char *value);

/**
 * counters_read_all() - read the counters
 * @counters: to be filled in
 *
 * Return: 0 or -errno.
 */
int counters_read_all(struct counter_values *counters);

/**
 * counters_since() - subtract earlier values
 * @now: the values now; becomes the difference
 * @before: the earlier values
 *
 * If a counter was unknown at one of the two times, its difference is -1.
 */
void counters_since(struct counter_values *now,
		    const struct counter_values *before);

#endif /* TOOLS_SETTINGS_H */
