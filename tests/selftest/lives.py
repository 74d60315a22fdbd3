#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""mapstack selftest as it is installed, in a system with services and neighbours.

Run by booted. Whatever ends the selftest, all that it changed is put back. It
touches no other process's requests, and it fails if the module is broken.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, "/files")

import kit  # noqa: E402
from kit import setting, settings, tool, wait_for  # noqa: E402

kit.TOOL = "/usr/sbin/mapstack"
RUN = "/usr/libexec/mapstack/selftest/run"
PROGRAMS = ("company", "counters", "equality", "fitting", "growth", "scope",
            "switch", "trace")
STATE = Path("/run/mapstack/state")
# Makes requests all the time. None may be refused, and none may grow.
NEIGHBOUR = """
import time
while True:
    for kind in "anonymous", "shared", "file":
        answer = ask(kind)
        print(answer, file=open("/run/neighbour", "a"))
        time.sleep(0.02)
"""


def start(*words):
    return subprocess.Popen(
        words or [kit.TOOL, "selftest"], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        start_new_session=True,
    )


def write_probe(line):
    """Append, because O_TRUNC would remove every probe."""
    fd = os.open(kit.TRACING / "kprobe_events", os.O_WRONLY)
    os.write(fd, line.encode())
    os.close(fd)


def begun(process):
    """Wait until it is in the middle of something, with the module on."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        if re.match(r"ok 1 ", line):
            break
    return wait_for(lambda: setting("enabled") == "1", 30) and "".join(lines)


def follow(process):
    """Wait for its end, print what it prints, and return that."""
    lines = []
    for line in process.stdout:
        lines.append(line)
        # Indented: otherwise it would count as a line of this report.
        print(f"# {line.rstrip()}", flush=True)
    process.wait()
    return "".join(lines)


def answers():
    return Path("/run/neighbour").read_text().split()


def leftovers():
    """Processes, trace instances and probes of a selftest."""
    left = [
        path.name for path in (kit.TRACING / "instances").iterdir()
    ]
    left += (kit.TRACING / "kprobe_events").read_text().split()
    for place in Path("/proc").glob("[0-9]*/exe"):
        try:
            target = os.readlink(place)
        except OSError:
            continue
        if "/mapstack/selftest/" in target:
            left.append(target)
    return left


def gone():
    """Whether nothing is left, soon."""
    return wait_for(lambda: not leftovers(), 30)


def passes(report):
    setting("policy", "private")
    # The neighbour is in /system.slice.
    setting("scope", "cgroup:/init.scope")
    setting("enabled", "1")
    before = settings()
    # On a kernel that was up for a while, others trace do_mmap() too.
    write_probe("p:of_others do_mmap")
    enable = kit.TRACING / "events/kprobes/of_others/enable"
    enable.write_text("1")
    began = time.monotonic()
    process = start()
    output, status = follow(process), process.returncode
    print(f"# took {time.monotonic() - began:.0f} s", flush=True)
    top = re.findall(r"^(ok|not ok) \d+ (\w+)", output, re.M)
    report.result(
        status == 0 and top == [("ok", name) for name in PROGRAMS],
        "it passes", status, output,
    )
    report.result(
        f"# kernel: {os.uname().release}\n" in output
        and "# processor: " in output and "# mapstack: " in output
        and "# configuration: CONFIG_DYNAMIC_FTRACE_WITH_ARGS=y\n" in output
        and "# left out, as they need a machine of their own: churn" in output,
        "its header says what the machine is",
    )
    report.result(settings() == before, "settings are as they were",
                  before, settings())
    events = (kit.TRACING / "kprobe_events").read_text().split()
    report.result(
        events == ["p:kprobes/of_others", "do_mmap"]
        and enable.read_text().strip() == "1",
        "what others trace is as it was", events,
    )
    enable.write_text("0")
    write_probe("-:of_others")
    report.result(gone(), "nothing of it is left", leftovers())


def is_put_back(report, name, end, before):
    """End a selftest in some way; everything must be as it was."""
    process = start()
    output = begun(process)
    end(process)
    rest, status = process.stdout.read(), process.wait()
    report.result(bool(output) and status < 0, f"{name}: ends it", status, rest)
    report.result(
        wait_for(lambda: settings() == before and not STATE.exists(), 60),
        f"{name}: settings are put back", before, settings(), rest,
    )
    report.result(gone(), f"{name}: nothing of it is left", leftovers())


def kill_both(process):
    """Kill the keeper, which leads its own session, and then the runner."""
    for place in Path("/proc").glob("[0-9]*"):
        pid = int(place.name)
        try:
            is_run = os.readlink(place / "exe") == RUN
        except OSError:
            continue
        if is_run and pid != process.pid and os.getsid(pid) == pid:
            os.kill(pid, signal.SIGKILL)
    process.kill()


def ended(report):
    setting("enabled", "0")
    setting("policy", "observe")
    setting("scope", "all")
    before = settings()
    is_put_back(report, "SIGINT", lambda process: process.send_signal(
        signal.SIGINT), before)
    is_put_back(report, "SIGKILL", lambda process: process.kill(), before)
    process = start()
    output = begun(process)
    kill_both(process)
    process.stdout.read()
    process.wait()
    status = tool("status")
    done = tool("off")
    report.result(
        bool(output) and "was killed" in status.stdout
        and done.returncode == 0 and settings() == before,
        "SIGKILL of both: the next one puts settings back", status, done,
        settings(),
    )


def refuses(report):
    nobody = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", kit.TOOL, "selftest"],
        capture_output=True, text=True,
    )
    nobody_run = subprocess.run(
        ["setpriv", "--reuid=65534", "--clear-groups", RUN],
        capture_output=True, text=True,
    )
    report.result(
        nobody.returncode == nobody_run.returncode == 125
        and "needs root" in nobody.stderr and "needs root" in nobody_run.stderr,
        "without root: refused", nobody, nobody_run,
    )


def loads(report):
    """From the tree: the module is loaded, and unloaded whatever ends it."""
    kit.unload()
    process = start(RUN, "/nonexistent/mapstack.ko")
    output = process.stdout.read()
    report.result(
        process.wait() == 125 and "cannot load" in output,
        "no module: said", output,
    )
    for name, number in ("SIGINT", signal.SIGINT), ("SIGKILL", signal.SIGKILL):
        process = start(RUN, "/modules/mapstack.ko")
        output = begun(process)
        process.send_signal(number)
        rest = process.stdout.read()
        process.wait()
        report.result(
            bool(output) and wait_for(lambda: not kit.SYSFS.exists(), 60),
            f"{name}: a module that it loaded is unloaded", rest,
        )


def fails(report):
    """With a module whose effect another module undoes, and with a mutant."""
    kit.load("mapstack")
    kit.load("company_undo")
    before = settings()
    process = start()
    output = follow(process)
    report.result(
        process.returncode == 1 and settings() == before
        and output.count("\nnot ok") == len(PROGRAMS),
        "its effect undone by another module: every program fails", output,
    )
    kit.unload("company_undo")
    kit.unload()
    process = start(RUN, "/files/broken.ko")
    output = follow(process)
    report.result(
        process.returncode == 1 and "\nnot ok 2 counters" in output,
        "the module broken on purpose: counters fails", output,
    )


def main():
    report = kit.Report(5 + 7 + 1 + 3 + 2 + 1)
    kit.load()
    neighbour = subprocess.Popen(kit.python(NEIGHBOUR))
    try:
        passes(report)
        ended(report)
        refuses(report)
        loads(report)
    finally:
        neighbour.kill()
    seen = answers()
    print(f"# the neighbour asked {len(seen)} times", flush=True)
    report.result(len(seen) > 100 and set(seen) == {"stays"},
                  "requests of others are untouched", *set(seen))
    fails(report)
    report.end()


main()
