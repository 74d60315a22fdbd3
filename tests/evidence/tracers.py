#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test README's lines for perf, bpftrace and trace-cmd exactly as they are there."""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, "/files")

import kit  # noqa: E402

USED = "/sys/kernel/tracing/events/mapstack/mapstack_mmap/enable"
# How each tool shows that it follows the event: by its output, or because the event is
# enabled.
TOOLS = {
    "perf trace": lambda said: "mapstack_mmap" in said,
    "trace-cmd record": lambda said: "1" in open(USED).read(),
    "bpftrace": lambda said: "Attach" in said,
}


def lines():
    """README's line for each tool."""
    text = open("/files/README.md").read()
    found = {}
    for tool in TOOLS:
        match = re.search(rf"^    ({tool} .*)$", text, re.M)
        found[tool] = match.group(1) if match else None
    return found


def try_line(line, follows):
    """Run a line while requests are made; return its output."""
    said = Path("/tmp/said")
    with said.open("w") as out:
        tool = subprocess.Popen(
            ["sh", "-c", f"exec {line}"], cwd="/tmp", stdout=out,
            stdin=subprocess.DEVNULL, stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    end = time.monotonic() + 240
    left = 10
    while left and time.monotonic() < end and tool.poll() is None:
        left -= follows(said.read_text(errors="replace"))
        subprocess.run(kit.ask("anonymous", "shared"), capture_output=True)
    if tool.poll() is None:
        os.killpg(tool.pid, signal.SIGINT)
    tool.wait(200)
    return said.read_text(errors="replace")


def main():
    report = kit.Report(3)
    kit.load("mapstack", "enabled=1")
    found = lines()
    out = try_line(found["perf trace"], TOOLS["perf trace"])
    report.result(
        re.search(r"python3.* mapstack:mapstack_mmap\(.*shape", out),
        "perf trace", found, out,
    )
    out = try_line(found["trace-cmd record"], TOOLS["trace-cmd record"])
    shown = subprocess.run(
        ["trace-cmd", "report"], cwd="/tmp", capture_output=True, text=True
    ).stdout
    report.result(
        re.search(r"python3-\d+ .*mapstack_mmap: .*shape=shared "
                  r"outcome=refused", shown),
        "trace-cmd record, and report", found, out, shown[-1500:],
    )
    out = try_line(found["bpftrace"], TOOLS["bpftrace"])
    report.result(
        re.search(r"@\[python3, 0\]: \d+", out) and
        re.search(r"@\[python3, 1\]: \d+", out),
        "bpftrace", found, out,
    )
    kit.unload()
    report.end()


if __name__ == "__main__":
    main()
