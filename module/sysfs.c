// SPDX-License-Identifier: GPL-2.0-only
/*
 * The files below /sys/kernel/mapstack. See docs/ABI/sysfs-kernel-mapstack.
 *
 * A value is parsed in full before anything is changed.
 */

#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "counters.h"
#include "growth.h"
#include "request.h"
#include "scope.h"
#include "switch.h"
#include "sysfs.h"

static const char *const policy_names[NR_POLICIES] = {
	[POLICY_OBSERVE] = "observe", [POLICY_PAIRED] = "paired",
	[POLICY_FITTING] = "fitting", [POLICY_PRIVATE] = "private",
	[POLICY_RFC] = "rfc",
};

int sysfs_set_policy(const char *name)
{
	int policy = sysfs_match_string(policy_names, name);

	if (policy < 0)
		return policy;
	request_set_policy(policy);
	return 0;
}

int sysfs_parse_bool(const char *text, bool *value)
{
	static const char *const words[] = { "0",   "1",   "n",	    "y",
					     "no",  "yes", "f",	    "t",
					     "off", "on",  "false", "true" };
	size_t len = strcspn(text, "\n");
	unsigned int i;

	if (text[len] && text[len + 1])
		return -EINVAL;
	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (strlen(words[i]) != len || strncasecmp(words[i], text, len))
			continue;
		*value = i % 2;
		return 0;
	}
	return -EINVAL;
}

/* A NUL would end the text, and the bytes after it would not be looked at. */
static bool is_text(const char *buf, size_t count)
{
	return strlen(buf) == count;
}

static ssize_t enabled_file_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", switch_is_on());
}

static ssize_t enabled_file_store(struct kobject *kobj,
				  struct kobj_attribute *attr, const char *buf,
				  size_t count)
{
	bool enable;
	int ret;

	if (!is_text(buf, count) || sysfs_parse_bool(buf, &enable))
		return -EINVAL;
	ret = enable ? switch_on() : switch_off();
	return ret ?: count;
}

static struct kobj_attribute enabled_file =
	__ATTR(enabled, 0644, enabled_file_show, enabled_file_store);

static ssize_t policy_file_show(struct kobject *kobj,
				struct kobj_attribute *attr, char *buf)
{
	enum policy in_force = request_policy();
	int policy, len = 0;

	for (policy = 0; policy < NR_POLICIES; policy++)
		len += sysfs_emit_at(buf, len,
				     policy == in_force ? "%s[%s]" : "%s%s",
				     policy ? " " : "", policy_names[policy]);
	return len + sysfs_emit_at(buf, len, "\n");
}

static ssize_t policy_file_store(struct kobject *kobj,
				 struct kobj_attribute *attr, const char *buf,
				 size_t count)
{
	if (!is_text(buf, count) || sysfs_set_policy(buf))
		return -EINVAL;
	return count;
}

static struct kobj_attribute policy_file =
	__ATTR(policy, 0644, policy_file_show, policy_file_store);

static ssize_t scope_file_show(struct kobject *kobj,
			       struct kobj_attribute *attr, char *buf)
{
	return scope_show(buf);
}

static ssize_t scope_file_store(struct kobject *kobj,
				struct kobj_attribute *attr, const char *buf,
				size_t count)
{
	if (!is_text(buf, count))
		return -EINVAL;
	return scope_set(buf) ?: count;
}

static struct kobj_attribute scope_file =
	__ATTR(scope, 0644, scope_file_show, scope_file_store);

static ssize_t reset_file_store(struct kobject *kobj,
				struct kobj_attribute *attr, const char *buf,
				size_t count)
{
	if (!is_text(buf, count) || !sysfs_streq(buf, "1"))
		return -EINVAL;
	counters_reset();
	return count;
}

static struct kobj_attribute reset_file =
	__ATTR(reset, 0200, NULL, reset_file_store);

static struct attribute *mapstack_attrs[] = {
	&enabled_file.attr,
	&policy_file.attr,
	&scope_file.attr,
	&reset_file.attr,
	NULL,
};

static const struct attribute_group mapstack_group = {
	.attrs = mapstack_attrs,
};

