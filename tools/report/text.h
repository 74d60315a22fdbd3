/* SPDX-License-Identifier: GPL-2.0-only */
/* Makes JSON of texts that somebody else chose (see safe.h). */
#ifndef TOOLS_TEXT_H
#define TOOLS_TEXT_H

#include <jansson.h>

#include "report/safe.h"

/**
 * text_json() - make a string of JSON of what text_put() would print
 * @text: any bytes; NULL becomes null
 *
 * Return: a new reference.
 */
json_t *text_json(const char *text);

#endif /* TOOLS_TEXT_H */
