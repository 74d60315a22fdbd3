// SPDX-License-Identifier: GPL-2.0-only
/* Finds the owner of a process. See owner.h. */

#include <ctype.h>
#include <fcntl.h>
#include <limits.h>
#include <mntent.h>
#include <pwd.h>
#include <search.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "machine/files.h"
#include "recorder/owner.h"
#include "report/text.h"

#define FILEID_KERNFS 0xfe /* linux/exportfs.h */
#define ID_DIGITS 12 /* as docker and podman print an id */

/* There can be as many as the module has rows, so each is small. */
struct cgroup {
	uint64_t id;
	char path[]; /* empty: it is not known */
};

struct owners {
	int mount; /* of cgroup2; -1: there is none */
	size_t mount_len; /* of its path */
	void *cgroups; /* a tree of tsearch() */
	json_t *users; /* uid: name or null */
};

struct owners *owners_new(void)
{
	struct owners *owners = xalloc(sizeof(*owners));
	FILE *mounts = setmntent("/proc/self/mounts", "re");
	struct mntent *entry;

	owners->mount = -1;
	owners->users = json_object();
	while (mounts && (entry = getmntent(mounts))) {
		if (strcmp(entry->mnt_type, "cgroup2"))
			continue;
		owners->mount = open(entry->mnt_dir,
				     O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		owners->mount_len = strlen(entry->mnt_dir);
		break;
	}
	if (mounts)
		endmntent(mounts);
	return owners;
}

static struct cgroup *new_cgroup(uint64_t id, const char *path)
{
	size_t size = strlen(path) + 1;
	struct cgroup *cgroup = xalloc(sizeof(*cgroup) + size);

	cgroup->id = id;
	memcpy(cgroup->path, path, size);
	return cgroup;
}

/* The id of a cgroup is its file handle: kernfs_encode_fh() since 5.5. */
static struct cgroup *find_cgroup(const struct owners *owners, uint64_t id)
{
	struct {
		struct file_handle handle;
		uint64_t id;
	} at = {
		{ .handle_bytes = sizeof(id), .handle_type = FILEID_KERNFS },
		id,
	};
	char path[PATH_MAX], link[64], *below;
	ssize_t len;
	int fd;

	fd = open_by_handle_at(owners->mount, &at.handle, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return new_cgroup(id, "");
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, path, sizeof(path) - 1);
	close(fd);
	if (len < (ssize_t)owners->mount_len)
		return new_cgroup(id, "");
	path[len] = '\0';
	below = path + owners->mount_len;
	return new_cgroup(id, *below ? below : "/");
}

static int by_id(const void *one, const void *two)
{
	const uint64_t *a = one, *b = two;

	return (*a > *b) - (*a < *b);
}

/* The path of a cgroup; NULL: it is not known. */
static const char *look(struct owners *owners, uint64_t id)
{
	struct cgroup **at = tfind(&id, &owners->cgroups, by_id);

	if (!at)
		at = tsearch(find_cgroup(owners, id), &owners->cgroups, by_id);
	return at && *(*at)->path ? (*at)->path : NULL;
}

void owners_look(struct owners *owners, uint64_t cgroup)
{
	look(owners, cgroup);
}

static json_t *user_of(struct owners *owners, uint64_t uid)
{
	const struct passwd *user;
	char key[24];

	snprintf(key, sizeof(key), "%llu", (unsigned long long)uid);
	if (!json_object_get(owners->users, key)) {
		user = getpwuid(uid);
		json_object_set_new(owners->users, key,
				    text_json(user ? user->pw_name : NULL));
	}
	return json_object_get(owners->users, key);
}

static bool ends_with(const char *text, size_t len, const char *end)
{
	size_t n = strlen(end);

	return len > n && !strncmp(text + len - n, end, n);
}

char *unit_of(const char *path)
{
	const char *unit = NULL;
	size_t len, unit_len = 0;

	for (; *path; path += len) {
		path += *path == '/';
		len = strcspn(path, "/");
		if (!ends_with(path, len, ".service") &&
		    !ends_with(path, len, ".scope") &&
		    !ends_with(path, len, ".slice"))
			continue;
		unit = path;
		unit_len = len;
	}
	return unit ? strndup(unit, unit_len) : NULL;
}

/* Undoes systemd's escape of a name within a unit's: \xNN. */
static char *unescape_unit(const char *text, size_t len)
{
	char *name = xalloc(len + 1), *to = name;
	unsigned int byte;
	size_t i;

	for (i = 0; i < len; i++) {
		if (i + 3 < len && sscanf(text + i, "\\x%2x", &byte) == 1) {
			*to++ = byte;
			i += 3;
		} else {
			*to++ = text[i];
		}
	}
	return name;
}

static char *id_in(const char *text, size_t len)
{
	size_t i;

	if (len != 64)
		return NULL;
	for (i = 0; i < len; i++)
		if (!isxdigit((unsigned char)text[i]))
			return NULL;
	return strndup(text, ID_DIGITS);
}

/* docker-ID.scope, libpod-ID.scope, cri-containerd-ID.scope, crio-ID.scope, ID */
static char *container_in(const char *part, size_t len)
{
	size_t from = len;

	if (!strncmp(part, "lxc.payload.", 12) && len > 12)
		return strndup(part + 12, len - 12);
	if (ends_with(part, len, ".scope"))
		len -= strlen(".scope");
	else if (!strncmp(part, "machine-", 8))
		return NULL;
	if (!strncmp(part, "machine-", 8) && len > 8)
		return unescape_unit(part + 8, len - 8);
	if (!strncmp(part, "systemd-nspawn@", 15) &&
	    ends_with(part, len, ".service"))
		return unescape_unit(part + 15, len - 15 - strlen(".service"));
	while (from && (from > len || isxdigit((unsigned char)part[from - 1])))
		from--;
	return id_in(part + from, len - from);
}

/*
 * Returns the end of the part of a path that names a container. @name becomes the
 * container's name, or NULL if there is none. Free it.
 */
static const char *find_container(const char *path, char **name)
{
	size_t len;

	for (*name = NULL; *path && !*name; path += len) {
		path += *path == '/';
		len = strcspn(path, "/");
		*name = container_in(path, len);
	}
	return path;
}

char *container_of_cgroup(const char *path)
{
	char *name;

	find_container(path, &name);
	return name;
}

size_t container_cgroup(const char *path)
{
	char *name;
	const char *end = find_container(path, &name);
	size_t len = name ? end - path : 0;

	free(name);
	return len;
}

void owners_put(struct owners *owners, json_t *json, uint64_t cgroup,
		uint64_t uid)
{
	const char *path = look(owners, cgroup);
	char *unit = path ? unit_of(path) : NULL;
	char *container = path ? container_of_cgroup(path) : NULL;

	json_object_set_new(json, "cgroup", text_json(path));
	json_object_set_new(json, "unit", text_json(unit));
	json_object_set_new(json, "container", text_json(container));
	json_object_set(json, "user", user_of(owners, uid));
	json_object_set_new(json, "uid", json_integer(uid));
	free(unit);
	free(container);
}

void owners_free(struct owners *owners)
{
	if (owners->mount >= 0)
		close(owners->mount);
	tdestroy(owners->cgroups, free);
	json_decref(owners->users);
	free(owners);
}
