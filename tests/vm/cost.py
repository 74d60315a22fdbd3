# SPDX-License-Identifier: GPL-2.0-only
"""Boot the program of tests/bench that counts the instructions of calls.

Runs in the lab.
"""

import build
import guest
from machines import machine_of


def build_programs(machine):
    """Build what measures; return the directory."""
    where = build.BUILD / f"bench-{machine.cross}".rstrip("-")
    build.run_make(
        "tests/bench", where.with_suffix(".log"), "-C", "tests/bench",
        f"O={where}", f"CROSS={machine.cross}",
    )
    return where


def measure(kernel, where, hear, with_modules=True):
    """Measure on a kernel; return the guest's report.

    Without modules only the calls themselves are measured.
    """
    kernel.prepare()
    modules = []
    if with_modules:
        modules = build.build_modules(kernel, "bench", "tests/bench/modules")
    machine = machine_of(kernel.name)
    where.mkdir(parents=True, exist_ok=True)
    initramfs = guest.make_initramfs(
        where, build.build_guest(machine, "init") / "init",
        [build_programs(machine) / "cost"], modules,
    )
    return guest.boot_and_report(
        guest.Guest(kernel, initramfs, where, counting=True), hear
    )
