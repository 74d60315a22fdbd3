/* SPDX-License-Identifier: GPL-2.0-only */
/* How large a mapping is, in classes; pure, part of what /dev/mapstack tells. */
#ifndef MAPSTACK_DEPTH_H
#define MAPSTACK_DEPTH_H

/* Up to 16 KiB, 64 KiB, and so on by four; the last is what is more than 64 MiB. */
#define NR_DEPTHS 8
#define DEPTH_LEAST (16UL << 10)

/**
 * depth_of() - the class that a size is in
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
