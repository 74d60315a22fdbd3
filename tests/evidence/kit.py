# SPDX-License-Identifier: GPL-2.0-only
"""Code that the tests of the mapstack command share. Runs in a guest."""

import errno
import json
import mmap
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import jsonschema

SCHEMA = json.loads(Path("/files/schema.json").read_text())
TOOL = "/files/mapstack"
SYSFS = Path("/sys/kernel/mapstack")
TRACING = Path("/sys/kernel/tracing")
PAGE = mmap.PAGESIZE
MAP_STACK = 0x20000

# Defines ask(), which makes a request as a program would: anonymous, shared or of a
# file. It returns the name of the error, or whether the mapping grows.
ASK = r"""
import ctypes, mmap, os, sys, errno, tempfile
libc = ctypes.CDLL(None, use_errno=True)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int,
                      ctypes.c_int, ctypes.c_int, ctypes.c_long]
KINDS = {"anonymous": 0x20022, "shared": 0x20021, "file": 0x20002}
def grows(addr):
    for line in open("/proc/self/smaps"):
        if line.startswith(f"{addr:x}-"):
            inside = True
        elif line.startswith("VmFlags:") and 'inside' in locals() and inside:
            return " gd" in line
def ask(kind):
    file = tempfile.TemporaryFile()
    fd = file.fileno() if kind == "file" else -1
    addr = libc.mmap(None, mmap.PAGESIZE, 5, KINDS[kind], fd, 0)
    if addr == ctypes.c_void_p(-1).value:
        return errno.errorcode[ctypes.get_errno()]
    answer = "grows" if grows(addr) else "stays"
    return answer
"""


class Report:
    """Prints KTAP. The plan comes first, so that a test that dies is noticed."""

    def __init__(self, plan):
        self.plan, self.done, self.failed = plan, 0, 0
        print(f"KTAP version 1\n1..{plan}", flush=True)

    def result(self, passed, name, *notes):
        self.done += 1
        self.failed += not passed
        if not passed:
            for note in notes:
                for line in str(note).splitlines()[-25:]:
                    print(f"# {line}", flush=True)
        print(f"{'' if passed else 'not '}ok {self.done} {name}", flush=True)

    def skip(self, name, reason):
        self.done += 1
        print(f"ok {self.done} {name} # SKIP {reason}", flush=True)

    def end(self):
        sys.exit(1 if self.failed or self.done != self.plan else 0)


def tool(*words, **options):
    """Run the command; return the finished process."""
    options.setdefault("timeout", 300)
    return subprocess.run(
        [TOOL, *map(str, words)], stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        errors="replace", **options,
    )


def run(*command, options=()):
    """Run mapstack run --json; return the finished process and its report."""
    Path("/tmp/report.json").unlink(missing_ok=True)
    done = tool("run", "--quiet", "--json", "-o", "/tmp/report.json", *options,
                "--", *command)
    try:
        report = json.loads(Path("/tmp/report.json").read_text())
    except (OSError, ValueError):
        return done, None
    jsonschema.validate(report, SCHEMA)
    return done, report


def page(path):
    """Return the report that a page of --html holds."""
    data = re.search('<script type="application/json" id="data">(.*)</script>',
                     Path(path).read_text())[1]
    report = json.loads(data)
    jsonschema.validate(report, SCHEMA)
    return report


def program(report, name):
    """Return the first program whose file name begins so, or one without requests."""
    for entry in (report or {}).get("programs", []):
        if entry["program"].split("/")[-1].startswith(name):
            return entry
    return {"requests": 0, "refused": 0, "refused_calls": [], "growable": 0,
            "shapes": {}, "outcomes": {}, "grown": 0, "peak_mappings": None}


def setting(name, value=None):
    """Read a file of the module, or write it."""
    if value is not None:
        (SYSFS / name).write_text(value)
    return (SYSFS / name).read_text().strip()


def settings():
    return tuple(setting(name) for name in ("enabled", "policy", "scope"))


def counter(name):
    return int(setting(f"counters/{name}"))


def load(name="mapstack", *parameters):
    subprocess.run(["insmod", f"/modules/{name}.ko", *parameters], check=True)


def unload(name="mapstack"):
    subprocess.run(["rmmod", name], check=True)


def wait_for(condition, seconds=120):
    """Wait until a condition is true; return whether it became so in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.05)
    return False


def python(code, *arguments):
    """Return a command that runs some Python with ASK in it."""
    return ["python3", "-S", "-c", ASK + code, *map(str, arguments)]


def ask(*kinds):
    return python("for k in sys.argv[1:]: print(k, ask(k), flush=True)", *kinds)


def strace_shapes(path):
    """Count the MAP_STACK calls in a log of strace, by shape."""
    shapes = {}
    for line in open(path, errors="replace"):
        match = re.search(r"\bmmap2?\((.*)", line)
        if not match or "MAP_STACK" not in match.group(1):
            continue
        if "EBADF" in line:
            continue
        words = match.group(1)
        if "MAP_HUGETLB" in words:
            shape = "hugetlb"
        elif "MAP_ANONYMOUS" not in words:
            shape = "file"
        elif "MAP_PRIVATE" in words:
            shape = "anonymous"
        elif "MAP_DROPPABLE" in words:
            shape = "droppable"
        else:
            shape = "shared"
        shapes[shape] = shapes.get(shape, 0) + 1
    return shapes


def error_name(number):
    return errno.errorcode.get(number, str(number))


os.environ.setdefault("PATH", "/usr/sbin:/usr/bin:/sbin:/bin")
os.environ.setdefault("HOME", "/root")
os.environ.setdefault("LC_ALL", "C.UTF-8")
