#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Build the Debian packages: tests/vm/lab -a tests/vm/deb.py

They end up in the top directory of the tree. test() builds them twice, in two
places, compares, and lets lintian look.
"""

import shutil
import subprocess
import sys
from pathlib import Path

import debian
import ktap

WHERE = Path("/out/deb")


def tracked():
    """Files of the tree that git knows."""
    names = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        capture_output=True, text=True, check=True,
    ).stdout.split("\0")
    return [name for name in names if name and Path(name).is_file()]


def lay_out(where):
    """Copy the tree and write its changelog, which has the version."""
    if where.exists():
        shutil.rmtree(where)
    for name in tracked():
        (where / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, where / name)
    version = Path("VERSION").read_text().strip()
    changelog = (where / "debian/changelog.in").read_text()
    (where / "debian/changelog").write_text(
        changelog.replace("@VERSION@", version)
    )
    (where / "debian/changelog.in").unlink()


def build(name):
    """Build in a place of its own; return where the packages are."""
    where = WHERE / name
    if where.exists():
        shutil.rmtree(where)
    lay_out(where / "mapstack")
    log = where / "log"
    with open(log, "w") as out:
        result = subprocess.run(
            ["dpkg-buildpackage", "-us", "-uc"], cwd=where / "mapstack",
            stdout=out, stderr=subprocess.STDOUT,
        )
    if result.returncode:
        tail = "\n".join(log.read_text().splitlines()[-12:])
        raise debian.Failure(f"the packages do not build:\n{tail}")
    return where


def packages(where):
    """The files that a build made, but for what says when and where."""
    return sorted(
        path for path in where.iterdir() if path.suffix in (".deb", ".dsc")
        or path.name.endswith(".tar.xz")
    )


def differences(one, other):
    """Names of the files that two builds do not have in common."""
    made = [{p.name: p.read_bytes() for p in packages(w)} for w in (one, other)]
    return [
        name for name in sorted({*made[0], *made[1]})
        if made[0].get(name) != made[1].get(name)
    ]


def lint(where):
    """What lintian says against a build."""
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
    checks = {
        "deb: lintian finds no error and no warning": lint(one),
        "deb: two builds are identical": differences(one, build("again/below")),
    }
    for name, wrong in checks.items():
        if wrong:
            report.failed.append(f"{name}: {'; '.join(wrong)}")
        else:
            report.passed.append(name)
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
