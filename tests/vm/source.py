#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Build a kernel from Debian's linux-source: tests/vm/source.py NAME SUITE

Runs in the lab. It builds the kernels that Debian does not package: those of
parisc, with debugging, or with the patches of docs/proposal. Each is a recipe below; its
configuration is allnoconfig with fragments of tests/vm/source. The build is kept in
the cache under a key of everything that went into it: the source package, the
fragments with their comments, the patch, the compiler, and the steps.
"""

import hashlib
import inspect
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import debian
from build import run_make
from debian import Failure

TREES = Path("/cache/source")
BUILT = Path("/cache/built")
FILES = Path("tests/vm/source")


@dataclass(frozen=True)
class Recipe:
    """How a kernel is made."""

    source: str  # the package linux-source-SOURCE
    fragments: tuple  # names in tests/vm/source, joined
    arch: str = "x86_64"  # as make's ARCH=
    image: str = "arch/x86/boot/bzImage"
    cross: str = ""  # as make's CROSS_COMPILE=
    compiler: str = "gcc-14"
    patch: str = None  # a name in tests/vm/source, or a pattern: all, in order


# By the name of the kernel, as in tests/vm/kernels.
RECIPES = {
    "6.12-small-amd64": Recipe("6.12", ("amd64.config",)),
    # Kernels that check themselves.
    "6.12-debug-amd64": Recipe("6.12", ("amd64.config", "debug.config")),
    "7.3-debug-amd64": Recipe(
        "7.3", ("amd64.config", "debug.config", "sysctl.config")
    ),
    # A kernel that checks for races between CPUs.
    "6.12-kcsan-amd64": Recipe("6.12", ("amd64.config", "kcsan.config")),
    # Kernels as other distributions build them: see the fragments.
    "7.3-up-amd64": Recipe(
        "7.3", ("amd64.config", "sysctl.config", "up.config")
    ),
    "6.12-bare-amd64": Recipe("6.12", ("amd64.config", "bare.config")),
    "6.12-cfi-amd64": Recipe(
        "6.12", ("amd64.config", "cfi.config"), compiler="clang"
    ),
    # The proposed line, compiled in.
    "6.12-proposal-amd64": Recipe(
        "6.12", ("amd64.config",), patch="proposal.patch"
    ),
    # What could be proposed instead: the patches of the series, alone and together,
    # and alternatives to them. 7.3-small is there to compare with.
    "6.12-search-amd64": Recipe(
        "6.12", ("amd64.config",), patch="../../../docs/proposal/6.12/0001-*"
    ),
    "6.12-commit-amd64": Recipe(
        "6.12", ("amd64.config",), patch="../../../docs/proposal/6.12/0002-*"
    ),
    "6.12-private-amd64": Recipe(
        "6.12", ("amd64.config",), patch="../../../docs/proposal/6.12/0003-*"
    ),
    "6.12-series-amd64": Recipe(
        "6.12", ("amd64.config",), patch="../../../docs/proposal/6.12/000*"
    ),
    "7.3-small-amd64": Recipe("7.3", ("amd64.config", "sysctl.config")),
    "7.3-series-amd64": Recipe(
        "7.3", ("amd64.config", "sysctl.config"),
        patch="../../../docs/proposal/7.3/000*",
    ),
    **{
        f"{version}-{name}-amd64": Recipe(
            version, fragments,
            patch=f"../../../docs/proposal/alternatives/{version}-{name}.patch",
        )
        for version, fragments in (
            ("6.12", ("amd64.config",)),
            ("7.3", ("amd64.config", "sysctl.config")),
        )
        for name in ("opt-in", "guard-gap")
    },
    "6.12-riscv64": Recipe(
        "6.12", ("riscv64.config",), "riscv", "arch/riscv/boot/Image",
        "riscv64-linux-gnu-", "riscv64-linux-gnu-gcc-14",
    ),
    "6.1-hppa": Recipe(
        "6.1", ("hppa.config", "hppa32.config"), "parisc", "vmlinux",
        "hppa-linux-gnu-", "hppa-linux-gnu-gcc-14",
    ),
    "6.1-hppa64": Recipe(
        "6.1", ("hppa.config", "hppa64.config"), "parisc", "vmlinux",
        "hppa64-linux-gnu-", "hppa64-linux-gnu-gcc-12",
    ),
}


# More arguments for make, for the kernel itself but not for modules.
KERNEL_ONLY = {
    # Look for data races in modules only: KCSAN waits at some accesses, chosen by
    # chance. In a whole kernel few of those would be in a module.
    "6.12-kcsan-amd64": ("CFLAGS_KCSAN=",),
    # The linker and the other tools of clang; for modules build.py names them.
    "6.12-cfi-amd64": ("LLVM=1",),
}


class SourceKernel(debian.Kernel):
    """A kernel that is built here."""

    def __init__(self, name, recipe, package):
        upstream = re.match(r"[0-9.]+", package.ver_str).group()
        self.local = name[name.index("-"):]
        super().__init__(
            name, upstream + self.local, package.ver_str, [package]
        )
        self.recipe = recipe
        self.where = BUILT / f"{name}-{self.key()}"
        # By this name, whatever it is called later: several names share a build.
        self.lock = BUILT / f"{name}.lock"
        self.headers = self.where
        self.vmlinuz = self.where / recipe.image
        self.options = make_options(recipe)

    def key(self):
        """A hash of everything that this build depends on."""
        parts = [
            self.version, repr(self.recipe), self.fragment(), self.patch(),
            version_of(self.recipe.compiler), inspect.getsource(build),
            inspect.getsource(make_options), *KERNEL_ONLY.get(self.name, ()),
        ]
        return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:12]

    def prepare(self):
        """Build it, unless the cache has it."""
        BUILT.mkdir(parents=True, exist_ok=True)
        with debian.locked(self.lock):
            if (self.where / "complete").exists():
                return
            tree = unpack(self.packages[0])
            if self.recipe.patch:
                tree = patched(tree, self)
            # The build contains the name of its directory, so do not rename it.
            shutil.rmtree(self.where, ignore_errors=True)
            self.where.mkdir()
            print(f"# building {self.release} from source", flush=True)
            build(self, tree, self.where, maker(self))
            (self.where / "complete").touch()

    def fragment(self):
        return "".join((FILES / n).read_text() for n in self.recipe.fragments)

    def patch(self):
        names = self.recipe.patch
        found = sorted(FILES.glob(names)) if names else []
        if names and not found:
            raise Failure(f"{self.name}: there is no {FILES}/{names}")
        return "".join(name.read_text() for name in found)


def version_of(compiler):
    return subprocess.run(
        [compiler, "-v"], capture_output=True, text=True, check=True
    ).stderr


def make_options(recipe):
    """The arguments that every make of this kernel, and for it, is given."""
    return [
        f"ARCH={recipe.arch}", f"CROSS_COMPILE={recipe.cross}",
        f"CC={recipe.compiler}", "HOSTCC=gcc-14",
    ]


def resolve(cache, name, suites):
    """The kernel of this name: Debian's own, or else one built by a recipe."""
    try:
        return debian.resolve(cache, name, suites)
    except Failure:
        if name not in RECIPES:
            raise
    recipe = RECIPES[name]
    package = f"linux-source-{recipe.source}"
    for suite in suites.split(","):
        version = debian.newest(cache, package, suite, "amd64")
        if version:
            return SourceKernel(name, recipe, version)
    raise Failure(f"{name}: {suites} has no {package}")


