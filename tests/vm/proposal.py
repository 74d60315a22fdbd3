#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test the patches of docs/proposal, and compare mapstack with them:
tests/vm/lab -a tests/vm/proposal.py [NAME...]

Boots kernels of 6.12 that were built with patches (the proposed line, patch 3 alone,
the whole series) and an unchanged one with mapstack, or some of them. The same
generated calls must have equal results on them, and the series must do what
docs/proposal promises, on 7.3 too. Unless a test fails, writes the figures into docs/proposal/effects.csv.
"""

import argparse
import csv
import re
import shutil
import sys
from pathlib import Path

sys.path.append("tests/findings")

import build  # noqa: E402
import debian  # noqa: E402
import guest  # noqa: E402
import ktap  # noqa: E402
import selftests  # noqa: E402
import source  # noqa: E402
from machines import machine_of  # noqa: E402

SUITES = {"6.12": "trixie", "7.3": "trixie-backports"}
# The programs of each kernel. The first is unpatched, the others are patched.
SHIM = "6.12-small-amd64"
PROGRAMS = {
    SHIM: ("records-private", "records-rfc", "effects"),
    "6.12-proposal-amd64": ("records", "effects"),
    "6.12-private-amd64": ("records", "effects"),
    "6.12-series-amd64": ("records", "effects"),
    "7.3-series-amd64": ("effects",),
}
# The policy of mapstack whose results must equal those of a patched kernel.
POLICY = {
    "6.12-proposal-amd64": "rfc",
    "6.12-private-amd64": "private",
    "6.12-series-amd64": "private",
}
SERIES = "6.12-series-amd64"
SERIES_7_3 = "7.3-series-amd64"
# How many times the instructions of the same that needs no second search.
MOST = 1.5
FIELDS = ["kernel", "program", "key", "value"]
RESULTS = Path("docs/proposal/effects.csv")
# The programs of tests/findings that `effects` runs.
FINDINGS = ("search", "sizes", "work", "commit", "grow", "shapes")
PATCHES = Path("docs/proposal/6.12")


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


def new_file(patch, name):
    """The text of a file that a patch adds."""
    added = patch.split(f"+++ b/{name}\n")[1].split("\ndiff --git ")[0]
    return "".join(
        line[1:] + "\n" for line in added.splitlines() if line.startswith("+")
    )


def build_selftests(tree, where):
    """Build the kernel's tests of mm, and the one that the series adds."""
    where.mkdir(parents=True, exist_ok=True)
    directory = tree / "tools/testing/selftests"
    added = next(PATCHES.glob("0004-*")).read_text()
    test = where / "map_stack.c"
    test.write_text(new_file(added, "tools/testing/selftests/mm/map_stack.c"))
    for each in selftests.TESTS:
        if each.directory == "mm":
            selftests.compile_one(directory, each, where)
    selftests.compile_one(directory, selftests.Test(
        "map_stack", "mm", ("-D_GNU_SOURCE=", str(test.resolve()))
    ), where)
    test.unlink()


def build_programs(tree):
    """Build the programs of tests/findings, and the kernel's tests.

    tree is the unpatched source, from which the kernel's tests are built.
    """
    where = build.BUILD / "proposal-findings"
    build.run_make(
        "tests/findings", where.with_suffix(".log"), "-C", "tests/findings",
        f"O={where}", *(str(where / "findings" / name) for name in FINDINGS),
    )
    build_selftests(tree, where / "findings/selftests")
    programs = build.BUILD / "proposal"
    build.run_make(
        "tests/proposal", programs.with_suffix(".log"), "-C", "tests/proposal",
        f"O={programs}",
    )
    return programs, where / "findings"


