# SPDX-License-Identifier: GPL-2.0-only
"""Test the mapstack command on real programs, in a full Debian guest.

Runs in the lab. The tests that run in the guest are in tests/evidence.
"""

import subprocess
from pathlib import Path

import build
import debian
import guest
import rootfs

SUITE = "trixie"
KERNEL = "6.12-amd64"
OLDEST = "bookworm"
# watch.py lets a storm go on through six recordings, which takes minutes where other
# guests want the same processors.
SILENT_SECONDS = 900
BUILD_PACKAGES = (
    "gcc", "libc6-dev", "libjansson-dev", "make", "pkg-config",
)
PACKAGES = (
    # what the command needs
    "kmod", "libjansson4",
    # the programs that are looked at
    "erlang-base", "gdb", "mariadb-server", "nodejs", "php-cli",
    "postgresql", "python3", "redis-server", "ruby", "stress-ng",
    # what they are compared with, and what README names
    "bpftrace", "linux-perf", "strace", "trace-cmd",
    # what the tests use
    "gcc", "libc6-dbg", "libc6-dev", "make", "procps", "python3-jsonschema", "util-linux",
)
# What make builds in the guest: the source of a package, small and without configure.
SOURCE = """
apt=/etc/apt/sources.list
sed 's/^deb /deb-src /' $apt >$apt.d/source.list
apt-get -qq update
cd /usr/src
apt-get -qq --download-only source bzip2
mkdir bzip2
tar -xf bzip2_*.orig.tar.?z -C bzip2 --strip-components=1
rm -rf bzip2_* $apt.d/source.list /var/lib/apt/lists/*
"""


def root():
    return rootfs.Root(SUITE, PACKAGES, rootfs.JAVA + SOURCE)


def build_command():
    """Build the command; return its path."""
    where = build.BUILD / "tools"
    build.run_make(
        "tools", build.BUILD / "tools.log", "-C", "tools", f"O={where}",
        "CFLAGS=-O2 -g -Werror",
    )
    return where / "mapstack"


def build_trials():
    """Build the programs that mapstack try is tested with; return the path."""
    where = build.BUILD / "trials"
    subprocess.run(
        ["gcc-14", "-O1", "-Wall", "-Wextra", "-Werror", "-static", "-pthread",
         "-D_GNU_SOURCE", "-o", where, "tests/evidence/trials.c"], check=True,
    )
    return where


def files():
    """What the programs in the guest need."""
    return [
        build_command(), build_trials(), "tests/evidence/kit.py",
        "tests/evidence/workloads.py", "tools/mapstack.bash",
        "tools/report/schema.json", "README.md",
    ]


def builds_on(suite):
    """Whether the command builds with the libraries of an older suite."""
    tree = rootfs.Root(suite, BUILD_PACKAGES).tree()
    built = rootfs.enter(
        tree, "make", "-C", "/mnt/tools", "O=/tmp/o", "CFLAGS=-O2 -Werror",
        "install", "DESTDIR=/tmp/d", "PREFIX=/usr",
        binds=((Path.cwd(), "/mnt"),),
    )
    return built.returncode == 0, built.stdout


def run(kernel, where, only, hear):
    """Boot and run the tests whose names begin with a word of `only`; return a report."""
    kernel.prepare()
    tests = sorted(
        path for path in Path("tests/evidence").glob("*.py")
        if path.stat().st_mode & 0o100
        and path.name.startswith(tuple(only.split(",")))
    )
    if not tests:
        raise debian.Failure(f"there is no test {only} in tests/evidence")
    vm = rootfs.boot(
        kernel, root().image(), where, tests=tests,
        modules=build.build_modules(kernel), files=files(), memory=2048,
    )
    vm.silent_seconds = SILENT_SECONDS
    report = guest.boot_and_report(vm, hear)
    if not only:
        ok, output = builds_on(OLDEST)
        (where / "build.log").write_text(output)
        report.add(ok, f"the command builds on {OLDEST}")
    return report
