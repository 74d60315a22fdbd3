#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measure what mapstack run and other recorders add to a program of 600 threads.

Runs in a guest whose counter counts all instructions on its one CPU: those of the
program, of the kernel for it, and of the recorder while the program runs.
"""

import re
import statistics
import subprocess
import sys

sys.path.insert(0, "/files")

import kit  # noqa: E402

THREADS = "/files/threads"
EVENT = "mapstack:mapstack_mmap"
TARGET = 5  # percent that mapstack run may add
RUNS = 5
COUNT = "tracepoint:mapstack:mapstack_mmap { @[comm, args.shape] = count(); }"

# Whether the hook is on for all, and the words before the program. Under the proposal
# the program takes longer, recorded or not, because its stacks keep a distance.
WAYS = {
    "off": (False, []),
    "on": (True, []),
    "mapstack run -p observe": (
        False, [kit.TOOL, "run", "-q", "-p", "observe", "-o", "/tmp/report"]),
    "mapstack run": (False, [kit.TOOL, "run", "-q", "-o", "/tmp/report"]),
    "strace -f": (False, ["strace", "-f", "-qq", "-e", "trace=mmap", "-o",
                          "/tmp/strace"]),
    "strace -f --seccomp-bpf": (
        False, ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=mmap",
                "-o", "/tmp/strace"]),
    "perf trace": (True, ["perf", "trace", "-e", EVENT, "-o", "/tmp/trace"]),
    "perf record": (True, ["perf", "record", "-q", "-e", EVENT, "-o",
                           "/tmp/data"]),
    "bpftrace": (True, ["bpftrace", "-q", "-e", COUNT, "-c"]),
}


def take(before):
    """Instructions of one run of the program, or its error."""
    done = subprocess.run(
        [*before, THREADS], stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=1500,
    )
    match = re.search(r"^threads (\d+)$", done.stdout, re.M)
    return int(match.group(1)) if match else done


def measure(on, before):
    kit.setting("enabled", "1" if on else "0")
    taken = [take(before) for _ in range(RUNS)]
    wrong = [done for done in taken if not isinstance(done, int)]
    return None if wrong else round(statistics.median(taken)), wrong


def main():
    report = kit.Report(len(WAYS) + 3)
    kit.load()
    figures = {}
    for name, (on, before) in WAYS.items():
        figures[name], wrong = measure(on, before)
        print(f"# recorder,{name},{figures[name] or ''}", flush=True)
        report.result(not wrong, name, *wrong)
    for name, bare in ("mapstack run", "on"), ("mapstack run -p observe", "off"):
        before, recorded = figures[bare], figures[name]
        added = 100 * (recorded - before) / before if before else 100
        report.result(
            added <= TARGET,
            f"{name} adds {added:.1f} %, and may add {TARGET} %", figures,
        )
    kit.setting("enabled", "1")
    done = subprocess.run(["/files/rows"], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    print("\n".join(re.findall(r"^# .*", done.stdout, re.M)), flush=True)
    report.result(not done.returncode, "rows", done)
    kit.setting("enabled", "0")
    kit.unload()
    report.end()


if __name__ == "__main__":
    main()
