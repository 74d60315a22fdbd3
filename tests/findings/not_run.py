# SPDX-License-Identifier: GPL-2.0-only
"""Programs that real.py would have if they could be run, and why they are not.

findings.py prints them, and the annex lists them.
"""

NOT_RUN = {
    "rr": "it wants the counters of a real processor",
    "Wine, GHC, Racket, rustc": "they are too large; ripgrep and fd are written in Rust",
    "BIND": "an emulator does not start it in two minutes",
    "MariaDB": "the same with many threads; effect 17 has it with 100 connections",
    "CRIU": "it wants modules of the kernel that the root lacks, such as inet_diag",
    "systemd-coredump": "it wants systemd",
    "PostgreSQL": "it has no threads",
    "OpenCilk": "Debian does not have it",
    "musl": "its threads do not pass MAP_STACK",
}
