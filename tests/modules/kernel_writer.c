// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes to a file while it is being loaded, from a kernel thread, which has no
 * address space. The result of the write is the result of loading.
 */

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/string.h>
#include <linux/workqueue.h>

static char *file = "";
module_param(file, charp, 0);
MODULE_PARM_DESC(file, "which file");

static char *text = "";
module_param(text, charp, 0);
MODULE_PARM_DESC(text, "what to write, at the beginning of the file");

/* A write that is under way. */
struct writing {
	struct work_struct work;
	struct file *file;
	ssize_t ret;
};

static void write_text(struct work_struct *work)
{
	struct writing *writing = container_of(work, struct writing, work);
	loff_t pos = 0;

	writing->ret = kernel_write(writing->file, text, strlen(text), &pos);
}

static int __init writer_init(void)
{
	struct writing writing = {};

	/* Not in the thread: in 7.3 kernel threads do not see these files. */
	writing.file = filp_open(file, O_WRONLY, 0);
	if (IS_ERR(writing.file))
		return PTR_ERR(writing.file);

	INIT_WORK_ONSTACK(&writing.work, write_text);
	schedule_work(&writing.work);
	flush_work(&writing.work);
	destroy_work_on_stack(&writing.work);
	filp_close(writing.file, NULL);
	return min_t(ssize_t, writing.ret, 0);
}

static void __exit writer_exit(void)
{
}

module_init(writer_init);
module_exit(writer_exit);

MODULE_DESCRIPTION("writes to a file from a kernel thread");
MODULE_LICENSE("GPL");
