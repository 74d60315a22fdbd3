#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Build the Debian packages: tests/vm/lab -a tests/vm/deb.py

The packages are written to the top directory of the tree. test() builds them
twice, in two places, compares them, and runs lintian.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import debian
import ktap

WHERE = Path("/out/deb")
# The files that name the version, before any other version.
VERSIONED = (
    "VERSION", "debian/changelog", "packaging/mapstack.spec",
    "packaging/arch/PKGBUILD",
)


def tracked():
    """Files of the tree, according to git or to the release."""
    names = subprocess.run(
        ["packaging/files"], capture_output=True, text=True, check=True,
    ).stdout.splitlines()
    return [name for name in names if Path(name).is_file()]


def fresh(where):
    """Make an empty directory; return it."""
    if where.exists():
        shutil.rmtree(where)
    where.mkdir(parents=True)
    return where


def make(what, where, *command, **options):
    """Run a command that builds something, with its output in a log."""
    log = where / "log"
    with open(log, "a") as out:
        result = subprocess.run(
            command, stdout=out, stderr=subprocess.STDOUT, **options
        )
    if result.returncode:
        tail = "\n".join(log.read_text().splitlines()[-12:])
        raise debian.Failure(f"{what} cannot be built:\n{tail}")


def lay_out(where, version=None):
    """Copy the tree without git, as another version if one is given."""
    fresh(where)
    names = tracked()
    for name in names:
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, where / name)
    (where / "MANIFEST").write_text("".join(f"{name}\n" for name in names))
    if version:
        old = Path("VERSION").read_text().strip()
        for name in VERSIONED:
            path = where / name
            path.write_text(path.read_text().replace(old, version, 1))


def build(name, version=None):
    """Build in a separate place; return where the packages are.

    If another version is given, only the module's package is built.
    """
    where = fresh(WHERE / name)
    lay_out(where / "mapstack", version)
    make(
        "Debian's packages", where, "dpkg-buildpackage", "-us", "-uc",
        *(["-A"] if version else []), cwd=where / "mapstack",
    )
    return where


def packages(where):
    """The files of a build, except those that say when and where it was."""
    return sorted(
        path for path in where.iterdir() if path.suffix in (".deb", ".dsc")
        or path.name.endswith(".tar.xz")
    )


def differences(one, other):
    """Names of the files that differ between two builds."""
    made = [{p.name: p.read_bytes() for p in packages(w)} for w in (one, other)]
    return [
        name for name in sorted({*made[0], *made[1]})
        if made[0].get(name) != made[1].get(name)
    ]


def lint(where):
    """What lintian complains about in a build."""
    result = subprocess.run(
        ["lintian", "--allow-root", "--fail-on", "none",
         "--display-level", ">=warning", next(where.glob("*.changes"))],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    said = result.stdout.splitlines()
    return said or ([f"status {result.returncode}"] if result.returncode else [])


def test():
    """Test the packages; return the report."""
    report = ktap.Report()
    one = build("build")
    report.add_checks({
        "deb: lintian finds no error and no warning": lint(one),
        "deb: two builds are identical": differences(one, build("again/below")),
    })
    return report


def main():
    where = build("build")
    for deb in sorted(where.glob("*.deb")):
        if "-dbgsym_" in deb.name:
            continue
        shutil.copy(deb, ".")
        print(deb.name)


if __name__ == "__main__":
    try:
        main()
    except debian.Failure as failure:
        sys.exit(f"error: {failure}")
