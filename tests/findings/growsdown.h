/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * make findings-here includes this before a program: MAP_STACK as the proposal
 * would have it, on a kernel without the proposal.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

enum { MAP_STACK_ALONE = MAP_STACK };
#undef MAP_STACK
#define MAP_STACK (MAP_STACK_ALONE | MAP_GROWSDOWN)
