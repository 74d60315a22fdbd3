#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run real programs under mapstack run, and compare the report with strace.

strace watches in the same run, so that both see the same calls. Every MAP_STACK
request, except strace's own, must be in both, by shape.
"""

import shutil
import subprocess
import sys
import time

sys.path.insert(0, "/files")

import kit  # noqa: E402
from workloads import BREAK, PROGRAMS  # noqa: E402

LOG = "/tmp/strace.log"


def shapes_of(result, without):
    """Return the requests of every program but one, by shape."""
    sums = {}
    for entry in result["programs"]:
        if entry["program"].split("/")[-1] == without:
            continue
        for shape, count in entry["shapes"].items():
            if count:
                sums[shape] = sums.get(shape, 0) + count
    return sums


def look_at(report, name, program, command, output, shapes):
    if name == "java" and not shutil.which("java"):
        for test in name, f"{name}: strace saw the same requests":
            report.skip(test, "it could not be installed")
        return
    started = time.monotonic()
    done, result = kit.run(
        "strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=mmap", "-o", LOG,
        *command, options=("--wait",),
    )
    seconds = time.monotonic() - started
    if not result:
        report.result(False, name, done)
        report.result(False, f"{name}: strace saw the same requests")
        return
    entry = kit.program(result, program)
    seen = shapes_of(result, "strace")
    report.result(
        output in done.stdout and (done.returncode == 0 or name in BREAK) and
        (shapes is None or shapes <= set(seen)) and
        (shapes is None or entry["requests"] > 0),
        f"{name}: {entry['requests']} requests, {entry['refused']} refused, "
        f"{entry['grown']} grown, {seconds:.0f} s",
        f"status {done.returncode}", done.stdout[-1500:], done.stderr[-1500:],
        result["programs"],
    )
    strace = kit.strace_shapes(LOG)
    report.result(
        strace == seen and not result["complete"]["dropped"] and
        result["counters"]["seen"] ==
        sum(entry["requests"] for entry in result["programs"]),
        f"{name}: strace saw the same requests", f"strace {strace}", f"report {seen}",
        result["counters"], f"lost {result['complete']['dropped']}",
    )


def look_at_gdb(report):
    """Run gdb without strace, because only one of them can trace a program."""
    done, result = kit.run(
        "gdb", "-batch", "-ex", "run", "--args", "python3", "-c",
        "import threading\nt = threading.Thread(target=print, args=('42',))\n"
        "t.start(); t.join()",
    )
    report.result(
        "42" in done.stdout and "exited normally" in done.stdout and
        kit.program(result, "python3")["requests"] == 1 and
        kit.program(result, "gdb")["requests"] >= 1,
        f"gdb: {kit.program(result, 'gdb')['requests']} requests, and the "
        "report has those of its program", done.stdout, done.stderr, result,
    )


def who_breaks(report, name, thread, command):
    """Check that the report names the thread that breaks. strace would slow it down."""
    done, result = kit.run(*command)
    entry = kit.program(result, "stress-ng")
    threads = {call["sample"]["thread"] for call in entry["refused_calls"]}
    shapes = {call["shape"] for call in entry["refused_calls"]}
    report.result(
        entry["refused"] > 0 and shapes & {"shared", "file"} and
        any(t.startswith(thread) for t in threads),
        f"{name}: the report names the thread that breaks ({entry['refused']} calls refused)",
        threads, shapes, done.stderr[-1000:],
    )


def main():
    only = sys.argv[1:]
    chosen = [row for row in PROGRAMS if not only or row[0] in only]
    report = kit.Report(2 * len(chosen) + len(BREAK) + 1)
    kit.load()
    for row in chosen:
        look_at(report, *row)
    for name, thread in BREAK.items():
        command = next(row[2] for row in PROGRAMS if row[0] == name)
        who_breaks(report, name, thread, command)
    look_at_gdb(report)
    subprocess.run(["dmesg", "-n", "7"])
    kit.unload()
    report.end()


if __name__ == "__main__":
    main()
