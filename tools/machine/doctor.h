/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mapstack doctor: facts are gathered, and judged by a function of the facts
 * alone, so that every finding can be tested without the state that it tells.
 */
#ifndef TOOLS_DOCTOR_H
#define TOOLS_DOCTOR_H

#include <stdbool.h>

#include "machine/settings.h"

/* What came of a look at whether MAP_STACK has its effect. */
enum proof {
	PROOF_NONE, /* not tried: off, or another machine's files */
	PROOF_WORKS,
	PROOF_SILENT, /* the hook did not fire */
	PROOF_UNDONE, /* it fired, and the mapping does not grow */
};

struct facts {
	char release[65]; /* of the kernel */
	bool root; /* may see everything */
	bool loaded;
	bool modules; /* those of this kernel are installed */
	bool built; /* there is a module for this kernel */
	bool headers; /* there are headers to build one */
	char headers_how[160]; /* how they are installed here */
	bool signed_only; /* lockdown, or module.sig_enforce */
	bool modules_disabled; /* kernel.modules_disabled=1 */
	char version[32]; /* of the loaded module */
	char other_version[32]; /* the same, if it is not the command's */
	char installed[32]; /* version that modprobe would load, if it is another */
	bool ftrace_off; /* kernel.ftrace_enabled=0 */
	bool confidential; /* lockdown shuts tracefs and perf */
	bool perf; /* can be executed */
	bool tracefs; /* is mounted */
	bool traceable; /* ftrace knows do_mmap() */
	int users; /* of do_mmap() that ftrace knows, ours included */
	int kprobes; /* on do_mmap() */
	bool kprobes_off; /* all of them, by debugfs kprobes/enabled */
	bool cgroup2; /* is mounted */
	bool killed; /* a run was, and its settings are left */
	bool scope_gone; /* what the scope names is no more */
	struct settings settings;
	struct counter_values counters;
	enum proof proof;
};

/**
 * facts_gather() - find out
 * @facts: where to
 */
void facts_gather(struct facts *facts);

struct finding {
	const char *id; /* stable */
	char text[256]; /* what is wrong */
	char remedy[256]; /* what to do */
};

#define MAX_FINDINGS 16

/**
 * facts_judge() - what is wrong
 * @facts: what was found out; nothing else is looked at
 * @findings: room for MAX_FINDINGS
 *
 * Return: how many.
 */
int facts_judge(const struct facts *facts, struct finding *findings);

#endif /* TOOLS_DOCTOR_H */
