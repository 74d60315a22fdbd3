// SPDX-License-Identifier: GPL-2.0-only
/* mapstack on and off. See status.h. */

#include <unistd.h>

#include "machine/files.h"
#include "machine/settings.h"
#include "machine/state.h"
#include "verbs/status.h"

/* The lock, with what a killed run left put back; or -1. */
static int lock_and_recover(const char *what)
{
	struct state state;
	int lock;

	if (geteuid()) {
		say_err("%s needs root; nothing was changed; use sudo", what);
		return -1;
	}
	lock = state_lock(&state);
	if (lock >= 0 && state_recover(lock, &state)) {
		close(lock);
		return -1;
	}
	return lock;
}

static int set_on(const char *policy)
{
	if (!module_load())
		return 1;
	if (policy && setting_write("policy", policy))
		return 1;
	return setting_write("enabled", "1") ? 1 : 0;
}

int turn_on(const char *policy)
{
	int lock, ret;

	lock = lock_and_recover("on");
	if (lock < 0)
		return 1;
	ret = set_on(policy);
	close(lock);
	return ret;
}

int turn_off(void)
{
	int lock, ret = 0;

	lock = lock_and_recover("off");
	if (lock < 0)
		return 1;
	if (module_is_loaded() && setting_write("enabled", "0"))
		ret = 1;
	close(lock);
	return ret;
}
