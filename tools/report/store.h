/* SPDX-License-Identifier: GPL-2.0-only */
/* Reads documents from files, and keeps the last one. */
#ifndef TOOLS_STORE_H
#define TOOLS_STORE_H

#include <jansson.h>
#include <stdbool.h>

/**
 * document_load() - read a report
 * @path: a file, "-" for standard input; NULL: the last one that was kept
 * @recording: whether it must be a recording
 *
 * Complains if it cannot be read or is not a report.
 *
 * Return: the document, or NULL.
 */
json_t *document_load(const char *path, bool recording);

/**
 * document_keep() - keep a report for "mapstack report"
 * @document: a report
 *
 * Complains if it cannot be kept.
 *
 * Return: 0 or -1.
 */
int document_keep(const json_t *document);

#endif /* TOOLS_STORE_H */
