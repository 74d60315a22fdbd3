#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test the patches of docs/proposal, and compare mapstack with them:
tests/vm/lab -a tests/vm/proposal.py [NAME...]

Boots kernels that were built with patches (the proposed line, patches of the series
alone, the whole series, the alternatives), and unpatched ones with and without
mapstack, or some of them. The same generated calls must have equal results where EQUAL
says so, and each kernel must do what its patches promise. The unpatched kernel of each
version is booted first. Writes the figures of each kernel of which no test failed into
docs/proposal/effects.csv.
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
UNPATCHED = {"6.12": "6.12-small-amd64", "7.3": "7.3-small-amd64"}
# The programs of each kernel, unpatched ones first.
OPT_IN = ("opt-in", "records", "records-opt-in", "effects")
PROGRAMS = {
    "6.12-small-amd64": ("records", "records-private", "records-rfc", "effects"),
    "7.3-small-amd64": ("records", "records-private", "effects"),
    "6.12-proposal-amd64": ("records", "effects"),
    "6.12-search-amd64": ("records", "effects"),
    "6.12-commit-amd64": ("records", "effects"),
    "6.12-private-amd64": ("records", "effects"),
    "6.12-series-amd64": ("records", "effects"),
    "6.12-opt-in-amd64": OPT_IN,
    "6.12-guard-gap-amd64": ("records", "effects"),
    "7.3-series-amd64": ("records", "effects"),
    "7.3-opt-in-amd64": OPT_IN,
    "7.3-guard-gap-amd64": ("records", "effects"),
}
# By what a kernel has: the program of the unpatched kernel that must give the results
# of one of its own. records-POLICY is mapstack.
EQUAL = {
    "proposal": {"records": "records-rfc"},
    "search": {"records": "records"},
    "commit": {"records": "records"},
    "private": {"records": "records-private"},
    "series": {"records": "records-private"},
    "opt-in": {"records": "records", "records-opt-in": "records-private"},
    "guard-gap": {"records": "records"},
}
# How many times as many instructions as without the patch something may execute.
MOST = 1.5
# What of split.c a guard gap to a growable neighbour stops, and what not.
STOPPED = ("cut.64-KiB.grows-again.KiB", "placed.grows.KiB", "reused.grows.KiB")
UNCHANGED = ("protected.lowest-part-grows.KiB", "placed.KiB-between", "reused.KiB-between")
FIELDS = ["kernel", "program", "key", "value"]
RESULTS = Path("docs/proposal/effects.csv")
# The programs of tests/findings that `effects` runs.
FINDINGS = (
    "search", "sizes", "sizes-growsdown", "work", "commit", "grow", "split", "shapes",
)
PATCHES = Path("docs/proposal/6.12")


class Heard:
    """The output of one guest that is to be compared."""

    def __init__(self):
        self.records = {}  # by program: (number, hash, surroundings)
        self.results = {}  # (program, key): value
        self.lines = []

    def __call__(self, line):
        match = re.match(r"(?:not )?ok \d+ (\S+)", line)
        if match:
            self.records[match.group(1)] = self.lines
            self.lines = []
        match = re.match(r"\s*(?:# )?record (\d+) (\w+)(?: (\w+))?$", line)
        if match:
            self.lines.append(match.groups())
        match = re.match(r"\s*result (\S+) (\S+) (\S+)", line)
        if match:
            self.results[match.group(1, 2)] = match.group(3)

    def number(self, program, key):
        """One result; ends everything if there is none."""
        return int(self.results[program, key])


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
    programs_of = PROGRAMS[kernel.name]
    modules = (
        build.build_modules(kernel)[:1] if "records-private" in programs_of else []
    )
    initramfs = guest.make_initramfs(
        where, init, [programs / name for name in programs_of],
        modules, fill=lambda root: shutil.copytree(findings, root / "findings"),
    )
    heard = Heard()
    machine = guest.Guest(kernel, initramfs, where, memory=3072, counting=True)
    # A step of thousands of stacks is silent for long where it is linear.
    machine.silent_seconds = 1800
    return heard, guest.boot_and_report(machine, heard)


def judge(report, passed, name):
    (report.passed if passed else report.failed).append(name)


def version_of(name):
    return name.split("-")[0]


def kind_of(name):
    """What patches a kernel has."""
    return name.removesuffix("-amd64").split("-", 1)[1]


def compare(report, name, heard, unpatched):
    """Equality of records, call by call.

    With the patch guard-gap those may differ that have a growable mapping near them: a
    neighbour, or the other part of a mapping that was cut. It counts these.
    """
    for mine, theirs in EQUAL[kind_of(name)].items():
        found, wanted = heard.records.get(mine), unpatched.records.get(theirs)
        text = f"{name}: {mine} as {theirs} unpatched"
        if not found or not wanted or len(found) != len(wanted):
            report.failed.append(f"{text}: no records to compare")
            continue
        differing = [a for a, b in zip(found, wanted) if a != b]
        if kind_of(name) == "guard-gap":
            for where in "beside", "cut":
                calls, differ = (
                    sum(a[2] == where for a in some) for some in (found, differing)
                )
                heard.results[mine, f"{where}.calls"] = calls
                heard.results[mine, f"{where}.differ"] = differ
                judge(report, differ, f"{name}: {where}: {differ} of {calls} differ")
            differing = [a for a in differing if not a[2]]
        text += f", {len(found)} calls"
        if differing:
            text += f": {len(differing)} differ, first {differing[0][0]}"
        judge(report, not differing, text)


