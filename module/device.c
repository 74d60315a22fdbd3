// SPDX-License-Identifier: GPL-2.0-only
/* /dev/mapstack: requests and growth of each program. See device.h. */

#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/percpu.h>
#include <linux/pid_namespace.h>
#include <linux/random.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/siphash.h>
#include <linux/slab.h>

#include "device.h"
#include "growth.h"
#include "programs.h"
#include "results.h"
#include "trace.h"

struct recording {
	struct programs *programs;
	siphash_key_t key;
	struct pid_namespace *pid_ns; /* of the opener of the device */
	char __percpu *path; /* PATH_MAX bytes on each CPU */
};

static unsigned long is_open; /* bit 0 */

/* prctl(PR_SET_MM_EXE_FILE) may replace mm->exe_file at any time. */
static notrace struct file *get_exe_file(struct mm_struct *mm)
{
	struct file *file;

	rcu_read_lock();
#ifdef get_file_rcu
	/* Until 0ede61d8589c ("file: convert to SLAB_TYPESAFE_BY_RCU", 6.7). */
	file = rcu_dereference(mm->exe_file);
	if (file && !get_file_rcu(file))
		file = NULL;
#else
	file = get_file_rcu(&mm->exe_file);
#endif
	rcu_read_unlock();
	return file;
}

/*
 * Returns the path of the current process's program, as that process sees it.
 * The path may be in the buffer @path. Preemption is off here. d_path() takes
 * rename_lock if somebody renames a file at that time, which may sleep on
 * PREEMPT_RT.
 */
static notrace const char *find_path(char *path)
{
	struct file *file = current->mm ? get_exe_file(current->mm) : NULL;
	const char *found = NULL;

	if (!file)
		return "(kernel)";
	if (!IS_ENABLED(CONFIG_PREEMPT_RT))
		found = d_path(&file->f_path, path, PATH_MAX);
	if (IS_ERR_OR_NULL(found)) {
		snprintf(path, PATH_MAX, "%s%pD4", found ? "..." : "", file);
		found = path;
	}
	fput(file);
	return found;
}

static notrace u64 current_cgroup(void)
{
	u64 id = 0;

#ifdef CONFIG_CGROUPS
	rcu_read_lock();
	id = cgroup_id(task_dfl_cgroup(current));
	rcu_read_unlock();
#endif
	return id;
}

static notrace struct program *current_program(struct recording *recording)
{
	const char *path = find_path(this_cpu_ptr(recording->path));
	size_t len = strlen(path);
	struct whose whose = {
		.path = path,
		.len = len,
		.hash = siphash(path, len, &recording->key),
		.cgroup = current_cgroup(),
		.uid = from_kuid(&init_user_ns, current_uid()),
	};

	return programs_find(recording->programs, &whose);
}

/*
 * At requests only: expansions do not happen under every policy, so sizes that
 * were noted there could not be compared.
 */
static notrace void note_size(struct program *program)
{
	const struct mm_struct *mm = current->mm;

	if (mm)
		program_size(program, mm->map_count,
			     (s64)mm->total_vm << (PAGE_SHIFT - 10));
}

static notrace void count_call(struct recording *recording,
			       struct program *program, struct call *like)
{
	like->pid = task_tgid_nr_ns(current, recording->pid_ns);
	memcpy(like->comm, current->comm, sizeof(like->comm));
	program_call(recording->programs, program, like);
}

static notrace void probe_mmap(void *data, unsigned long addr,
			       unsigned long len, unsigned long prot,
			       unsigned long flags, unsigned int shape,
			       unsigned int outcome)
{
	struct call like = {
		.prot = prot,
		.flags = flags,
		.shape = shape,
		.addr = addr,
		.len = len,
	};
	struct recording *recording = data;
	struct programs *programs = recording->programs;
	struct program *program;

	preempt_disable_notrace();
	program = current_program(recording);
	program_count(programs, program,
		      NUMBER_REQUESTS + shape * NR_OUTCOMES + outcome, 1);
	if (shape == SHAPE_ANONYMOUS) {
		if (outcome != OUTCOME_SPARED)
			program_count(programs, program, NUMBER_BYTES, len);
		program_count(programs, program, NUMBER_SIZES + depth_of(len),
			      1);
	} else if (outcome != OUTCOME_ALREADY) {
		count_call(recording, program, &like);
	}
	note_size(program);
	preempt_enable_notrace();
}

static notrace void count_growth(struct programs *programs,
				 struct program *program, unsigned long from,
				 unsigned long to)
{
	unsigned int depth;

	program_count(programs, program, NUMBER_GROWN, 1);
	program_count(programs, program, NUMBER_GROWN_PAGES,
		      (to - from) >> PAGE_SHIFT);
	for (depth = depth_of(from); depth < depth_of(to); depth++)
		program_count(programs, program, NUMBER_PASSED + depth, 1);
}

