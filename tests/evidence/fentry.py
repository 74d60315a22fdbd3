#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test the hook beside a BPF program on the entry of do_mmap() (bpftrace's fentry).

Such a program takes the only direct call that a function can have. The hook does not
need it, so either of them can come first.
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
# A function's line in enabled_functions, and those that belong to it.
ATTACHED = re.compile(r"^do_mmap \(.*(?:\n\t.*)*direct-->bpf", re.M)


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
        """Ask the kernel, because bpftrace prints before it has attached.

        Look only at do_mmap(): bpftrace first tries its features on other functions.
        """
        return ATTACHED.search(
            (kit.TRACING / "enabled_functions").read_text()
        ) is not None

    def end(self):
        """Stop bpftrace; return how many calls it saw, or None if it did not count."""
        if self.process.poll() is None:
            os.kill(self.process.pid, signal.SIGINT)
        self.process.wait(SECONDS)
        match = re.search(r"@calls: (\d+)", SAID.read_text())
        return match and int(match.group(1))


def request():
    """Make a request; return its result."""
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


def switch(value):
    kit.setting("enabled", value)


def test_before(report):
    bpf = Bpf()
    attached = bpf.is_attached()
    switch("1")
    on = grows()
    calls = bpf.end()
    report.result(
        attached and on and calls,
        "the hook can come after a BPF program, and both work",
        attached, calls, SAID.read_text(),
    )
    report.result(grows(), "the hook still works when the BPF program has gone")


def test_after(report):
    bpf = Bpf()
    attached, on = bpf.is_attached(), grows()
    calls = bpf.end()
    report.result(
        attached and on and calls and grows(),
        "a BPF program can come after the hook, and both work",
        attached, on, calls, SAID.read_text(),
    )


def main():
    report = kit.Report(3)
    kit.load()
    test_before(report)
    test_after(report)
    kit.unload()
    report.end()


if __name__ == "__main__":
    main()
