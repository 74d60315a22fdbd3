/* SPDX-License-Identifier: GPL-2.0-only */
/* How an expansion ended: a field of the tracepoint mapstack_grow. */
#ifndef MAPSTACK_REASON_H
#define MAPSTACK_REASON_H

enum grow_reason {
	GROW_DONE,
	GROW_MIN_ADDR, /* below vm.mmap_min_addr */
	GROW_GUARD_GAP, /* too near to the mapping below */
	GROW_RLIMIT_STACK, /* the mapping would be larger than RLIMIT_STACK */
	GROW_MEMORY, /* RLIMIT_AS, RLIMIT_MEMLOCK, overcommit, no memory */
	NR_GROW_REASONS,
};

#endif /* MAPSTACK_REASON_H */
