// SPDX-License-Identifier: GPL-2.0-only
/* Gathers the facts for doctor. See doctor.h. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "machine/doctor.h"
#include "machine/files.h"
#include "machine/headers.h"
#include "machine/state.h"

static bool file_says(const char *path, const char *text)
{
	char *content = file_read_all(path);
	bool says = content && strstr(content, text);

	free(content);
	return says;
}

/* Finds the line of a file that begins with a word; to be freed. */
static char *find_line(const char *path, const char *word)
{
	char *content = file_read_all(path), *rest = content, *line;
	size_t len = strlen(word);

	while ((line = strsep(&rest, "\n")))
		if (!strncmp(line, word, len) &&
		    (!line[len] || line[len] == ' '))
			break;
	line = line ? xcopy(line) : NULL;
	free(content);
	return line;
}

/* Finds where a file system of a type is mounted. */
static bool find_mount(const char *type, char *where, size_t size)
{
	char *content = file_read_all("/proc/mounts"), *rest = content, *line;
	char at[256], is[32];
	bool found = false;

	while (!found && (line = strsep(&rest, "\n")))
		found = sscanf(line, "%*s %255s %31s", at, is) == 2 &&
			!strcmp(is, type);
	free(content);
	if (found)
		snprintf(where, size, "%s", at);
	return found;
}

/* DKMS may have replaced the file since the module was loaded. */
static void gather_installed(struct facts *facts)
{
	char *version = facts->installed;
	FILE *file;

	if (!*facts->version || !facts->built || !file_root_is_real())
		return;
	file = popen("modinfo -F version mapstack 2>/dev/null", "re");
	if (!file)
		return;
	if (!fgets(version, sizeof(facts->installed), file))
		*version = '\0';
	pclose(file);
	version[strcspn(version, "\n")] = '\0';
	if (!strcmp(version, facts->version))
		*version = '\0';
}

static void gather_version(struct facts *facts)
{
	file_read("/sys/module/mapstack/version", facts->version,
		  sizeof(facts->version));
	if (strcmp(facts->version, MAPSTACK_VERSION))
		memcpy(facts->other_version, facts->version,
		       sizeof(facts->version));
	gather_installed(facts);
}

static void gather_module(struct facts *facts)
{
	char path[256];

	file_read("/proc/sys/kernel/osrelease", facts->release,
		  sizeof(facts->release));
	facts->loaded = module_is_loaded();
	snprintf(path, sizeof(path), "/lib/modules/%s", facts->release);
	facts->modules = file_exists(path);
	snprintf(path, sizeof(path), "/lib/modules/%s/modules.dep",
		 facts->release);
	facts->built = file_says(path, "/mapstack.ko");
	gather_version(facts);
	snprintf(path, sizeof(path), "/lib/modules/%s/build/Makefile",
		 facts->release);
	facts->headers = file_exists(path);
	headers_name(facts->release, facts->headers_how,
		     sizeof(facts->headers_how));
	facts->modules_disabled =
		file_says("/proc/sys/kernel/modules_disabled", "1");
	facts->signed_only =
		file_says("/sys/module/module/parameters/sig_enforce", "Y") ||
		file_says("/sys/kernel/security/lockdown", "[integrity]") ||
		file_says("/sys/kernel/security/lockdown", "[confidentiality]");
}

static int count_kprobes(void)
{
	char *content = file_read_all("/sys/kernel/debug/kprobes/list");
	char *rest = content, *line;
	int count = 0;

	/* "ffffffff81234560  k  do_mmap+0x0    [FTRACE]" */
	while ((line = strsep(&rest, "\n")))
		count += !!strstr(line, " do_mmap+");
	free(content);
	return count;
}

/* tracefs may be only below debugfs, where a look at it mounts it. */
static bool find_tracefs(char *where, size_t size)
{
	if (find_mount("tracefs", where, size))
		return true;
	if (!find_mount("debugfs", where, size - strlen("/tracing")))
		return false;
	strcat(where, "/tracing");
	return file_exists(where);
}

static void gather_ftrace(struct facts *facts, const char *tracefs)
{
	char path[320], *line;

	snprintf(path, sizeof(path), "%s/available_filter_functions", tracefs);
	line = find_line(path, "do_mmap");
	facts->traceable = line;
	free(line);
	/* "do_mmap (2) R   tramp: ..." */
	snprintf(path, sizeof(path), "%s/enabled_functions", tracefs);
	line = find_line(path, "do_mmap");
	if (line && sscanf(line, "do_mmap (%d)", &facts->users) != 1)
		facts->users = 0;
	free(line);
}

