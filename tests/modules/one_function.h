/* SPDX-License-Identifier: GPL-2.0-only */
/* Attaches an ftrace_ops of a test to one function of the kernel. */
#ifndef TESTS_MODULES_ONE_FUNCTION_H
#define TESTS_MODULES_ONE_FUNCTION_H

#include <linux/errno.h>
#include <linux/ftrace.h>
#include <linux/string.h>

/**
 * one_function_attach() - register an ops for one function
 * @ops: the ops, with its callback and flags
 * @function: the function's name; not const because ftrace wants it so
 *
 * Context: process; may sleep.
 * Return: 0, -EINVAL for the empty name, which would mean every function, or
 * ftrace's error.
 */
static inline int one_function_attach(struct ftrace_ops *ops,
				      unsigned char *function)
{
	int ret;

	if (!*function)
		return -EINVAL;
	ret = ftrace_set_filter(ops, function, strlen((char *)function), 1);
	if (ret)
		return ret;
	ret = register_ftrace_function(ops);
	if (ret)
		ftrace_set_filter(ops, NULL, 0, 1);
	return ret;
}

/**
 * one_function_detach() - undo one_function_attach() and free the filter
 * @ops: the ops
 *
 * Context: process; may sleep.
 */
static inline void one_function_detach(struct ftrace_ops *ops)
{
	unregister_ftrace_function(ops);
	ftrace_set_filter(ops, NULL, 0, 1);
}

#endif /* TESTS_MODULES_ONE_FUNCTION_H */
