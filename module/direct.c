// SPDX-License-Identifier: GPL-2.0-only
/* The hook by a direct call. See direct.h. */

#include <linux/bpf.h>

#include "direct.h"
#include "hook.h"
#include "trampoline.h"

/*
 * A livepatch or a kprobe with a post handler (IPMODIFY) can be there beside a
 * direct call that agrees to it. This one does: it returns to where it is told.
 * Nobody asked before 6.0 ("ftrace: Allow IPMODIFY and DIRECT ops on the same
 * function"); the macro is BPF's, for which that was made. In 7.x it is told the
 * address too.
 */
#ifdef BPF_TRAMP_F_SHARE_IPMODIFY
static int __maybe_unused agree(struct ftrace_ops *ops, enum ftrace_ops_cmd cmd)
{
	return 0;
}

static int __maybe_unused agree_at(struct ftrace_ops *ops, unsigned long ip,
				   enum ftrace_ops_cmd cmd)
{
	return 0;
}

#endif

static unsigned char function[] = "do_mmap";
static int filter_error = -EOPNOTSUPP; /* what ftrace answered to the name */

/* PERMANENT: see hook.c. */
static struct ftrace_ops direct_ops = {
	.flags = FTRACE_OPS_FL_PERMANENT,
#ifdef BPF_TRAMP_F_SHARE_IPMODIFY
	.ops_func = __builtin_choose_expr(__same_type(ftrace_ops_func_t,
						      typeof(agree) *),
					  agree, agree_at),
#endif
};

void direct_init(void)
{
	if (direct_takes_ops)
		filter_error = ftrace_set_filter(&direct_ops, function,
						 sizeof(function) - 1, 1);
}

void direct_exit(void)
{
	if (direct_takes_ops)
		hook_free_filter(&direct_ops);
}

int direct_attach(void)
{
	int ret;

	/* Never register now: an empty filter is every function. */
	if (filter_error)
		return filter_error;

	ret = direct_register(&direct_ops, (unsigned long)mapstack_trampoline);
	if (ret)
		return ret;
	/* Up to 6.12 all flags have been set anew; 7.3 keeps them. */
	direct_ops.flags |= FTRACE_OPS_FL_PERMANENT;
	return 0;
}

/*
 * The ops is a module's, so ftrace_shutdown() waits for those who are in
 * mapstack_trampoline() or in what it calls (tasks RCU: they do not sleep there)
 * as it does for a callback.
 */
int direct_detach(void)
{
	return direct_unregister(&direct_ops,
				 (unsigned long)mapstack_trampoline, false);
}
