// SPDX-License-Identifier: GPL-2.0-only
/* Measures other ways to make requests growable. See others.h. */

#include <errno.h>
#include <stdio.h>
#include <sys/prctl.h>

#include "../guest/guest.h"
#include "../guest/ktap.h"
#include "figures.h"
#include "others.h"
#include "ways.h"

/* The way that is measured, in a traced child too. */
static const char *way;

static void measure_way(void)
{
	const struct setting setting = { .way = way };

	if (!guest_stack_grows())
		guest_die("%s does not do it", way);
	figure_take(&setting, CALL_OTHER);
	figure_take(&setting, CALL_MMAP);
	figure_take(&setting, CALL_STACK);
}

static void test_module(const char *name, const char *module,
			const char *params)
{
	int ret = guest_try_load(module, params);

	/* Or the module is not made for this architecture. */
	if (ret == -EINVAL || ret == -ENOENT) {
		ktap_skip("the kernel refuses it", "%s", name);
		return;
	}
	if (ret) {
		errno = -ret;
		guest_die("cannot load %s %s", module, params);
	}
	way = name;
	measure_way();
	guest_unload(module);
	ktap_result(!guest_stack_grows(), "%s", name);
}

static void test_tracer(const char *name, bool seccomp)
{
	if (!ways_can_trace()) {
		ktap_skip("a tracer finds no flag in a register", "%s", name);
		return;
	}
	if (seccomp && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) < 0) {
		ktap_skip("the kernel has no seccomp", "%s", name);
		return;
	}
	way = name;
	ktap_result(ways_run_traced(measure_way, seccomp), "%s", name);
}

/* Shows why mapstack makes no direct call: no BPF program could have one. */
static void test_direct_alone(void)
{
	int ret = guest_try_load("way_direct", "twice=1");

	if (ret == -EINVAL || ret == -ENOENT)
		ktap_skip("the kernel refuses it", "direct call: only one");
	else
		ktap_result(ret == -EBUSY,
			    "direct call: the second gets EBUSY");
}

void others_test(void)
{
	test_direct_alone();
	test_module("direct call", "way_direct", "");
	test_module("ops", "way_ops", "");
	test_module("ops with all registers", "way_ops", "save_regs=1");
	test_module("kprobe", "way_kprobe", "");
	test_module("redirect", "way_redirect", "");
	test_tracer("ptrace", false);
	test_tracer("ptrace and seccomp", true);
}