def unpack(package):
    """Unpack the source, once, one process at a time. Nothing is built in it."""
    tree = TREES / package.ver_str
    with debian.locked():
        if not tree.exists():
            unpack_into(tree, package)
    return tree


def unpack_into(tree, package):
    """Fetch and unpack the source. Call it with the lock held."""
    debian.fetch([package])
    print(f"# unpacking {package.parent_pkg.name}", flush=True)
    new = tree.with_name(tree.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", debian.deb_path(package)],
        stdout=subprocess.PIPE,
    ) as outer, subprocess.Popen(
        ["tar", "-xO", "--wildcards", "./usr/src/*.tar.xz"],
        stdin=outer.stdout, stdout=subprocess.PIPE,
    ) as inner:
        subprocess.run(
            ["tar", "-xJ", "--strip-components=1", "-C", new],
            stdin=inner.stdout, check=True,
        )
    os.rename(new, tree)


def patched(tree, kernel):
    """The tree with the recipe's patch: links, except for changed files."""
    copy = kernel.where.with_name(kernel.where.name + ".tree")
    shutil.rmtree(copy, ignore_errors=True)
    subprocess.run(["cp", "-al", tree, copy], check=True)
    # patch(1) replaces a file, so the link in the other tree stays as it is.
    result = subprocess.run(
        ["patch", "-p1", "-f", "--no-backup-if-mismatch", "-d", copy],
        input=kernel.patch(), capture_output=True, text=True,
    )
    if result.returncode:
        raise Failure(
            f"{kernel.recipe.patch} does not fit {kernel.version}:\n"
            + result.stdout
        )
    return copy


