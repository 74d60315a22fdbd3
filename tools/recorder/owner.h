/* SPDX-License-Identifier: GPL-2.0-only */
/* Finds the owner of a process: cgroup, unit, container, user. */
#ifndef TOOLS_OWNER_H
#define TOOLS_OWNER_H

#include <jansson.h>
#include <stdint.h>

struct owners;

/**
 * owners_new() - make an empty cache of names
 *
 * Return: the cache. Free it with owners_free().
 */
struct owners *owners_new(void);

/**
 * owners_look() - look up and remember the name of a cgroup while it exists
 * @owners: from owners_new()
 * @cgroup: its id
 */
void owners_look(struct owners *owners, uint64_t cgroup);

/**
 * owners_put() - add the owner of a program
 * @owners: from owners_new()
 * @json: gets "cgroup", "unit", "container", "user" and "uid"; null: unknown
 * @cgroup: the id of its cgroup
 * @uid: its user
 */
void owners_put(struct owners *owners, json_t *json, uint64_t cgroup,
		uint64_t uid);

/**
 * owners_free() - forget all names
 * @owners: from owners_new()
 */
void owners_free(struct owners *owners);

/**
 * unit_of() - the systemd unit that a cgroup belongs to
 * @path: of the cgroup, below the mount
 *
 * Return: its name, or NULL if there is none. Free it.
 */
char *unit_of(const char *path);

/**
 * container_of_cgroup() - the container that a cgroup belongs to
 * @path: of the cgroup, below the mount
 *
 * Knows containers of docker, podman, containerd, CRI-O, systemd-nspawn (and others
 * that register with machined) and LXC.
 *
 * Return: its name or the first 12 digits of its id, to be freed; NULL if there
 * is none.
 */
char *container_of_cgroup(const char *path);

/**
 * container_cgroup() - the cgroup of a whole container
 * @path: of a cgroup in the container, below the mount
 *
 * Return: how many bytes of @path are the path of that cgroup; 0 if there is no
 * container that container_of_cgroup() knows.
 */
size_t container_cgroup(const char *path);

#endif /* TOOLS_OWNER_H */
