/* SPDX-License-Identifier: GPL-2.0-only */
/* Says how to install the headers of a kernel on a distribution. */
#ifndef TOOLS_HEADERS_H
#define TOOLS_HEADERS_H

#include <stddef.h>

/* The files of packaging/headers; the Makefile makes a table of them. */
struct headers_how {
	const char *id; /* of os-release(5): ID, or a word of ID_LIKE */
	const char *how; /* with %r, %f and %b: see packaging/name-headers */
};

extern const struct headers_how headers_how[]; /* ends with a NULL id */

/**
 * headers_name() - say how to install the headers of a kernel here
 * @release: of the kernel
 * @buf: becomes the words
 * @size: of @buf, in bytes
 */
void headers_name(const char *release, char *buf, size_t size);

#endif /* TOOLS_HEADERS_H */