# Symbols that have another name in a newer source.
RENAMED = {"CONFIG_PROC_SYSCTL=y": "CONFIG_SYSCTL=y"}


def check_config(kernel, out):
    """Check that every symbol has the value that was asked for."""
    config = (out / ".config").read_text().splitlines()
    # A later fragment may take back what an earlier one asks for.
    wanted = {
        re.search(r"CONFIG_\w+", line).group(): line
        for line in kernel.fragment().splitlines()
        if line.startswith("CONFIG_") or line.endswith(" is not set")
    }
    missed = [
        line for line in wanted.values()
        if line not in config and RENAMED.get(line) not in config
        and not (line.endswith(" is not set")
                 and not any(c.startswith(line.split()[1] + "=")
                             for c in config))
    ]
    if missed:
        raise Failure(
            f"{kernel.name}: the configuration has not: {', '.join(missed)}"
        )


def build(kernel, tree, out, make):
    """Configure and build in a directory of its own; keep what modules need."""
    fragment = out / "fragment"
    fragment.write_text(kernel.fragment())
    options = [
        "-C", str(tree), f"O={out}", f"LOCALVERSION={kernel.local}",
        f"KCONFIG_ALLCONFIG={fragment}", "KBUILD_BUILD_USER=mapstack",
        "KBUILD_BUILD_HOST=mapstack", "KBUILD_BUILD_TIMESTAMP=@0",
        *make_options(kernel.recipe), f"-j{os.cpu_count()}",
    ]
    make(*options, "allnoconfig")
    check_config(kernel, out)
    make(*options, kernel.recipe.image.split("/")[-1], "modules")
    # The objects are not needed any more, but for what is run.
    for path in out.rglob("*.[oa]"):
        if path.relative_to(out).parts[0] not in ("scripts", "tools"):
            path.unlink()


def maker(kernel):
    """Return a make whose output goes into a log beside the build."""
    def make(*words):
        run_make(
            kernel.release, kernel.where / "build.log", *words,
            *KERNEL_ONLY.get(kernel.name, ()), mode="a",
        )

    return make


def main():
    if len(sys.argv) != 3 or sys.argv[1] not in RECIPES:
        raise Failure(f"usage: source.py NAME SUITE; NAME: {' '.join(RECIPES)}")
    name, suites = sys.argv[1:]
    kernel = resolve(debian.update(name), name, suites)
    kernel.prepare()
    print(kernel.vmlinuz)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"error: {failure}")
