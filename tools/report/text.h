/* SPDX-License-Identifier: GPL-2.0-only */
/* Texts that somebody else chose, printed (see safe.h) and as JSON. */
#ifndef TOOLS_TEXT_H
#define TOOLS_TEXT_H

#include <jansson.h>

#include "report/safe.h"

/**
 * text_json() - what text_put() prints, as a string of JSON
 * @text: any bytes; NULL becomes null
 *
 * Return: a new reference.
 */
json_t *text_json(const char *text);

#endif /* TOOLS_TEXT_H */