/* One counter's file; @which is a shape, an outcome or a counter. */
struct counter_file {
	struct kobj_attribute file;
	unsigned int which;
};

static unsigned int which(struct kobj_attribute *attr)
{
	return container_of(attr, struct counter_file, file)->which;
}

static ssize_t seen_show(struct kobject *kobj, struct kobj_attribute *attr,
			 char *buf)
{
	return sysfs_emit(buf, "%lu\n", counters_seen());
}

static ssize_t shape_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%lu\n", counters_shape(which(attr)));
}

static ssize_t outcome_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%lu\n", counters_outcome(which(attr)));
}

static ssize_t alone_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%lu\n", counters_read(which(attr)));
}

static ssize_t growth_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	if (!growth_is_known())
		return sysfs_emit(buf, "-1\n");
	return alone_show(kobj, attr, buf);
}

static ssize_t missed_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	if (!growth_is_known())
		return sysfs_emit(buf, "-1\n");
	return sysfs_emit(buf, "%lu\n", growth_missed());
}

#define COUNTER(_name, _show, _which)                     \
	static struct counter_file _name##_file = {       \
		.file = __ATTR(_name, 0444, _show, NULL), \
		.which = _which,                          \
	}

COUNTER(seen, seen_show, 0);
COUNTER(translated, outcome_show, OUTCOME_TRANSLATED);
COUNTER(already, outcome_show, OUTCOME_ALREADY);
COUNTER(refused, outcome_show, OUTCOME_REFUSED);
COUNTER(spared, outcome_show, OUTCOME_SPARED);
COUNTER(observed, outcome_show, OUTCOME_OBSERVED);
COUNTER(shape_anonymous, shape_show, SHAPE_ANONYMOUS);
COUNTER(shape_shared, shape_show, SHAPE_SHARED);
COUNTER(shape_file, shape_show, SHAPE_FILE);
COUNTER(shape_hugetlb, shape_show, SHAPE_HUGETLB);
COUNTER(shape_droppable, shape_show, SHAPE_DROPPABLE);
COUNTER(out_of_scope, alone_show, COUNTER_OUT_OF_SCOPE);
COUNTER(grown, growth_show, COUNTER_GROWN);
COUNTER(grown_pages, growth_show, COUNTER_GROWN_PAGES);
COUNTER(grow_denied, growth_show, COUNTER_GROW_DENIED);
COUNTER(grow_missed, missed_show, 0);

static struct attribute *counters_files[] = {
	&seen_file.file.attr,
	&translated_file.file.attr,
	&already_file.file.attr,
	&refused_file.file.attr,
	&spared_file.file.attr,
	&observed_file.file.attr,
	&shape_anonymous_file.file.attr,
	&shape_shared_file.file.attr,
	&shape_file_file.file.attr,
	&shape_hugetlb_file.file.attr,
	&shape_droppable_file.file.attr,
	&out_of_scope_file.file.attr,
	&grown_file.file.attr,
	&grown_pages_file.file.attr,
	&grow_denied_file.file.attr,
	&grow_missed_file.file.attr,
	NULL,
};

static const struct attribute_group counters_group = {
	.name = "counters",
	.attrs = counters_files,
};

static const struct attribute_group *mapstack_groups[] = {
	&mapstack_group,
	&counters_group,
	NULL,
};

static struct kobject *mapstack_kobj;

int sysfs_add_mapstack(void)
{
	int ret = -ENOMEM;

	mapstack_kobj = kobject_create_and_add("mapstack", kernel_kobj);
	if (mapstack_kobj) {
		ret = sysfs_create_groups(mapstack_kobj, mapstack_groups);
		if (!ret)
			return 0;
		kobject_put(mapstack_kobj);
	}
	pr_err("/sys/kernel/mapstack could not be made (error %d), so the module was not loaded; free memory and load it again\n",
	       ret);
	return ret;
}

void sysfs_remove_mapstack(void)
{
	sysfs_remove_groups(mapstack_kobj, mapstack_groups);
	kobject_put(mapstack_kobj);
}
