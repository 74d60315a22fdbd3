// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tests bad input. A value that is not understood must be refused with the error
 * that the ABI text names, and must change nothing. If a person can do something
 * about it, one line of the kernel log must say so.
 */

#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "guest.h"
#include "ktap.h"
#include "mapstack.h"

#define SYSCTL "/proc/sys/kernel/ftrace_enabled"
#define NOBODY 65534
#define MAX_TEXTS 40

/* A file to write, and texts for it, up to a NULL. */
struct file {
	const char *name;
	const char *bad[MAX_TEXTS];
	const char *good[MAX_TEXTS];
};

static const struct file files[] = {
	{ .name = "enabled",
	  .bad = { "2",	     "-1",  "10",      "01",   "1x",	  "0x1",
		   "+1",     " 1",  "1 ",      "\t1",  "maybe",	  "none",
		   "yonder", "o",   "of",      "onn",  "1\n1\n",  "1\n\n",
		   "\n",     "1,0", "enabled", "\x01", "\xff\xfe" },
	  .good = { "1", "0", "y", "n", "yes", "no", "on", "off", "ON\n",
		    "OFF\n", "Y\n", "N\n", "True", "f", "1\n", "0\n" } },
	{ .name = "policy",
	  .bad = { "RFC", "rf", "rfcs", " rfc", "rfc ", "[rfc]", "rfc,private",
		   "observe private", "rfc\nprivate\n", "rfc\n\n", "3", "0",
		   "-1", "\n", "none", "\x7f" },
	  .good = { "observe", "paired", "fitting", "private", "rfc",
		    "observe\n", "paired\n", "fitting\n", "private\n",
		    "rfc\n" } },
	{ .name = "scope",
	  .bad = { "everyone",	  "al",
		   "alll",	  " all",
		   "all ",	  "all\nall\n",
		   "all\n\n",	  "ALL",
		   "1",		  "\n",
		   "pid",	  "pid:",
		   "pid:0",	  "pid:-1",
		   "pid:+1",	  "pid: 1",
		   "pid:1 ",	  "pid:1x",
		   "pid:0x1",	  "pid:1,2",
		   "pid:1\n2",	  "pid:1\n\n",
		   "pid:\n",	  "Pid:1",
		   " pid:1",	  "pid:2147483648",
		   "pid:self",	  "cgroup",
		   "cgroup:",	  "cgroup:rel",
		   "cgroup:./",	  "cgroup: /",
		   "cgroup:/\n/", "\x01" },
	  .good = { "pid:1", "pid:1\n", "cgroup:/", "cgroup:/\n", "all",
		    "all\n" } },
	{ .name = "reset",
	  .bad = { "0", "2", "11", "-1", "+1", "01", " 1", "1 ", "yes", "on",
		   "1\n1\n", "1\n\n", "\n", "reset", "0x1", "\xff" },
	  .good = { "1", "1\n" } },
};

/* Returns 0 or -errno. */
static int write_bytes(const char *file, const char *bytes, size_t len,
		       off_t offset)
{
	char path[128];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), MAPSTACK_DIR "%s", file);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	n = pwrite(fd, bytes, len, offset);
	if (n < 0)
		n = -errno;
	close(fd);
	return n < 0 ? n : n == (ssize_t)len ? 0 : -EIO;
}

/* Takes the values of all files of the module, and whether it is attached. */
static void take_snapshot(char *text, size_t size)
{
	static const char *const settings[] = { "enabled", "policy", "scope" };
	struct dirent *entry;
	char path[300];
	size_t i, n;
	DIR *dir;

	n = snprintf(text, size, "hooked %d\n", guest_hooked("do_mmap"));
	for (i = 0; i < ARRAY_SIZE(settings); i++) {
		snprintf(path, sizeof(path), MAPSTACK_DIR "%s", settings[i]);
		n += guest_read(path, text + n, size - n);
	}
	dir = opendir(MAPSTACK_DIR "counters");
	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), MAPSTACK_DIR "counters/%s",
			 entry->d_name);
		n += snprintf(text + n, size - n, " %s ", entry->d_name);
		n += guest_read(path, text + n, size - n);
	}
	if (!dir || n > size / 2)
		guest_die("no snapshot");
	closedir(dir);
}

static char before[4096];

static bool nothing_changed(void)
{
	char now[sizeof(before)];

	take_snapshot(now, sizeof(now));
	if (!strcmp(now, before))
		return true;
	ktap_note("changed: %s", now);
	return false;
}

