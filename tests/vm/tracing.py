# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own tests of ftrace and livepatch beside the hook. Runs in the lab.

They are shell scripts, which tests/tracing/compare runs in a root of Debian with
mapstack off and on. What other users of ftrace see of the hook does not depend on the
policy. Their modules are built for the kernel under test, and so are the modules of
samples/ that the tests of ftrace load and Debian does not build.
"""

import shutil
import subprocess
from pathlib import Path

import build
import debian
import guest
import rootfs
import source

SUITE = "trixie"
KERNELS = ("6.12-amd64", "7.3-amd64")
PACKAGES = ["iputils-ping", "kmod", "mount", "procps", "util-linux"]
# The tests of everything that uses ftrace: its tracers, probes and direct calls, the
# files of tracefs that set them, and instances of them. The others are of events and
# of values computed from events. The slowest comes last.
DIRECTORIES = (
    "00basic", "dynevent", "ftrace", "instances", "kprobe", "tracer", "direct",
)
# Without trace-events-sample: with it dynevent/add_remove_tprobe_module makes
# 6.12 dereference TRACEPOINT_STUB in trace_fprobe_release().
SAMPLES = (
    "ftrace/ftrace-direct.c", "ftrace/ftrace-direct-too.c",
    "trace_printk/trace-printk.c",
)
TESTS = Path("tests/tracing")
# One test has 900 s, and all of them take hours on a busy machine.
SILENT_SECONDS = 1800
LIMIT = "test_seconds=21600"
TAINT_LIVEPATCH = 1 << 15


def fetch(cache, name, suite, where):
    """Put the tests that come with a kernel into a directory."""
    package = f"linux-source-{name.split('-')[0]}"
    version = debian.newest(cache, package, suite, "amd64")
    if not version:
        raise debian.Failure(f"{name}: {suite} has no {package}")
    tree = source.unpack(version)
    shutil.rmtree(where, ignore_errors=True)
    for part in "ftrace", "livepatch":
        shutil.copytree(tree / "tools/testing/selftests" / part, where / part)
    (where / "samples").mkdir()
    for sample in SAMPLES:
        shutil.copy(tree / "samples" / sample, where / "samples")


def write_list(where, patterns):
    """Write the list of tests in a directory that are run, in their order."""
    (where / "listed").write_text("".join(
        f"{path.relative_to(where)}\n" for pattern in patterns
        for path in sorted(where.glob(pattern))
    ))


def build_samples(kernel, where):
    """Build the samples in their directory."""
    names = [Path(name).stem + ".o" for name in SAMPLES]
    (where / "Kbuild").write_text(f"obj-m := {' '.join(names)}\n")
    build.build_external(kernel, "samples", where)


def build_livepatch(kernel, where):
    """Build the modules and the program of the tests of livepatch."""
    build.build_external(
        kernel, "the tests of livepatch", where / "test_modules"
    )
    program = where / "test_klp-call_getpid"
    subprocess.run(
        ["gcc-14", "-static", "-O2", "-w", "-o", program,
         program.with_suffix(".c")], check=True,
    )


def pack(kernel, where):
    """Build the tests that were fetched; return an archive of them."""
    root = where / "tracing"
    write_list(
        root / "ftrace", [f"test.d/{name}/*.tc" for name in DIRECTORIES]
    )
    write_list(root / "livepatch", ["test-*.sh"])
    build_samples(kernel, root / "samples")
    build_livepatch(kernel, root / "livepatch")
    archive = where / "tracing.tar"
    subprocess.run(
        ["tar", "-cf", archive, "-C", where, "--exclude=*.o", "tracing"],
        check=True,
    )
    return archive


def run_on(kernel, cache, suite, where, hear):
    """Boot a kernel, run the tests that come with it; return a report."""
    kernel.prepare()
    fetch(cache, kernel.name, suite, where / "tracing")
    vm = rootfs.boot(
        kernel, rootfs.Root(SUITE, PACKAGES).image(), where, memory=2048,
        cmdline=LIMIT, modules=build.build_modules(kernel), tests=[TESTS / "compare"],
        files=[pack(kernel, where), TESTS / "expected"],
    )
    vm.silent_seconds = SILENT_SECONDS
    vm.taint |= TAINT_LIVEPATCH
    return guest.boot_and_report(vm, hear)


def run(kernels, cache, where, hear):
    """Run them on each kernel, given with its suite; return one report."""
    total = guest.ktap.Report()
    for kernel, suite in kernels:
        report = run_on(kernel, cache, suite, where / kernel.name, hear)
        total.add_all(report, f"{kernel.name}: ")
    return total