static notrace void probe_grow(void *data, unsigned long address,
			       unsigned long old_start, unsigned long new_start,
			       unsigned long end, unsigned long below,
			       int error, unsigned int reason)
{
	struct recording *recording = data;
	struct programs *programs = recording->programs;
	struct stack now = {
		.pid = task_tgid_nr_ns(current, recording->pid_ns),
		.end = end,
		.mapped = end - old_start,
		.size = end - new_start,
		.space = below ? new_start - below : -1,
		.reason = reason,
	};
	struct program *program;

	memcpy(now.comm, current->comm, sizeof(now.comm));
	preempt_disable_notrace();
	program = current_program(recording);
	program_stack(programs, program, &now, error);
	if (error)
		program_count(programs, program, NUMBER_DENIED + reason - 1, 1);
	else
		count_growth(programs, program, now.mapped, now.size);
	preempt_enable_notrace();
}

/* A request that probe_mmap() has counted has failed. */
static notrace void note_failure(void *data, unsigned long len)
{
	struct recording *recording = data;
	struct program *program;

	preempt_disable_notrace();
	program = current_program(recording);
	program_count(recording->programs, program, NUMBER_FAILED, 1);
	program_count(recording->programs, program, NUMBER_BYTES, -(s64)len);
	preempt_enable_notrace();
}

static int mapstack_device_show(struct seq_file *m, void *row)
{
	const struct programs *programs =
		((struct recording *)m->private)->programs;

	/* Both probes need kprobes. If growth's fires, kprobes work. */
	if (row == programs_row(programs, 0))
		seq_printf(m, "results %d\n",
			   results_are_known() && growth_is_known());
	program_show(m, programs, row);
	return 0;
}

/* Reading allocates rows. Without memory, later programs share row 0. */
static void *mapstack_device_start(struct seq_file *m, loff_t *number)
{
	struct recording *recording = m->private;

	programs_lay_in(recording->programs);
	return programs_row(recording->programs, *number);
}

static void *mapstack_device_next(struct seq_file *m, void *row, loff_t *number)
{
	struct recording *recording = m->private;

	return programs_row(recording->programs, ++*number);
}

static void mapstack_device_stop(struct seq_file *m, void *row)
{
}

static const struct seq_operations mapstack_device_seq = {
	.start = mapstack_device_start,
	.next = mapstack_device_next,
	.stop = mapstack_device_stop,
	.show = mapstack_device_show,
};

static void recording_free(struct recording *recording)
{
	programs_free(recording->programs);
	put_pid_ns(recording->pid_ns);
	free_percpu(recording->path);
	kfree(recording);
}

static struct recording *recording_new(void)
{
	struct recording *recording = kzalloc(sizeof(*recording), GFP_KERNEL);

	if (!recording)
		return NULL;
	recording->pid_ns = get_pid_ns(task_active_pid_ns(current));
	get_random_bytes(&recording->key, sizeof(recording->key));
	recording->path = __alloc_percpu(PATH_MAX, sizeof(long));
	recording->programs = programs_new();
	if (recording->path && recording->programs)
		return recording;
	recording_free(recording);
	return NULL;
}

static int probes_on(struct recording *recording)
{
	int ret = register_trace_mapstack_mmap(probe_mmap, recording);

	if (ret)
		return ret;
	ret = register_trace_mapstack_grow(probe_grow, recording);
	if (ret) {
		unregister_trace_mapstack_mmap(probe_mmap, recording);
		return ret;
	}
	/* If results cannot be followed, the table says so. */
	results_follow(note_failure, recording);
	return 0;
}

static void probes_off(struct recording *recording)
{
	results_leave();
	unregister_trace_mapstack_grow(probe_grow, recording);
	unregister_trace_mapstack_mmap(probe_mmap, recording);
	tracepoint_synchronize_unregister();
}

static int mapstack_device_open(struct inode *inode, struct file *file)
{
	struct recording *recording;
	int ret;

	if (test_and_set_bit(0, &is_open))
		return -EBUSY;
	ret = -ENOMEM;
	recording = recording_new();
	if (!recording)
		goto err_clear;
	/* seq_open() warns if private_data is set, and misc_open() sets it. */
	file->private_data = NULL;
	ret = seq_open(file, &mapstack_device_seq);
	if (ret)
		goto err_free;
	((struct seq_file *)file->private_data)->private = recording;
	ret = probes_on(recording);
	if (ret)
		goto err_release;
	return 0;

err_release:
	tracepoint_synchronize_unregister();
	seq_release(inode, file);
err_free:
	recording_free(recording);
err_clear:
	clear_bit(0, &is_open);
	return ret;
}

static int mapstack_device_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct recording *recording = m->private;

	probes_off(recording);
	seq_release(inode, file);
	recording_free(recording);
	clear_bit(0, &is_open);
	return 0;
}

static const struct file_operations mapstack_device_fops = {
	.owner = THIS_MODULE,
	.open = mapstack_device_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = mapstack_device_release,
};

static struct miscdevice mapstack_device_misc = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mapstack",
	.mode = 0600,
	.fops = &mapstack_device_fops,
};

int mapstack_device_init(void)
{
	return misc_register(&mapstack_device_misc);
}

void mapstack_device_exit(void)
{
	misc_deregister(&mapstack_device_misc);
}