static bool refuses(const char *file, const char *bytes, size_t len,
		    off_t offset, int error)
{
	int ret = write_bytes(file, bytes, len, offset);

	if (ret != error)
		ktap_note("%s takes '%.20s' (%zu bytes): %d, not %d", file,
			  bytes, len, ret, error);
	return ret == error && nothing_changed();
}

static bool refuses_text(const char *file, const char *text, int error)
{
	return refuses(file, text, strlen(text), 0, error);
}

/* Adds something to a good text: a NUL, a page of the same, another line. */
static bool refuses_more(const char *file, const char *good)
{
	const size_t size = 2 * sysconf(_SC_PAGESIZE), len = strlen(good);
	char *text = calloc(1, size);
	bool passed;

	if (!text)
		guest_die("calloc");
	memcpy(text, good, len);
	passed = refuses(file, text, len + 1, 0, -EINVAL);
	text[len + 1] = 'x';
	passed &= refuses(file, text, len + 2, 0, -EINVAL);
	memset(text + len, 'x', size - len);
	passed &= refuses(file, text, size, 0, -EINVAL);
	memset(text + len, '\n', size - len);
	passed &= refuses(file, text, size, 0, -EINVAL);
	memset(text, *good, size);
	passed &= refuses(file, text, size, 0, -EINVAL);
	free(text);
	return passed;
}

static void test_bad_texts(const struct file *file, const char *state)
{
	bool passed = true;
	size_t i;

	for (i = 0; file->bad[i]; i++)
		passed &= refuses_text(file->name, file->bad[i], -EINVAL);
	passed &= refuses_more(file->name, file->good[0]);
	/* sysfs ignores the offset, but the text is still bad. */
	passed &= refuses(file->name, file->bad[0], strlen(file->bad[0]), 1,
			  -EINVAL);
	/* sysfs does not pass on an empty write. */
	passed &= refuses(file->name, "", 0, 0, 0);
	ktap_result(passed,
		    "%s: a wrong text for %s is EINVAL and changes nothing",
		    state, file->name);
}

static void test_bad(const char *state)
{
	size_t i;

	take_snapshot(before, sizeof(before));
	for (i = 0; i < ARRAY_SIZE(files); i++)
		test_bad_texts(&files[i], state);
	ktap_result(refuses_text("scope", "pid:99999999", -ESRCH) &
			    refuses_text("scope", "cgroup:/none",
					 guest_cgroup_error(-ENOENT)) &
			    refuses_text("scope", "cgroup:/../..",
					 guest_cgroup_error(-ENOENT)) &
			    refuses_text("scope", "cgroup:/cgroup.procs",
					 guest_cgroup_error(-ENOTDIR)),
		    "%s: a scope that is not there changes nothing", state);
}

static bool settings_are(const char *enabled, const char *policy,
			 const char *scope)
{
	return mapstack_is("enabled", enabled) & mapstack_is("policy", policy) &
	       mapstack_is("scope", scope);
}

static void test_good(void)
{
	bool passed = true;
	size_t i, j;

	for (i = 0; i < ARRAY_SIZE(files); i++) {
		for (j = 0; files[i].good[j]; j++) {
			const char *text = files[i].good[j];
			int ret = mapstack_write(files[i].name, text);
			bool cgroup = !strncmp(text, "cgroup:", 7);

			if (ret)
				ktap_note("%s refuses '%s': %s", files[i].name,
					  text, strerror(-ret));
			passed &= ret == (cgroup ? guest_cgroup_error(0) : 0);
		}
	}
	passed &= settings_are("0", "observe paired fitting private [rfc]",
			       "all");
	ktap_result(passed, "every word of the ABI text is taken");
}

static bool is_mode(const char *path, mode_t mode)
{
	struct stat stat_buf;

	if (!stat(path, &stat_buf) && (stat_buf.st_mode & 07777) == mode)
		return true;
	ktap_note("%s: mode is not %o", path, mode);
	return false;
}

/* Not even the superuser, who may open any file that has a mode, can. */
static bool cannot_open(const char *path, int flags)
{
	int fd = open(path, flags | O_CLOEXEC);

	if (fd < 0 && errno == EACCES)
		return true;
	ktap_note("open %s: %s", path, fd < 0 ? strerror(errno) : "done");
	if (fd >= 0)
		close(fd);
	return false;
}

