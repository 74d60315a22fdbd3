# SPDX-License-Identifier: GPL-2.0-only
"""Break the module on purpose, and see that the tests notice.

Each patch of tests/mutants is one defect. The module is built with it and booted
with the program that its Caught-by: line names. A test must fail, or the kernel
must complain. Runs in the lab.
"""

import re
import subprocess
from pathlib import Path

import build
import guest
import ktap
from debian import Failure
from machines import machine_of

MUTANTS = Path("tests/mutants")
# Some mutants hang. Nothing else in these guests is silent for long.
SILENT_SECONDS = 120
CAUGHT_BY = re.compile(r"^Caught-by: (\S+)$", re.M)


def apply(patch, where, *options):
    done = subprocess.run(
        ["patch", "-p1", "-s", "-F0", "--no-backup-if-mismatch", *options],
        cwd=where, input=patch, capture_output=True, text=True,
    )
    if done.returncode:
        raise Failure(f"patch: {done.stdout.strip()}")


def boot(kernel, where, program, modules):
    """Boot a broken module with one program; return everything that failed."""
    heard = []
    directory = build.build_guest(machine_of(kernel.name))
    where.mkdir(parents=True, exist_ok=True)
    initramfs = guest.make_initramfs(
        where, directory / "init", [directory / "tests" / program], modules
    )
    machine = guest.Guest(kernel, initramfs, where)
    machine.silent_seconds = SILENT_SECONDS
    report = guest.boot_and_report(machine, heard.append)
    # A guest that did not reach the program has not noticed the defect.
    if not any(line.startswith("    1..") for line in heard):
        raise Failure(f"{program} did not begin: {report.failed}; see {where}")
    return report.failed


def run(kernel, where, only, hear):
    """Try all mutants, or those whose name begins so; return a report."""
    kernel.prepare()
    mapstack, *others = build.build_modules(kernel, "mutant")
    source = mapstack.parent
    report = ktap.Report()
    names = tuple(only.split(","))
    for path in sorted(MUTANTS.glob("*.patch")):
        if not path.stem.startswith(names):
            continue
        patch = path.read_text()
        program = CAUGHT_BY.search(patch).group(1)
        apply(patch, source)
        build.build_external(kernel, path.stem, source)
        failed = boot(kernel, where, program, [mapstack, *others])
        apply(patch, source, "-R")
        report.add(bool(failed), f"{path.stem}: {program} fails")
        hear(f"{'' if failed else 'not '}ok {path.stem}: "
             + (failed[0] if failed else f"{program} does not notice"))
    if not report.results:
        raise Failure(f"there is no mutant {only}")
    return report
