#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The hook beside a BPF program on the entry of do_mmap(), bpftrace's fentry.

A function has one direct call, and such a program takes it. With the default hook
either can come first; with hook=direct the hook gives way to what is there, and
what comes after it is refused.
"""

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, "/files")

import kit  # noqa: E402

SAID = Path("/tmp/said")
PROGRAM = "fentry:do_mmap { @calls = count(); }"
SECONDS = 240


class Bpf:
    """bpftrace with a program on do_mmap(), attached or refused."""

    def __init__(self):
        with SAID.open("w") as out:
            self.process = subprocess.Popen(
                ["bpftrace", "-e", PROGRAM], stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT,
            )
        kit.wait_for(
            lambda: self.process.poll() is not None or self.is_attached(),
            SECONDS,
        )

    def is_attached(self):
        """Asked of the kernel: what bpftrace says comes before it has done it."""
        return "direct-->bpf" in (kit.TRACING / "enabled_functions").read_text()

    def end(self):
        """Stop it; return how many calls it saw, or None if it saw nothing."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGINT)
        self.process.wait(SECONDS)
        match = re.search(r"@calls: (\d+)", SAID.read_text())
        return match and int(match.group(1))


def request():
    """Ask for memory as a stack; return what came of it."""
    return subprocess.run(
        kit.ask("anonymous"), capture_output=True, text=True
    ).stdout


def grows():
    """Whether a request grows and is counted."""
    before = kit.counter("seen")
    return (
        request() == "anonymous grows\n"
        and kit.counter("seen") == before + 1
    )


def is_on(way):
    return kit.setting("hook") == way and grows()


def switch(value):
    kit.setting("enabled", value)


def test_beside(report, way):
    """A program that is there before, whatever hook= says."""
    bpf = Bpf()
    attached = bpf.is_attached()
    switch("1")
    on = is_on("ops")
    calls = bpf.end()
    report.result(
        attached and on and calls,
        f"hook={way}: beside a BPF program that came before it is ops, and both work",
        attached, kit.setting("hook"), calls, SAID.read_text(),
    )


def test_ops(report):
    kit.load("mapstack", "hook=ops")
    test_beside(report, "ops")
    report.result(is_on("ops"), "hook=ops: it works on when the program has gone")
    bpf = Bpf()
    attached, on = bpf.is_attached(), is_on("ops")
    calls = bpf.end()
    report.result(
        attached and on and calls and is_on("ops"),
        "hook=ops: a BPF program can come after it, and both work",
        attached, on, calls, SAID.read_text(),
    )
    kit.unload()


def test_direct(report):
    kit.load("mapstack", "hook=direct")
    test_beside(report, "direct")
    report.result(is_on("ops"),
                  "hook=direct: it stays ops when the program has gone")
    switch("0")
    switch("1")
    report.result(is_on("direct"), "hook=direct: off and on, direct again",
                  kit.setting("hook"))
    bpf = Bpf()
    attached = bpf.is_attached()
    bpf.end()
    said = SAID.read_text()
    report.result(
        not attached and bpf.process.returncode and
        "Error attaching probe" in said and is_on("direct"),
        "hook=direct: a BPF program that comes after it is refused, and it works on",
        attached, bpf.process.returncode, kit.setting("hook"), said,
    )
    kit.unload()
    bpf = Bpf()
    attached = bpf.is_attached()
    request()
    calls = bpf.end()
    report.result(attached and calls,
                  "hook=direct: a BPF program can come when the module has gone",
                  attached, calls, SAID.read_text())


def main():
    report = kit.Report(8)
    test_ops(report)
    test_direct(report)
    report.end()


if __name__ == "__main__":
    main()
