/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The module under test: these functions write and read its files, and look
 * whether it left anything.
 */
#ifndef TESTS_GUEST_MAPSTACK_H
#define TESTS_GUEST_MAPSTACK_H

#include <stdbool.h>

#define MAPSTACK_DIR "/sys/kernel/mapstack/"

/**
 * mapstack_load() - make the module as it is after loading, or end the program
 * @params: its parameters, "" for none
 *
 * If others use the machine, the module is loaded already. Then it is switched
 * off, limited to guest_scope(), and set as @params say.
 */
void mapstack_load(const char *params);

/**
 * mapstack_unload() - unload the module; switch it off if others use the machine
 */
void mapstack_unload(void);

/**
 * mapstack_write() - write one of the module's files
 * @file: its name below MAPSTACK_DIR
 * @text: what to write; if others use the machine, "all" means guest_scope()
 *
 * Return: 0 or -errno.
 */
int mapstack_write(const char *file, const char *text);

/**
 * mapstack_set() - write one of the module's files or end the program
 * @file: its name below MAPSTACK_DIR
 * @text: what to write
 */
void mapstack_set(const char *file, const char *text);

/**
 * mapstack_scope_elsewhere() - set the scope to a process that makes no requests
 *
 * Call mapstack_scope_again() afterwards.
 */
void mapstack_scope_elsewhere(void);

/**
 * mapstack_scope_again() - set the scope to "all" again, and end that process
 */
void mapstack_scope_again(void);

/**
 * mapstack_is() - whether one of the module's files reads as expected
 * @file: its name below MAPSTACK_DIR
 * @expected: its content without the newline; for "all" see mapstack_write()
 *
 * Prints a note if it does not.
 */
bool mapstack_is(const char *file, const char *expected);

/**
 * mapstack_counter() - read a counter
 * @name: its name below counters/
 *
 * Return: its value. Ends the program if it cannot be read.
 */
unsigned long mapstack_counter(const char *name);

/**
 * counter_is() - whether a counter has a value
 * @name: its name below counters/
 * @expected: the value
 *
 * Prints a note if not. If others use the machine, they add to out_of_scope,
 * which may then be larger.
 */
bool counter_is(const char *name, unsigned long expected);

/**
 * mapstack_is_off() - whether the module is loaded and does nothing
 *
 * enabled reads 0, nothing is attached to the functions that it hooks, and
 * MAP_STACK makes no growable mapping. Prints a note of anything that is wrong.
 */
bool mapstack_is_off(void);

/**
 * mapstack_is_gone() - whether the module is not loaded, and left nothing
 *
 * Looks at every place where it could have left something, and whether MAP_STACK
 * makes a growable mapping. Prints a note of anything that is left.
 */
bool mapstack_is_gone(void);

#endif /* TESTS_GUEST_MAPSTACK_H */
