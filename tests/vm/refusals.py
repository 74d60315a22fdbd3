# SPDX-License-Identifier: GPL-2.0-only
"""Test that the build refuses kernels that cannot work.

Runs in the lab. Each test takes the headers of a real kernel, removes something
that the module needs, and expects one error: the sentence that says what is
missing.
"""

import build
import debian
import ktap

ARGUMENTS = "mapstack cannot reach the arguments of do_mmap()"

# The symbols to remove, those to add, and the error to expect.
REFUSED = {
    "no arguments, no registers": (
        ["CONFIG_DYNAMIC_FTRACE_WITH_ARGS", "CONFIG_DYNAMIC_FTRACE_WITH_REGS"],
        [],
        "mapstack needs CONFIG_DYNAMIC_FTRACE_WITH_ARGS or _WITH_REGS",
    ),
    "another architecture": (["CONFIG_X86_64"], [], ARGUMENTS),
    "32-bit x86": (
        ["CONFIG_X86_64", "CONFIG_64BIT"], ["CONFIG_X86_32"], ARGUMENTS,
    ),
    "arm": (["CONFIG_X86_64", "CONFIG_64BIT"], ["CONFIG_ARM"], ARGUMENTS),
    "32-bit riscv": (
        ["CONFIG_X86_64", "CONFIG_64BIT"], ["CONFIG_RISCV"], ARGUMENTS,
    ),
    "riscv64 without arguments": (
        ["CONFIG_X86_64", "CONFIG_DYNAMIC_FTRACE_WITH_ARGS"],
        ["CONFIG_RISCV"], ARGUMENTS,
    ),
    "big-endian ppc64": (["CONFIG_X86_64"], ["CONFIG_PPC64"], ARGUMENTS),
    "mips64": (["CONFIG_X86_64"], ["CONFIG_MIPS"], ARGUMENTS),
}


def errors_without(kernel, missing, defined):
    """Build without some CONFIG_ symbols, and with others; return the errors."""
    where = build.BUILD / "refusals"
    build.copy_sources(where, "Kbuild", "VERSION", "module")
    (where / "without.h").write_text(
        "".join(f"#undef {symbol}\n" for symbol in missing)
        + "".join(f"#define {symbol} 1\n" for symbol in defined)
    )
    flags = f"-include {where}/without.h"
    try:
        build.build_external(
            kernel, "module/", where, f"CFLAGS_MODULE={flags}",
            "module/hook.o",
        )
    except debian.Failure:
        pass
    log = (where / "build.log").read_text().splitlines()
    return [line for line in log if "error:" in line]


def run(kernel):
    """Run the tests; return their report."""
    kernel.prepare()
    report = ktap.Report()
    for name, (missing, defined, sentence) in REFUSED.items():
        errors = errors_without(kernel, missing, defined)
        ok = len(errors) == 1 and sentence in errors[0]
        (report.passed if ok else report.failed).append(
            f"refused: {name}" + ("" if ok else f": {errors}")
        )
    return report
