/* SPDX-License-Identifier: GPL-2.0-only */
/* Writes JSON. */
#ifndef TOOLS_JSON_H
#define TOOLS_JSON_H

#include <stdbool.h>
#include <stdio.h>

#define JSON_DEPTH 16

struct json {
	FILE *file;
	int depth;
	bool filled[JSON_DEPTH]; /* this level has a member already */
};

/**
 * json_open() - begin an object or an array
 * @json: where to
 * @key: its name; NULL in an array, and for the outermost
 * @bracket: '{' or '['
 */
void json_open(struct json *json, const char *key, char bracket);

/**
 * json_close() - end an object or an array
 * @json: where to
 * @bracket: '}' or ']'; after the outermost the line ends
 */
void json_close(struct json *json, char bracket);

/**
 * json_string() - a string
 * @json: where to
 * @key: its name; NULL in an array
 * @value: any bytes; those that are not UTF-8 become U+FFFD
 */
void json_string(struct json *json, const char *key, const char *value);

/**
 * json_number() - a whole number
 * @json: where to
 * @key: its name; NULL in an array
 * @value: the number
 */
void json_number(struct json *json, const char *key, long long value);

/**
 * json_known() - a number, or null if it cannot be known
 * @json: where to
 * @key: its name
 * @value: the number; negative: it cannot be known
 */
void json_known(struct json *json, const char *key, long long value);

/**
 * json_bool() - true or false
 * @json: where to
 * @key: its name
 * @value: which
 */
void json_bool(struct json *json, const char *key, bool value);

#endif /* TOOLS_JSON_H */
