// SPDX-License-Identifier: GPL-2.0-only
/* mapstack on and off. See verbs.h. */

#include "machine/files.h"
#include "machine/session.h"
#include "machine/settings.h"
#include "verbs/verbs.h"

static int set_on(const char *policy)
{
	if (!module_load())
		return 1;
	if (policy && setting_write("policy", policy))
		return 1;
	return setting_write("enabled", "1") ? 1 : 0;
}

int turn_on(const struct options *options)
{
	struct session session;
	int ret;

	if (session_lock(&session))
		return 1;
	ret = set_on(options->policy);
	session_unlock(&session);
	return ret;
}

int turn_off(const struct options *options)
{
	struct session session;
	int ret = 0;

	(void)options;
	if (session_lock(&session))
		return 1;
	if (module_is_loaded() && setting_write("enabled", "0"))
		ret = 1;
	session_unlock(&session);
	return ret;
}
