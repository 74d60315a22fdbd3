// SPDX-License-Identifier: GPL-2.0-only
/* Makes JSON of texts that somebody else chose. See text.h. */

#include <stdlib.h>

#include "machine/files.h"
#include "report/text.h"

json_t *text_json(const char *text)
{
	char *safe = NULL;
	json_t *json;
	size_t size;
	FILE *file;

	if (!text)
		return json_null();
	file = xmemory(&safe, &size);
	text_put(file, text);
	fclose(file);
	json = json_string(safe);
	free(safe);
	return json;
}
