/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that the measuring programs share.
 *
 * The programs know nothing of the module. Each runs unchanged on any kernel, and
 * prints lines "result PROGRAM KEY VALUE". None of the three contains a blank. The
 * differences between two runs are what mapstack changes.
 */
#ifndef TESTS_FINDINGS_MEASURE_H
#define TESTS_FINDINGS_MEASURE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/resource.h>

#define KIB 1024UL
#define MIB (1024UL * KIB)
/* The kernel's default of stack_guard_gap. */
#define MEASURE_GAP_PAGES 256UL

/**
 * measure_word() - print a result that is a word
 * @value: the word
 * @format: its key, for printf
 */
void measure_word(const char *value, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * measure_number() - print a result that is a number
 * @value: the number
 * @format: its key with its unit at the end, for printf
 */
void measure_number(long value, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/**
 * measure_error() - name an error
 * @error: 0 or an errno
 *
 * Return: "works", or the name of the error, such as "EINVAL".
 */
const char *measure_error(int error);

/**
 * measure_touch() - write one byte at an address, and survive a fault
 * @addr: the address
 *
 * Return: "done", "SIGSEGV" or "SIGBUS".
 */
const char *measure_touch(volatile void *addr);

/**
 * measure_room() - find a range of addresses with nothing in it
 * @size: its size, in bytes
 *
 * Return: its start. Ends the program if there is none.
 */
char *measure_room(size_t size);

/**
 * measure_stack() - map memory as a program maps a stack
 * @at: the address, if it is free; NULL: the kernel chooses
 * @size: of the mapping, in bytes
 * @prot: PROT_ flags
 * @flags: MAP_ flags to add to MAP_PRIVATE, MAP_ANONYMOUS and MAP_STACK
 *
 * Return: its start; ends the program if it cannot be mapped.
 */
char *measure_stack(char *at, size_t size, int prot, int flags);

/**
 * measure_many_stacks() - map one more of many stacks of 64 KiB, read-write
 * @n: how many there are already; 0 begins again
 *
 * The kernel places the first stacks. Later ones are put where it would put them:
 * at the same distance from the last one. The kernel's search among thousands of
 * growable mappings would take an hour of emulation.
 *
 * Return: 0 or an errno.
 */
int measure_many_stacks(long n);

/**
 * measure_in_child() - measure in a process of its own
 * @measure: the function; the process ends with it
 *
 * Ends the program if that process fails. A signal that ends it may be a result.
 *
 * Return: the signal that ended it, or 0.
 */
int measure_in_child(void (*measure)(void));

/**
 * measure_used() - the processor time of a process, or of its children
 * @usage: from getrusage(2) or wait4(2)
 *
 * Return: user and system time, in nanoseconds.
 */
static inline unsigned long measure_used(const struct rusage *usage)
{
	return (usage->ru_utime.tv_sec + usage->ru_stime.tv_sec) *
		       1000000000UL +
	       (usage->ru_utime.tv_usec + usage->ru_stime.tv_usec) * 1000UL;
}

/**
 * measure_alone() - let no other task of the CPU run while this program wants to
 *
 * Instructions are counted of the CPU, not of the program. Ends the program if
 * that is not permitted.
 */
void measure_alone(void);

/**
 * measure_now() - read a clock
 * @instructions: the time stamp counter of x86, which counts instructions in a
 * guest that QEMU runs with -icount shift=0
 *
 * Return: instructions, or nanoseconds.
 */
unsigned long measure_now(bool instructions);

/**
 * measure_fill_holes() - leave no free addresses above the next mapping
 *
 * Maps pages until one is below all existing mappings.
 *
 * Return: how many pages that took.
 */
long measure_fill_holes(void);

/**
 * measure_size() - the size of the mapping at an address
 * @addr: the address
 *
 * Return: the size in bytes; 0 if there is no mapping.
 */
size_t measure_size(const void *addr);

/**
 * measure_field() - read one number of a file like /proc/meminfo
 * @path: the file
 * @name: the text before the number, with the colon
 *
 * Return: the number as it is in the file, mostly in KiB. Ends the program if
 * there is none.
 */
long measure_field(const char *path, const char *name);

/**
 * measure_lines() - count the lines of /proc/self/maps
 *
 * Allocates nothing.
 */
long measure_lines(void);

#endif /* TESTS_FINDINGS_MEASURE_H */
