// SPDX-License-Identifier: GPL-2.0-only
/* Writes JSON. See json.h. */

#include "report/json.h"

static void begin(struct json *json, const char *key)
{
	if (json->depth) {
		fputs(json->filled[json->depth] ? ",\n" : "\n", json->file);
		fprintf(json->file, "%*s", 2 * json->depth, "");
		json->filled[json->depth] = true;
	}
	if (key)
		fprintf(json->file, "\"%s\": ", key);
}

void json_open(struct json *json, const char *key, char bracket)
{
	begin(json, key);
	fputc(bracket, json->file);
	json->depth++;
	json->filled[json->depth] = false;
}

void json_close(struct json *json, char bracket)
{
	bool filled = json->filled[json->depth--];

	if (filled)
		fprintf(json->file, "\n%*s", 2 * json->depth, "");
	fputc(bracket, json->file);
	if (!json->depth)
		fputc('\n', json->file);
}

static bool continues(const unsigned char *at, int bytes)
{
	for (; bytes; bytes--)
		if ((*++at & 0xc0) != 0x80)
			return false;
	return true;
}

/* The length of the UTF-8 sequence at @at, or 0 if there is none. */
static int utf8_length(const unsigned char *at)
{
	if (*at >= 0xc2 && *at <= 0xdf && continues(at, 1))
		return 2;
	if (*at >= 0xe0 && *at <= 0xef && continues(at, 2) &&
	    !(*at == 0xe0 && at[1] < 0xa0) && !(*at == 0xed && at[1] > 0x9f))
		return 3;
	if (*at >= 0xf0 && *at <= 0xf4 && continues(at, 3) &&
	    !(*at == 0xf0 && at[1] < 0x90) && !(*at == 0xf4 && at[1] > 0x8f))
		return 4;
	return 0;
}

static int put_character(FILE *file, const unsigned char *at)
{
	int length;

	if (*at == '"' || *at == '\\') {
		fprintf(file, "\\%c", *at);
	} else if (*at < 0x20 || *at == 0x7f) {
		fprintf(file, "\\u%04x", *at);
	} else if (*at < 0x80) {
		fputc(*at, file);
	} else {
		length = utf8_length(at);
		if (!length) {
			fputs("\\ufffd", file);
			return 1;
		}
		fwrite(at, 1, length, file);
		return length;
	}
	return 1;
}

void json_string(struct json *json, const char *key, const char *value)
{
	const unsigned char *at = (const unsigned char *)value;

	begin(json, key);
	fputc('"', json->file);
	while (*at)
		at += put_character(json->file, at);
	fputc('"', json->file);
}

void json_number(struct json *json, const char *key, long long value)
{
	begin(json, key);
	fprintf(json->file, "%lld", value);
}

void json_known(struct json *json, const char *key, long long value)
{
	begin(json, key);
	if (value < 0)
		fputs("null", json->file);
	else
		fprintf(json->file, "%lld", value);
}

void json_bool(struct json *json, const char *key, bool value)
{
	begin(json, key);
	fputs(value ? "true" : "false", json->file);
}
