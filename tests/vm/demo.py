#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run the demo in a guest: tests/vm/lab tests/vm/demo.py [NAME]

NAME is a line of tests/vm/kernels; 6.12-amd64 without one.
"""

import sys
from pathlib import Path

import build
import debian
import guest
from machines import machine_of


def tell(kernel):
    """Boot the demo; return its exit status, or None if it never ended."""
    where = Path("/out/demo")
    where.mkdir(parents=True, exist_ok=True)
    print("demo: building mapstack.ko and the programs of the guest", flush=True)
    programs = build.build_guest(machine_of(kernel.name), "init", "demo")
    initramfs = guest.make_initramfs(
        where, programs / "init", [], build.build_modules(kernel),
        programs / "demo",
    )
    demo = guest.Guest(kernel, initramfs, where)
    status = None

    def hear(line):
        nonlocal status
        if line.startswith("# end "):
            status = int(line.split()[2])
        else:
            print(line, end="", flush=True)

    print("demo: booting\n", flush=True)
    demo.run(hear)
    for line in demo.trouble():
        print(f"kernel log: {line}")
        status = None
    return status


def main():
    name = sys.argv[1] if len(sys.argv) > 1 else "6.12-amd64"
    listed = debian.read_list()
    if name not in listed:
        raise debian.Failure(f"no such kernel: {name}; see tests/vm/kernels")
    print(f"demo: looking for Debian's newest {name}", flush=True)
    kernel = debian.resolve(debian.update(name), name, listed[name])
    kernel.prepare()
    if tell(kernel) != 0:
        raise debian.Failure("the demo did not go as it is told")


if __name__ == "__main__":
    try:
        main()
    except debian.Failure as failure:
        sys.exit(f"error: {failure}")
