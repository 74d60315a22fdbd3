#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Static analysis of the whole tree: tests/vm/lab -a tests/check.py [CHECK...]

A check is a function below; the first line of its documentation says what it
finds. Each check prints ok or not ok, and its complaints. The exit status is 0
only if all passed.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, "tests/vm")

import build  # noqa: E402
import deb  # noqa: E402
import debian  # noqa: E402
import mutants  # noqa: E402

KERNEL = "6.12-amd64"
SOURCE = Path("/cache/linux-source")
FROM_SOURCE = (
    "scripts/checkpatch.pl", "scripts/spelling.txt",
    "scripts/const_structs.checkpatch", "scripts/coccinelle", ".clang-format",
)

# Complaints that the kernel's own headers get too, or that user space cannot avoid.
CHECKPATCH_IGNORE = {
    # volatile is how a test touches memory; the kernel's attribute macros
    # are not there in user space; clang-format aligns operators otherwise.
    "tests": "VOLATILE,PREFER_DEFINED_ATTRIBUTE_MACRO,PARENTHESIS_ALIGNMENT,"
             "PREFER_KERNEL_TYPES",
    # Messages are not split either.
    "tools": "VOLATILE,PREFER_DEFINED_ATTRIBUTE_MACRO,PARENTHESIS_ALIGNMENT,"
             "LONG_LINE_STRING,LONG_LINE",
    "module": "NONE",
}
# These two cannot parse TRACE_EVENT(); the kernel's own headers fail too.
NOT_C = {"module/trace.h"}
# The analyser of gcc 14 loses track of a descriptor in a structure.
ANALYSE = [
    "gcc-14", "-std=gnu11", "-O2", "-Wall", "-Wextra", "-fanalyzer",
    "-Wno-analyzer-fd-leak",
]
# In Makefiles and in autoconf.h, Debian's headers name gcc 14 as the compiler.
# This is the configuration for clang.
CLANG_MAKE = [
    "LLVM=1", "CC=clang", "CONFIG_CC_IS_GCC=", "CONFIG_CC_IS_CLANG=y",
    "CONFIG_CC_HAS_MIN_FUNCTION_ALIGNMENT=", "CONFIG_FTRACE_MCOUNT_USE_CC=",
    "CONFIG_FTRACE_MCOUNT_USE_OBJTOOL=y",
    "KCFLAGS=-Werror -Wno-unknown-warning-option",
]
CLANG_HEADER = """
#undef CONFIG_CC_IS_GCC
#undef CONFIG_CC_HAS_NAMED_AS
#undef CONFIG_USE_X86_SEG_SUPPORT
#define CONFIG_CC_IS_CLANG 1
"""
SANITIZE = [
    "clang", "-std=gnu11", "-O2", "-Wall", "-Wextra",
    "-fsanitize=address,undefined",
    # In "passed &= a() & b()" both must be called.
    "-Wno-bitwise-instead-of-logical",
]

# What packaging/name-headers must print about kernel 1.2-lts, whose pkgbase is
# linux-lts, with these os-release files.
HEADERS = {
    'ID=debian': "apt install linux-headers-1.2-lts",
    'ID=linuxmint\nID_LIKE="ubuntu debian"': "apt install linux-headers-1.2-lts",
    'ID=fedora': "dnf install kernel-devel-1.2-lts",
    'ID="rocky"\nID_LIKE="rhel centos fedora"': "dnf install kernel-devel-1.2-lts",
    'ID="opensuse-leap"\nID_LIKE="suse opensuse"':
        "zypper install kernel-lts-devel",
    'ID=manjaro\nID_LIKE=arch': "pacman -S linux-lts-headers",
    'ID=alpine': "apk add linux-lts-dev",
    'ID=gentoo': "emerge sys-kernel/gentoo-sources",
    'ID=unheard-of': "install the headers of kernel 1.2-lts",
    '': "install the headers of kernel 1.2-lts",
}

# What uname -m prints on the architectures that module/regs.h knows.
UNAME = {
    "X86_64": "x86_64", "ARM64": "aarch64", "RISCV": "riscv64",
    "PPC64": "ppc64le", "S390": "s390x",
    "LOONGARCH": "loongarch64", "PARISC": "parisc64?",
}


