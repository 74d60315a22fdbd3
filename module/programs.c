// SPDX-License-Identifier: GPL-2.0-only
/* Counts requests and growth of each program. See programs.h. */

#ifdef __KERNEL__
#include <linux/atomic.h>
#include <linux/errno.h>
#include <linux/hash.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#endif

#include "programs.h"

#define BUCKET_BITS 14
#define MAX_CHUNKS 128
#define SPARE_CHUNKS 4 /* chunks of free rows after programs_lay_in() */
#define MAX_CALLS 32 /* kinds of calls of a program */
#define MAX_STACKS 32 /* mappings of a program that grew */
#define NAME_SIZE 192 /* bytes; a longer path loses its beginning */
#define PIECE_SIZE 32 /* of a name */

/* A number that is not 0. Most programs have three or four. */
struct cell {
	atomic64_t count;
	u32 next; /* the index of the next cell in the pool, plus 1; 0: none */
	u32 number;
};

struct program {
	struct program *next; /* in its bucket */
	u64 hash, cgroup; /* as in struct whose */
	const char *name;
	struct stack *stacks; /* the latest first */
	struct call *calls; /* the latest first */
	atomic64_t mappings, kib; /* the most of a process */
	u32 cells; /* the first cell, numbered like next of a cell */
	uid_t uid;
	u16 nr_calls, nr_stacks;
};

/* Rows of one size, in chunks of 1 << bits. */
struct pool {
	size_t size; /* bytes of a row */
	unsigned int bits;
	unsigned int used;
	unsigned int nr_chunks;
	void *chunk[MAX_CHUNKS];
};

struct programs {
	raw_spinlock_t lock; /* held to add a row */
	struct pool rows, cells, names, calls, stacks;
	struct program *bucket[1 << BUCKET_BITS];
};

static notrace void *pool_row(const struct pool *pool, unsigned int number)
{
	return pool->chunk[number >> pool->bits] +
	       (number & ((1 << pool->bits) - 1)) * pool->size;
}

/*
 * Returns nr adjacent free rows, or NULL if there are not enough. The caller
 * holds the lock, fills the rows in, and calls pool_add().
 */
static notrace void *pool_next(struct pool *pool, unsigned int nr)
{
	/* Pairs with pool_lay_in(). A chunk that is counted is stored. */
	unsigned int room = smp_load_acquire(&pool->nr_chunks) << pool->bits;
	unsigned int left = -pool->used & ((1 << pool->bits) - 1);

	/* All of them must be in one chunk. */
	if (left && left < nr)
		WRITE_ONCE(pool->used, pool->used + left);
	return pool->used + nr <= room ? pool_row(pool, pool->used) : NULL;
}

static notrace void pool_add(struct pool *pool, unsigned int nr)
{
	/* Pairs with programs_row(). A row that is counted is filled in. */
	smp_store_release(&pool->used, pool->used + nr);
}