def boot(kernel, where, programs, findings):
    """Run the programs of one kernel; return its output, and the report."""
    kernel.prepare()
    where.mkdir(parents=True, exist_ok=True)
    init = build.build_guest(machine_of(kernel.name), "init") / "init"
    modules = build.build_modules(kernel)[:1] if kernel.name == SHIM else []
    initramfs = guest.make_initramfs(
        where, init, [programs / name for name in PROGRAMS[kernel.name]],
        modules, fill=lambda root: shutil.copytree(findings, root / "findings"),
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


def suite_of(name):
    return SUITES[name.split("-")[0]]


def judge_series(report, name, heard):
    """Check what docs/proposal promises of the series."""
    # One that is a page longer than the guard gap fits nowhere between the stacks.
    short, long = (
        int(heard.results["sizes", f"free.10000-stacks.{kib}-KiB.instructions"])
        for kib in (4, 1028)
    )
    judge(
        report, short <= MOST * long,
        f"{name}: mmap() beside 10,000 stacks, of a page: {short} instructions, "
        f"of 1,028 KiB: {long}",
    )
    size = heard.results["grow", "stack.size-at-the-end.KiB"]
    judge(report, size == "8192", f"{name}: a stack grows to {size} KiB")
    test = heard.results["selftest", "map_stack"]
    judge(report, test == "0", f"{name}: selftest map_stack: {test}")
    for (program, key), value in heard.results.items():
        if program == "commit":
            judge(report, abs(int(value)) < 64, f"{name}: {key} {value}")


def judge_work(report, series, unpatched):
    """Threads must not start much more slowly with the series."""
    off, on = (int(heard.results["work", "start.ns"]) for heard in (unpatched, series))
    judge(
        report, on <= MOST * off,
        f"series: to start 10,000 threads {on} instructions, without it {off}",
    )


def judge_selftests(report, series, unpatched):
    """The kernel's tests must end as without the series."""
    for (program, name), ended in unpatched.results.items():
        if program != "selftest":
            continue
        found = series.results.get((program, name))
        alike = found == ended
        if name == "map_stack":  # it tests the series
            alike = found == "0" and ended != "0"
        judge(report, alike, f"series: selftest {name}: {found}, without it {ended}")


def judge_shapes(report, series, unpatched):
    """No call may fail that works without the series."""
    works = [
        key for (program, key), value in unpatched.results.items()
        if program == "shapes" and value == "works"
    ]
    failed = [key for key in works if series.results.get(("shapes", key)) != "works"]
    judge(
        report, works and not failed,
        f"series: of {len(works)} shapes that work these fail: "
        f"{', '.join(failed) or 'none'}",
    )


def write_results(all_heard):
    """Replace the figures of the kernels that were booted."""
    kept = []
    if RESULTS.exists():
        with open(RESULTS, newline="") as file:
            kept = [list(row.values()) for row in csv.DictReader(file)
                    if row["kernel"] not in all_heard]
    rows = kept + [
        [name, program, key, value] for name, heard in all_heard.items()
        for (program, key), value in heard.results.items()
    ]
    order = [*PROGRAMS, *sorted({row[0] for row in rows} - set(PROGRAMS))]
    with open(RESULTS, "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(FIELDS)
        writer.writerows(sorted(rows, key=lambda row: order.index(row[0])))


def run(cache, names, where):
    """Boot some kernels; return a report, and what each printed."""
    tree = source.unpack(
        debian.newest(cache, "linux-source-6.12", suite_of(SHIM), "amd64")
    )
    built = build_programs(tree)
    report, all_heard, sound = ktap.Report(), {}, set()
    for name in names:
        kernel = source.resolve(cache, name, suite_of(name))
        heard, booted = boot(kernel, where / name, *built)
        all_heard[name] = heard
        report.add_all(booted, f"{name}: ")
        if not booted.failed:
            sound.add(name)
        if name in POLICY and SHIM in names:
            compare(report, name, heard, all_heard[SHIM])
    # A guest that failed may lack figures, and has failed already.
    for name in SERIES, SERIES_7_3:
        if name in sound:
            judge_series(report, name, all_heard[name])
    if {SERIES, SHIM} <= sound:
        judge_work(report, all_heard[SERIES], all_heard[SHIM])
        judge_shapes(report, all_heard[SERIES], all_heard[SHIM])
        judge_selftests(report, all_heard[SERIES], all_heard[SHIM])
    return report, all_heard


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(PROGRAMS))
    names = parser.parse_args().names or list(PROGRAMS)
    unknown = [name for name in names if name not in PROGRAMS]
    if unknown:
        raise debian.Failure(f"there is no {' '.join(unknown)}")
    names.sort(key=list(PROGRAMS).index)
    report, all_heard = run(debian.update(*names), names, Path("/out/proposal"))
    for test in report.passed:
        print(f"passed {test}")
    for test in report.failed:
        print(f"FAILED {test}")
    if report.failed:
        return 1
    write_results(all_heard)
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except debian.Failure as failure:
        sys.exit(f"error: {failure}")
