#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measure what a call costs: tests/vm/lab -a tests/bench/bench.py [KERNEL...]

Boots each kernel with one CPU whose time counts instructions, runs cost.c in it,
and keeps the output in docs/cost/*.csv. Writes the tables of docs/cost.md and the
plot from these. With KERNEL only some kernels are measured, and the figures of the
others stay. "many" feeds the events of many programs, without a kernel. "cpus" boots
guests with many CPUs. "emulated" is make bench-host in a guest. --report measures
nothing.
"""

import argparse
import csv
import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, "tests/vm")

import build  # noqa: E402
import cost  # noqa: E402
import debian  # noqa: E402
import report  # noqa: E402
import source  # noqa: E402
import unit  # noqa: E402

# In the order of the tables. The two before the other architectures have the same
# configuration. The last of them has the proposed line, so nothing is loaded into it.
KERNELS = (
    "5.10-amd64", "6.1-amd64", "6.12-amd64", "7.2-amd64", "7.3-amd64",
    "6.12-arm64", "6.12-16k-arm64", "7.3-arm64", "6.12-small-amd64",
    "6.12-proposal-amd64", "6.12-riscv64", "6.12-ppc64el", "6.12-s390x",
    "6.1-hppa",
)
WITH_THE_LINE = "6.12-proposal-amd64"
# On these the cost of recorders is measured too.
RECORDED = ("6.12-amd64", "7.3-amd64")
EMULATED_KERNEL = "6.12-amd64"
HOST_ROUNDS = 20  # of a thousand calls each
# Kernel, CPUs online, and CPUs possible. From 6.9 on the kernel does not believe in
# CPUs that the firmware does not name.
CPUS_GUESTS = (("6.12-amd64", 64, 64), ("6.1-amd64", 2, 1024))
PATH_MAX = 4096  # bytes of module/device.c on each CPU
DAY = 86_400_000  # events: a thousand in a second
# The tests of cost.c that are targets.
TARGET = re.compile(r"cost: (loaded and off|on|switching)\b")
SUITE = "trixie"  # of a kernel that tests/vm/kernels does not list


def percpu_size(module):
    """How many bytes a module has on each CPU; None without CONFIG_SMP."""
    sections = subprocess.run(
        ["readelf", "-SW", module], capture_output=True, text=True, check=True
    ).stdout
    size = re.search(r" \.data\.\.percpu +PROGBITS +\w+ \w+ (\w+)", sections)
    return int(size.group(1), 16) if size else None


def add_layout(kernel, where, lines):
    """Add figures that only the log has: per-CPU memory and its distances."""
    module = build.BUILD / kernel.name / "bench/mapstack.ko"
    if kernel.name == WITH_THE_LINE:
        return
    size = percpu_size(module)
    if size is None:
        return
    lines.append(f"memory,a CPU,{size}")
    log = (where / "console.log").read_text(errors="replace")
    unit = re.search(r"percpu: Embedded .* u(\d+)", log)
    lines.append(f"memory,between two CPUs,{unit.group(1)}")


def measure_many(_):
    """Feed events to what counts them, in user space; return what went wrong."""
    print("  many                 about a minute", flush=True)
    done = subprocess.run([unit.build_tests() / "programs", str(DAY)],
                          stdout=subprocess.PIPE, text=True)
    report.keep_many(line.split(",") for line in re.findall(
        r"^# many,(.*)", done.stdout, re.M))
    return re.findall("^not ok .*", done.stdout, re.M) if done.returncode else []


def calculate_memory(kernel, cpus):
    """Rows of what the module takes on some number of CPUs, calculated."""
    size = percpu_size(build.BUILD / kernel.name / "mapstack/mapstack.ko")
    for what, on_each in ("of the module", size), ("while the device is open", PATH_MAX):
        yield f"calculated: KiB {what}", on_each * cpus / 1024


def measure_cpus(cache):
    """Measure guests with many CPUs, and keep the figures if all guests have them.

    Return what went wrong.
    """
    rows = []
    for name, online, possible in CPUS_GUESTS:
        kernel = source.resolve(cache, name, debian.read_list()[name])
        print(f"  cpus                 {kernel.release}, {possible} CPUs", flush=True)
        lines = []
        outcome = cost.measure_cpus(
            kernel, online, possible, Path("/out/bench") / f"cpus-{possible}",
            lines.append,
        )
        if outcome.failed:
            return outcome.failed
        found = re.findall(r"# cpus,(.*),(.*)", "".join(lines))
        found += calculate_memory(kernel, possible)
        rows += [(kernel.release, possible, *figure) for figure in found]
    report.keep_cpus(rows)
    return []


def measure_emulated(cache):
    """Measure in a guest as make bench-host does; return what went wrong."""
    kernel = source.resolve(cache, EMULATED_KERNEL, SUITE)
    print(f"  emulated             {kernel.release}", flush=True)
    lines = []
    outcome = cost.measure_emulated(
        kernel, HOST_ROUNDS, Path("/out/bench/emulated"),
        lambda line: lines.append(line.strip()),
    )
    if not outcome.failed:
        report.keep_host("\n".join(lines))
    return outcome.failed


# What is measured besides the calls: the kernels that it needs, and the function.
EXTRAS = {
    "many": ((), measure_many),
    "cpus": (tuple(name for name, *_ in CPUS_GUESTS), measure_cpus),
    "emulated": ((EMULATED_KERNEL,), measure_emulated),
}


def measure_extra(cache, name):
    try:
        return EXTRAS[name][1](cache)
    except debian.Failure as failure:
        return [str(failure)]


def measure(cache, name):
    """Measure one kernel; return its lines, and what went wrong."""
    lines = []

    def hear(line):
        line = line.strip()
        if re.match(r"# (cost|switch|memory|recorder|rows),", line):
            lines.append(line[2:])
        elif line.startswith(("not ok", "ok")):
            print(f"  {name:20} {line}", flush=True)

    try:
        return name, *measure_kernel(cache, name, hear, lines)
    except debian.Failure as failure:
        return name, None, lines, [str(failure)]


def measure_kernel(cache, name, hear, lines):
    """Measure; return the kernel's release, its lines, and what went wrong."""
    where = Path("/out/bench") / name
    listed = debian.read_list() | debian.read_list("tests/vm/kernels-long")
    kernel = source.resolve(cache, name, listed.get(name, SUITE))
    print(f"  {name:20} {kernel.release}", flush=True)
    outcome = cost.measure(
        kernel, where, hear, with_modules=name != WITH_THE_LINE
    )
    # A missed target is in the table; the run did not fail because of it.
    faults = [f for f in outcome.failed if not TARGET.match(f)]
    if faults:
        return kernel.release, lines, faults
    add_layout(kernel, where, lines)
    if name in RECORDED:
        outcome = cost.measure_recorders(kernel, where / "recorders", hear)
        faults += outcome.failed
    return kernel.release, lines, faults


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="KERNEL")
    parser.add_argument("--report", action="store_true")
    options = parser.parse_args()
    if options.report:
        report.write(KERNELS)
        return 0

    known = (*EXTRAS, *KERNELS)
    names = options.names or known
    unknown = set(names) - set(known)
    if unknown:
        raise debian.Failure(
            f"there is no {' '.join(unknown)}; there are {' '.join(known)}"
        )
    extras = [name for name in EXTRAS if name in names]
    names = [name for name in names if name not in extras]
    resolved = [*names, *(kernel for name in extras for kernel in EXTRAS[name][0])]
    cache = debian.update(*resolved) if resolved else None
    failed = False
    for name in extras:
        for fault in measure_extra(cache, name):
            print(f"  {name:20} FAILED {fault}")
            failed = True
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name, release, lines, faults in pool.map(
            lambda name: measure(cache, name), names
        ):
            for fault in faults:
                print(f"  {name:20} FAILED {fault}")
            failed |= bool(faults)
            if not faults:
                report.keep(KERNELS, name, release, csv.reader(lines))
    report.write(KERNELS)
    print("\nwritten: docs/cost.md, docs/cost/")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except debian.Failure as failure:
        sys.exit(f"error: {failure}")
