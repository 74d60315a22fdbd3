/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Functions that the test programs of a guest share: they load modules, read
 * and write files, and look at mappings.
 *
 * A function that no test can do without ends the program if it fails, with a
 * message that the report shows as a failure.
 */
#ifndef TESTS_GUEST_GUEST_H
#define TESTS_GUEST_GUEST_H

#include <dirent.h>
#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/* Which way stacks grow, and what smaps calls a mapping that can. */
#ifdef __hppa__
#define STACKS_GROW_UP true
#define GROWABLE "ar"
#else
#define STACKS_GROW_UP false
#define GROWABLE "gd"
#endif

/* Whether enabled_functions names the module's trampoline. */
#ifdef __x86_64__
#define OWN_TRAMPOLINE true
#else
#define OWN_TRAMPOLINE false
#endif

#define TRACEFS_DIR "/sys/kernel/tracing/"
/*
 * Where a program traces if others use the machine. tests/selftest/run.c removes
 * it.
 */
#define TRACE_INSTANCE TRACEFS_DIR "instances/mapstack-test/"

/**
 * guest_scope() - for whom this program may change anything
 *
 * On a machine that others use (mapstack selftest), MAPSTACK_SCOPE is what to
 * write to the module's scope. Tests that a scope cannot limit are left out.
 *
 * Return: MAPSTACK_SCOPE; NULL in a guest, which has no other users.
 */
const char *guest_scope(void);

/**
 * guest_die() - end the program because the test itself cannot go on
 * @format: why, for printf; errno is added
 */
void guest_die(const char *format, ...)
	__attribute__((format(printf, 1, 2), noreturn));

/**
 * guest_option() - a number from the environment
 * @name: its name
 * @otherwise: the number if the environment does not have it
 *
 * Words NAME=NUMBER of a guest's kernel command line are in the environment.
 *
 * Return: the number
 */
unsigned long long guest_option(const char *name, unsigned long long otherwise);

/**
 * guest_share() - map memory that is shared with processes forked later
 * @size: in bytes
 *
 * Return: its address; it is zeroed. Ends the program if it cannot be mapped.
 */
void *guest_share(size_t size);

/**
 * guest_become_silent() - become a program whose output nobody reads
 * @path: the program
 * @seconds: the limit after which SIGALRM ends it
 *
 * Call it in a child. The program leads a session, so that kill(2) of its process
 * group ends what it leaves behind. If it cannot be run, the exit status is 127.
 */
void guest_become_silent(const char *path, unsigned int seconds)
	__attribute__((noreturn));

/**
 * guest_list() - list the files of a directory, in the order of their names
 * @dir: the directory
 * @names: becomes the list
 *
 * Return: how many there are, or -1 if it cannot be read.
 */
int guest_list(const char *dir, struct dirent ***names);

/**
 * guest_find_room() - find free addresses that no other mapping will take
 * @room: how many bytes
 * @beside: bytes of inaccessible memory to map on each side, so that the hole is
 * too small for others
 *
 * Return: where the free addresses begin. Ends the program if there are none.
 */
char *guest_find_room(size_t room, size_t beside);

/**
 * guest_has_kprobes() - whether a kprobe can be at the entry of do_mmap()
 *
 * riscv64's kprobes refuse the entry of a function that ftrace can trace.
 *
 * Return: false there, and on a kernel without CONFIG_KPROBES
 */
bool guest_has_kprobes(void);

/**
 * guest_has_cgroups() - whether there are cgroups (CONFIG_CGROUPS)
 */
bool guest_has_cgroups(void);

/**
 * guest_cgroup_error() - the error to expect of a scope that is a cgroup
 * @error: what to expect where there are cgroups
 *
 * Return: @error, or -EOPNOTSUPP where there are none
 */
int guest_cgroup_error(int error);

/**
 * guest_follows_growth() - whether the module can follow growth on this kernel
 *
 * If it cannot, its counters read -1 and a line in the log says so.
 */
bool guest_follows_growth(void);

/**
 * guest_growth_line() - the line of the log that says growth is not followed
 *
 * Return: a part of it; NULL if growth is followed
 */
const char *guest_growth_line(void);

/**
 * guest_try_load() - load a kernel module
 * @name: its name; the file is /modules/NAME.ko
 * @params: its parameters, "" for none
 *
 * Return: 0 or -errno.
 */
int guest_try_load(const char *name, const char *params);

/**
 * guest_load() - load a kernel module or end the program
 * @name: its name
 * @params: its parameters, "" for none
 */
void guest_load(const char *name, const char *params);

/**
 * guest_unload() - unload a kernel module or end the program
 * @name: its name
 */
void guest_unload(const char *name);

