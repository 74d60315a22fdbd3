// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests a cgroup as the scope, and scopes that change while requests are made.
 */

#define _GNU_SOURCE
#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

#define CGROUP_DIR "/sys/fs/cgroup"

static void make_cgroup(const char *path)
{
	char dir[64];

	snprintf(dir, sizeof(dir), CGROUP_DIR "%s", path);
	if (mkdir(dir, 0755))
		guest_die("cannot make %s", dir);
}

static void remove_cgroup(const char *path)
{
	char dir[64];

	snprintf(dir, sizeof(dir), CGROUP_DIR "%s", path);
	if (rmdir(dir))
		guest_die("cannot remove %s", dir);
}

static void enter_cgroup(const char *path)
{
	char file[64];
	int ret;

	snprintf(file, sizeof(file), CGROUP_DIR "%s/cgroup.procs", path);
	ret = guest_write(file, "0");
	if (ret) {
		errno = -ret;
		guest_die("cannot enter %s", path);
	}
}

/* Returns the answer of @ask in a process of the cgroup. */
static bool in_cgroup(const char *path, bool (*ask)(void))
{
	int status;
	pid_t pid;

	pid = fork();
	if (!pid) {
		enter_cgroup(path);
		_exit(ask());
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		guest_die("cannot ask in %s", path);
	return WEXITSTATUS(status);
}

static void test_membership(void)
{
	make_cgroup("/a");
	make_cgroup("/a/deep");
	make_cgroup("/b");
	mapstack_set("scope", "cgroup:/a\n");
	ktap_result(mapstack_is("scope", "cgroup:/a"), "reads as written");
	ktap_result(in_cgroup("/a", guest_stack_grows), "a member grows");
	ktap_result(in_cgroup("/a/deep", guest_stack_grows),
		    "a member of a descendant grows");
	ktap_result(!in_cgroup("/b", guest_stack_grows) && !guest_stack_grows(),
		    "a process outside does not");
	mapstack_set("scope", "cgroup:/");
	ktap_result(in_cgroup("/b", guest_stack_grows) && guest_stack_grows(),
		    "the root cgroup is everybody");
}

static void test_errors(void)
{
	mapstack_set("scope", "cgroup:/a");
	ktap_result(mapstack_write("scope", "cgroup:/none") == -ENOENT &&
			    mapstack_write("scope", "cgroup:/a/none") ==
				    -ENOENT &&
			    mapstack_is("scope", "cgroup:/a"),
		    "-ENOENT for a missing cgroup; nothing changes");
	ktap_result(mapstack_write("scope", "cgroup:/a/cgroup.procs") ==
				    -ENOTDIR &&
			    mapstack_is("scope", "cgroup:/a"),
		    "-ENOTDIR for a file; nothing changes");
}

static void test_removed(void)
{
	mapstack_set("scope", "cgroup:/a/deep");
	remove_cgroup("/a/deep");
	ktap_result(mapstack_is("scope", "cgroup:/a/deep (gone)") &&
			    !in_cgroup("/a", guest_stack_grows),
		    "gone when removed, and nobody is in scope");
	make_cgroup("/a/deep");
	ktap_result(!in_cgroup("/a/deep", guest_stack_grows) &&
			    mapstack_is("scope", "cgroup:/a/deep (gone)"),
		    "a new cgroup at that path is not in scope");
	mapstack_set("scope", "cgroup:/a/deep");
	ktap_result(in_cgroup("/a/deep", guest_stack_grows),
		    "it is in scope after its path is written again");
}

static bool names_own_root(void)
{
	if (unshare(CLONE_NEWCGROUP))
		guest_die("unshare");
	if (mapstack_write("scope", "cgroup:/"))
		return false;
	return guest_stack_grows();
}

static void test_namespace(void)
{
	static const char name[] = "as the writer's namespace names it";
	bool own = in_cgroup("/a", names_own_root);

	/* cgroup_get_from_path() honours the namespace since 74e4b956eb1c. */
	if (own && in_cgroup("/b", guest_stack_grows))
		ktap_skip("this kernel looks paths up from the real root", "%s",
			  name);
	else
		ktap_result(own, "%s", name);
}

static atomic_bool racing;
static atomic_ulong requests;

static void *make_requests(void *unused)
{
	long page = sysconf(_SC_PAGESIZE);

	while (atomic_load(&racing)) {
		void *addr = mmap(NULL, page, PROT_NONE,
				  MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1,
				  0);

		if (addr == MAP_FAILED)
			guest_die("mmap");
		munmap(addr, page);
		atomic_fetch_add(&requests, 1);
	}
	return unused;
}

/* Scopes come, are used and are freed while another CPU makes requests. */
static void test_race(void)
{
	unsigned long seen, out;
	pthread_t thread;
	char self[32];
	int i;

	snprintf(self, sizeof(self), "pid:%d", getpid());
	mapstack_set("scope", "all");
	atomic_store(&racing, true);
	errno = pthread_create(&thread, NULL, make_requests, NULL);
	if (errno)
		guest_die("pthread_create");
	while (!atomic_load(&requests))
		usleep(1000);
	mapstack_set("reset", "1");
	for (i = 0; i < 100; i++) {
		mapstack_set("scope", "cgroup:/a/deep");
		remove_cgroup("/a/deep");
		mapstack_set("scope", self);
		make_cgroup("/a/deep");
	}
	atomic_store(&racing, false);
	pthread_join(thread, NULL);
	seen = mapstack_counter("seen");
	out = mapstack_counter("out_of_scope");
	ktap_result(seen && out && seen + out <= atomic_load(&requests) &&
			    mapstack_counter("translated") == seen,
		    "changed under requests: %lu in scope, %lu out", seen, out);
}

static void test_growth(void)
{
	const size_t page = sysconf(_SC_PAGESIZE);
	static const char outside[] = "growth out of scope is not counted";
	static const char inside[] = "growth in scope is counted";
	unsigned long grown;
	char *addr;

	if (!guest_follows_growth()) {
		ktap_skip("growth cannot be followed here", outside);
		ktap_skip("growth cannot be followed here", inside);
		return;
	}
	mapstack_set("scope", "all");
	addr = guest_map_stack();
	mapstack_set("scope", "cgroup:/b");
	grown = mapstack_counter("grown");
	if (guest_touch(addr - page))
		guest_die("the mapping does not grow");
	ktap_result(mapstack_counter("grown") == grown, outside);
	mapstack_set("scope", "all");
	if (guest_touch(addr - 2 * page))
		guest_die("the mapping does not grow");
	ktap_result(mapstack_counter("grown") == grown + 1, inside);
	munmap(addr - 2 * page, 3 * page);
}

/* The kernel has no cgroups. */
static void test_none(void)
{
	mapstack_set("scope", "pid:1");
	ktap_result(mapstack_write("scope", "cgroup:/") == -EOPNOTSUPP &&
			    mapstack_is("scope", "pid:1"),
		    "-EOPNOTSUPP where there are no cgroups; nothing changes");
}

int main(void)
{
	if (!guest_has_cgroups()) {
		ktap_plan(1);
		guest_load("mapstack", "enabled=1");
		test_none();
		guest_unload("mapstack");
		return ktap_end();
	}
	ktap_plan(14);
	guest_load("mapstack", "enabled=1");
	test_membership();
	test_errors();
	test_removed();
	test_namespace();
	test_race();
	test_growth();
	guest_unload("mapstack");
	remove_cgroup("/a/deep");
	remove_cgroup("/a");
	remove_cgroup("/b");
	return ktap_end();
}
