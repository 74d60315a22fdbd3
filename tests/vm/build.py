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

BUILD = Path("/out/build")
GUEST_LOCK = threading.Lock()


def run_make(what, log, *args):
    """Run make; its output goes to a file, whose errors are shown."""
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "w") as out:
        result = subprocess.run(
            ["make", *args], stdout=out, stderr=subprocess.STDOUT
        )
    if result.returncode:
        lines = log.read_text().splitlines()
        shown = [line for line in lines if "rror" in line] or lines[-5:]
        raise Failure(f"{what} does not build:\n" + "\n".join(shown[:10]))


def compiler(kernel):
    """The compiler that the kernel was built with, or the next newer one."""
    config = (kernel.headers / ".config").read_text()
    major = int(re.search(r"CONFIG_GCC_VERSION=(\d+)\d{4}", config).group(1))
    have = sorted(
        int(path.name[4:])
        for path in Path("/usr/bin").glob("gcc-[0-9]*")
        if path.name[4:].isdigit()
    )
    for candidate in have:
        if candidate >= major:
            return f"gcc-{candidate}"
    return f"gcc-{have[-1]}"


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
    run_make(
        f"{what} for {kernel.release}", where / "build.log",
        "-C", str(kernel.headers), f"M={where}", f"CC={compiler(kernel)}",
        "KCFLAGS=-Werror", *options, "modules",
    )


def build_modules(kernel):
    """Build mapstack.ko and the test modules; return their paths."""
    where = BUILD / kernel.name / "mapstack"
    copy_sources(where, "Kbuild", "VERSION", "module")
    build_external(kernel, "mapstack", where)
    # In the same place below module/, whose headers they use.
    helpers = where / "tests/modules"
    shutil.copytree("tests/modules", helpers)
    build_external(kernel, "tests/modules", helpers)
    return [where / "mapstack.ko", *sorted(helpers.glob("*.ko"))]


def build_guest(*programs):
    """Build some programs of tests/guest, or all; return the directory."""
    where = BUILD / "guest"
    with GUEST_LOCK:
        run_make(
            "tests/guest", BUILD / "guest.log", "-j2", "-C", "tests/guest",
            f"O={where}", *(str(where / program) for program in programs),
        )
    return where
