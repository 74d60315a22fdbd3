/* SPDX-License-Identifier: GPL-2.0-only */
/* Classes of mapping sizes, for the counts of /dev/mapstack. Pure. */
#ifndef MAPSTACK_DEPTH_H
#define MAPSTACK_DEPTH_H

/*
 * The limit of each class is four times that of the class before: 16 KiB,
 * 64 KiB, and so on up to 64 MiB. The last class has no limit.
 */
#define NR_DEPTHS 8
#define DEPTH_LEAST (16UL << 10)

/**
 * depth_of() - the class of a size
 * @bytes: the size
 */
static __always_inline unsigned int depth_of(unsigned long bytes)
{
	unsigned long limit = DEPTH_LEAST;
	unsigned int depth;

	for (depth = 0; depth < NR_DEPTHS - 1 && bytes > limit; depth++)
		limit <<= 2;
	return depth;
}

#endif /* MAPSTACK_DEPTH_H */
