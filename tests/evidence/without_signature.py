#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test a kernel that accepts only signed modules.

The setting cannot be undone. Tests run in the order of their names, so this is the last.
"""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, "/files")

import kit  # noqa: E402

ENFORCE = Path("/sys/module/module/parameters/sig_enforce")


def main():
    report = kit.Report(2)
    before = kit.tool("doctor")
    ENFORCE.write_text("1")
    after = kit.tool("doctor")
    report.result(
        "unsigned: " not in before.stdout and after.returncode == 1 and
        "unsigned: " in after.stdout and "mokutil --import" in after.stdout,
        "doctor: unsigned", before, after,
    )
    loaded = subprocess.run(
        ["insmod", "/modules/mapstack.ko"], capture_output=True, text=True
    )
    report.result(
        "Key was rejected by service" in loaded.stderr,
        "the kernel refuses to load mapstack.ko", loaded,
    )
    report.end()


if __name__ == "__main__":
    main()
