// SPDX-License-Identifier: GPL-2.0-only
/* Prints texts that somebody else chose. See safe.h. */

#include <stdbool.h>

#include "report/safe.h"

/* Decodes one character; returns its bytes, or 0 if there is none at @at. */
static int decode(const unsigned char *at, unsigned int *code)
{
	static const unsigned int least[] = { 0, 0x80, 0x800, 0x10000 };
	int more = *at < 0x80 ? 0 : *at < 0xe0 ? 1 : *at < 0xf0 ? 2 : 3;
	int i;

	if ((*at >= 0x80 && *at < 0xc0) || *at > 0xf4)
		return 0;
	*code = more ? *at & (0x3f >> more) : *at;
	for (i = 1; i <= more; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		*code = *code << 6 | (at[i] & 0x3f);
	}
	if (*code < least[more] || *code > 0x10ffff ||
	    (*code >= 0xd800 && *code <= 0xdfff))
		return 0;
	return more + 1;
}

/* Whether a character acts on a terminal and is not just shown. */
static bool acts(unsigned int code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x61c ||
	       code == 0x200e || code == 0x200f ||
	       (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

void text_put(FILE *file, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;
	unsigned int code;
	int length;

	while (at && *at) {
		length = decode(at, &code);
		if (length && !acts(code)) {
			fwrite(at, 1, length, file);
			at += length;
			continue;
		}
		for (length = length ?: 1; length; length--)
			fprintf(file, "\\x%02x", *at++);
	}
}
