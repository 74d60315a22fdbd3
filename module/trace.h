/* SPDX-License-Identifier: GPL-2.0-only */
/* Tracepoints mapstack:mapstack_mmap and mapstack:mapstack_grow. */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM mapstack

#if !defined(MAPSTACK_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define MAPSTACK_TRACE_H

#include <linux/tracepoint.h>

#include "policy.h"
#include "reason.h"

TRACE_DEFINE_ENUM(SHAPE_ANONYMOUS);
TRACE_DEFINE_ENUM(SHAPE_SHARED);
TRACE_DEFINE_ENUM(SHAPE_FILE);
TRACE_DEFINE_ENUM(SHAPE_HUGETLB);
TRACE_DEFINE_ENUM(SHAPE_DROPPABLE);

TRACE_DEFINE_ENUM(OUTCOME_TRANSLATED);
TRACE_DEFINE_ENUM(OUTCOME_ALREADY);
TRACE_DEFINE_ENUM(OUTCOME_REFUSED);
TRACE_DEFINE_ENUM(OUTCOME_SPARED);
TRACE_DEFINE_ENUM(OUTCOME_OBSERVED);

TRACE_DEFINE_ENUM(GROW_DONE);
TRACE_DEFINE_ENUM(GROW_MIN_ADDR);
TRACE_DEFINE_ENUM(GROW_GUARD_GAP);
TRACE_DEFINE_ENUM(GROW_RLIMIT_STACK);
TRACE_DEFINE_ENUM(GROW_MEMORY);

/* A MAP_STACK request in scope, as the program made it. */
TRACE_EVENT(mapstack_mmap,
	TP_PROTO(unsigned long addr, unsigned long len, unsigned long prot,
		 unsigned long flags, unsigned int shape,
		 unsigned int outcome),
	TP_ARGS(addr, len, prot, flags, shape, outcome),
	TP_STRUCT__entry(
		__field(unsigned long, addr)
		__field(unsigned long, len)
		__field(unsigned long, prot)
		__field(unsigned long, flags)
		__field(unsigned int, shape)
		__field(unsigned int, outcome)
	),
	TP_fast_assign(
		__entry->addr = addr;
		__entry->len = len;
		__entry->prot = prot;
		__entry->flags = flags;
		__entry->shape = shape;
		__entry->outcome = outcome;
	),
	TP_printk("addr=0x%lx len=%lu prot=0x%lx flags=0x%lx shape=%s outcome=%s",
		  __entry->addr, __entry->len, __entry->prot, __entry->flags,
		  __print_symbolic(__entry->shape,
				   { SHAPE_ANONYMOUS, "anonymous" },
				   { SHAPE_SHARED, "shared" },
				   { SHAPE_FILE, "file" },
				   { SHAPE_HUGETLB, "hugetlb" },
				   { SHAPE_DROPPABLE, "droppable" }),
		  __print_symbolic(__entry->outcome,
				   { OUTCOME_TRANSLATED, "translated" },
				   { OUTCOME_ALREADY, "already" },
				   { OUTCOME_REFUSED, "refused" },
				   { OUTCOME_SPARED, "spared" },
				   { OUTCOME_OBSERVED, "observed" }))
);

/*
 * An expansion of a growable mapping other than [stack], done or refused. below
 * is the end of the next mapping below, or 0 if that is more than 256 pages
 * away.
 */
TRACE_EVENT(mapstack_grow,
	TP_PROTO(unsigned long address, unsigned long old_start,
		 unsigned long new_start, unsigned long end,
		 unsigned long below, int error, unsigned int reason),
	TP_ARGS(address, old_start, new_start, end, below, error, reason),
	TP_STRUCT__entry(
		__field(unsigned long, address)
		__field(unsigned long, old_start)
		__field(unsigned long, new_start)
		__field(unsigned long, end)
		__field(unsigned long, below)
		__field(int, error)
		__field(unsigned int, reason)
	),
	TP_fast_assign(
		__entry->address = address;
		__entry->old_start = old_start;
		__entry->new_start = new_start;
		__entry->end = end;
		__entry->below = below;
		__entry->error = error;
		__entry->reason = reason;
	),
	TP_printk("address=0x%lx old_start=0x%lx new_start=0x%lx end=0x%lx below=0x%lx error=%d reason=%s",
		  __entry->address, __entry->old_start, __entry->new_start,
		  __entry->end, __entry->below, __entry->error,
		  __print_symbolic(__entry->reason,
				   { GROW_DONE, "done" },
				   { GROW_MIN_ADDR, "min_addr" },
				   { GROW_GUARD_GAP, "guard_gap" },
				   { GROW_RLIMIT_STACK, "rlimit_stack" },
				   { GROW_MEMORY, "memory" }))
);

#endif /* MAPSTACK_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
