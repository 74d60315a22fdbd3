/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The document: one object of JSON, which schema.json describes. Everything
 * that is printed is made from it. It may be another machine's or made by hand,
 * so no function here relies on a member being there.
 */
#ifndef TOOLS_DOCUMENT_H
#define TOOLS_DOCUMENT_H

#include <jansson.h>
#include "machine/settings.h"

/**
 * document_number() - an integer of an object
 * @object: any, or NULL
 * @name: its member
 *
 * Return: the integer; -1 if it is null, something else or not there.
 */
long long document_number(const json_t *object, const char *name);

/**
 * document_count() - like document_number(), but 0 if it is not known
 * @object: any, or NULL
 * @name: its member
 *
 * Return: the integer, or 0.
 */
long long document_count(const json_t *object, const char *name);

/**
 * document_median() - the median of an integer of several objects
 * @objects: an array
 * @name: their member; objects without it are left out
 *
 * Return: the median; 0 if there is none.
 */
double document_median(const json_t *objects, const char *name);

/**
 * document_text() - a string of an object
 * @object: any, or NULL
 * @name: its member
 *
 * Return: the string, which belongs to @object; NULL if it is none.
 */
const char *document_text(const json_t *object, const char *name);

/**
 * document_page_size() - bytes in a page of the machine it was made on
 * @document: a report
 *
 * Return: this machine's if it does not say.
 */
long long document_page_size(const json_t *document);

/**
 * document_counters() - the module's counters
 * @counters: their values
 *
 * Return: a new object; a counter that is not known is null.
 */
json_t *document_counters(const struct counter_values *counters);

/**
 * document_add() - add up two objects
 * @sum: the sum so far; a member that is not known in either is not known in it
 * @more: the object to add. The higher peak is kept. A name is kept if it is
 * the same in both, and becomes null otherwise
 */
void document_add(json_t *sum, const json_t *more);

/**
 * document_group() - add a program to the group that it belongs to
 * @groups: an object of groups, by their keys
 * @key: of this group
 * @program: a member of the document's "programs"
 */
void document_group(json_t *groups, const char *key, const json_t *program);

/**
 * document_sorted() - put programs into their order: what breaks comes first
 * @groups: from document_group()
 *
 * Return: a new array.
 */
json_t *document_sorted(const json_t *groups);

/**
 * document_by() - a document with one entry for each unit, program or user
 * @document: a report
 * @by: "unit", "program", "user", "host" or another member of a program
 *
 * Return: a new document.
 */
json_t *document_by(const json_t *document, const char *by);

/**
 * document_is_try() - whether it is what mapstack try found
 * @document: any
 *
 * Otherwise it is a recording, of run, watch or merge.
 */
bool document_is_try(const json_t *document);

#endif /* TOOLS_DOCUMENT_H */
