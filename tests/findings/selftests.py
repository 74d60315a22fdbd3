# SPDX-License-Identifier: GPL-2.0-only
"""Build the kernel's own tests, static, for a guest.

They are the tests of tools/testing/selftests/mm that need only libc, no arguments
and no more than an initramfs; the test of sigaltstack; and those of x86, for 64 and
for 32 bits. NEWER are tests of mm that came later, for a kernel that has them.
"""

import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import debian
import source

MM = (
    "droppable", "hugepage-mmap", "hugepage-mremap", "hugepage-shm",
    "hugetlb_fault_after_madv", "hugetlb_madv_vs_map", "ksm_functional_tests",
    "madv_populate", "map_fixed_noreplace", "map_hugetlb", "map_populate",
    "mdwe_test", "mkdirty", "mlock2-tests", "mrelease_test",
    "mremap_dontunmap", "mremap_test", "mseal_test", "on-fault-limit",
    "pagemap_ioctl", "soft-dirty", "split_huge_page_test", "thuge-gen",
    "uffd-unit-tests", "va_high_addr_switch", "virtual_address_range",
)
# As in x86's Makefile. Left out: srso, which that does not build, and which needs the
# counters of an AMD processor.
X86_BOTH = (
    "check_initial_reg_state", "fsgsbase_restore", "ioperm", "iopl", "ldt_gdt",
    "mov_ss_trap", "nx_stack", "ptrace_syscall", "sigaltstack", "sigreturn",
    "sigtrap_loop", "single_step_syscall", "syscall_arg_fault", "syscall_nt",
    "sysret_ss_attrs", "test_mremap_vdso", "test_vsyscall",
)
X86 = {
    "64": (
        *X86_BOTH, "amx", "corrupt_xstate_header", "fsgsbase", "lam",
        "syscall_numbering", "sysret_rip", "test_shadow_stack",
    ),
    "32": (
        *X86_BOTH, "entry_from_vm86", "test_FCMOV", "test_FCOMI",
        "test_FISTTP", "test_syscall_vdso", "unwind_vdso", "vdso_restorer",
    ),
}
# That Makefile adds these for some of them.
X86_EXTRA = {
    "check_initial_reg_state_32": ["-Wl,-ereal_start"],
    "check_initial_reg_state_64": ["-Wl,-ereal_start"],
    "fsgsbase_restore_32": ["clang_helpers_32.S"],
    "fsgsbase_restore_64": ["clang_helpers_64.S"],
    "nx_stack_32": ["-Wl,-z,noexecstack"],
    "nx_stack_64": ["-Wl,-z,noexecstack"],
    "ptrace_syscall_32": ["raw_syscall_helper_32.S"],
    "sysret_rip_64": ["clang_helpers_64.S"],
    "sysret_ss_attrs_64": ["thunks.S"],
    "test_syscall_vdso_32": ["thunks_32.S"],
}
COMPILERS = {"64": "gcc-14", "32": "i686-linux-gnu-gcc"}
VERSION = "6.12"
SUITE = "trixie"


@dataclass(frozen=True)
class Test:
    """A program: its name, which is its path in the guest, and how to build it."""

    name: str
    directory: str  # of tools/testing/selftests
    words: tuple  # arguments of the compiler, the files too
    compiler: str = COMPILERS["64"]


def mm_test(name):
    shared = ["vm_util.c", "thp_settings.c"]
    if name.startswith("uffd"):
        shared.append("uffd-common.c")
    return Test(name, "mm", ("-D_GNU_SOURCE=", f"{name}.c", *shared))


def x86_test(name, bits):
    built = f"{name}_{bits}"
    return Test(
        f"x86/{built}", "x86",
        ("-std=gnu99", "-no-pie", "-DCAN_BUILD_32", "-DCAN_BUILD_64",
         f"{name}.c", *X86_EXTRA.get(built, ()), "-lm"),
        COMPILERS[bits],
    )


TESTS = (
    *map(mm_test, MM),
    Test("sigaltstack/sas", "sigaltstack", ("sas.c",)),
    *(x86_test(name, bits) for bits, names in X86.items() for name in names),
)


NEWER_VERSION = "7.3"
NEWER = tuple(
    Test(
        f"mm-{NEWER_VERSION}/{name}", "mm",
        ("-isystem", "../../../include/uapi", "-D_GNU_SOURCE=", f"{name}.c",
         "vm_util.c", "hugepage_settings.c"),
    ) for name in ("guard-regions", "merge")
)


def build(cache, where, tests=TESTS, version=VERSION, suite=SUITE):
    """Build tests of a version into a directory."""
    package = debian.newest(cache, f"linux-source-{version}", suite, "amd64")
    selftests = source.unpack(package) / "tools/testing/selftests"
    for directory in {(where / test.name).parent for test in tests}:
        directory.mkdir(parents=True, exist_ok=True)
    with ThreadPoolExecutor(2) as pool:
        list(pool.map(lambda test: compile_one(selftests, test, where), tests))


def compile_one(selftests, test, where):
    result = subprocess.run(
        [test.compiler, "-static", "-pthread", "-O2", "-w", f"-I{selftests}",
         "-I.", "-o", str(where / test.name), *test.words],
        cwd=selftests / test.directory, capture_output=True, text=True,
    )
    if result.returncode:
        raise debian.Failure(
            f"the kernel's {test.name} does not build: {result.stderr[:300]}"
        )
