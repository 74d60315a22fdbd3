#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run the tests in guests: tests/vm/lab tests/vm/run.py [NAME...]

NAME is a line of tests/vm/kernels; without one, all are run. --only TEST runs
only the programs whose name begins with TEST; --show prints their reports.
The exit status is 0 only if everything that was asked for ran and passed.
"""

import argparse
import os
import sys
import time
from pathlib import Path

import build
import debian
import guest

WORK = Path("/work/guests")


class Summary:
    """What came of each kernel, and of all."""

    def __init__(self):
        self.rows = []  # (name, release, report)

    def add(self, name, release, report):
        self.rows.append((name, release, report))

    def count(self, which):
        return sum(len(getattr(report, which)) for _, _, report in self.rows)

    def print(self):
        print(f"\n{'kernel':22} {'release':30} passed failed skipped")
        for name, release, report in self.rows:
            print(
                f"{name:22} {release:30} {len(report.passed):6} "
                f"{len(report.failed):6} {len(report.skipped):7}"
            )
        print(
            f"\n{self.count('passed')} passed, {self.count('failed')} failed, "
            f"{self.count('skipped')} skipped"
        )


def write_table(summary, path="README.md"):
    """Write what came of every kernel into README's table."""
    text = Path(path).read_text()
    begin, end = "<!-- kernels: written by make test -->\n", "<!-- kernels end -->"
    head, rest = text.split(begin)
    tail = rest.split(end)[1]
    rows = ["| kernel | release tested | passed | failed | skipped |",
            "|---|---|---|---|---|"]
    for name, release, report in summary.rows:
        rows.append(
            f"| {name} | {release} | {len(report.passed)} | "
            f"{len(report.failed)} | {len(report.skipped)} |"
        )
    table = "\n".join(rows) + "\n"
    Path(path).write_text(head + begin + table + end + tail)


def choose_programs(directory, only):
    programs = sorted((directory / "tests").glob("*"))
    if only:
        programs = [p for p in programs if p.name.startswith(only)]
    if not programs:
        raise debian.Failure(f"there is no test program {only}")
    return programs


def listener(name, show):
    """What to do with each line of a report: show all, or its progress."""
    started = time.monotonic()

    def hear(line):
        line = line.rstrip()
        if show or line.lstrip().startswith("not ok"):
            print(f"  {line}", flush=True)
        elif line.startswith("ok "):
            seconds = time.monotonic() - started
            print(f"  {name} {seconds:4.0f} s  {line}", flush=True)

    return hear


def test_kernel(kernel, programs, init, show):
    """Build for one kernel, boot it, return its report."""
    debian.prepare(kernel)
    modules = build.build_modules(kernel)
    where = WORK / kernel.name
    where.mkdir(parents=True, exist_ok=True)
    initramfs = guest.make_initramfs(where, init, programs, modules)
    report = guest.boot_and_report(
        guest.Guest(kernel, initramfs, where), listener(kernel.name, show)
    )
    for name in report.failed:
        print(f"  FAILED {name}")
    for name, reason in report.skipped:
        print(f"  skipped {name}: {reason}")
    if report.failed:
        seen = str(where).replace("/work", os.environ["MAPSTACK_WORK"], 1)
        print(f"  logs: {seen}/console.log and status.log")
    return report


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("kernels", nargs="*", metavar="NAME")
    parser.add_argument("--only", metavar="TEST", default="")
    parser.add_argument("--show", action="store_true")
    options = parser.parse_args()

    listed = debian.read_list()
    names = options.kernels or list(listed)
    unknown = [name for name in names if name not in listed]
    if unknown:
        raise debian.Failure(
            f"no such kernel: {' '.join(unknown)}; tests/vm/kernels lists "
            + " ".join(listed)
        )

    directory = build.build_guest()
    programs = choose_programs(directory, options.only)
    cache = debian.update()
    summary = Summary()
    for number, name in enumerate(names, 1):
        try:
            kernel = debian.resolve(cache, name, listed[name])
            print(f"[{number}/{len(names)}] {name}: {kernel.release}",
                  flush=True)
            report = test_kernel(
                kernel, programs, directory / "init", options.show
            )
            summary.add(name, kernel.release, report)
        except debian.Failure as failure:
            print(f"  FAILED {failure}")
            report = guest.ktap.Report(failed=[str(failure)])
            summary.add(name, "-", report)
    if not options.kernels and not options.only:
        write_table(summary)
    summary.print()
    return 1 if summary.count("failed") else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except debian.Failure as failure:
        sys.exit(f"error: {failure}")
