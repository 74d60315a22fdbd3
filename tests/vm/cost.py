# SPDX-License-Identifier: GPL-2.0-only
"""Boot the program of tests/bench that counts the instructions of calls.

Runs in the lab.
"""

from dataclasses import replace

import build
import evidence
import guest
import rootfs
from machines import THREADS, machine_of


def build_programs(machine):
    """Build the measuring programs; return the directory."""
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
    machine = machine_of(kernel.name)
    built = build_programs(machine)
    programs, modules = [built / "cost"], []
    if with_modules:
        modules = build.build_modules(kernel, "bench", "tests/bench/modules")
        # Beside them are the program of make bench-host, which riscv64 does not
        # have, and its test.
        if not kernel.name.endswith("riscv64"):
            modules.append(built / "host")
            programs.append(built / "hosted")
    where.mkdir(parents=True, exist_ok=True)
    initramfs = guest.make_initramfs(
        where, build.build_guest(machine, "init") / "init", programs, modules,
    )
    return guest.boot_and_report(
        guest.Guest(kernel, initramfs, where, counting=True), hear
    )


def measure_emulated(kernel, rounds, where, hear):
    """Measure what make bench-host does, in nanoseconds; return the guest's report."""
    kernel.prepare()
    machine = machine_of(kernel.name)
    built = build_programs(machine)
    where.mkdir(parents=True, exist_ok=True)
    initramfs = guest.make_initramfs(
        where, build.build_guest(machine, "init") / "init", [built / "hosted"],
        [*build.build_modules(kernel), built / "host"],
    )
    vm = guest.Guest(kernel, initramfs, where, cmdline=f"host_rounds={rounds}")
    return guest.boot_and_report(vm, hear)


def measure_recorders(kernel, where, hear):
    """Measure what recorders add to a program; return the guest's report."""
    kernel.prepare()
    built = build_programs(machine_of(kernel.name))
    vm = rootfs.boot(
        kernel, evidence.root().image(), where,
        tests=["tests/bench/recorders.py"], modules=build.build_modules(kernel),
        files=[*evidence.files(), built / "threads", built / "rows"],
        memory=2048, counting=True,
    )
    return guest.boot_and_report(vm, hear)


def measure_cpus(kernel, online, possible, where, hear):
    """Measure switching and memory on many CPUs; return the guest's report.

    `possible` are those that the kernel has memory for.
    """
    kernel.prepare()
    machine = machine_of(kernel.name)
    where.mkdir(parents=True, exist_ok=True)
    initramfs = guest.make_initramfs(
        where, build.build_guest(machine, "init") / "init",
        [build_programs(machine) / "cpus"], build.build_modules(kernel),
    )
    # If the CPUs took turns, an interrupt to all would take seconds. With time
    # that counts instructions 64 of them did not boot. A reading of the HPET, which
    # other guests have for their clock, stops all threads that use a device.
    machine = replace(
        machine, cpus=online, accelerator=THREADS,
        cmdline="console=ttyS0 status=ttyS1 tsc=reliable no_timer_check "
                f"lpj=4000000 possible_cpus={possible}",
    )
    vm = guest.Guest(kernel, initramfs, where, memory=4096, machine=machine)
    return guest.boot_and_report(vm, hear)
