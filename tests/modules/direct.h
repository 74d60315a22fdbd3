/* SPDX-License-Identifier: GPL-2.0-only */
/* Direct calls of ftrace through an ops, as a module registers them; x86-64. */
#ifndef TESTS_MODULES_DIRECT_H
#define TESTS_MODULES_DIRECT_H

#include <linux/errno.h>
#include <linux/ftrace.h>

/*
 * register_ftrace_direct() takes an ops since 6.4 ("ftrace: Rename
 * _ftrace_direct_multi APIs to _ftrace_direct APIs"). Before that,
 * register_ftrace_direct_multi() did. The Kconfig symbol of its sample tells
 * whether it exists.
 */
#define direct_is_renamed                    \
	__same_type(&register_ftrace_direct, \
		    int (*)(struct ftrace_ops *, unsigned long))

#if defined(CONFIG_DYNAMIC_FTRACE_WITH_DIRECT_CALLS) && \
	defined(CONFIG_HAVE_SAMPLE_FTRACE_DIRECT_MULTI)

/* Declared for kernels that have renamed it, where it is not used. */
int register_ftrace_direct_multi(struct ftrace_ops *ops, unsigned long addr);
int unregister_ftrace_direct_multi(struct ftrace_ops *ops, unsigned long addr);

static inline int direct_register_multi(struct ftrace_ops *ops,
					unsigned long addr)
{
	return register_ftrace_direct_multi(ops, addr);
}

static inline int direct_unregister_multi(struct ftrace_ops *ops,
					  unsigned long addr, bool free_filters)
{
	int ret = unregister_ftrace_direct_multi(ops, addr);

	if (free_filters)
		ftrace_free_filter(ops);
	return ret;
}

#else

static inline int direct_register_multi(struct ftrace_ops *ops,
					unsigned long addr)
{
	return -EINVAL;
}

static inline int direct_unregister_multi(struct ftrace_ops *ops,
					  unsigned long addr, bool free_filters)
{
	return -EINVAL;
}

#endif

/* -EINVAL on 5.10, where no function takes an ops. */
#define direct_register                                                  \
	__builtin_choose_expr(direct_is_renamed, register_ftrace_direct, \
			      direct_register_multi)
#define direct_unregister                                                  \
	__builtin_choose_expr(direct_is_renamed, unregister_ftrace_direct, \
			      direct_unregister_multi)

#endif /* TESTS_MODULES_DIRECT_H */