def run(*command, quiet=True):
    """Run a command; return its complaints, [] if it had none.

    If quiet, its output counts as complaints only if it fails.
    """
    result = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        errors="replace",
    )
    if result.returncode == 0:
        return [] if quiet else result.stdout.splitlines()
    return result.stdout.splitlines() or [f"status {result.returncode}"]


def tracked(*patterns):
    """Files of the tree that git tracks and that match a pattern."""
    names = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z", "--", *patterns],
        capture_output=True, text=True, check=True,
    ).stdout.split("\0")
    return [name for name in names if name and Path(name).exists()]


def first_line(name):
    with open(name, errors="replace") as file:
        return file.readline()


def at_once(function, items):
    """Call a function for each item, as many at a time as there are CPUs."""
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        return [line for lines in pool.map(function, items) for line in lines]


def kernel_source(cache, suite):
    """Return the directory of the files of linux-source that the checks use."""
    package = debian.newest(cache, "linux-source-6.12", suite, "amd64")
    where = SOURCE / package.ver_str
    if not all((where / name).exists() for name in FROM_SOURCE):
        debian.fetch([package])
        where.mkdir(parents=True, exist_ok=True)
        print("# unpacking what analyses from linux-source", flush=True)
        unpack(debian.deb_path(package), where)
    return where


def unpack(deb, where):
    """Take FROM_SOURCE out of the tar inside a linux-source package."""
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE
    ) as outer, subprocess.Popen(
        ["tar", "-xO", "--wildcards", "./usr/src/*.tar.xz"],
        stdin=outer.stdout, stdout=subprocess.PIPE,
    ) as inner:
        subprocess.run(
            ["tar", "-xJ", "--strip-components=1", "-C", where, "--wildcards"]
            + [f"*/{name}" for name in FROM_SOURCE],
            stdin=inner.stdout, check=True,
        )


