# SPDX-License-Identifier: GPL-2.0-only
"""Build and run the unit tests, with and without sanitizers.

Runs in the lab.
"""

import subprocess

import build
import ktap


def build_tests():
    """Build the tests; return the directory."""
    where = build.BUILD / "unit"
    build.run_make(
        "tests/unit", build.BUILD / "unit.log", "-C", "tests/unit", f"O={where}"
    )
    return where


def run():
    """Run the tests; return their report."""
    where = build_tests()
    programs = sorted(p for p in where.iterdir() if p.suffix == "")
    parser = ktap.Parser()
    parser.feed(f"1..{len(programs)}")
    for number, program in enumerate(programs, 1):
        result = subprocess.run([program], stdout=subprocess.PIPE, text=True)
        for line in result.stdout.splitlines():
            parser.feed("    " + line)
        state = "not ok" if result.returncode else "ok"
        parser.feed(f"{state} {number} unit {program.name}")
    parser.feed("# end")
    return parser.finish()