static void test_read_only(void)
{
	DIR *dir = opendir(MAPSTACK_DIR "counters");
	unsigned int counters = 0;
	struct dirent *entry;
	bool passed = true;
	char path[300];

	take_snapshot(before, sizeof(before));
	while (dir && (entry = readdir(dir))) {
		if (*entry->d_name == '.')
			continue;
		snprintf(path, sizeof(path), MAPSTACK_DIR "counters/%s",
			 entry->d_name);
		counters++;
		passed &= is_mode(path, 0444) && cannot_open(path, O_WRONLY) &&
			  cannot_open(path, O_RDWR);
		/* Even with a mode that lets them open it. */
		passed &= !chmod(path, 0666) &&
			  guest_write(path, "1") == -EIO && !chmod(path, 0444);
	}
	if (dir)
		closedir(dir);
	ktap_result(passed && counters && nothing_changed(),
		    "not even the superuser can write counters");
	ktap_result(is_mode(MAPSTACK_DIR "reset", 0200) &
			    cannot_open(MAPSTACK_DIR "reset", O_RDONLY) &
			    is_mode(MAPSTACK_DIR "enabled", 0644) &
			    is_mode(MAPSTACK_DIR "policy", 0644) &
			    is_mode(MAPSTACK_DIR "scope", 0644),
		    "reset cannot be read; modes are as in the ABI text");
}

static bool run_child(bool (*child)(void))
{
	int status;

	if (!fork())
		_exit(!child());
	return wait(&status) > 0 && status == 0;
}

static bool write_as_nobody(void)
{
	bool passed = true;
	char path[128];
	size_t i;

	if (setgid(NOBODY) || setuid(NOBODY))
		return false;
	for (i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), MAPSTACK_DIR "%s", files[i].name);
		passed &= cannot_open(path, O_WRONLY);
	}
	return passed && mapstack_is("enabled", "0") &&
	       !mapstack_counter("out_of_scope");
}

static bool is_refused(int ret, int error)
{
	if (ret != error)
		ktap_note("%s, not %s", strerror(-ret), strerror(-error));
	return ret == error;
}

static void allow_no_memory(void)
{
	struct rlimit limit;

	getrlimit(RLIMIT_AS, &limit);
	limit.rlim_cur = 0;
	if (setrlimit(RLIMIT_AS, &limit))
		guest_die("RLIMIT_AS");
}

static bool switch_on_without_memory(void)
{
	allow_no_memory();
	return is_refused(mapstack_write("enabled", "1"), -ENOMEM);
}

static bool load_without_memory(void)
{
	allow_no_memory();
	return is_refused(guest_try_load("mapstack", "enabled=1"), -ENOMEM);
}

static void test_no_memory(void)
{
	int log = guest_log_open();

	ktap_result(run_child(switch_on_without_memory) && mapstack_is_off(),
		    "no memory for the proof: ENOMEM, and off");
	ktap_result(guest_log_says(log, "could not be made (error -12)"),
		    "no memory for the proof: one log line");
	mapstack_set("enabled", "1");
	log = guest_log_open();
	ktap_result(run_child(switch_on_without_memory) &&
			    mapstack_is("enabled", "1") &&
			    guest_stack_grows() &&
			    guest_log_says(log, "ulimit -v"),
		    "no memory for the proof while on: ENOMEM, and still on");
	mapstack_set("enabled", "0");
}

/* Kernel threads have no address space in which to prove the hook. */
static bool refuses_kernel(void)
{
	int log = guest_log_open();
	int ret = guest_try_load("kernel_writer",
				 "file=" MAPSTACK_DIR "enabled text=1");

	if (!ret)
		guest_unload("kernel_writer");
	return is_refused(ret, -EINVAL) &&
	       guest_log_says(log, "no address space to prove the hook in");
}

static void test_kernel_writer(void)
{
	bool followed;

	ktap_result(refuses_kernel() && mapstack_is_off(),
		    "off: a kernel thread cannot switch on, in one line");
	mapstack_set("enabled", "1");
	followed = guest_hooked("expand_downwards");
	ktap_result(refuses_kernel() && mapstack_is("enabled", "1") &&
			    guest_stack_grows() &&
			    guest_hooked("expand_downwards") == followed,
		    "on: a kernel thread cannot prove it, and it stays on");
	mapstack_set("enabled", "0");
}

