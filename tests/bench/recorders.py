#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measure what mapstack and other recorders add to a program of 600 threads.

Runs in a guest whose counter counts all instructions on its one CPU: those of the
program, of the kernel for it, and of the recorder while the program runs.
"""

import contextlib
import re
import signal
import statistics
import subprocess
import sys
from typing import NamedTuple

sys.path.insert(0, "/files")

import kit  # noqa: E402

THREADS = "/files/threads"
EVENT = "mapstack:mapstack_mmap"
TARGET = 5  # percent that mapstack run may add
RUNS = 5
COUNT = "tracepoint:mapstack:mapstack_mmap { @[comm, args.shape] = count(); }"


class Way(NamedTuple):
    """A way to record. Under the proposal the program takes longer, recorded or not,
    because its stacks keep a distance.
    """

    on: bool = False  # whether the hook is on for all before it begins
    before: tuple = ()  # the command before the program
    beside: tuple = ()  # a command that follows the program from outside


STRACE = ("-qq", "-e", "trace=mmap", "-o", "/tmp/strace")
WAYS = {
    "off": Way(),
    "on": Way(on=True),
    "mapstack run -p observe": Way(
        before=(kit.TOOL, "run", "-q", "-p", "observe", "-o", "/tmp/report")),
    "mapstack run": Way(before=(kit.TOOL, "run", "-q", "-o", "/tmp/report")),
    "mapstack watch --all": Way(
        beside=(kit.TOOL, "watch", "--all", "-p", "rfc", "-o", "/tmp/watch")),
    "strace -f": Way(before=("strace", "-f", *STRACE)),
    "strace -f --seccomp-bpf": Way(
        before=("strace", "-f", "--seccomp-bpf", *STRACE)),
    "perf trace": Way(
        on=True, before=("perf", "trace", "-e", EVENT, "-o", "/tmp/trace")),
    "perf record": Way(
        on=True, before=("perf", "record", "-q", "-e", EVENT, "-o", "/tmp/data")),
    "bpftrace": Way(on=True, before=("bpftrace", "-q", "-e", COUNT, "-c")),
}


def take(before):
    """Instructions of one run of the program, or its error."""
    done = subprocess.run(
        [*before, THREADS], stdin=subprocess.DEVNULL, capture_output=True,
        text=True, timeout=1500,
    )
    match = re.search(r"^threads (\d+)$", done.stdout, re.M)
    return int(match.group(1)) if match else done


@contextlib.contextmanager
def recorder_beside(command):
    """Have a command follow what runs meanwhile, and end it as Ctrl-C does."""
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                          text=True) as recorder:
        said = recorder.stderr.readline()
        if "following" not in said:
            recorder.kill()
            raise RuntimeError(f"{command}: {said}")
        try:
            yield
        finally:
            recorder.send_signal(signal.SIGINT)
        # A recorder that had ended earlier would seem to cost nothing.
        if recorder.wait():
            raise RuntimeError(f"{command} ended with {recorder.returncode}")


def measure(way):
    kit.setting("enabled", "1" if way.on else "0")
    beside = recorder_beside(way.beside) if way.beside else contextlib.nullcontext()
    with beside:
        taken = [take(way.before) for _ in range(RUNS)]
    wrong = [done for done in taken if not isinstance(done, int)]
    return None if wrong else round(statistics.median(taken)), wrong


def main():
    report = kit.Report(len(WAYS) + 3)
    kit.load()
    figures = {}
    for name, way in WAYS.items():
        figures[name], wrong = measure(way)
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
