# SPDX-License-Identifier: GPL-2.0-only
"""Run the kernel's own tests of ftrace and livepatch, in a root of Debian.

They are shell scripts. Their modules are built for the kernel under test, and so are
the modules of samples/ that the tests of ftrace load and Debian does not build.
"""

import shutil
import subprocess
from pathlib import Path

import build
import debian
import rootfs
import source

SUITE = "trixie"
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
SCRIPTS = Path("tests/findings/scripts")


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


def commands():
    """The commands of the guest."""
    return ["suite tracing ftrace", "suite tracing livepatch"]


def boot(kernel, where, modes, commands, modules, memory):
    """A guest with the tests that were fetched into where/tracing."""
    listed = where / "commands"
    listed.write_text("\n".join(commands) + "\n")
    return rootfs.boot(
        kernel, rootfs.Root(SUITE, PACKAGES).image(), where, modules=modules,
        files=[modes, pack(kernel, where), listed, SCRIPTS / "tracing"],
        demo=SCRIPTS / "start", memory=memory,
    )
