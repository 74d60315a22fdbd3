// SPDX-License-Identifier: GPL-2.0-only
/*
 * Counts how often the search for an unmapped area searches the maple tree,
 * beside many mappings that have a guard gap. For tests/proposal/vma, which
 * compiles it with the kernel's own tools/testing/vma of a source tree,
 * unpatched and patched.
 *
 * Prints "GUARD,MAPPINGS,DIRECTION,SEARCHES". CONFIG_X86_USER_SHADOW_STACK
 * gives user space the gap of shadow stacks, which QEMU's processors do not
 * have.
 */

#define main vma_tests
#include "main.c"
#undef main

#include "searches.h"

#define STACK_SIZE 0x10000UL
#define TOP 0x7f0000000000UL

static unsigned long searches;

int __wrap_mas_empty_area_rev(struct ma_state *mas, unsigned long min,
			      unsigned long max, unsigned long size)
{
	searches++;
	return __real_mas_empty_area_rev(mas, min, max, size);
}

int __wrap_mas_empty_area(struct ma_state *mas, unsigned long min,
			  unsigned long max, unsigned long size)
{
	searches++;
	return __real_mas_empty_area(mas, min, max, size);
}

/* Mappings with only their guard gaps between them, then with one page more. */
static void count_searches(const char *name, unsigned int n, vma_flags_t flags,
			   unsigned long guard)
{
	struct mm_struct mm = {};
	unsigned long addr = TOP;
	struct vm_unmapped_area_info info = {
		.length = PAGE_SIZE,
		.low_limit = 0x10000,
		.high_limit = TOP,
	};
	unsigned int i;

	VMA_ITERATOR(vmi, &mm, 0);

	mt_init_flags(&mm.mm_mt, MT_FLAGS_ALLOC_RANGE);
	current->mm = &mm;
	for (i = 0; i < n; i++) {
		addr -= STACK_SIZE;
		if (!alloc_and_link_vma(&mm, addr, addr + STACK_SIZE,
					addr >> PAGE_SHIFT, flags))
			exit(1);
		addr -= guard;
	}

	searches = 0;
	unmapped_area_topdown(&info);
	printf("%s,%u,down,%lu\n", name, n, searches);

	info.low_limit = addr + guard;
	info.high_limit = 2 * TOP;
	searches = 0;
	unmapped_area(&info);
	printf("%s,%u,up,%lu\n", name, n, searches);
	cleanup_mm(&mm, &vmi);
}

int main(void)
{
	static const unsigned int counts[] = { 0, 1, 10, 1000, 10000 };
	const vma_flags_t growable =
		mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_GROWSDOWN_BIT);
	const vma_flags_t shadow =
		mk_vma_flags(VMA_READ_BIT, VMA_WRITE_BIT, VMA_SHADOW_STACK_BIT);
	unsigned int i;

	maple_tree_init();
	vma_state_init();
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		count_searches("growable", counts[i], growable,
			       stack_guard_gap);
		count_searches("shadow", counts[i], shadow, PAGE_SIZE);
	}
	return 0;
}