static bool find_program(const char *name)
{
	char *path = xcopy(getenv("PATH") ?: ""), *rest = path, *place;
	char file[4096];
	bool found = false;

	while (!found && (place = strsep(&rest, ":"))) {
		snprintf(file, sizeof(file), "%s/%s", place, name);
		found = !access(file, X_OK);
	}
	free(path);
	return found;
}

static void gather_tracing(struct facts *facts)
{
	char where[256];

	facts->ftrace_off = file_says("/proc/sys/kernel/ftrace_enabled", "0");
	facts->confidential =
		file_says("/sys/kernel/security/lockdown", "[confidentiality]");
	/* If only another machine's files are here, assume that it has perf. */
	facts->perf = !file_root_is_real() || find_program("perf");
	facts->tracefs = find_tracefs(where, sizeof(where));
	if (facts->tracefs)
		gather_ftrace(facts, where);
	facts->kprobes = count_kprobes();
	facts->kprobes_off =
		file_says("/sys/kernel/debug/kprobes/enabled", "0");
}

/*
 * The module writes "cgroup:/x (gone)" if a cgroup is gone, but a cgroup may have
 * such a name.
 */
static bool scope_is_gone(const char *scope, const char *cgroups)
{
	static const char gone[] = " (gone)";
	size_t len = strlen(scope);
	char path[SCOPE_SIZE + 256];

	if (len < strlen(gone) || strcmp(scope + len - strlen(gone), gone))
		return false;
	if (strncmp(scope, "cgroup:", strlen("cgroup:")))
		return true;
	snprintf(path, sizeof(path), "%s%s", cgroups,
		 scope + strlen("cgroup:"));
	return !file_exists(path);
}

static void gather_settings(struct facts *facts)
{
	char cgroups[256] = "";
	struct state state;

	facts->cgroup2 = find_mount("cgroup2", cgroups, sizeof(cgroups));
	state_read(&state);
	facts->killed = state.pid && !state_is_alive(&state);
	if (!facts->loaded)
		return;
	if (settings_read(&facts->settings) ||
	    counters_read_all(&facts->counters))
		facts->loaded = false;
	facts->scope_gone = scope_is_gone(facts->settings.scope, cgroups);
}

static bool grows(const void *addr)
{
	char *smaps = file_read_all("/proc/self/smaps"), *at = NULL, name[32];

	snprintf(name, sizeof(name), "\n%lx-", (unsigned long)addr);
	if (smaps)
		at = strstr(smaps, name);
	if (at)
		at = strstr(at, "\nVmFlags:");
	if (at) {
		*strchrnul(at + 1, '\n') = '\0';
		at = strstr(at, " gd");
	}
	free(smaps);
	return at;
}

static long long passed_by(void)
{
	struct counter_values counters;

	if (counters_read_all(&counters))
		return -1;
	return counters.value[C_SEEN] + counters.value[C_OUT_OF_SCOPE];
}

/*
 * Makes one MAP_STACK request, which the hook must see. Whether the mapping can grow
 * is meaningful only if the policy translates the request.
 */
static enum proof prove(const struct facts *facts)
{
	long page = sysconf(_SC_PAGESIZE);
	long long before;
	bool fired, growable;
	char *addr;

	if (!facts->loaded || !facts->settings.enabled || !file_root_is_real())
		return PROOF_NONE;
	before = passed_by();
	/* The protection is unusual, so that no neighbour merges with it. */
	addr = mmap(NULL, page, PROT_READ | PROT_EXEC,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (addr == MAP_FAILED)
		return PROOF_NONE;
	fired = passed_by() > before;
	growable = grows(addr);
	munmap(addr, page);
	if (!fired)
		return PROOF_SILENT;
	if (growable || strcmp(facts->settings.scope, "all") ||
	    !strcmp(facts->settings.policy, "observe"))
		return PROOF_WORKS;
	return PROOF_UNDONE;
}

void facts_gather(struct facts *facts)
{
	memset(facts, 0, sizeof(*facts));
	facts->root = !geteuid();
	gather_module(facts);
	gather_tracing(facts);
	gather_settings(facts);
	facts->proof = prove(facts);
}
