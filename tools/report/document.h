/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The document: one JSON object, which schema.json describes. Everything that is
 * printed is made from it. It may come from another machine or be made by hand, so
 * no function relies on any member.
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
 * Return: the integer; -1 if it is null, of another type or missing.
 */
long long document_number(const json_t *object, const char *name);

/**
 * document_count() - like document_number(), but 0 if it is unknown
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
 * Return: the string, which belongs to @object; NULL if it is not a string.
 */
const char *document_text(const json_t *object, const char *name);

/**
 * document_page_size() - bytes in a page of the machine that was recorded
 * @document: a report
 *
 * Return: its page size, or this machine's if the document has none.
 */
long long document_page_size(const json_t *document);

/**
 * document_counters() - the module's counters
 * @counters: their values
 *
 * Return: a new object; an unknown counter is null.
 */
json_t *document_counters(const struct counter_values *counters);

/**
 * document_add() - add up two objects
 * @sum: the sum so far; a member that is unknown in one of them becomes unknown
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
 * document_programs() - the programs of a report by their names
 * @document: a report, or NULL
 *
 * Return: a new object of groups; a group is one program of all users and cgroups.
 */
json_t *document_programs(const json_t *document);

/**
 * document_sorted() - sort programs: those that break come first
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
 * document_is_try() - whether a document is of mapstack try
 * @document: any
 *
 * Otherwise it is a recording, of run, watch or merge.
 */
bool document_is_try(const json_t *document);

#endif /* TOOLS_DOCUMENT_H */
