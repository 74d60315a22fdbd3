// SPDX-License-Identifier: GPL-2.0-only
/* Counts what each program asks for. See programs.h. */

#include <linux/atomic.h>
#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/dcache.h>
#include <linux/file.h>
#include <linux/fs.h>
#include <linux/hash.h>
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
#include <linux/spinlock.h>
#include <linux/vmalloc.h>

#include "depth.h"
#include "growth.h"
#include "programs.h"
#include "results.h"
#include "trace.h"

#define BUCKET_BITS 14
#define ROWS_OF_CHUNK 1024
#define MAX_CHUNKS 128
/* The number of new rows for which there is room between two reads. */
#define ROOM (4 * ROWS_OF_CHUNK)
#define MAX_CALLS 32 /* kinds of calls of a program */
#define MAX_STACKS 32 /* mappings of a program that grew */

/* A kind of call that do_mmap() does not let grow. */
struct call {
	struct call *next;
	unsigned long prot, flags;
	enum shape shape;
	atomic64_t count;
	/* Of the first such call: */
	unsigned long addr, len;
	pid_t pid;
	char comm[TASK_COMM_LEN];
};

/* A mapping that grew or was to grow. Its end stays where it is. */
struct stack {
	struct stack *next;
	pid_t pid; /* of the process */
	unsigned long end;
	unsigned long mapped; /* bytes, before the first expansion */
	char comm[TASK_COMM_LEN]; /* of the thread that caused that */
	/* As of the last expansion, done or refused; under mmap_lock: */
	unsigned long size;
	long space; /* bytes to the mapping below; -1: more than 256 pages */
	atomic_t grown, denied;
	enum grow_reason reason; /* of the last that was refused */
};

struct program {
	struct program *next; /* in its bucket */
	struct stack *stacks; /* the latest first */
	unsigned int nr_stacks;
	struct call *calls; /* the latest first */
	unsigned int nr_calls;
	uid_t uid;
	u64 hash; /* of its whole path */
	u64 cgroup;
	atomic64_t requests[NR_SHAPES][NR_OUTCOMES];
	atomic64_t bytes; /* of requests that can grow and did not fail */
	atomic64_t failed; /* requests that can grow and failed all the same */
	atomic64_t grown, grown_pages;
	atomic64_t denied[NR_GROW_REASONS];
	atomic64_t sizes[NR_DEPTHS]; /* of anonymous requests */
	atomic64_t passed[NR_DEPTHS - 1]; /* mappings that grew out of a class */
	atomic_t mappings; /* at most, when it asked */
	char name[192]; /* the end of its path */
};

/*
 * Rows. They are freed at the end only. The probes cannot allocate memory, so
 * they take rows that a reader has allocated before.
 */
struct pool {
	size_t size; /* bytes of a row */
	unsigned int used;
	unsigned int nr_chunks;
	void *chunk[MAX_CHUNKS];
};

struct table {
	siphash_key_t key;
	struct pid_namespace *pid_ns; /* of the opener of the device */
	char __percpu *path; /* PATH_MAX each */
	raw_spinlock_t lock; /* held to add a row */
	struct pool programs, calls, stacks;
	struct program *bucket[1 << BUCKET_BITS];
};

static unsigned long recording; /* bit 0: the device is open */

static notrace void *pool_row(const struct pool *pool, unsigned int number)
{
	return pool->chunk[number / ROWS_OF_CHUNK] +
	       number % ROWS_OF_CHUNK * pool->size;
}

/* The next free row, to fill in and to pool_add(); or NULL. Under the lock. */
static notrace void *pool_next(const struct pool *pool)
{
	/* With pool_lay_in(): the chunk's address is there before its number. */
	unsigned int room = smp_load_acquire(&pool->nr_chunks) * ROWS_OF_CHUNK;

	return pool->used < room ? pool_row(pool, pool->used) : NULL;
}

static notrace void pool_add(struct pool *pool)
{
	/* With programs_row(): a row is filled in before it is counted. */
	smp_store_release(&pool->used, pool->used + 1);
}

/* Allocates rows. Has no rival: the device is open once, and seq_file has a lock. */
static int pool_lay_in(struct pool *pool)
{
	while (pool->nr_chunks < MAX_CHUNKS &&
	       pool->nr_chunks * ROWS_OF_CHUNK - READ_ONCE(pool->used) < ROOM) {
		void *chunk = vzalloc(ROWS_OF_CHUNK * pool->size);

		if (!chunk)
			return -ENOMEM;
		pool->chunk[pool->nr_chunks] = chunk;
		/* With pool_next(). */
		smp_store_release(&pool->nr_chunks, pool->nr_chunks + 1);
	}
	return 0;
}

static void pool_free(struct pool *pool)
{
	unsigned int i;

	for (i = 0; i < pool->nr_chunks; i++)
		vfree(pool->chunk[i]);
}

