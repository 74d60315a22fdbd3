#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run the tests in guests: tests/vm/lab -a tests/vm/run.py [NAME...]

Without a NAME all are run, as many at a time as there are CPUs. NAME is one of:

    a line of tests/vm/kernels
    a variant of machines.py, which boots one of these kernels in another way
    a name of dkms.py: the package in full root file systems
    build       everything that can be tested without a guest
    cost        how many instructions calls cost
    evidence    the mapstack command on real programs
    fleet       the command on services and containers, and under Prometheus
    selftest    mapstack selftest in a system with services
    mutants     the module broken on purpose, which the tests must notice
    tracing     the kernel's own tests of ftrace and livepatch, beside the hook
    proposal    the patches of docs/proposal, on kernels that are built with them
    own         that make test KERNEL= works (see own.py); if MAPSTACK_KERNEL is
                set, only that kernel is run

--long adds what make test leaves out: tests/vm/kernels-long, with storms and fuzz
of minutes. It writes the results into the table of docs/trust.md.
--only TEST,... runs only programs whose names begin so; --show prints their
reports. --append WORDS adds words to the guests' kernel command line, where some
programs look for their own: "equality_seed=7 equality_calls=5000". --table writes
the results into the table of docs/kernels.md, as a run of all does.
The exit status is 0 only if everything that was asked for ran and passed.
"""

import argparse
import os
import sys
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import build
import cost
import coverage
import deb
import debian
import dkms
import evidence
import fleet
import guest
import mutants
import own
import proposal
import refusals
import reports
import rpm
import selftest
import source
import tracing
import trinity
import unit
from machines import VARIANTS, machine_of

WORK = Path("/out/guests")
# Words for the programs of tests/guest.
LONG = (
    "storm_seconds=60 fuzz_seconds=60 trinity_seconds=60 counters_rounds=200 "
    "churn_cycles=20 equality_calls=2000"
)
# A kernel that checks itself is slow, and a busy host makes it slower.
LONG_SILENT_SECONDS = 1200
LONG_PROGRAMS = ("races", "trinity")
BUILD_KERNEL = "6.12-amd64"
COST_KERNEL = "6.12-amd64"
# This kernel is built for another test anyway.
OWN_KERNEL = "6.12-bare-amd64"
MUTANTS_KERNEL = "6.12-amd64"
# Run only where a variant names what the guest must find.
EXPECT_PROGRAM = "expect"
# The kernel on which the reached lines of the module are counted.
COVERED = "6.12-debug-amd64"


class Summary:
    """The results of each kernel, and of all."""

    def __init__(self):
        self.rows = []  # (name, release, report)

    def add(self, name, release, report):
        self.rows.append((name, release, report))

    def count(self, which):
        return sum(len(getattr(report, which)) for _, _, report in self.rows)

    def print(self):
        print(f"\n{'':22} {'tested':30} passed failed skipped")
        for name, release, report in self.rows:
            print(
                f"{name:22} {release:30} {len(report.passed):6} "
                f"{len(report.failed):6} {len(report.skipped):7}"
            )
        for name, _, report in self.rows:
            for test in report.failed:
                print(f"{name:22} FAILED {test}")
        print(
            f"\n{self.count('passed')} passed, {self.count('failed')} failed, "
            f"{self.count('skipped')} skipped"
        )


def write_table(summary, path, kernels, command):
    """Write the results of some kernels into a table; other rows stay."""
    text = Path(path).read_text()
    begin = f"<!-- kernels: written by {command} -->\n"
    end = "<!-- kernels end -->"
    head, rest = text.split(begin)
    table, tail = rest.split(end)
    rows = {row.split("|")[1].strip(): row for row in table.splitlines()}
    for name, release, report in summary.rows:
        rows[name] = (
            f"| {name} | {release} | {len(report.passed)} | "
            f"{len(report.failed)} | {len(report.skipped)} |"
        )
    lines = ["| kernel | release tested | passed | failed | skipped |",
             "|---|---|---|---|---|"]
    lines += [rows[name] for name in kernels if name in rows]
    table = "\n".join(lines) + "\n"
    Path(path).write_text(head + begin + table + end + tail)


def choose_programs(directory, only, long, variant):
    programs = sorted((directory / "tests").glob("*"))
    if not long:
        programs = [p for p in programs if p.name not in LONG_PROGRAMS]
    only = only or variant and variant.programs
    if only:
        names = (*only.split(","), EXPECT_PROGRAM)
        programs = [p for p in programs if p.name.startswith(names)]
    if not (variant and variant.expect):
        programs = [p for p in programs if p.name != EXPECT_PROGRAM]
    if not programs:
        raise debian.Failure(f"there is no test program {only}")
    return programs


def say(name, line):
    """Print a line of one kernel; several kernels run at the same time."""
    print(f"  {name:18} {line}", flush=True)


def listener(name, show):
    """Return a function for each line of a report: show all, or only progress."""
    started = time.monotonic()

    def hear(line):
        line = line.rstrip()
        if line.startswith("ok "):
            say(name, f"{time.monotonic() - started:4.0f} s  {line}")
        elif show or line.lstrip().startswith("not ok"):
            say(name, line)

    return hear


def boot_tests(kernel, programs, init, options):
    """Build for one kernel, boot it, return its report."""
    kernel.prepare()
    covered = kernel.name == COVERED and options.long and not options.part
    modules = build.build_modules(
        kernel, options=["GCOV_PROFILE=y"] if covered else []
    )
    where = WORK / kernel.name
    where.mkdir(parents=True, exist_ok=True)
    initramfs = guest.make_initramfs(
        where, init, programs, modules,
        fill=trinity.add if options.long and trinity.runs_on(kernel) else None,
    )
    # For tests/guest/: the kernel passes these to init as its environment.
    words = f"{LONG if options.long else ''} {options.append}"
    vm = guest.Guest(kernel, initramfs, where, words)
    if options.long:
        vm.silent_seconds = LONG_SILENT_SECONDS
    report = guest.boot_and_report(vm, listener(kernel.name, options.show))
    if covered and report.counts:
        coverage.write(report.counts, [p.name for p in programs])
    if report.failed:
        seen = str(where).replace("/out", os.environ["MAPSTACK_OUT"], 1)
        say(kernel.name, f"logs: {seen}/console.log and status.log")
    return report


class Tests:
    """What can be run, by name."""

    def __init__(self, options):
        self.options = options
        self.own = None
        if "MAPSTACK_KERNEL" in os.environ:
            self.own = own.find(os.environ["MAPSTACK_KERNEL"])
            options.names = [self.own.name]
        self.short = debian.read_list()
        self.long = debian.read_list("tests/vm/kernels-long")
        self.listed = self.short | self.long
        for name, variant in VARIANTS.items():
            self.listed[name] = self.listed[variant.kernel]
        # Debian's packages have nothing to do with a kernel of the user's own.
        self.cache = None if self.own else debian.update(*(
            name for name in options.names or self.names()
            if name in self.listed
        ))

    def names(self):
        """The names that are run by default, in order."""
        if self.options.long:
            return ["mutants", "tracing", "proposal", *self.long, *(
                name for name, variant in VARIANTS.items()
                if variant.kernel not in self.short
            )]
        return [
            "build", "cost", "evidence", "fleet", "selftest", *dkms.SUITES,
            *self.short, *(
                name for name, variant in VARIANTS.items()
                if variant.kernel in self.short
            ), "own",
        ]

    def resolve(self, name):
        if self.own:
            return self.own
        variant = VARIANTS.get(name)
        kernel = source.resolve(
            self.cache, variant.kernel if variant else name, self.listed[name]
        )
        kernel.name = name  # it is built and booted in separate directories
        return kernel

    def run_kernel(self, name):
        """Run the guest tests on a kernel; return its release and report."""
        kernel = self.resolve(name)
        say(name, kernel.release)
        directory = build.build_guest(machine_of(name))
        programs = choose_programs(
            directory, self.options.only, self.options.long, VARIANTS.get(name)
        )
        return kernel.release, boot_tests(
            kernel, programs, directory / "init", self.options
        )

    def run(self, name):
        """Run one name; return what was tested, and a report."""
        try:
            if name == "build":
                kernel = self.resolve(BUILD_KERNEL)
                tested, report = kernel.release, refusals.run(kernel)
                report.add_all(unit.run())
                report.add_all(reports.run())
                report.add_all(deb.test())
                report.add_all(rpm.test())
            elif name in dkms.SUITES:
                hear = listener(name, self.options.show)
                tested, report = dkms.run(name, hear)
            elif name == "cost":
                kernel = self.resolve(COST_KERNEL)
                tested, report = kernel.release, cost.measure(
                    kernel, WORK / name, listener(name, self.options.show)
                )
            elif name == "own":
                kernel = self.resolve(OWN_KERNEL)
                tested, report = kernel.release, own.test(
                    kernel, listener(name, True)
                )
            elif name == "selftest":
                kernel = self.resolve(selftest.KERNEL)
                tested, report = kernel.release, selftest.run(
                    kernel, WORK / name, listener(name, self.options.show)
                )
            elif name == "mutants":
                kernel = self.resolve(MUTANTS_KERNEL)
                tested, report = kernel.release, mutants.run(
                    kernel, WORK / name, self.options.only,
                    listener(name, self.options.show),
                )
            elif name == "proposal":
                tested = f"{len(proposal.PROGRAMS)} kernels"
                report, _ = proposal.run(
                    self.cache, list(proposal.PROGRAMS), WORK / name
                )
            elif name == "tracing":
                kernels = [self.resolve(kernel) for kernel in tracing.KERNELS]
                tested = ", ".join(kernel.release for kernel in kernels)
                report = tracing.run(
                    [(kernel, self.listed[kernel.name]) for kernel in kernels],
                    self.cache, WORK / name, listener(name, self.options.show),
                )
            elif name == "evidence":
                kernel = self.resolve(evidence.KERNEL)
                tested, report = kernel.release, evidence.run(
                    kernel, WORK / name, self.options.only,
                    listener(name, self.options.show),
                )
            elif name == "fleet":
                kernel = self.resolve(fleet.KERNEL)
                tested, report = kernel.release, fleet.run(
                    kernel, WORK / name, listener(name, self.options.show)
                )
            else:
                tested, report = self.run_kernel(name)
        except debian.Failure as failure:
            tested, report = "-", guest.ktap.Report(failed=[str(failure)])
        except Exception as error:  # must not hide the results of the others
            traceback.print_exc()
            # repr() leaves out the file's name of an OSError.
            failed = f"{type(error).__name__}: {error}"
            tested, report = "-", guest.ktap.Report(failed=[failed])
        for test in report.failed:
            say(name, f"FAILED {test}")
        for test, reason in report.skipped:
            say(name, f"skipped {test}: {reason}")
        return name, tested, report


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--only", metavar="TEST,...", default="")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--long", action="store_true")
    parser.add_argument("--append", metavar="WORDS", default="")
    parser.add_argument("--table", action="store_true")
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), metavar="N",
        help="guests at a time (default: one a CPU)",
    )
    options = parser.parse_args()
    # A part of the programs, or with other words, is not a result for a table.
    options.part = bool(options.only or options.append)

    tests = Tests(options)
    names = options.names or tests.names()
    known = [
        "build", "cost", "own", "evidence", "fleet", "mutants", "selftest",
        "tracing", "proposal",
        *dkms.SUITES, *tests.listed,
    ]
    unknown = [name for name in names if not tests.own and name not in known]
    if unknown:
        raise debian.Failure(
            f"there is no {' '.join(unknown)}; there are "
            + " ".join(known)
        )

    summary = Summary()
    with ThreadPoolExecutor(options.jobs) as pool:
        for result in pool.map(tests.run, names):
            summary.add(*result)
    if options.long and not options.part:
        write_table(summary, "docs/trust.md", tests.long, "make test-long")
    elif (options.table or not options.names) and not options.part:
        write_table(summary, "docs/kernels.md", tests.short, "make test")
    summary.print()
    return 1 if summary.count("failed") else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except debian.Failure as failure:
        sys.exit(f"error: {failure}")