static int pool_lay_in(struct pool *pool)
{
	unsigned int spare = SPARE_CHUNKS << pool->bits;

	while (pool->nr_chunks < MAX_CHUNKS &&
	       (pool->nr_chunks << pool->bits) - READ_ONCE(pool->used) <
		       spare) {
		void *chunk = vzalloc(pool->size << pool->bits);

		if (!chunk)
			return -ENOMEM;
		pool->chunk[pool->nr_chunks] = chunk;
		/* Pairs with pool_next(). */
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

static notrace struct cell *find_cell(const struct programs *programs,
				      const struct program *program,
				      unsigned int number)
{
	/* Pairs with add_cell(). A cell in the list is filled in. */
	u32 next = smp_load_acquire(&program->cells);
	struct cell *cell;

	for (; next; next = cell->next) {
		cell = pool_row(&programs->cells, next - 1);
		if (cell->number == number)
			return cell;
	}
	return NULL;
}

/* If no cell is free, returns the cell of the first row: nothing is lost. */
static notrace struct cell *add_cell(struct programs *programs,
				     struct program *program,
				     unsigned int number)
{
	struct cell *cell;

	raw_spin_lock(&programs->lock);
	cell = find_cell(programs, program, number);
	if (cell)
		goto out;
	cell = pool_next(&programs->cells, 1);
	if (!cell) {
		cell = find_cell(programs, pool_row(&programs->rows, 0),
				 number);
		goto out;
	}
	cell->number = number;
	cell->next = program->cells;
	pool_add(&programs->cells, 1);
	/* Pairs with find_cell(). */
	smp_store_release(&program->cells, programs->cells.used);
out:
	raw_spin_unlock(&programs->lock);
	return cell;
}

notrace void program_count(struct programs *programs, struct program *program,
			   unsigned int number, s64 n)
{
	struct cell *cell = find_cell(programs, program, number) ?:
				    add_cell(programs, program, number);

	atomic64_add(n, &cell->count);
}

static notrace u32 bucket_of(const struct whose *whose)
{
	return hash_64(whose->hash + whose->cgroup + whose->uid, BUCKET_BITS);
}

static notrace struct program *find_program(const struct programs *programs,
					    const struct whose *whose)
{
	struct program *program;

	/* Pairs with add_program(). A row in a bucket is filled in. */
	program = smp_load_acquire(&programs->bucket[bucket_of(whose)]);
	while (program &&
	       (program->hash != whose->hash ||
		program->cgroup != whose->cgroup || program->uid != whose->uid))
		program = program->next;
	return program;
}

/* Returns a copy of the name, or NULL if there is no room. Under the lock. */
static notrace const char *add_name(struct programs *programs,
				    const struct whose *whose)
{
	size_t len = min_t(size_t, whose->len, NAME_SIZE - 1);
	unsigned int pieces = len / PIECE_SIZE + 1;
	char *name = pool_next(&programs->names, pieces);

	if (!name)
		return NULL;
	if (len == whose->len)
		memcpy(name, whose->path, len);
	else
		snprintf(name, NAME_SIZE, "...%s",
			 whose->path + whose->len - len + 3);
	pool_add(&programs->names, pieces);
	return name;
}

/* If no row is free, returns the first row, so that nothing is lost. */
static notrace struct program *add_program(struct programs *programs,
					   const struct whose *whose)
{
	struct program **bucket = &programs->bucket[bucket_of(whose)];
	struct program *program;

	raw_spin_lock(&programs->lock);
	program = find_program(programs, whose);
	if (program)
		goto out;
	program = pool_next(&programs->rows, 1);
	if (program)
		program->name = add_name(programs, whose);
	if (!program || !program->name) {
		program = pool_row(&programs->rows, 0);
		goto out;
	}
	program->hash = whose->hash;
	program->cgroup = whose->cgroup;
	program->uid = whose->uid;
	program->next = *bucket;
	pool_add(&programs->rows, 1);
	/* Pairs with find_program(). */
	smp_store_release(bucket, program);
out:
	raw_spin_unlock(&programs->lock);
	return program;
}

notrace struct program *programs_find(struct programs *programs,
				      const struct whose *whose)
{
	return find_program(programs, whose) ?: add_program(programs, whose);
}

static notrace struct call *find_call(const struct program *program,
				      const struct call *like)
{
	struct call *call;

	/* Pairs with add_call(). A row in the list is filled in. */
	call = smp_load_acquire(&program->calls);
	while (call &&
	       (call->prot != like->prot || call->flags != like->flags ||
		call->shape != like->shape))
		call = call->next;
	return call;
}

static notrace struct call *add_call(struct programs *programs,
				     struct program *program,
				     const struct call *like)
{
	struct call *call;

	raw_spin_lock(&programs->lock);
	call = find_call(program, like);
	if (call || program->nr_calls == MAX_CALLS)
		goto out;
	call = pool_next(&programs->calls, 1);
	if (!call)
		goto out;
	*call = *like;
	call->next = program->calls;
	program->nr_calls++;
	pool_add(&programs->calls, 1);
	/* Pairs with find_call() and program_show(). */
	smp_store_release(&program->calls, call);
out:
	raw_spin_unlock(&programs->lock);
	return call;
}

/* A call that gets no row is in the program's numbers only. */
notrace void program_call(struct programs *programs, struct program *program,
			  const struct call *like)
{
	struct call *call = find_call(program, like) ?:
				    add_call(programs, program, like);

	if (call)
		atomic64_inc(&call->count);
}

static notrace struct stack *find_stack(const struct program *program,
					const struct stack *like)
{
	struct stack *stack;

	/* Pairs with add_stack(). A row in the list is filled in. */
	stack = smp_load_acquire(&program->stacks);
	while (stack && (stack->end != like->end || stack->pid != like->pid))
		stack = stack->next;
	return stack;
}

static notrace struct stack *add_stack(struct programs *programs,
				       struct program *program,
				       const struct stack *like)
{
	struct stack *stack;

	raw_spin_lock(&programs->lock);
	stack = find_stack(program, like);
	if (stack || program->nr_stacks == MAX_STACKS)
		goto out;
	stack = pool_next(&programs->stacks, 1);
	if (!stack)
		goto out;
	*stack = *like;
	stack->next = program->stacks;
	program->nr_stacks++;
	pool_add(&programs->stacks, 1);
	/* Pairs with find_stack() and program_show(). */
	smp_store_release(&program->stacks, stack);
out:
	raw_spin_unlock(&programs->lock);
	return stack;
}

notrace void program_stack(struct programs *programs, struct program *program,
			   const struct stack *now, int error)
{
	struct stack *stack = find_stack(program, now) ?:
				      add_stack(programs, program, now);

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

static notrace void raise_to(atomic64_t *most, s64 now)
{
	s64 was = atomic64_read(most);

	while (was < now && !atomic64_try_cmpxchg(most, &was, now))
		;
}

notrace void program_size(struct program *program, s64 mappings, s64 kib)
{
	raise_to(&program->mappings, mappings);
	raise_to(&program->kib, kib);
}

struct program *programs_row(const struct programs *programs, loff_t number)
{
	/* Pairs with pool_add(). */
	if (number >= smp_load_acquire(&programs->rows.used))
		return NULL;
	return pool_row(&programs->rows, number);
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

static void show_numbers(struct seq_file *m, const struct programs *programs,
			 const struct program *program)
{
	/* Pairs with add_cell(). */
	u32 next = smp_load_acquire(&program->cells), i;
	const struct cell *cell;
	s64 count[NR_NUMBERS] = {};

	for (; next; next = cell->next) {
		cell = pool_row(&programs->cells, next - 1);
		count[cell->number] = atomic64_read(&cell->count);
	}
	/*
	 * The bytes of a call that failed are subtracted. If it began before
	 * the recording, they were never added, and the sum can be below 0.
	 */
	for (i = 0; i < NR_NUMBERS; i++)
		seq_printf(m, " %lld", max_t(s64, 0, count[i]));
}

void program_show(struct seq_file *m, const struct programs *programs,
		  const struct program *program)
{
	const struct stack *stack;
	const struct call *call;

	seq_printf(m, "program %u %llu", program->uid, program->cgroup);
	show_numbers(m, programs, program);
	seq_printf(m, " %lld %lld ", (s64)atomic64_read(&program->mappings),
		   (s64)atomic64_read(&program->kib));
	seq_escape(m, program->name, "\n\\");
	seq_putc(m, '\n');
	/* Pairs with add_call(). */
	call = smp_load_acquire(&program->calls);
	for (; call; call = call->next)
		show_call(m, call);
	/* Pairs with add_stack(). */
	stack = smp_load_acquire(&program->stacks);
	for (; stack; stack = stack->next)
		show_stack(m, stack);
}

int programs_lay_in(struct programs *programs)
{
	int ret = pool_lay_in(&programs->rows);

	ret = pool_lay_in(&programs->cells) ?: ret;
	ret = pool_lay_in(&programs->names) ?: ret;
	ret = pool_lay_in(&programs->calls) ?: ret;
	return pool_lay_in(&programs->stacks) ?: ret;
}

static void pool_init(struct pool *pool, size_t size, unsigned int bits)
{
	pool->size = size;
	pool->bits = bits;
}

static void add_others(struct programs *programs)
{
	struct program *others = pool_next(&programs->rows, 1);
	unsigned int number;

	others->name = "(others)";
	pool_add(&programs->rows, 1);
	for (number = 0; number < NR_NUMBERS; number++)
		add_cell(programs, others, number);
}

struct programs *programs_new(void)
{
	struct programs *programs = vzalloc(sizeof(*programs));

	if (!programs)
		return NULL;
	raw_spin_lock_init(&programs->lock);
	pool_init(&programs->rows, sizeof(struct program), 10);
	/* Room for eight numbers and a name of 127 bytes for each program. */
	pool_init(&programs->cells, sizeof(struct cell), 13);
	pool_init(&programs->names, PIECE_SIZE, 12);
	pool_init(&programs->calls, sizeof(struct call), 10);
	pool_init(&programs->stacks, sizeof(struct stack), 10);
	if (programs_lay_in(programs)) {
		programs_free(programs);
		return NULL;
	}
	add_others(programs);
	return programs;
}

void programs_free(struct programs *programs)
{
	if (!programs)
		return;
	pool_free(&programs->rows);
	pool_free(&programs->cells);
	pool_free(&programs->names);
	pool_free(&programs->calls);
	pool_free(&programs->stacks);
	vfree(programs);
}
