#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test the patches of docs/proposal, and compare mapstack with them:
tests/vm/lab -a tests/vm/proposal.py

Boots three kernels that were built with patches (the proposed line, patch 3 alone,
the whole series) and an unchanged one with mapstack. The same generated calls must
have equal results on them, and the figures of tests/findings must be those of
docs/proposal. Prints all figures.
"""

import re
import subprocess
import sys
from pathlib import Path

import build
import debian
import guest
import ktap
import source
from machines import machine_of

SUITE = "trixie"
# The programs of each kernel. The first is unpatched, the others are patched.
SHIM = "6.12-small-amd64"
PROGRAMS = {
    SHIM: ("records-private", "records-rfc", "effects"),
    "6.12-proposal-amd64": ("records", "effects"),
    "6.12-private-amd64": ("records", "effects"),
    "6.12-series-amd64": ("records", "effects"),
}
# The policy of mapstack whose results must equal those of a patched kernel.
POLICY = {
    "6.12-proposal-amd64": "rfc",
    "6.12-private-amd64": "private",
    "6.12-series-amd64": "private",
}
SERIES = "6.12-series-amd64"
MOST = 2  # times the instructions of an mmap() with no stacks beside it
FIELDS = ["kernel", "release", "program", "key", "value"]


class Heard:
    """The output of one guest that is to be compared."""

    def __init__(self):
        self.records = {}  # by program: the lines
        self.results = {}  # (program, key): value
        self.lines = []

    def __call__(self, line):
        match = re.match(r"(?:not )?ok \d+ (\S+)", line)
        if match:
            self.records[match.group(1)] = self.lines
            self.lines = []
        match = re.match(r"\s*(?:# )?record (\d+) (\w+)", line)
        if match:
            self.lines.append(match.groups())
        match = re.match(r"\s*result (\S+) (\S+) (\S+)", line)
        if match:
            self.results[match.group(1, 2)] = match.group(3)


def fill(root):
    """Add the programs of tests/findings that `effects` runs."""
    where = build.BUILD / "proposal-findings"
    names = [where / "findings" / name for name in ("search", "commit")]
    build.run_make(
        "tests/findings", where.with_suffix(".log"), "-C", "tests/findings",
        f"O={where}", *map(str, names),
    )
    (root / "findings").mkdir()
    for name in names:
        subprocess.run(["cp", name, root / "findings"], check=True)


def boot(kernel, where):
    """Run the programs of one kernel; return its output, and the report."""
    kernel.prepare()
    programs = build.BUILD / "proposal"
    build.run_make(
        "tests/proposal", programs.with_suffix(".log"), "-C", "tests/proposal",
        f"O={programs}",
    )
    where.mkdir(parents=True, exist_ok=True)
    init = build.build_guest(machine_of(kernel.name), "init") / "init"
    modules = build.build_modules(kernel)[:1] if kernel.name == SHIM else []
    initramfs = guest.make_initramfs(
        where, init, [programs / name for name in PROGRAMS[kernel.name]],
        modules, fill=fill,
    )
    heard = Heard()
    machine = guest.Guest(kernel, initramfs, where, memory=3072, counting=True)
    # A step of thousands of stacks is silent for long where it is linear.
    machine.silent_seconds = 1800
    return heard, guest.boot_and_report(machine, heard)


def judge(report, passed, name):
    (report.passed if passed else report.failed).append(name)


def compare(report, name, mine, shim):
    """Equality of records, call by call."""
    wanted = shim.records.get(f"records-{POLICY[name]}")
    found = mine.records.get("records")
    if not wanted or not found or len(wanted) != len(found):
        report.failed.append(f"{name}: no records to compare")
        return
    differing = [a[0] for a, b in zip(wanted, found) if a != b]
    text = f"{name}: as policy {POLICY[name]}, {len(found)} calls"
    if differing:
        text += f": {len(differing)} differ, first {differing[0]}"
    judge(report, not differing, text)


def instructions(heard, way, stacks):
    return int(heard.results["search", f"{way}.mmap-beside-{stacks}.instructions"])


def judge_series(report, heard):
    """Check the figures that docs/proposal promises."""
    for way in "down", "up":
        few, many = (instructions(heard, way, n) for n in (0, 10000))
        judge(
            report, many <= MOST * few,
            f"series: mmap() beside 10,000 stacks, {way}: {many} instructions, "
            f"beside none {few}",
        )
    for (program, key), value in heard.results.items():
        if program == "commit":
            judge(report, abs(int(value)) < 64, f"series: {key} {value}")


def run(resolve, where):
    """Boot all; return a report, and rows of results."""
    report, all_heard, rows = ktap.Report(), {}, []
    for name in PROGRAMS:
        kernel = resolve(name)
        heard, booted = boot(kernel, where / name)
        all_heard[name] = heard
        report.passed += [f"{name}: {test}" for test in booted.passed]
        report.failed += [f"{name}: {test}" for test in booted.failed]
        report.skipped += booted.skipped
        rows += [
            dict(zip(FIELDS, (name, kernel.release, program, key, value)))
            for (program, key), value in heard.results.items()
        ]
        if name in POLICY:
            compare(report, name, heard, all_heard[SHIM])
    judge_series(report, all_heard[SERIES])
    return report, rows


def main():
    cache = debian.update(*PROGRAMS)
    report, rows = run(
        lambda name: source.resolve(cache, name, SUITE), Path("/out/proposal")
    )
    for test in report.passed:
        print(f"passed {test}")
    for test in report.failed:
        print(f"FAILED {test}")
    for row in rows:
        print(",".join(row.values()))
    return 1 if report.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except debian.Failure as failure:
        sys.exit(f"error: {failure}")
