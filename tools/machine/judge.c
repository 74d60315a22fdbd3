// SPDX-License-Identifier: GPL-2.0-only
/* Judges facts. See doctor.h. */

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "machine/doctor.h"

struct findings {
	struct finding *list;
	int count;
};

static struct finding *add(struct findings *findings, const char *id,
			   const char *remedy)
{
	struct finding *finding = &findings->list[findings->count++];

	finding->id = id;
	snprintf(finding->remedy, sizeof(finding->remedy), "%s", remedy);
	return finding;
}

static void __attribute__((format(printf, 2, 3))) say(struct finding *finding,
						      const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(finding->text, sizeof(finding->text), format, args);
	va_end(args);
}

/* For users of the package, of make install, or of the source. */
#define INSTALL \
	"dkms autoinstall; if dkms status does not name mapstack, make install in its source tree"

static void judge_build(const struct facts *facts, struct findings *findings)
{
	struct finding *finding = add(findings, "not-built", INSTALL);

	if (!facts->headers)
		snprintf(finding->remedy, sizeof(finding->remedy),
			 "%s, then " INSTALL, facts->headers_how);
	say(finding, "there is no module mapstack for this kernel, %s",
	    facts->release);
}

static void judge_missing(const struct facts *facts, struct findings *findings)
{
	if (!facts->modules)
		say(add(findings, "not-rebooted",
			"reboot; or, if this kernel never had modules here, install them"),
		    "/lib/modules/%s, the modules of the running kernel, is not there: the kernel was upgraded since the last boot",
		    facts->release);
	else if (!facts->built)
		judge_build(facts, findings);
	else if (!facts->modules_disabled)
		say(add(findings, "not-loaded", "modprobe mapstack"),
		    "the module is not loaded");
}

static void judge_module(const struct facts *facts, struct findings *findings)
{
	if (*facts->installed)
		say(add(findings, "not-reloaded",
			"mapstack off; rmmod mapstack; modprobe mapstack"),
		    "version %s of the module is loaded and %s is installed: it was replaced since",
		    facts->version, facts->installed);
	else if (*facts->other_version)
		say(add(findings, "other-version",
			"mapstack off; rmmod mapstack; modprobe mapstack; if it is the same again, install both from one source"),
		    "the loaded module is of version %s, and this command is of another ('mapstack version')",
		    facts->other_version);
	if (facts->loaded)
		return;
	judge_missing(facts, findings);
	if (facts->modules_disabled)
		say(add(findings, "modules-disabled",
			"find out what sets the sysctl kernel.modules_disabled (sysctl.d, hardening packages), and reboot without it"),
		    "modules_disabled is 1: no module can be loaded until the next boot");
	if (facts->signed_only)
		say(add(findings, "unsigned",
			"sign the module and enrol the key (mokutil --import /var/lib/dkms/mok.pub), or switch Secure Boot off"),
		    "this kernel loads signed modules only (lockdown or module.sig_enforce)");
}

/* Under lockdown tracefs looks as if it were not mounted. */
static void judge_tracefs(const struct facts *facts, struct findings *findings)
{
	if (facts->confidential)
		say(add(findings, "locked-down",
			"boot with lockdown=integrity or none, if allowed"),
		    "lockdown=confidentiality closes tracefs and perf to everybody, so tracing and backtraces do not work");
	else if (!facts->tracefs)
		say(add(findings, "no-tracefs",
			"mount -t tracefs none /sys/kernel/tracing"),
		    "tracefs is not mounted, so nothing can be traced, and other users of do_mmap() cannot be seen");
	else if (facts->root && !facts->traceable)
		say(add(findings, "not-traceable",
			"boot a kernel whose available_filter_functions lists do_mmap"),
		    "this kernel's ftrace does not know do_mmap()");
}

static void judge_ftrace(const struct facts *facts, struct findings *findings)
{
	if (facts->ftrace_off)
		say(add(findings, "ftrace-off",
			"sysctl kernel.ftrace_enabled=1"),
		    "ftrace is switched off, so the hook cannot be attached");
	judge_tracefs(facts, findings);
	if (!facts->perf)
		say(add(findings, "no-perf",
			"install perf (Debian: linux-perf), or do without --backtrace"),
		    "there is no perf, which 'mapstack run --backtrace' needs");
}

static void judge_hook(const struct facts *facts, struct findings *findings)
{
	int others = facts->users - (facts->settings.enabled ? 1 : 0);

	if (facts->proof == PROOF_SILENT)
		say(add(findings, "hook-silent",
			"mapstack off; stop other tracers of do_mmap (tracefs enabled_functions); mapstack on"),
		    "the hook is attached and does not fire: nothing is translated");
	if (facts->proof == PROOF_UNDONE)
		say(add(findings, "hook-undone",
			"stop the other users of do_mmap (tracefs enabled_functions)"),
		    "the hook fires, and another user of do_mmap() undoes its change");
	if (others > 0 || facts->kprobes > 0)
		say(add(findings, "other-user",
			"if figures look wrong, stop it (it is in enabled_functions of tracefs or kprobes/list of debugfs)"),
		    "do_mmap() has other users: %d of ftrace, %d kprobes",
		    others > 0 ? others : 0, facts->kprobes);
}

static void judge_growth(const struct facts *facts, struct findings *findings)
{
	if (facts->loaded && facts->counters.value[C_GROWN] < 0)
		say(add(findings, "growth-unknown",
			"boot a kernel with kretprobes, or do without the growth counters, which read -1"),
		    "expand_downwards() cannot be followed on this kernel; everything else works");
	else if (facts->kprobes_off)
		say(add(findings, "kprobes-off",
			"echo 1 > /sys/kernel/debug/kprobes/enabled"),
		    "kprobes are switched off, so growth is not counted");
	if (facts->loaded && facts->counters.value[C_GROW_MISSED] > 0)
		say(add(findings, "growth-missed",
			"compare figures of shorter or smaller workloads"),
		    "%lld expansions were not looked at, so the growth counters are too small",
		    facts->counters.value[C_GROW_MISSED]);
}

static void judge_settings(const struct facts *facts, struct findings *findings)
{
	if (!facts->cgroup2)
		say(add(findings, "no-cgroup2",
			"mount -t cgroup2 none /sys/fs/cgroup, or use 'pid:N'"),
		    "cgroup version 2 is not mounted, so there is no path for the scope 'cgroup:/path'");
	if (facts->killed)
		say(add(findings, "run-killed",
			"mapstack off (mapstack status shows what is put back)"),
		    "a run was killed before it could put settings back");
	else if (facts->scope_gone)
		say(add(findings, "scope-gone",
			"echo all > /sys/kernel/mapstack/scope"),
		    "the scope's target is gone, so nobody is in scope");
	if (!facts->root)
		say(add(findings, "not-root", "sudo mapstack doctor"),
		    "without root some things cannot be seen");
}

int facts_judge(const struct facts *facts, struct finding *findings)
{
	struct findings found = { findings, 0 };

	judge_module(facts, &found);
	judge_ftrace(facts, &found);
	judge_hook(facts, &found);
	judge_growth(facts, &found);
	judge_settings(facts, &found);
	return found.count;
}