/* prctl(PR_SET_MM_EXE_FILE) may replace it at any time. */
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
 * The path of the current process's program, as that process sees it. It may be
 * in @path, which is a buffer. Preemption is off here. d_path() takes
 * rename_lock if somebody renames a file meanwhile, which may sleep on
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

static notrace struct program *find_program(const struct table *table,
					    const struct program *like)
{
	u64 sum = like->hash + like->cgroup + like->uid;
	struct program *program;

	/* With add_program(): a row is filled in before it is in a bucket. */
	program = smp_load_acquire(&table->bucket[hash_64(sum, BUCKET_BITS)]);
	while (program &&
	       (program->hash != like->hash ||
		program->cgroup != like->cgroup || program->uid != like->uid))
		program = program->next;
	return program;
}

static notrace void name_program(struct program *program, const char *path,
				 size_t len)
{
	size_t room = sizeof(program->name) - 1;

	if (len <= room)
		memcpy(program->name, path, len);
	else
		snprintf(program->name, sizeof(program->name), "...%s",
			 path + len - room + 3);
}

/* If there is no free row, this is the first row, so that nothing is lost. */
static notrace struct program *add_program(struct table *table,
					   const struct program *like,
					   const char *path, size_t len)
{
	u64 sum = like->hash + like->cgroup + like->uid;
	struct program **bucket, *program;

	bucket = &table->bucket[hash_64(sum, BUCKET_BITS)];
	raw_spin_lock(&table->lock);
	program = find_program(table, like);
	if (program)
		goto out;
	program = pool_next(&table->programs);
	if (!program) {
		program = pool_row(&table->programs, 0);
		goto out;
	}
	program->hash = like->hash;
	program->cgroup = like->cgroup;
	program->uid = like->uid;
	name_program(program, path, len);
	program->next = *bucket;
	pool_add(&table->programs);
	/* With find_program(). */
	smp_store_release(bucket, program);
out:
	raw_spin_unlock(&table->lock);
	return program;
}

static notrace struct program *current_program(struct table *table)
{
	const char *path = find_path(this_cpu_ptr(table->path));
	size_t len = strlen(path);
	struct program like = {
		.hash = siphash(path, len, &table->key),
		.cgroup = current_cgroup(),
		.uid = from_kuid(&init_user_ns, current_uid()),
	};

	return find_program(table, &like) ?:
					    add_program(table, &like, path, len);
}

static notrace struct call *find_call(const struct program *program,
				      const struct call *like)
{
	struct call *call;

	/* With add_call(): a row is filled in before it is in the list. */
	call = smp_load_acquire(&program->calls);
	while (call &&
	       (call->prot != like->prot || call->flags != like->flags ||
		call->shape != like->shape))
		call = call->next;
	return call;
}

static notrace struct call *
add_call(struct table *table, struct program *program, const struct call *like)
{
	struct call *call;

	raw_spin_lock(&table->lock);
	call = find_call(program, like);
	if (call || program->nr_calls == MAX_CALLS)
		goto out;
	call = pool_next(&table->calls);
	if (!call)
		goto out;
	*call = *like;
	call->next = program->calls;
	program->nr_calls++;
	pool_add(&table->calls);
	/* With find_call() and programs_show(). */
	smp_store_release(&program->calls, call);
out:
	raw_spin_unlock(&table->lock);
	return call;
}

/* Calls beyond MAX_CALLS have no row. They are in the program's sums only. */
static notrace void count_call(struct table *table, struct program *program,
			       struct call *like)
{
	struct call *call = find_call(program, like);

	if (!call) {
		like->pid = task_tgid_nr_ns(current, table->pid_ns);
		memcpy(like->comm, current->comm, sizeof(like->comm));
		call = add_call(table, program, like);
	}
	if (call)
		atomic64_inc(&call->count);
}

static notrace void note_mappings(struct program *program)
{
	int now = current->mm ? current->mm->map_count : 0;
	int most = atomic_read(&program->mappings);

	while (most < now &&
	       !atomic_try_cmpxchg(&program->mappings, &most, now))
		;
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
	struct table *table = data;
	struct program *program;

	preempt_disable_notrace();
	program = current_program(table);
	atomic64_inc(&program->requests[shape][outcome]);
	if (shape == SHAPE_ANONYMOUS) {
		atomic64_add(outcome == OUTCOME_SPARED ? 0 : len,
			     &program->bytes);
		atomic64_inc(&program->sizes[depth_of(len)]);
	} else if (outcome != OUTCOME_ALREADY) {
		count_call(table, program, &like);
	}
	note_mappings(program);
	preempt_enable_notrace();
}

