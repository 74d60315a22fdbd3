// SPDX-License-Identifier: GPL-2.0-only
/*
 * A redirect, as a livepatch makes it: an ftrace_ops with IPMODIFY sends the call
 * to a replacement. The replacement calls the code after the call to ftrace at
 * do_mmap()'s entry. A real livepatch cannot do that: it must bring a whole
 * do_mmap() of exactly this kernel. It also looks at the patch state of the task.
 *
 * This does not work on a machine with kernel IBT, because the called place is
 * not the entry of a function.
 */

/* First: it stops the build for a kernel on which this cannot work. */
#include "regs.h"

#include <linux/mman.h>
#include <linux/module.h>

#include "one_function.h"

/*
 * Wide enough for every prototype: 8 arguments up to 6.5, 9 later, each one word.
 * An extra argument is only a word of the caller's frame that is passed on.
 */
typedef unsigned long do_mmap_t(unsigned long file, unsigned long addr,
				unsigned long len, unsigned long prot,
				unsigned long flags, unsigned long arg5,
				unsigned long arg6, unsigned long arg7,
				unsigned long arg8);

static unsigned char function[] = "do_mmap";
static do_mmap_t *original;

static noinline notrace unsigned long
replacement(unsigned long file, unsigned long addr, unsigned long len,
	    unsigned long prot, unsigned long flags, unsigned long arg5,
	    unsigned long arg6, unsigned long arg7, unsigned long arg8)
{
	if (flags & MAP_STACK)
		flags |= MAP_GROWSDOWN;
	return READ_ONCE(original)(file, addr, len, prot, flags, arg5, arg6,
				   arg7, arg8);
}

static void notrace redirect(unsigned long ip, unsigned long parent_ip,
			     struct ftrace_ops *ops, regs_saved *saved)
{
	WRITE_ONCE(original, (do_mmap_t *)(ip + MCOUNT_INSN_SIZE));
#if defined(CONFIG_X86_64)
	regs_pt(saved)->ip = (unsigned long)replacement;
#else
	ftrace_regs_set_instruction_pointer(saved, (unsigned long)replacement);
#endif
}

static struct ftrace_ops way_ops = {
	.func = redirect,
	.flags = FTRACE_OPS_FL_IPMODIFY | REGS_FTRACE_FLAGS,
};

static int __init way_init(void)
{
	return one_function_attach(&way_ops, function);
}

static void __exit way_exit(void)
{
	one_function_detach(&way_ops);
}

module_init(way_init);
module_exit(way_exit);

MODULE_DESCRIPTION("MAP_STACK means VM_STACK, by a redirect");
MODULE_LICENSE("GPL");
