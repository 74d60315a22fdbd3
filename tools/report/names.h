/* SPDX-License-Identifier: GPL-2.0-only */
/* Words for numbers. */
#ifndef TOOLS_NAMES_H
#define TOOLS_NAMES_H

#include <stddef.h>
#include <stdint.h>

#include "depth.h"
#include "policy.h"
#include "reason.h"

extern const char *const shape_names[NR_SHAPES];
extern const char *const outcome_names[NR_OUTCOMES];
extern const char *const reason_names[NR_GROW_REASONS];
extern const char *const depth_names[NR_DEPTHS]; /* the limit of each class */

/**
 * call_text() - a call of mmap() as it would be written in C
 * @buf: becomes the text
 * @size: of @buf, in bytes
 * @has_addr: whether an address was asked for
 * @len: bytes
 * @prot: PROT_ bits
 * @flags: MAP_ bits; bits without a name are given in hexadecimal
 *
 * Return: @buf.
 */
const char *call_text(char *buf, size_t size, bool has_addr, uint64_t len,
		      uint64_t prot, uint64_t flags);

#endif /* TOOLS_NAMES_H */