static notrace struct stack *find_stack(const struct program *program,
					const struct stack *like)
{
	struct stack *stack;

	/* With add_stack(): a row is filled in before it is in the list. */
	stack = smp_load_acquire(&program->stacks);
	while (stack && (stack->end != like->end || stack->pid != like->pid))
		stack = stack->next;
	return stack;
}

static notrace struct stack *add_stack(struct table *table,
				       struct program *program,
				       const struct stack *like)
{
	struct stack *stack;

	raw_spin_lock(&table->lock);
	stack = find_stack(program, like);
	if (stack || program->nr_stacks == MAX_STACKS)
		goto out;
	stack = pool_next(&table->stacks);
	if (!stack)
		goto out;
	*stack = *like;
	memcpy(stack->comm, current->comm, sizeof(stack->comm));
	stack->next = program->stacks;
	program->nr_stacks++;
	pool_add(&table->stacks);
	/* With find_stack() and programs_show(). */
	smp_store_release(&program->stacks, stack);
out:
	raw_spin_unlock(&table->lock);
	return stack;
}

static notrace void note_stack(struct table *table, struct program *program,
			       const struct stack *now, int error)
{
	struct stack *stack = find_stack(program, now) ?:
				      add_stack(table, program, now);

	if (!stack)
		return;
	WRITE_ONCE(stack->size, now->size);
	WRITE_ONCE(stack->space, now->space);
	if (error) {
		WRITE_ONCE(stack->reason, now->reason);
		atomic_inc(&stack->denied);
	} else {
		atomic_inc(&stack->grown);
	}
}

static notrace void note_passed(struct program *program, unsigned long from,
				unsigned long to)
{
	unsigned int depth;

	for (depth = depth_of(from); depth < depth_of(to); depth++)
		atomic64_inc(&program->passed[depth]);
}

static notrace void probe_grow(void *data, unsigned long address,
			       unsigned long old_start, unsigned long new_start,
			       unsigned long end, unsigned long below,
			       int error, unsigned int reason)
{
	struct stack now = {
		.pid = task_tgid_nr_ns(current, ((struct table *)data)->pid_ns),
		.end = end,
		.mapped = end - old_start,
		.size = end - new_start,
		.space = below ? new_start - below : -1,
		.reason = reason,
	};
	struct table *table = data;
	struct program *program;

	preempt_disable_notrace();
	program = current_program(table);
	note_stack(table, program, &now, error);
	if (error) {
		atomic64_inc(&program->denied[reason]);
	} else {
		atomic64_inc(&program->grown);
		atomic64_add((old_start - new_start) >> PAGE_SHIFT,
			     &program->grown_pages);
		note_passed(program, now.mapped, now.size);
	}
	preempt_enable_notrace();
}

/* A request that probe_mmap() has counted has failed. */
static notrace void note_failure(void *data, unsigned long len)
{
	struct program *program;

	preempt_disable_notrace();
	program = current_program(data);
	atomic64_inc(&program->failed);
	atomic64_sub(len, &program->bytes);
	preempt_enable_notrace();
}

static void put_counts(struct seq_file *m, const atomic64_t *count, int nr)
{
	/* bytes can be below 0: a failed call may have begun before the recording. */
	while (nr--)
		seq_printf(m, " %lld", max_t(s64, 0, atomic64_read(count++)));
}

static void show_call(struct seq_file *m, const struct call *call)
{
	seq_printf(m, "call %u %lx %lx %llu %lx %lu %d ", call->shape,
		   call->prot, call->flags, (u64)atomic64_read(&call->count),
		   call->addr, call->len, call->pid);
	seq_escape(m, call->comm, "\n\\");
	seq_putc(m, '\n');
}

static void show_stack(struct seq_file *m, const struct stack *stack)
{
	seq_printf(m, "stack %d %lx %lu %lu %ld %d %d %u ", stack->pid,
		   stack->end, stack->mapped, READ_ONCE(stack->size),
		   READ_ONCE(stack->space), atomic_read(&stack->grown),
		   atomic_read(&stack->denied), READ_ONCE(stack->reason));
	seq_escape(m, stack->comm, "\n\\");
	seq_putc(m, '\n');
}

