#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Keep the nanoseconds of this machine: tests/bench/host.py COMMAND...

Runs the command, which is host.c's program with its arguments, and prints what it has
measured. Keeps that in docs/cost/machines, without the name of the machine, and writes
the table of machines in docs/cost.md anew.
"""

import subprocess
import sys

import report


def main():
    done = subprocess.run(sys.argv[1:], stdout=subprocess.PIPE, text=True)
    if done.returncode:
        return done.returncode
    path = report.keep_host(done.stdout)
    for row in report.read(path):
        print("{:40} {:12} {median:>10} ns ({low} to {high})".format(
            report.CALLS_TEXT[row["call"]], row["state"], **row))
    report.write_hosts()
    print(f"{path} is what was measured, with the quartiles; send it if you like.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
