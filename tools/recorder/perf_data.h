/* SPDX-License-Identifier: GPL-2.0-only */
/* Edits the file that perf record writes. */
#ifndef TOOLS_PERF_DATA_H
#define TOOLS_PERF_DATA_H

/**
 * perf_data_forget() - make perf script forget the mappings of a process at execve()
 * @path: the file, which is replaced
 *
 * perf script keeps the mappings from before execve(). If it unwinds with libunwind
 * (Debian's does up to 6.12), it takes a library's lowest mapping for the start of
 * the library (read_unwind_spec_eh_frame() in tools/perf). So if the program before
 * had the library at a lower address, the backtrace ends there. This adds a record of
 * a fork to each record of an execve(), which makes perf begin with no mapping
 * (machine__process_fork_event()).
 *
 * Return: 0, or -1 if the file cannot be read or written; then it is as it was.
 */
int perf_data_forget(const char *path);

#endif /* TOOLS_PERF_DATA_H */