def compare_modes(report, name, unpatched):
    """With mapstack the results of many calls must differ, or they show nothing."""
    off = unpatched.records["records"]
    for program, lines in unpatched.records.items():
        if program.startswith("records-"):
            differing = sum(a != b for a, b in zip(lines, off))
            judge(
                report, differing > len(off) // 20 and len(lines) == len(off),
                f"{name}: {differing} calls differ between {program} and off",
            )


def judge_search(report, name, heard, _):
    """An mmap() of a page takes about what one takes that no gap stops."""
    # One that is a page longer than the guard gap fits nowhere between the stacks.
    short, long = (
        heard.number("sizes-growsdown", f"free.10000-stacks.{kib}-KiB.instructions")
        for kib in (4, 1028)
    )
    judge(
        report, short <= MOST * long,
        f"{name}: mmap() beside 10,000 stacks, of a page: {short} instructions, "
        f"of 1,028 KiB: {long}",
    )


def judge_commit(report, name, heard, unpatched):
    """Nothing is left committed. Without the patch something is."""
    for (program, key), value in heard.results.items():
        if program == "commit":
            judge(report, abs(int(value)) < 64, f"{name}: {key} {value}")
    leak = unpatched.number("commit", "stack-growsdown.noreserve.left-after-exit.KiB")
    judge(report, leak > 4000, f"{name}: unpatched, {leak} KiB are left")


def judge_growth(report, name, heard, unpatched):
    """Stacks grow, and neither threads nor searches upwards pay for it."""
    size = heard.number("grow", "stack.size-at-the-end.KiB")
    judge(report, size == 8192, f"{name}: a stack grows to {size} KiB")
    off, on = (each.number("work", "start.ns") for each in (unpatched, heard))
    judge(
        report, on <= MOST * off,
        f"{name}: to start 10,000 threads {on} instructions, unpatched {off}",
    )
    none, many = (
        heard.number("search", f"up.mmap-beside-{n}.instructions") for n in (0, 10000)
    )
    judge(
        report, many <= MOST * none,
        f"{name}: upwards, mmap() beside 10,000 stacks {many} instructions, beside "
        f"none {none}",
    )


def judge_unasked(report, name, heard, _):
    """Without the prctl() nothing grows."""
    size = heard.number("grow", "stack.size-at-the-end.KiB")
    judge(report, size == 64, f"{name}: nobody asks, and a stack has {size} KiB")


def judge_gap(report, name, heard, unpatched):
    """Stacks keep their distance, which costs what split.c measures."""
    for key in STOPPED + UNCHANGED:
        now, before = (each.number("split", key) for each in (heard, unpatched))
        judge(
            report, before > 0 and now == (0 if key in STOPPED else before),
            f"{name}: {key} {now}, unpatched {before}",
        )


def judge_selftests(report, name, heard, unpatched):
    """The kernel's tests must end as without the patches."""
    for (program, key), ended in unpatched.results.items():
        if program != "selftest":
            continue
        found = heard.results.get((program, key))
        alike = found == ended
        if key == "map_stack" and kind_of(name) == "series":  # which it tests
            alike = found == "0" and ended != "0"
        judge(report, alike, f"{name}: selftest {key}: {found}, unpatched {ended}")


def judge_shapes(report, name, heard, unpatched):
    """No call may fail that works without the patches."""
    works = [
        key for (program, key), value in unpatched.results.items()
        if program == "shapes" and value == "works"
    ]
    failed = [key for key in works if heard.results.get(("shapes", key)) != "works"]
    judge(
        report, works and not failed,
        f"{name}: of {len(works)} shapes that work these fail: "
        f"{', '.join(failed) or 'none'}",
    )


ALIKE = (judge_selftests, judge_shapes)
# By what a kernel has: what it must do. The line must only be equal to mapstack: it
# breaks calls.
PROMISES = {
    "search": (judge_search, *ALIKE),
    "commit": (judge_commit, *ALIKE),
    "private": ALIKE,
    "series": (judge_search, judge_commit, judge_growth, *ALIKE),
    "opt-in": (judge_unasked, *ALIKE),
    "guard-gap": (judge_gap, *ALIKE),
}


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
        debian.newest(cache, "linux-source-6.12", SUITES["6.12"], "amd64")
    )
    built = build_programs(tree)
    report, all_heard = ktap.Report(), {}
    for name in names:
        kernel = source.resolve(cache, name, SUITES[version_of(name)])
        heard, booted = boot(kernel, where / name, *built)
        report.add_all(booted, f"{name}: ")
        # A guest that failed may lack figures, and has failed already.
        if booted.failed:
            continue
        all_heard[name] = heard
        unpatched = all_heard.get(UNPATCHED[version_of(name)])
        if name in UNPATCHED.values():
            compare_modes(report, name, heard)
            continue
        if not unpatched:
            report.failed.append(f"{name}: there is no unpatched kernel to compare with")
            continue
        compare(report, name, heard, unpatched)
        for promise in PROMISES.get(kind_of(name), ()):
            promise(report, name, heard, unpatched)
    return report, all_heard


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=" ".join(PROGRAMS))
    names = parser.parse_args().names or list(PROGRAMS)
    unknown = [name for name in names if name not in PROGRAMS]
    if unknown:
        raise debian.Failure(f"there is no {' '.join(unknown)}")
    names = sorted(
        {*names, *(UNPATCHED[version_of(name)] for name in names)},
        key=list(PROGRAMS).index,
    )
    report, all_heard = run(debian.update(*names), names, Path("/out/proposal"))
    bad = {test.split(":")[0] for test in report.failed}
    for test in report.passed:
        print(f"passed {test}")
    for test in report.failed:
        print(f"FAILED {test}")
    write_results({name: all_heard[name] for name in all_heard if name not in bad})
    return 1 if report.failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except debian.Failure as failure:
        sys.exit(f"error: {failure}")