static void test_ftrace_off(void)
{
	static const char *const names[] = {
		"ftrace off: switching on is EBUSY, and it stays off",
		"ftrace off: one log line says what to do",
		"ftrace off: loading switched on is EBUSY, nothing is left",
		"ftrace off: one log line at loading",
	};
	int log, ret = guest_write(SYSCTL, "0");
	size_t i;

	/* 7.3 no longer has this sysctl. */
	for (i = 0; ret && i < ARRAY_SIZE(names); i++)
		ktap_skip("the kernel refuses kernel.ftrace_enabled=0", "%s",
			  names[i]);
	if (!ret) {
		log = guest_log_open();
		ret = mapstack_write("enabled", "1");
		ktap_result(is_refused(ret, -EBUSY) && mapstack_is_off(), "%s",
			    names[0]);
		ktap_result(guest_log_says(log, "kernel.ftrace_enabled=1"),
			    "%s", names[1]);
		guest_unload("mapstack");
		log = guest_log_open();
		ret = guest_try_load("mapstack", "enabled=1");
		ktap_result(is_refused(ret, -EBUSY) && mapstack_is_gone(), "%s",
			    names[2]);
		ktap_result(guest_log_says(log, "kernel.ftrace_enabled=1"),
			    "%s", names[3]);
		guest_load("mapstack", "");
		guest_write(SYSCTL, "1");
	}

	mapstack_set("enabled", "1");
	ret = guest_write(SYSCTL, "0");
	ktap_note("kernel.ftrace_enabled=0 while on: %s", strerror(-ret));
	ktap_result(ret && mapstack_is("enabled", "1") && guest_stack_grows(),
		    "on: kernel.ftrace_enabled=0 is refused, it stays on");
	mapstack_set("enabled", "0");
}

static void test_parameter(const char *params, int error, const char *line)
{
	int log = guest_log_open(), ret = guest_try_load("mapstack", params);

	if (!ret)
		guest_unload("mapstack");
	ktap_result(is_refused(ret, error) && guest_log_says(log, line) &&
			    mapstack_is_gone(),
		    "load with %s: refused in one line, nothing is left",
		    params);
}

static void test_parameters(void)
{
	char params[128], scope[32];

	test_parameter("policy=none", -EINVAL, "there is no policy 'none'");
	test_parameter("policy=", -EINVAL,
		       "choose observe, paired, fitting, private or rfc");
	test_parameter("scope=none", -EINVAL, "the scope 'none'");
	test_parameter("scope=pid:99999999", -ESRCH, "choose all, pid:N");
	test_parameter("scope=cgroup:/none", guest_cgroup_error(-ENOENT),
		       "choose all, pid:N");
	test_parameter("enabled=maybe", -EINVAL, "invalid for parameter");
	test_parameter("enabled=none", -EINVAL, "invalid for parameter");
	test_parameter("enabled=1 policy=rf", -EINVAL, "no policy 'rf'");

	snprintf(scope, sizeof(scope), "pid:%d", getpid());
	snprintf(params, sizeof(params), "enabled=1 policy=private scope=%s",
		 scope);
	guest_load("mapstack", params);
	ktap_result(settings_are("1", "observe paired fitting [private] rfc",
				 scope) &&
			    guest_stack_grows() && counter_is("translated", 1),
		    "load with all parameters");
	guest_unload("mapstack");
	guest_load("mapstack", "enabled");
	ktap_result(settings_are("1", "observe paired fitting private [rfc]",
				 "all"),
		    "load with enabled, which means 1");
	guest_unload("mapstack");
}

int main(void)
{
	char scope[32];
	int log;

	ktap_plan(36);
	guest_load("mapstack", "");
	test_bad("off");

	snprintf(scope, sizeof(scope), "pid:%d\n", getpid());
	mapstack_set("enabled", "1");
	mapstack_set("policy", "private");
	mapstack_set("scope", scope);
	guest_stack_grows();
	test_bad("on");

	test_good();
	test_read_only();
	ktap_result(run_child(write_as_nobody), "nobody but root can write");
	test_no_memory();
	test_kernel_writer();
	test_ftrace_off();
	guest_unload("mapstack");
	test_parameters();

	log = guest_log_open();
	ktap_result(run_child(load_without_memory) && mapstack_is_gone(),
		    "load switched on without memory: ENOMEM, nothing is left");
	ktap_result(guest_log_says(log, "could not be made (error -12)"),
		    "load switched on without memory: one log line");
	return ktap_end();
}
