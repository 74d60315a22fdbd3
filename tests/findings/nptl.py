# SPDX-License-Identifier: GPL-2.0-only
"""Build glibc's own tests of threads for a guest, outside glibc's tree.

The source is Debian's package of the C library that the lab has, so that the tests
run with the library that they belong to. All tests of nptl and of sysdeps/pthread
are built that do not need the inside of glibc: headers of its build, private
symbols, or modules of their own.
"""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import debian
import guest
import source

SUITE = "trixie"
# Headers that do not belong to the inside, and that the tests' helpers need.
HEADERS = (
    "include/array_length.h", "include/intprops.h", "include/libc-diag.h",
    "include/libc-pointer-arith.h", "sysdeps/x86_64/stackinfo.h",
)
# glibc's build defines these for support/. A guest is slow, and slower on a busy
# machine: 800 s for most tests, 2,000 s for some.
DEFINES = ["-DTIMEOUTFACTOR=40", *(
    f'-D{name}_PATH="/"' for name in (
        "SRCDIR", "OBJDIR", "OBJDIR_ELF_LDSO", "INSTDIR", "LIBDIR", "SLIBDIR",
        "SBINDIR", "BINDIR", "ROOTSBINDIR", "COMPLOCALEDIR", "SYSCONFDIR",
        "ROOTDIR",
    )
)]
# A program that is linked with the C library needs these to run.
LIBRARIES = ("libc.so.6", "libm.so.6", "libgcc_s.so.1")
LIBRARY_PATH = Path("/lib/x86_64-linux-gnu")
LOADER = Path("/lib64/ld-linux-x86-64.so.2")
# The loader maps and unmaps this file, which leaves a hole among the libraries.
LOADER_CACHE = Path("/etc/ld.so.cache")


def compile_one(tree, headers, name, output, *words):
    """Compile one file; return whether it can be."""
    return not subprocess.run(
        ["gcc-14", "-w", "-O2", "-std=gnu11", "-pthread", "-D_GNU_SOURCE",
         f"-I{headers}", "-Isupport", "-iquotesysdeps/pthread",
         "-iquotenptl", "-idirafter", ".", *DEFINES, "-o", str(output),
         str(name), *words],
        cwd=tree, capture_output=True,
    ).returncode


def make_headers(tree, where):
    """Make a directory with the headers that are allowed."""
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir(parents=True)
    (where / "support").symlink_to(tree / "support")
    for name in HEADERS:
        (where / Path(name).name).symlink_to(tree / name)


def build_support(tree, headers, where):
    """Build the tests' helpers as far as possible; return the archive."""
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir(parents=True)
    names = [
        path for path in sorted((tree / "support").glob("*.c"))
        if not path.name.startswith(("tst-", "test-"))
    ]
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(
            lambda name: compile_one(
                tree, headers, name, where / f"{name.stem}.o", "-c"
            ), names,
        ))
    archive = where / "libsupport.a"
    subprocess.run(
        ["ar", "rcs", archive, *sorted(where.glob("*.o"))], check=True
    )
    return archive


def build(cache, where, work):
    """Build the tests into a directory with the libraries that they need.

    Returns the package that they are from, how many there are, and how many were
    built.
    """
    package = debian.newest(cache, "glibc-source", SUITE, "amd64")
    tree = source.unpack(package)
    headers = work / "headers"
    make_headers(tree, headers)
    archive = build_support(tree, headers, work / "support")
    shutil.rmtree(where, ignore_errors=True)
    where.mkdir(parents=True)
    names = [
        path for directory in ("nptl", "sysdeps/pthread")
        for path in sorted((tree / directory).glob("tst-*.c"))
        if not path.stem.endswith(("-static", "-time64"))
    ]
    with ThreadPoolExecutor(2) as pool:
        built = list(pool.map(
            lambda name: compile_one(
                tree, headers, name, where / f"{name.parent.name}.{name.stem}",
                "-s", str(archive)
            ), names,
        ))
    if not any(built):
        raise debian.Failure(f"none of glibc's tests builds from {tree}")
    return package.ver_str, len(names), sum(built)


def copy_libraries(root):
    """Put the C library of the lab into the root of a guest."""
    guest.copy_into(
        root, (LOADER, LOADER_CACHE, *(LIBRARY_PATH / name for name in LIBRARIES))
    )
