#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The lines of README for perf, bpftrace and trace-cmd, as they are there."""

import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, "/files")

import kit  # noqa: E402

TOOLS = ("perf trace", "trace-cmd record", "bpftrace")


def lines():
    """README's line for each tool."""
    text = open("/files/README.md").read()
    found = {}
    for tool in TOOLS:
        match = re.search(rf"^    ({tool} .*)$", text, re.M)
        found[tool] = match.group(1) if match else None
    return found


def try_line(line):
    """Run a line while MAP_STACK is asked for; return all that it said."""
    tool = subprocess.Popen(
        ["sh", "-c", f"exec {line}"], cwd="/tmp", stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )
    used = "/sys/kernel/tracing/events/mapstack/mapstack_mmap/enable"
    kit.wait_for(lambda: "1" in open(used).read() or
                 os.path.exists("/tmp/trace.dat"), 5)
    end = time.monotonic() + 20
    while time.monotonic() < end and tool.poll() is None:
        subprocess.run(kit.ask("anonymous", "shared"), capture_output=True)
    os.killpg(tool.pid, signal.SIGINT)
    out, _ = tool.communicate(timeout=200)
    return out


def main():
    report = kit.Report(3)
    kit.load("mapstack", "enabled=1")
    found = lines()
    out = try_line(found["perf trace"])
    report.result(
        re.search(r"python3.* mapstack:mapstack_mmap\(.*shape", out),
        "perf trace", found, out,
    )
    out = try_line(found["trace-cmd record"])
    shown = subprocess.run(
        ["trace-cmd", "report"], cwd="/tmp", capture_output=True, text=True
    ).stdout
    report.result(
        re.search(r"python3-\d+ .*mapstack_mmap: .*shape=shared "
                  r"outcome=refused", shown),
        "trace-cmd record, and report", found, out, shown[-1500:],
    )
    out = try_line(found["bpftrace"])
    report.result(
        re.search(r"@\[python3, 0\]: \d+", out) and
        re.search(r"@\[python3, 1\]: \d+", out),
        "bpftrace", found, out,
    )
    kit.unload()
    report.end()


if __name__ == "__main__":
    main()
