/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mapstack doctor: gathers facts, and judges them by a function of the facts alone,
 * so that every finding can be tested without the state that it describes.
 */
#ifndef TOOLS_DOCTOR_H
#define TOOLS_DOCTOR_H

#include <stdbool.h>

#include "machine/settings.h"

/* Whether MAP_STACK was seen to have its effect. */
enum proof {
	PROOF_NONE, /* not tried: off, or another machine's files */
	PROOF_WORKS,
	PROOF_SILENT, /* the hook did not fire */
	PROOF_UNDONE, /* it fired, but the mapping cannot grow */
};

struct facts {
	char release[65]; /* of the kernel */
	bool root; /* so everything can be seen */
	bool loaded;
	bool modules; /* those of this kernel are installed */
	bool built; /* there is a module for this kernel */
	bool headers; /* there are headers to build one */
	char headers_how[160]; /* how to install them here */
	bool signed_only; /* lockdown, or module.sig_enforce */
	bool modules_disabled; /* kernel.modules_disabled=1 */
	char version[32]; /* of the loaded module */
	char other_version[32]; /* that version, if the command has another */
	char installed[32]; /* version that modprobe would load, if another */
	bool ftrace_off; /* kernel.ftrace_enabled=0 */
	bool confidential; /* lockdown shuts tracefs and perf */
	bool perf; /* can be executed */
	bool tracefs; /* is mounted */
	bool traceable; /* ftrace knows do_mmap() */
	int users; /* of do_mmap() that ftrace knows, ours included */
	int kprobes; /* on do_mmap() */
	bool kprobes_off; /* all of them, by debugfs kprobes/enabled */
	bool cgroup2; /* is mounted */
	bool killed; /* a run was killed, and its settings are left */
	bool scope_gone; /* the process or cgroup of the scope is gone */
	struct settings settings;
	struct counter_values counters;
	enum proof proof;
};

/**
 * facts_gather() - gather the facts
 * @facts: to be filled in
 */
void facts_gather(struct facts *facts);

struct finding {
	const char *id; /* never changes, for scripts */
	char text[256]; /* what is wrong */
	char remedy[256]; /* what to do */
};

#define MAX_FINDINGS 16

/**
 * facts_judge() - find everything that is wrong
 * @facts: the facts; the judgement depends on nothing else
 * @findings: room for MAX_FINDINGS
 *
 * Return: how many there are.
 */
int facts_judge(const struct facts *facts, struct finding *findings);

#endif /* TOOLS_DOCTOR_H */
