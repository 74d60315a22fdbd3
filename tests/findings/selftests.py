# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own tests of memory management, built static for a guest.

Those of tools/testing/selftests/mm that need no library but libc, no arguments
and no more than an initramfs.
"""

import subprocess
from pathlib import Path

import debian
import source

TESTS = (
    "droppable", "hugepage-mmap", "hugepage-mremap", "hugepage-shm",
    "hugetlb_fault_after_madv", "hugetlb_madv_vs_map", "ksm_functional_tests",
    "madv_populate", "map_fixed_noreplace", "map_hugetlb", "map_populate",
    "mdwe_test", "mkdirty", "mlock2-tests", "mrelease_test",
    "mremap_dontunmap", "mremap_test", "mseal_test", "on-fault-limit",
    "pagemap_ioctl", "soft-dirty", "split_huge_page_test", "thuge-gen",
    "uffd-unit-tests", "va_high_addr_switch", "virtual_address_range",
)
VERSION = "6.12"
SUITE = "trixie"


def build(cache, where):
    """Build them into a directory; return the package that they are from."""
    package = debian.newest(cache, f"linux-source-{VERSION}", SUITE, "amd64")
    tree = source.unpack(package)
    selftests = tree / "tools/testing/selftests"
    where.mkdir(parents=True, exist_ok=True)
    for name in TESTS:
        shared = ["vm_util.c", "thp_settings.c"]
        if name.startswith("uffd"):
            shared.append("uffd-common.c")
        compile_one(selftests, name, shared, where / name)
    return package.ver_str


def compile_one(selftests, name, shared, output):
    result = subprocess.run(
        ["gcc-14", "-static", "-pthread", "-O2", "-w", "-D_GNU_SOURCE=",
         f"-I{selftests}", "-I.", "-o", str(output), f"{name}.c", *shared],
        cwd=selftests / "mm", capture_output=True, text=True,
    )
    if result.returncode:
        raise debian.Failure(
            f"the kernel's {name} does not build: {result.stderr[:300]}"
        )
    return Path(output)