static int programs_show(struct seq_file *m, void *row)
{
	const struct stack *stack;
	const struct table *table = m->private;
	const struct program *program = row;
	const struct call *call;

	/* Without kprobes neither probe works, and growth's proves that they do. */
	if (row == pool_row(&table->programs, 0))
		seq_printf(m, "results %d\n",
			   results_are_known() && growth_is_known());
	seq_printf(m, "program %u %llu", program->uid, program->cgroup);
	put_counts(m, program->requests[0], NR_SHAPES * NR_OUTCOMES);
	put_counts(m, &program->bytes, 1);
	put_counts(m, &program->failed, 1);
	put_counts(m, &program->grown, 1);
	put_counts(m, &program->grown_pages, 1);
	put_counts(m, &program->denied[1], NR_GROW_REASONS - 1);
	put_counts(m, program->sizes, NR_DEPTHS);
	put_counts(m, program->passed, NR_DEPTHS - 1);
	seq_printf(m, " %d ", atomic_read(&program->mappings));
	seq_escape(m, program->name, "\n\\");
	seq_putc(m, '\n');
	/* With add_call(). */
	call = smp_load_acquire(&program->calls);
	for (; call; call = call->next)
		show_call(m, call);
	/* With add_stack(). */
	stack = smp_load_acquire(&program->stacks);
	for (; stack; stack = stack->next)
		show_stack(m, stack);
	return 0;
}

static void *programs_row(const struct table *table, loff_t number)
{
	/* With pool_add(). */
	if (number >= smp_load_acquire(&table->programs.used))
		return NULL;
	return pool_row(&table->programs, number);
}

/* Reading allocates rows. Without memory, later programs share the first row. */
static void *programs_start(struct seq_file *m, loff_t *number)
{
	struct table *table = m->private;

	pool_lay_in(&table->programs);
	pool_lay_in(&table->calls);
	pool_lay_in(&table->stacks);
	return programs_row(table, *number);
}

static void *programs_next(struct seq_file *m, void *row, loff_t *number)
{
	return programs_row(m->private, ++*number);
}

static void programs_stop(struct seq_file *m, void *row)
{
}

static const struct seq_operations programs_seq = {
	.start = programs_start,
	.next = programs_next,
	.stop = programs_stop,
	.show = programs_show,
};

static void table_free(struct table *table)
{
	pool_free(&table->programs);
	pool_free(&table->calls);
	pool_free(&table->stacks);
	put_pid_ns(table->pid_ns);
	free_percpu(table->path);
	vfree(table);
}

static struct table *table_make(void)
{
	struct table *table = vzalloc(sizeof(*table));
	struct program *others;

	if (!table)
		return NULL;
	table->pid_ns = get_pid_ns(task_active_pid_ns(current));
	raw_spin_lock_init(&table->lock);
	get_random_bytes(&table->key, sizeof(table->key));
	table->programs.size = sizeof(struct program);
	table->calls.size = sizeof(struct call);
	table->stacks.size = sizeof(struct stack);
	table->path = __alloc_percpu(PATH_MAX, sizeof(long));
	if (!table->path || pool_lay_in(&table->programs) ||
	    pool_lay_in(&table->calls) || pool_lay_in(&table->stacks)) {
		table_free(table);
		return NULL;
	}
	others = pool_next(&table->programs);
	strscpy(others->name, "(others)", sizeof(others->name));
	pool_add(&table->programs);
	return table;
}

static int probes_on(struct table *table)
{
	int ret = register_trace_mapstack_mmap(probe_mmap, table);

	if (ret)
		return ret;
	ret = register_trace_mapstack_grow(probe_grow, table);
	if (ret) {
		unregister_trace_mapstack_mmap(probe_mmap, table);
		return ret;
	}
	/* If results cannot be followed, the table says so. */
	results_follow(note_failure, table);
	return 0;
}

static void probes_off(struct table *table)
{
	results_leave();
	unregister_trace_mapstack_grow(probe_grow, table);
	unregister_trace_mapstack_mmap(probe_mmap, table);
	tracepoint_synchronize_unregister();
}

static int programs_open(struct inode *inode, struct file *file)
{
	struct table *table;
	int ret;

	if (test_and_set_bit(0, &recording))
		return -EBUSY;
	ret = -ENOMEM;
	table = table_make();
	if (!table)
		goto err_clear;
	/* misc_open() has put the device there, and seq_open() would warn. */
	file->private_data = NULL;
	ret = seq_open(file, &programs_seq);
	if (ret)
		goto err_free;
	((struct seq_file *)file->private_data)->private = table;
	ret = probes_on(table);
	if (ret)
		goto err_release;
	return 0;

err_release:
	tracepoint_synchronize_unregister();
	seq_release(inode, file);
err_free:
	table_free(table);
err_clear:
	clear_bit(0, &recording);
	return ret;
}

static int programs_release(struct inode *inode, struct file *file)
{
	struct table *table = ((struct seq_file *)file->private_data)->private;

	probes_off(table);
	seq_release(inode, file);
	table_free(table);
	clear_bit(0, &recording);
	return 0;
}

static const struct file_operations programs_fops = {
	.owner = THIS_MODULE,
	.open = programs_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = programs_release,
};

static struct miscdevice programs_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "mapstack",
	.mode = 0600,
	.fops = &programs_fops,
};

int programs_init(void)
{
	return misc_register(&programs_device);
}

void programs_exit(void)
{
	misc_deregister(&programs_device);
}
