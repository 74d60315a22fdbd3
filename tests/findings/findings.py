#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measure what growable stacks change: tests/vm/lab -a tests/findings/findings.py [NAME...]

Boots each kernel (a line of tests/vm/kernels or tests/vm/kernels-long; without a
NAME, those of report.py) and runs the programs of this directory with mapstack off,
on and under private. Keeps their results in docs/findings/*.csv, and writes
docs/findings.md from them. --quick stops at 500 stacks instead of 10,000, and writes
nothing.
"""

import argparse
import csv
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path[:0] = ["tests/vm", "tests/findings"]

import build  # noqa: E402
import debian  # noqa: E402
import guest  # noqa: E402
import not_run  # noqa: E402
import nptl  # noqa: E402
import programs as debian_programs  # noqa: E402
import real  # noqa: E402
import report  # noqa: E402
import rootfs  # noqa: E402
import selftests  # noqa: E402
import source  # noqa: E402
import work  # noqa: E402
from machines import MACHINES, machine_of  # noqa: E402

LISTED = debian.read_list() | debian.read_list("tests/vm/kernels-long")
# These kernels run the selftests, which are those of 6.12.
SELFTEST_KERNELS = ["6.12-amd64", "7.3-amd64"]
NEWER_KERNELS = ["7.3-amd64"]
ROOT_KERNELS = ["6.12-amd64"]
NPTL_KERNELS = ["6.12-amd64"]
# What is added to the kernel's command line, by the kind of guest.
CMDLINE = {"selinux": "security=selinux"}
# Programs that are linked with shared libraries, by the beginning of a command.
LINKED = ("suite nptl", "sizes-dynamic")
FORKY = Path("/cache/glibc-forky")
WORK = Path("/out/findings")
# A step of 10,000 threads is silent for long where mmap() is linear.
SILENT_SECONDS = 1800
MEMORY = {
    "plain": 3072, "counted": 3072, "root": 2048, "real": 3072, "nptl": 3072,
    "work": 6144, "hppa": 512, "hppa64": 512,
}

# The commands of each guest, run in each mode of modes.c; {} is a number of stacks.
# The guests that take longest are first.
COMMANDS = {
    "work": work.PROGRAMS.listed(),
    "nptl": ["suite nptl"],
    "real": real.PROGRAMS.listed(),
    "root": debian_programs.PROGRAMS.listed(),
    "plain": [
        "grow", "gap", "gap legacy", "shapes", "guard", "guard-forky", "commit", "limits",
        "leftover", "fit-ia32", "fit-ia32 3g", "huge", "below", "situations",
        "lines bare {n}", "lines threads {threads}", "lines-forky threads {threads}",
        "search time down {n}",
        "recorded", "recorded-forky", "clash", "clash-forky",
        "commit exhaust",
    ],
    "selftests": [f"selftest {test.name}" for test in selftests.TESTS],
    "newer": [f"selftest {test.name}" for test in selftests.NEWER],
    "counted": [
        "search instructions down {n}", "search instructions up {n}",
        "sizes instructions free {n}",
        "sizes-dynamic instructions free {n}",
        "sizes-dynamic instructions filled {n}",
    ],
    "selinux": ["execstack"],
    "ppc64el": [
        "grow", "gap", "gap legacy", "shapes", "guard", "commit", "limits",
        "leftover", "huge", "below", "lines bare {n}",
    ],
    "hppa": ["grow", "shapes"],
    "hppa64": ["grow", "shapes"],
}
# Guests with a root file system of Debian, and what they run.
ROOTS = {
    "work": work.PROGRAMS, "real": real.PROGRAMS, "root": debian_programs.PROGRAMS,
}
FIELDS = ["kernel", "command", "mode", "key", "value"]
# What the kernel logs when `below` does what it tests (see gup.c).
GUP = "GUP no longer grows the stack"
# The same for `situations`: the process that invoked the killer, to the victim.
OUT_OF_MEMORY = re.compile(
    r"situations invoked oom-killer.*?Killed process \d+ \(situations\)[^\n]*", re.S
)


def fetch_forky():
    """Unpack the C library of forky, once."""
    if FORKY.exists():
        return
    new = FORKY.with_name(FORKY.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    print("findings: fetching the C library of forky", flush=True)
    result = subprocess.run(
        ["mmdebstrap", "--quiet", "--variant=extract", "--include=libc6-dev",
         "forky", str(new), *rootfs.sources("forky")],
        capture_output=True, text=True,
    )
    if result.returncode:
        raise debian.Failure(
            "the C library of forky could not be fetched: "
            + result.stderr.strip()[-300:]
        )
    new.rename(FORKY)


def fetch_secilc(cache):
    """Unpack the compiler of SELinux's policies; return its path."""
    package = debian.newest(cache, "secilc", "trixie", "amd64")
    where = build.BUILD / "secilc"
    with debian.locked():
        debian.fetch([package])
    debian.extract(debian.deb_path(package), where)
    return where / "usr/bin/secilc"


def build_programs(cache, architecture):
    """Build the programs for an architecture; return the directory."""
    where = build.BUILD / f"findings-{architecture}"
    words = [f"O={where}", f"FORKY={FORKY}"]
    if architecture == "amd64":
        fetch_forky()
        words.append(f"SECILC={fetch_secilc(cache)}")
        if COMMANDS["selftests"]:
            selftests.build(cache, where / "findings")
        if COMMANDS["newer"]:
            selftests.build(
                cache, where / "findings", selftests.NEWER, selftests.NEWER_VERSION,
                LISTED[NEWER_KERNELS[0]],
            )
        if COMMANDS["nptl"]:
            nptl.build(cache, where / "glibc", where / "glibc-build")
    else:
        names = {command.split()[0] for command in COMMANDS[architecture]}
        machine = MACHINES[architecture]
        words += [
            f"CROSS={machine.user or machine.cross}",
            f"PROGRAMS={' '.join(sorted(names))}",
        ]
    build.run_make(
        "tests/findings", where.with_suffix(".log"), "-j2",
        "-C", "tests/findings", *words,
    )
    return where


def ram_disk(kernel, where):
    """The kernel's own module brd, for direct I/O; return its path."""
    where.mkdir(parents=True, exist_ok=True)
    driver = next(kernel.unpack_modules().rglob("brd.ko*"))
    rootfs.put_driver(driver, where, 0)
    return (where / "00-brd.ko").rename(where / "brd.ko")


def make_initramfs(kernel, where, programs, modules, commands):
    """Make the usual one, and append one with the programs and their list."""
    init = build.build_guest(machine_of(kernel.name), "init") / "init"
    initramfs = guest.make_initramfs(
        where, init, [], modules, programs / "modes"
    )
    root = where / "more"
    shutil.rmtree(root, ignore_errors=True)
    shutil.copytree(programs / "findings", root / "findings")
    if commands == COMMANDS["nptl"]:
        shutil.copytree(programs / "glibc", root / "findings/glibc")
    if any(command.startswith(LINKED) for command in commands):
        nptl.copy_libraries(root)
    (root / "findings/commands").write_text("\n".join(commands) + "\n")
    guest.pack(root, where / "more.cpio")
    with open(initramfs, "ab") as out:
        out.write((where / "more.cpio").read_bytes())
    return initramfs


def machine_name(name):
    """The last part of a kernel's name, which names its machine."""
    return name.rsplit("-", 1)[1]


def kinds(name):
    """The kinds of guests in which a kernel is measured."""
    if machine_name(name) != "amd64":
        return [machine_name(name)]
    return [
        "plain", "counted", "selinux",
        *(["selftests"] if name in SELFTEST_KERNELS else []),
        *(["newer"] if name in NEWER_KERNELS else []),
        *(ROOTS if name in ROOT_KERNELS else []),
        *(["nptl"] if name in NPTL_KERNELS else []),
    ]


class Listener:
    """Collects the results from a guest's output."""

    def __init__(self, name):
        self.name = name
        self.rows = []
        self.failed = []
        self.status = None
        self.mode = self.command = None

    def __call__(self, line):
        words = line.split()
        if words[:1] == ["run"]:
            self.mode, self.command = words[1], " ".join(words[2:])
        elif words[:1] == ["result"] and len(words) == 4:
            self.rows.append(
                [self.name, self.command, self.mode, words[2], words[3]]
            )
        elif words[:2] == ["#", "end"]:
            self.status = int(words[2])
        elif words[:1] == ["ok"]:
            print(f"  {self.name:12} {line.rstrip()}", flush=True)
        elif words[:2] == ["not", "ok"] or words[:1] == ["#"]:
            self.failed.append(line.strip())


def trouble(machine):
    """The guest's own failures, except for the message that `below` provokes."""
    lines = machine.trouble()
    provoked = machine.log.read_text(errors="replace").count(GUP)
    if provoked:
        lines = [
            line for line in lines
            if "Call Trace" not in line and "RIP: " not in line
        ]
    return lines, provoked


def measure(name, kernel, kind, programs, modules, sizes):
    """Boot one guest, run its commands; return the rows of their results."""
    where = WORK / name / kind
    where.mkdir(parents=True, exist_ok=True)
    commands = [command.format(**sizes) for command in COMMANDS[kind]]
    memory = MEMORY.get(kind, 1024)
    if kind in ROOTS:
        machine = ROOTS[kind].boot(
            kernel, where, programs, commands, modules, memory
        )
    else:
        machine = guest.Guest(
            kernel,
            make_initramfs(kernel, where, programs, modules, commands),
            where, CMDLINE.get(kind, ""), memory=memory,
            counting=kind == "counted",
        )
    machine.silent_seconds = SILENT_SECONDS
    machine.provoked.append(OUT_OF_MEMORY)
    listener = Listener(name)
    machine.run(listener)
    lines, provoked = trouble(machine)
    if listener.status != 0 or listener.failed or lines:
        raise debian.Failure(
            f"{name}: the guest did not do what it was asked for: "
            f"{machine.stopped_for or ''} {listener.failed[:3]} {lines[:3]}; "
            f"see {where}"
        )
    if "below" in commands:
        listener.rows.append(
            [name, "below", "rfc", "kernel-log.gup-warnings", str(provoked)]
        )
    return listener.rows


def write_results(rows, kernel):
    """Replace the results of these commands in docs/findings."""
    order = list(LISTED)
    measured = {}
    for row in rows:
        program = re.split(r"[ -]", row[1])[0]
        measured.setdefault(program, []).append(row)
    report.RESULTS.mkdir(parents=True, exist_ok=True)
    for program, new in measured.items():
        path = report.RESULTS / f"{program}.csv"
        before = report.read_csv(path)
        # The guests end in any order, and each command keeps its place.
        place = {(row["kernel"], row["command"]): i for i, row in enumerate(before)}
        fresh = {tuple(row[:2]) for row in new}
        kept = [
            [row[field] for field in FIELDS]
            for row in before if (row["kernel"], row["command"]) not in fresh
        ]
        write_csv(path, FIELDS, sorted(kept + new, key=lambda row: (
            order.index(row[0]), place.get(tuple(row[:2]), len(before))
        )))
    path = report.RESULTS / "kernels.csv"
    known = {row["kernel"]: row for row in report.read_csv(path)}
    known[kernel.name] = {
        "kernel": kernel.name, "release": kernel.release,
        "package": kernel.version,
    }
    fields = ["kernel", "release", "package"]
    write_csv(path, fields, [
        [known[name][field] for field in fields]
        for name in order if name in known
    ])


def write_csv(path, fields, rows):
    with open(path, "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(fields)
        writer.writerows(rows)


def earlier_runs(words):
    """The whole run and later parts, which a part adds to; none for a whole run.

    Until this run has ended well, its results are not those of one run.
    """
    runs = [
        list(row.values()) for row in report.read_csv(report.RUNS)
        if words and row["words"] != words
    ]
    report.RUNS.unlink(missing_ok=True)
    return runs


def write_run(runs, begun, jobs, words, why):
    """Note that this run wrote all results, or a part of them after such a run."""
    if words and not runs:
        return
    write_csv(report.RUNS, ["date", "minutes", "jobs", "words", "why"], [*runs, [
        time.strftime("%Y-%m-%d", time.gmtime(begun)),
        round((time.time() - begun) / 60), jobs, words, why,
    ]])


def part_words(options):
    """The words that choose a part; none for everything."""
    return shlex.join([
        *(word for kind in options.kind or [] for word in ("--kind", kind)),
        *(word for only in options.only or [] for word in ("--only", only)),
        *options.names,
    ])


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--kind", choices=list(COMMANDS), action="append")
    parser.add_argument("--only", metavar="PROGRAM", action="append")
    parser.add_argument(
        "--why", default="", metavar="TEXT",
        help="why a part is run after everything was; the annex says so",
    )
    parser.add_argument(
        "--threads", type=int, default=10000, metavar="N",
        help="most threads; 10,000 take minutes where mmap() is linear",
    )
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count(), metavar="N",
        help="guests at a time; without it one for each CPU",
    )
    options = parser.parse_args()

    if options.kind:
        for kind in COMMANDS:
            if kind not in options.kind:
                COMMANDS[kind] = []
    if options.only:
        for kind, commands in COMMANDS.items():
            COMMANDS[kind] = [
                c for c in commands
                if c.startswith(tuple(options.only))
            ]
    begun = time.time()
    chosen = options.names or list(report.KERNELS)
    unknown = [name for name in chosen if name not in LISTED]
    if unknown:
        raise debian.Failure(f"there is no kernel {' '.join(unknown)}")
    cache = debian.update(*chosen)
    programs = {
        name: build_programs(cache, name)
        for name in {machine_name(name) for name in chosen}
    }
    sizes = {
        "n": 500 if options.quick else 10000,
        "threads": 500 if options.quick else options.threads,
    }

    writing = threading.Lock()

    def prepare_kernel(name):
        """Make a kernel ready; return it, and the modules that are built for it."""
        kernel = source.resolve(cache, name, LISTED[name])
        print(f"  {name:12} {kernel.release}", flush=True)
        kernel.prepare()
        modules = build.build_modules(kernel)
        if any("below" in COMMANDS[kind] for kind in kinds(name)):
            modules.append(ram_disk(kernel, WORK / name / "modules"))
        return kernel, modules

    def measure_guest(name, kind):
        kernel, modules = prepared[name]
        rows = measure(
            name, kernel, kind, programs[machine_name(name)], modules, sizes,
        )
        with writing:
            if options.quick:
                for row in rows:
                    print(*row)
            else:
                write_results(rows, kernel)

    guests = [
        (name, kind) for kind in COMMANDS for name in chosen
        if COMMANDS[kind] and kind in kinds(name)
    ]
    prepared = {name: prepare_kernel(name) for name in chosen}
    words = part_words(options)
    runs = [] if options.quick else earlier_runs(words)
    with ThreadPoolExecutor(options.jobs) as pool:
        list(pool.map(lambda guest: measure_guest(*guest), guests))
    if any(kind == "real" for _, kind in guests):
        for program, why in not_run.NOT_RUN.items():
            print(f"  not run: {program}: {why}")
    if options.quick:
        return
    write_run(runs, begun, options.jobs, words, options.why)
    report.main()


if __name__ == "__main__":
    try:
        main()
    except (debian.Failure, report.Untrue) as failure:
        sys.exit(f"error: {failure}")
