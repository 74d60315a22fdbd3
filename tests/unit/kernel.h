/* SPDX-License-Identifier: GPL-2.0-only */
/* What module/programs.c takes from the kernel, in user space. */
#ifndef UNIT_KERNEL_H
#define UNIT_KERNEL_H

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

typedef unsigned long long u64;
typedef long long s64;
typedef unsigned int u32;
typedef unsigned short u16;

struct atomic {
	int counter;
};

struct atomic64 {
	s64 counter;
};

#define atomic_t struct atomic
#define atomic64_t struct atomic64
#define raw_spinlock_t struct spinlock
#define notrace
#define TASK_COMM_LEN 16
#define min_t(type, a, b)                    \
	({                                   \
		type one = (a), other = (b); \
		one < other ? one : other;   \
	})
#define max_t(type, a, b)                    \
	({                                   \
		type one = (a), other = (b); \
		one > other ? one : other;   \
	})

#define READ_ONCE(x) __atomic_load_n(&(x), __ATOMIC_RELAXED)
#define WRITE_ONCE(x, value) __atomic_store_n(&(x), value, __ATOMIC_RELAXED)
/* The comment at each use says what it pairs with. */
#define smp_load_acquire(p) __atomic_load_n(p, __ATOMIC_ACQUIRE)
/* Likewise. */
#define smp_store_release(p, value) __atomic_store_n(p, value, __ATOMIC_RELEASE)

#define atomic_read(v) READ_ONCE((v)->counter)
#define atomic64_read(v) READ_ONCE((v)->counter)
#define atomic64_add(n, v) \
	__atomic_fetch_add(&(v)->counter, n, __ATOMIC_RELAXED)
#define atomic64_inc(v) atomic64_add(1, v)
#define atomic_inc(v) atomic64_add(1, v)
#define atomic64_try_cmpxchg(v, old, new)                           \
	__atomic_compare_exchange_n(&(v)->counter, old, new, false, \
				    __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST)

/* One thread, so a lock that is held for ever is what can go wrong. */
struct spinlock {
	bool held;
};

static inline void raw_spin_lock_init(raw_spinlock_t *lock)
{
	lock->held = false;
}

/* What another CPU does, once, just before a lock is taken here. */
extern void (*kernel_meanwhile)(void);

static inline void raw_spin_lock(raw_spinlock_t *lock)
{
	void (*meanwhile)(void) = kernel_meanwhile;

	kernel_meanwhile = NULL;
	if (meanwhile)
		meanwhile();
	if (lock->held)
		abort();
	lock->held = true;
}

static inline void raw_spin_unlock(raw_spinlock_t *lock)
{
	lock->held = false;
}

static inline u64 hash_64(u64 value, unsigned int bits)
{
	return value * 0x61C8864680B583EBull >> (64 - bits);
}

/* Memory that vzalloc() may give in all, and has given, in bytes. */
extern size_t kernel_room, kernel_taken;

static inline void *vzalloc(size_t size)
{
	if (kernel_taken + size > kernel_room)
		return NULL;
	kernel_taken += size;
	return calloc(1, size);
}

static inline void vfree(void *memory)
{
	free(memory);
}

struct seq_file {
	FILE *file;
};

#define seq_printf(m, ...) fprintf((m)->file, __VA_ARGS__)

static inline void seq_putc(struct seq_file *m, char c)
{
	putc(c, m->file);
}

static inline void seq_escape(struct seq_file *m, const char *text,
			      const char *special)
{
	for (; *text; text++) {
		if (strchr(special, *text))
			fprintf(m->file, "\\%03o", *text);
		else
			putc(*text, m->file);
	}
}

#endif /* UNIT_KERNEL_H */
