# SPDX-License-Identifier: GPL-2.0-only
"""Build the module for a kernel, and the programs that run in a guest.

Runs in the lab. Nothing is built in the source tree.
"""

import re
import shutil
import subprocess
import threading
from pathlib import Path

from debian import Failure
from machines import machine_of

BUILD = Path("/out/build")
GUEST_LOCK = threading.Lock()
MODULES_LOCK = threading.Lock()
MODULES = {}  # by directory: a lock, and what was built there


def run_make(what, log, *args, mode="w"):
    """Run make with its output in a file; show the errors if it fails."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, mode) as out:
        result = subprocess.run(
            ["make", *args], stdout=out, stderr=subprocess.STDOUT
        )
    if result.returncode:
        lines = log.read_text().splitlines()
        # Not every "error": -Werror is in each line.
        shown = [line for line in lines if "rror: " in line] or lines[-5:]
        raise Failure(f"{what} does not build:\n" + "\n".join(shown[:10]))


def compiler(kernel):
    """The compiler that the kernel was built with, or the next newer one."""
    config = (kernel.headers / ".config").read_text()
    if "CONFIG_CC_IS_CLANG=y" in config:
        return "clang"
    major = int(re.search(r"CONFIG_GCC_VERSION=(\d+)\d{4}", config).group(1))
    prefix = machine_of(kernel.name).cross + "gcc-"
    have = sorted(
        int(path.name[len(prefix):])
        for path in Path("/usr/bin").glob(prefix + "[0-9]*")
        if path.name[len(prefix):].isdigit()
    )
    for candidate in have:
        if candidate >= major:
            return f"{prefix}{candidate}"
    return f"{prefix}{have[-1]}"


def copy_sources(where, *names):
    if where.exists():
        shutil.rmtree(where)
    where.mkdir(parents=True)
    for name in names:
        source = Path(name)
        if source.is_dir():
            shutil.copytree(source, where / source.name)
        else:
            shutil.copy2(source, where)


def build_external(kernel, what, where, *options):
    cc = compiler(kernel)
    machine = machine_of(kernel.name)
    run_make(
        f"{what} for {kernel.release}", where / "build.log",
        "-C", str(kernel.headers), f"M={where}", f"CC={cc}",
        *(("LLVM=1",) if cc == "clang" else ()),
        f"CROSS_COMPILE={machine.cross}", *machine.make,
        *kernel.options,
        "KCFLAGS=-Werror", *options, "modules",
    )


def build_modules(
    kernel, directory="mapstack", helpers="tests/modules", options=()
):
    """Build mapstack.ko and other modules, once a run; return their paths.

    Several guests at the same time may have the same kernel.
    """
    where = BUILD / kernel.name / directory
    with MODULES_LOCK:
        lock, built = MODULES.setdefault(where, (threading.Lock(), []))
    with lock:
        if not built:
            built += make_modules(kernel, where, helpers, options)
    return list(built)


def make_modules(kernel, where, helpers, options):
    copy_sources(where, "Kbuild", "VERSION", "module")
    build_external(kernel, "mapstack", where, *options)
    # At the same place below module/, because they use its headers.
    others = where / helpers
    shutil.copytree("tests/modules", where / "tests/modules")
    if not others.exists():
        shutil.copytree(helpers, others)
    build_external(kernel, helpers, others)
    return [where / "mapstack.ko", *sorted(others.glob("*.ko"))]


def build_guest(machine, *programs):
    """Build some programs of tests/guest, or all; return the directory."""
    cross = machine.cross if machine.user is None else machine.user
    where = BUILD / f"guest-{cross}".rstrip("-")
    with GUEST_LOCK:
        run_make(
            "tests/guest", where.with_suffix(".log"), "-j2", "-C",
            "tests/guest", f"O={where}", f"CROSS={cross}",
            *(str(where / program) for program in programs),
        )
    return where
