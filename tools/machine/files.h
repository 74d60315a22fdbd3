/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads and writes small files as a whole, and prints messages. */
#ifndef TOOLS_FILES_H
#define TOOLS_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define SYSFS "/sys/kernel/mapstack/"
/* The exit status of a failure of mapstack, for verbs that pass a command's on. */
#define EXIT_SELF 125
#define ARRAY_SIZE(array) (sizeof(array) / sizeof((array)[0]))

/**
 * file_path() - where a file of the system is
 * @path: absolute
 * @buf: becomes the path to use
 * @size: of @buf, in bytes
 *
 * If $MAPSTACK_ROOT is set, files are below it, so that doctor and status can
 * look at the copied files of another machine.
 *
 * Return: @buf.
 */
const char *file_path(const char *path, char *buf, size_t size);

/**
 * file_root_is_real() - whether files are those of the running system
 */
bool file_root_is_real(void);

/**
 * file_read() - read a file
 * @path: absolute
 * @buf: becomes its content; ends with a NUL, a newline at the end is removed
 * @size: of @buf, in bytes; the rest of a longer file is left out
 *
 * Return: the number of bytes, or -errno with an empty @buf.
 */
int file_read(const char *path, char *buf, size_t size);

/**
 * file_read_all() - read a file of any size
 * @path: absolute
 *
 * Return: its content with a NUL after it, to be freed; NULL with errno set.
 */
char *file_read_all(const char *path);

/**
 * file_write() - write a text into a file with one write(2)
 * @path: absolute
 * @text: the text
 *
 * Return: 0 or -errno.
 */
int file_write(const char *path, const char *text);

/**
 * file_replace() - write a file so that others see the old one or the new one
 * @path: absolute
 * @text: the new content
 * @mode: of the file, whatever the umask is
 *
 * Writes PATH.new and renames it.
 *
 * Return: 0, or -errno if the file is as it was.
 */
int file_replace(const char *path, const char *text, unsigned int mode);

/**
 * file_exists() - whether there is such a file
 * @path: absolute
 */
bool file_exists(const char *path);

/**
 * process_start() - when a process was started
 * @pid: its number, which together with this identifies it
 *
 * Return: in clock ticks after boot; 0 if there is no such process.
 */
unsigned long long process_start(int pid);

/**
 * say_err() - print a message about an error to standard error
 * @format: what happened, what was left unchanged, what to do; for printf
 */
void say_err(const char *format, ...) __attribute__((format(printf, 1, 2)));

/**
 * xalloc() - allocate zeroed memory, or end the program
 * @size: in bytes
 */
void *xalloc(size_t size);

/**
 * xrealloc() - change the size of what was allocated, or end the program
 */
void *xrealloc(void *memory, size_t size);

/**
 * xcopy() - copy a string, or end the program
 * @text: the string
 */
char *xcopy(const char *text);

/**
 * xmemory() - open a file that is a text in memory, or end the program
 * @text: becomes the text, to be freed, when the file is closed
 * @size: becomes its length, in bytes
 */
FILE *xmemory(char **text, size_t *size);

#endif /* TOOLS_FILES_H */
