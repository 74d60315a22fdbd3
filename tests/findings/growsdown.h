/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Included before a program by make findings-here: MAP_STACK as the proposal
 * would have it, on a kernel that does not.
 */
#define _GNU_SOURCE
#include <sys/mman.h>

enum { MAP_STACK_ALONE = MAP_STACK };
#undef MAP_STACK
#define MAP_STACK (MAP_STACK_ALONE | MAP_GROWSDOWN)
