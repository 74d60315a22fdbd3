#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The tarball, the RPMs and the packages of Arch: tests/vm/lab -a tests/vm/rpm.py

The RPMs are written to the top directory of the tree. All packages are built from
the tarball of make dist, which has no git history. Debian's rpmbuild and makepkg
build them; they do not know the build dependencies by the names that other
distributions use.
"""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import deb
import debian
import ktap

WHERE = Path("/out/rpm")
NOBODY = 65534


def dist(where, version=None):
    """Make the tarball; return its path."""
    tree = where / "mapstack"
    deb.lay_out(tree, version)
    deb.make("the tarball", where, tree / "packaging/dist")
    return next(tree.glob("mapstack-*.tar.gz"))


def build(where, version=None):
    """Build the RPMs; return the directory with them."""
    tarball = dist(where, version)
    deb.make(
        "the RPMs", where, "rpmbuild", "-ta", "--nodeps",
        "--define", f"_topdir {where}/rpm", tarball,
    )
    return where / "rpm"


def build_arch(where, version=None):
    """Build Arch's packages with makepkg, which refuses root; return where."""
    tarball = dist(where, version)
    made = where / "arch"
    made.mkdir()
    for path in tarball, *(where / "mapstack/packaging/arch").iterdir():
        shutil.copy(path, made)
    for path in made, *made.iterdir():
        os.chown(path, NOBODY, NOBODY)
    deb.make(
        "Arch's packages", where, "makepkg", "--nodeps", cwd=made,
        env={"PATH": os.environ["PATH"], "HOME": str(made)}, user=NOBODY,
        group=NOBODY, extra_groups=[],
    )
    return made


def lint(made):
    """What rpmlint complains about in RPMs."""
    result = subprocess.run(
        ["rpmlint", "--rpmlintrc", "packaging/rpmlintrc", *made.rglob("*.rpm")],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )
    said = [
        line for line in result.stdout.splitlines()
        if ": E: " in line or ": W: " in line
    ]
    return said or ([result.stdout] if result.returncode else [])


def fresh(name):
    return deb.fresh(WHERE / name)


def test():
    """Test the tarball and the packages; return the report."""
    report = ktap.Report()
    tarball = dist(fresh("dist"))
    there = fresh("unpacked")
    subprocess.run(["tar", "-xf", tarball, "-C", there], check=True)
    (tree,) = there.iterdir()
    deb.make("the tarball's tarball", there, tree / "packaging/dist")
    report.add_checks({
        "dist: what is in it makes the same": [
            "other bytes" for again in [tree / tarball.name]
            if again.read_bytes() != tarball.read_bytes()
        ],
        "rpm: rpmlint finds no error and no warning": lint(build(fresh("rpm"))),
        "arch: makepkg makes two packages": [
            f"it made {made}" for made in [
                sorted(p.name for p in build_arch(fresh("arch")).glob("*.pkg.*"))
            ] if len(made) != 2
        ],
    })
    return report


def main():
    for made in sorted(build(fresh("rpm")).rglob("*.rpm")):
        if "-debug" not in made.name:
            shutil.copy(made, ".")
            print(made.name)


if __name__ == "__main__":
    try:
        main()
    except debian.Failure as failure:
        sys.exit(f"error: {failure}")