/**
 * guest_read() - read a whole file
 * @path: its path
 * @buf: becomes the text; ends with a NUL, a trailing newline is removed
 * @size: of @buf, in bytes
 *
 * Return: the number of bytes, or -errno.
 */
int guest_read(const char *path, char *buf, size_t size);

/**
 * guest_write() - write a string into a file with one write(2)
 * @path: its path
 * @text: the string
 *
 * Return: 0 or -errno.
 */
int guest_write(const char *path, const char *text);

/**
 * guest_trace_path() - the path of a file of tracefs that may be changed
 * @file: its name below TRACEFS_DIR
 *
 * Return: its path, valid until the next call. It is in TRACE_INSTANCE if others
 * use the machine.
 */
const char *guest_trace_path(const char *file);

/**
 * guest_trace_set() - write a file of tracefs or end the program
 * @file: its name below TRACEFS_DIR; see guest_trace_path()
 * @text: what to write; the empty text truncates the file
 */
void guest_trace_set(const char *file, const char *text);

/**
 * guest_trace_filter() - let the tracers trace one function, or end the program
 * @function: its name; the empty text for all functions
 *
 * Does nothing on parisc, where all are traced: __get_user() of 6.1.192
 * evaluates its pointer twice, so set_ftrace_filter reads every other letter.
 */
void guest_trace_filter(const char *function);

/**
 * guest_log_open() - begin to watch the kernel log
 *
 * Return: a descriptor for guest_log_says().
 */
int guest_log_open(void);

/**
 * guest_log_says() - whether the module logged one line, with this text
 * @log: from guest_log_open(), which is closed
 * @text: what the line must contain
 *
 * Ignores guest_growth_line(), unless @text is in it. Prints a note if not.
 */
bool guest_log_says(int log, const char *text);

/**
 * guest_log_silent() - whether nothing was logged
 * @log: from guest_log_open(), which is closed
 * @but: ignore lines with this text; or NULL
 *
 * Prints each line that was logged. Ignores reports of KASAN and KCSAN, which
 * finds data races of the kernel's own.
 */
bool guest_log_silent(int log, const char *but);

/**
 * guest_symbol() - find a symbol of the kernel or of a module
 * @name: the symbol
 * @end: where the address of the next symbol goes, as kallsyms has no lengths; or NULL
 *
 * Ends the program if /proc/kallsyms cannot be read.
 *
 * Return: its address, or 0 if there is none.
 */
unsigned long guest_symbol(const char *name, unsigned long *end);

/* A mapping, as /proc/self/smaps describes it. */
struct mapping {
	unsigned long start, end; /* addresses, end exclusive */
	char perms[8];
	char vmflags[128]; /* the VmFlags line: "rd wr mr mw me gd ac " */
};

/**
 * guest_mapping() - look at the mapping at an address
 * @addr: the address
 * @mapping: what is found
 *
 * Uses system calls only and allocates nothing, so that the address space does
 * not change.
 *
 * Return: whether there is one.
 */
bool guest_mapping(const void *addr, struct mapping *mapping);

/**
 * guest_has_vmflag() - whether a mapping has a flag
 * @mapping: from guest_mapping()
 * @flag: two letters as in VmFlags, for example "gd"
 */
bool guest_has_vmflag(const struct mapping *mapping, const char *flag);

/**
 * guest_stack_grows() - whether mmap(MAP_STACK) makes a growable mapping now
 *
 * Maps a page and looks at its VmFlags.
 */
bool guest_stack_grows(void);

/**
 * guest_map_stack() - map a page with MAP_STACK that has room to grow
 *
 * mmap() alone may put it just above a neighbour, and then it cannot grow.
 *
 * Return: its address. Ends the program if it cannot be mapped.
 */
char *guest_map_stack(void);

/**
 * guest_touch() - write one byte and survive a fault
 * @addr: where to write
 *
 * Return: 0, or the signal (SIGSEGV, SIGBUS) that the write raised.
 */
int guest_touch(volatile void *addr);

/**
 * guest_others() - how many users a function had when the hook was off
 * @function: its name
 *
 * Return: what guest_count_others() counted; 0 if it was not called
 */
unsigned long guest_others(const char *function);

/**
 * guest_count_others() - count the users of the functions that are hooked
 *
 * Call it while the hook is off. The tests ignore these users afterwards.
 */
void guest_count_others(void);

/**
 * guest_hooked() - whether anything is attached to a kernel function
 * @function: its name
 *
 * Looks into tracefs' enabled_functions for more than guest_others().
 */
bool guest_hooked(const char *function);

/**
 * guest_hooked_by() - whether a certain something is attached to a function
 * @function: its name
 * @by: what the function's line in enabled_functions must hold
 */
bool guest_hooked_by(const char *function, const char *by);

#endif /* TESTS_GUEST_GUEST_H */