class Checks:
    """What the checks share, and the checks."""

    def __init__(self, cache):
        suite = debian.read_list()[KERNEL]
        self.kernel = debian.resolve(cache, KERNEL, suite)
        self.kernel.prepare()
        self.source = kernel_source(cache, suite)
        self.c_files = tracked("*.c", "*.h")

    def checkpatch(self):
        """checkpatch.pl --strict, the kernel's own"""
        def check(name):
            return run(
                "perl", str(self.source / "scripts/checkpatch.pl"),
                "--no-tree", "--strict", "--terse", "--quiet",
                "--ignore", CHECKPATCH_IGNORE[name.split("/")[0]],
                "-f", name,
            )

        return at_once(check, [n for n in self.c_files if n not in NOT_C])

    def clang_format(self):
        """clang-format with the kernel's settings"""
        style = f"--style=file:{self.source}/.clang-format"
        files = [name for name in self.c_files if name not in NOT_C]
        return run("clang-format", style, "--dry-run", "-Werror", *files)

    def sparse_and_warnings(self):
        """a build with W=1 and sparse (C=2), without a word from either"""
        return self._build("check", "C=2", "CF=-Wsparse-error")

    def clang(self):
        """a build by clang (LLVM=1) with W=1, without a word"""
        header = build.BUILD / "clang.h"
        header.write_text(CLANG_HEADER)
        return self._build(
            "check-clang", *CLANG_MAKE, f"CFLAGS_MODULE=-include {header}"
        )

    def _build(self, name, *options):
        """Build the modules with W=1; return the compiler's complaints."""
        where = build.BUILD / name
        build.copy_sources(where, "Kbuild", "VERSION", "module")
        shutil.copytree("tests/modules", where / "tests/modules")
        complaints = []
        for part in (where, where / "tests/modules"):
            # sparse cannot follow how a test module probes for functions.
            if part != where:
                options = [o for o in options if o != "C=2"]
            build.build_external(
                self.kernel, "module/", part, "W=1", *options
            )
            log = (part / "build.log").read_text().splitlines()
            complaints += [
                line for line in log if re.search(r"warning:|error:", line)
            ]
        return complaints

    def coccicheck(self):
        """the kernel's semantic patches (scripts/coccinelle) find nothing"""
        def check(rule):
            text = rule.read_text()
            # An OCaml compiler would be needed for these.
            if re.search(r"^@.*:\s*ocaml", text, re.M):
                return []
            options = re.search(r"Options: *(.*)", text)
            lines = run(
                "spatch", "-D", "report", "--no-show-diff", "--very-quiet",
                "--cocci-file", str(rule), "--dir", "module",
                *(options.group(1).split() if options else []), quiet=False,
            )
            # spatch's remarks on the rule itself.
            return [x for x in lines if "should " not in x]

        return at_once(check, sorted(self.source.rglob("*.cocci")))

    def user_space(self):
        """-Wextra, gcc's analyser, and clang for all programs"""
        def check(job):
            return run(
                *job, "-Imodule", "-Itools", "-Itests/guest",
                "-Itests/unit", "-D_GNU_SOURCE=",
                '-DMAPSTACK_VERSION="1"', '-DSELFTEST_DIR=""',
                '-DLEFT_OUT=""', "-c", "-o", "/dev/null",
            )

        return at_once(check, [
            [*compiler, name, "-Werror"]
            for name in tracked("tests/*.c", "tools/*.c")
            # These need the kernel's build, or libraries that their guest has.
            if "/modules/" not in name and "/searches." not in name
            and "/findings/real/" not in name
            for compiler in (ANALYSE, SANITIZE)
        ])

    def shellcheck(self):
        """shellcheck of every shell script"""
        scripts = [
            name for name in tracked()
            if re.match(r"#!.*\b(sh|bash)\b", first_line(name))
        ]
        return run("shellcheck", "-x", *scripts)

    def python(self):
        """every Python file compiles and pyflakes finds nothing"""
        return run("python3", "-m", "pyflakes", *tracked("*.py"))

    def licences(self):
        """an SPDX line in the first two lines of every source file"""
        names = tracked("*.c", "*.h", "*.py", "*.sh", "*Makefile", "*Kbuild")
        return [
            f"{name}: no SPDX-License-Identifier"
            for name in names
            if "SPDX-License-Identifier: GPL-2.0-only"
            not in "".join(open(name).readlines()[:2])
        ]

    def no_versions(self):
        """no kernel version is compared in module/"""
        return [
            f"{name}: compares kernel versions"
            for name in tracked("module", "Kbuild")
            if re.search(
                r"LINUX_VERSION_CODE|KERNEL_VERSION|\$\(VERSION\)",
                Path(name).read_text(),
            )
        ]

    def readme(self):
        """README names only make targets that there are, docs/kernels.md all kernels"""
        readme = Path("README.md").read_text()
        kernels = Path("docs/kernels.md").read_text()
        makefiles = "".join(Path(n).read_text() for n in tracked("*.mk"))
        makefiles += Path("Makefile").read_text()
        complaints = [
            f"README.md: make {target} is not a target"
            for target in set(re.findall(r"\bmake ([a-z][a-z-]*)", readme))
            if not re.search(rf"^{target}:", makefiles, re.M)
        ]
        return complaints + [
            f"docs/kernels.md: the table lacks {name}"
            for name in debian.read_list() if f"| {name} " not in kernels
        ]

    def findings(self):
        """docs/findings.md and README say what the raw results say"""
        sys.path.insert(0, "tests/findings")
        import report

        try:
            return [
                f"{path} is not what tests/findings/report.py writes"
                for path, text in report.documents().items()
                if path.read_text() != text
            ]
        except report.Untrue as error:
            return [str(error)]

    def abi(self):
        """docs/ABI describes exactly the files that sysfs.c makes"""
        text = Path("docs/ABI/sysfs-kernel-mapstack").read_text()
        described = set(re.findall(r"/sys/kernel/mapstack/(\S+)", text))
        source = Path("module/sysfs.c").read_text()
        made = {
            f"counters/{name}" for name in
            re.findall(r"^COUNTER\((\w+),", source, re.M)
        }
        made |= set(re.findall(r"&(\w+)_file\.attr", source))
        return [
            f"{name}: only in {'ABI text' if name in described else 'sysfs.c'}"
            for name in sorted(made ^ described)
        ]

    def packaging(self):
        """version, libraries and the headers of distributions are named alike"""
        version = Path("VERSION").read_text().strip()
        first = {
            name: re.search(r"(?<![\d.])\d+\.\d+\.\d+", Path(name).read_text())
            for name in (*deb.VERSIONED, "NEWS")
        }
        complaints = [
            f"{name}: not version {version}" for name, found in first.items()
            if not found or found.group() != version
        ]
        makefile = Path("tools/Makefile").read_text()
        control = Path("debian/control").read_text()
        spec = Path("packaging/mapstack.spec").read_text()
        for library in re.search(r"PACKAGES := (.*)", makefile)[1].split():
            if f"{library}-dev" not in control:
                complaints.append(f"debian/control: no {library}-dev")
            if f"pkgconfig({library})" not in spec:
                complaints.append(f"packaging/mapstack.spec: no {library}")
        with tempfile.TemporaryDirectory() as where:
            modules = Path(where) / "1.2-lts"
            modules.mkdir()
            (modules / "pkgbase").write_text("linux-lts\n")
            for release, wanted in HEADERS.items():
                file = Path(where) / "os-release"
                file.write_text(release)
                said = subprocess.run(
                    ["packaging/name-headers", "1.2-lts"], text=True,
                    env={**os.environ, "OS_RELEASE": file, "MODULES": where},
                    stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                ).stdout.strip()
                if not said.startswith(wanted):
                    complaints.append(f"name-headers, {release!r}: {said}")
        return complaints

    def manual(self):
        """mandoc finds nothing against the manual pages"""
        page = build.BUILD / "mapstack.4"
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(subprocess.run(
            ["awk", "-f", "docs/man/abi.awk", "docs/ABI/sysfs-kernel-mapstack",
             "docs/man/mapstack.4.in"], stdout=subprocess.PIPE, text=True,
        ).stdout)
        return [
            line for name in (str(page), *tracked("*.8"))
            for line in run("mandoc", "-Tlint", "-Wwarning", name, quiet=False)
        ]

    def dkms_conf(self):
        """dkms.conf names the architectures that module/regs.h knows"""
        refused = Path("module/regs.h").read_text().split("#error")[0]
        known = {
            UNAME[symbol] for symbol in re.findall(r"CONFIG_(\w+)", refused)
            if symbol in UNAME
        }
        built = re.search(
            r'^BUILD_EXCLUSIVE_ARCH="\^\(?([^"]*?)\)?\$"',
            Path("dkms.conf").read_text(), re.M,
        ).group(1)
        return [
            f"dkms.conf: {name} is known by only one of it and module/regs.h"
            for name in sorted(known ^ set(built.split("|")))
        ]

    def broken_on_purpose(self):
        """each patch of tests/mutants applies, and names a program to notice"""
        complaints = []
        for path in sorted(mutants.MUTANTS.glob("*.patch")):
            patch = path.read_text()
            program = mutants.CAUGHT_BY.search(patch)
            if not program:
                complaints.append(f"{path}: no Caught-by:")
            elif not Path(f"tests/guest/{program.group(1)}.c").exists():
                complaints.append(f"{path}: no program {program.group(1)}")
            try:
                mutants.apply(patch, ".", "--dry-run")
            except debian.Failure as failure:
                complaints.append(f"{path}: {failure}")
        return complaints


def main():
    checks = Checks(debian.update())
    names = sys.argv[1:] or [
        name for name in vars(Checks) if not name.startswith("_")
    ]
    failed = 0
    for name in names:
        check = getattr(checks, name)
        try:
            complaints = check()
        except debian.Failure as failure:
            complaints = str(failure).splitlines()
        failed += bool(complaints)
        print(f"{'not ok' if complaints else 'ok'} {name}: {check.__doc__}")
        for line in complaints[:40]:
            print(f"    {line}")
        sys.stdout.flush()
    print(f"check: {len(names) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
