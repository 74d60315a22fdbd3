// SPDX-License-Identifier: GPL-2.0-only
/* The switch. See switch.h. */

#include <linux/mutex.h>

#include "growth.h"
#include "hook.h"
#include "switch.h"

/* Serialises switching. Taken outside mmap_lock. */
static DEFINE_MUTEX(switch_lock);

int switch_on(void)
{
	int ret;

	mutex_lock(&switch_lock);
	ret = hook_attach();
	if (!ret)
		growth_follow();
	else if (!hook_attached())
		growth_leave();
	mutex_unlock(&switch_lock);
	return ret;
}

int switch_off(void)
{
	int left, ret;

	mutex_lock(&switch_lock);
	left = growth_leave();
	ret = hook_detach();
	mutex_unlock(&switch_lock);
	return ret ?: left;
}

bool switch_is_on(void)
{
	return hook_attached();
}
