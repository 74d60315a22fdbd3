# SPDX-License-Identifier: GPL-2.0-only
"""Find a kernel of the user's own: make test KERNEL=DIRECTORY

Runs in the lab, where the directory and the targets of its links are at the same
paths, read-only (see lab). DIRECTORY is the tree that the kernel was built in, or
has vmlinuz and, as build or headers, what modules are built with.
"""

import os
import re
import subprocess
import tempfile
from pathlib import Path

import debian
import ktap
from debian import Failure

HEADERS = (".", "build", "headers")
# By architecture: a symbol that only its kernels have, make's name for it, where
# the image is in a tree, and what must be built in for QEMU's ports.
KINDS = {
    "amd64": ("X86_64", "x86_64", "arch/x86/boot/bzImage",
              ("SERIAL_8250_CONSOLE",)),
    "arm64": ("ARM64", "arm64", "arch/arm64/boot/Image",
              ("SERIAL_AMBA_PL011_CONSOLE", "SERIAL_8250_PCI")),
    "riscv64": ("RISCV", "riscv", "arch/riscv/boot/Image",
                ("SERIAL_8250_CONSOLE", "SERIAL_8250_PCI")),
    "ppc64el": ("PPC64", "powerpc", "vmlinux", ("HVC_CONSOLE",)),
    "s390x": ("S390", "s390", "arch/s390/boot/bzImage", ("SCLP_CONSOLE",)),
    "hppa64": ("PA8X00", "parisc64", "vmlinux", ("SERIAL_8250_CONSOLE",)),
    "hppa": ("PARISC", "parisc", "vmlinux", ("SERIAL_8250_CONSOLE",)),
}
# The guest has no file system but its initramfs, and no modules but ours.
NEEDED = ("MODULES", "BLK_DEV_INITRD", "BINFMT_ELF", "PROC_FS", "SYSFS",
          "DEVTMPFS", "TMPFS", "TTY", "PRINTK")


class OwnKernel(debian.Kernel):
    """A kernel that the user built."""

    def __init__(self, architecture, headers, vmlinuz):
        release = re.search(
            'UTS_RELEASE "(.*)"',
            (headers / "include/generated/utsrelease.h").read_text(),
        ).group(1)
        super().__init__(f"own-{architecture}", release, release, [])
        self.headers = headers
        self.vmlinuz = vmlinuz
        self.options = [f"ARCH={KINDS[architecture][1]}"]

    def prepare(self):
        """Nothing: it is built."""


def find(directory):
    """The kernel in a directory."""
    directory = Path(directory)
    for headers in (directory / name for name in HEADERS):
        if (headers / "include/generated/utsrelease.h").exists():
            break
    else:
        raise Failure(
            f"{directory} is not the tree of a kernel that was built, nor has it "
            "one's headers as build or headers, so nothing was tested; run make "
            "there, or name another directory: KERNEL=DIRECTORY"
        )
    config = set((headers / ".config").read_text().splitlines())
    for architecture, (symbol, _, image, ports) in KINDS.items():
        if f"CONFIG_{symbol}=y" in config:
            break
    else:
        raise Failure(
            f"{directory} has a kernel of an architecture that is not tested; "
            f"these are: {', '.join(KINDS)}"
        )
    images = [directory / "vmlinuz", headers / image]
    images = [path for path in images if path.exists()]
    if not images:
        raise Failure(
            f"{directory} has neither vmlinuz nor {image}, so there is nothing to "
            "boot; run make there, or put the kernel there as vmlinuz"
        )
    lacks = [name for name in NEEDED + ports if f"CONFIG_{name}=y" not in config]
    if lacks:
        raise Failure(
            f"the kernel in {directory} cannot run the guest's tests without "
            f"CONFIG_{', CONFIG_'.join(lacks)} built in; build it with them"
        )
    return OwnKernel(architecture, headers.resolve(), images[0])


def run_on(directory):
    """Do what make test KERNEL=DIRECTORY does, with one program, in an inner lab."""
    return subprocess.run(
        ["tests/vm/lab", "-a", "-k", directory, "tests/vm/run.py", "--only",
         "switch"],
        env={**os.environ, "MAPSTACK_CACHE": "/cache"}, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    )


def test(kernel, hear):
    """Use a kernel that was built here as the user's own; return a report."""
    kernel.prepare()
    report = ktap.Report()
    where = Path(tempfile.mkdtemp())
    done = run_on(where)
    report.add(
        done.returncode == 1 and "nothing was tested" in done.stdout,
        "a directory without a kernel is refused",
    )
    (where / "vmlinuz").symlink_to(kernel.vmlinuz)
    (where / "build").symlink_to(kernel.headers)
    for what, directory in (("vmlinuz and headers", where),
                            ("the tree of a build", kernel.headers)):
        done = run_on(directory)
        passed = done.returncode == 0 and re.search(
            rf"^own-amd64 +{re.escape(kernel.release)} +[1-9]\d* +0 ",
            done.stdout, re.M,
        )
        report.add(passed, what)
        if not passed:
            hear(done.stdout)
    return report
