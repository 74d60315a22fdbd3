#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Measure some of the findings on this machine, without the module: tests/findings/here.py

Runs as any user, from the top of the tree. For root, contend is a real-time program,
which a busy machine does not disturb. The compiler of this machine builds the
programs twice: as they are, and with MAP_GROWSDOWN in every MAP_STACK, which is what
the proposed line does where stacks grow down. Writes a page into
docs/findings/hardware, without the name of the machine. Times are medians of --runs
runs, with the smallest and the largest. What cannot be measured here is on the page
with its reason.
"""

import argparse
import csv
import os
import platform
import re
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path("tests/findings/here")
PAGES = Path("docs/findings/hardware")
MODES = {"off": "", "on": "-include growsdown.h"}
# The compiler of 32-bit programs, as Debian's gcc-i686-linux-gnu has it.
CC32 = os.environ.get("CC32", "i686-linux-gnu-gcc")
# By effect. The other programs need root, or threads whose stacks the C library maps.
COMMANDS = {
    "0. Growth": "grow",
    "1. Calls that stop working": "shapes",
    "2. Guard gaps": "gap",
    "2. Guard gaps, legacy layout": "gap legacy",
    "3. Lines of /proc/PID/maps": "lines bare 10000",
    "6. Limits": "limits",
    "7. What munmap() leaves": "leftover",
    "8. Address space of a 32-bit program": "fit-ia32",
    "8. The same in 3 GiB": "fit-ia32 3g",
    "14. The size that the C library recorded": "recorded own",
}
# Not without --commit: of every mapping that is not accounted and grows, 20 of each kind
# by 4 MiB, the kernel gives nothing back until the machine is booted again.
COMMIT = {"5. Accounting": "commit"}
COMMIT_MIB = 480
TIMED = {
    "4. Time of mmap() of a page": "search time down 10000",
    "4. By its length, static": "sizes time free 10000",
    "4. By its length, linked": "sizes-dynamic time free 10000",
    "4. By its length, linked, holes filled": "sizes-dynamic time filled 10000",
    "15. Contention": "contend 10000",
    "17. Threads with stacks of 64 KiB": "work-dynamic threads own 64 2000",
    "17. A server with 2,000 of them": "work-dynamic server own 64 2000",
}
# lines.c lowers max_map_count for these, and a user cannot.
WITHOUT = ("stacks-under-max_map_count-1000", "the-next-one")
SECONDS = 600


class NotMeasured(Exception):
    """Something could not be measured here, and why."""


def make(mode, names):
    """Build programs for a mode; return what make printed of an error, or None."""
    where = (HERE / mode).resolve()
    result = subprocess.run(
        ["make", "-s", "-C", "tests/findings", f"O={where}",
         f"CC={os.environ.get('CC', 'cc')}", f"CC32={CC32}", f"EXTRA={MODES[mode]}",
         *(f"{where}/findings/{name}" for name in names)],
        capture_output=True, text=True, check=False,
    )
    return result.stderr.strip() if result.returncode else None


def build():
    """Build the programs; end if one cannot be built but those of 32 bits."""
    names = {
        command.split()[0] for command in {**COMMANDS, **COMMIT, **TIMED}.values()
    }
    for mode in MODES:
        error = make(mode, sorted(name for name in names if "ia32" not in name))
        if error:
            raise NotMeasured(f"the programs cannot be built: {error}")
        error = make(mode, sorted(name for name in names if "ia32" in name))
        if error:  # without them there is a reason on the page
            print(error)


def reason(program, result):
    """Why a program failed, in the words that it printed last."""
    lines = [
        line.removeprefix("# ")
        for line in (result.stdout + result.stderr).splitlines()
        if line and line != "Bail out!" and not line.startswith("result ")
    ]
    how = (
        f"ended with {result.returncode}" if result.returncode >= 0
        else f"was killed by signal {-result.returncode}"
    )
    return f"{program} {how}" + (f": {lines[-1]}" if lines else "")


def run(mode, command):
    """Run a program once; return {key: value}."""
    program, *words = command.split()
    path = HERE / mode / "findings" / program
    if not path.exists():
        raise NotMeasured(
            f"{CC32} cannot build a static 32-bit program; install "
            "gcc-i686-linux-gnu, or name another compiler in CC32"
        )
    try:
        result = subprocess.run(
            [path, *words], text=True, capture_output=True, timeout=SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise NotMeasured(f"{program} took longer than {SECONDS} s") from error
    except OSError as error:
        raise NotMeasured(f"{program} cannot be run: {error.strerror}") from error
    found = dict(re.findall(r"^result \S+ (\S+) (\S+)$", result.stdout, re.M))
    if result.returncode or not found:
        raise NotMeasured(reason(program, result))
    return {k: v for k, v in found.items() if k not in WITHOUT}


def measure(command, runs):
    """Rows (mode, key, value, least, most).

    Off and on run in turn, so that a change of the machine's load affects both.
    """
    each = {}
    for _ in range(runs):
        for mode in MODES:
            for key, value in run(mode, command).items():
                each.setdefault((key, mode), []).append(value)
    rows = []
    for (key, mode), values in each.items():
        if all(value.lstrip("-").isdigit() for value in values):
            values = sorted(map(int, values))
            rows.append([mode, key, statistics.median_low(values), values[0],
                         values[-1]])
        else:
            rows.append([mode, key, "/".join(dict.fromkeys(values)), "", ""])
    return rows


def shown(row):
    _, _, value, least, most = row
    if least == "":
        return value
    return f"{value:,}" + (
        f" ({least:,} to {most:,})" if least != most else ""
    )


def table(rows):
    lines = ["| | off | on |", "|---|---|---|"]
    cells = {(mode, key): row for row in rows for mode, key in [row[:2]]}
    for key in dict.fromkeys(row[1] for row in rows):
        off, on = (
            shown(cells[mode, key]) if (mode, key) in cells else "-"
            for mode in MODES
        )
        lines.append(f"| `{key}` | {off} | {on} |")
    return "\n".join(lines)


def processor():
    text = Path("/proc/cpuinfo").read_text()
    match = re.search(r"^model name\s*:\s*(.*)$", text, re.M)
    return match.group(1).strip() if match else platform.machine()


def virtual():
    return " hypervisor" in Path("/proc/cpuinfo").read_text()


def load():
    return f"{os.getloadavg()[0]:.1f}"


def measure_all(runs, commit):
    """Return [(title, command, rows, why there are none)]."""
    found = []
    commands = {**COMMANDS, **COMMIT, **TIMED}
    for title in sorted(commands, key=lambda title: int(title.split(".")[0])):
        command, rows, why = commands[title], [], ""
        if title in COMMIT and not commit:
            why = (
                f"it adds {COMMIT_MIB} MiB to Committed_AS until the machine is booted "
                "again; `make findings-here COMMIT=y` measures it"
            )
        else:
            print(f"  {command}", flush=True)
            try:
                rows = measure(command, runs if title in TIMED else 1)
            except NotMeasured as error:
                why = str(error)
        if why:
            print(f"  not measured: {why}")
        found.append((title, command, rows, why))
    return found


def write_page(where, found, runs, loads):
    head = (
        f"<!-- Written by make findings-here. -->\n\n# {processor()}, "
        f"{platform.release()}\n\n{platform.machine()}, {os.cpu_count()} "
        f"processors{', a virtual machine' if virtual() else ''}; the load was "
        f"{loads[0]} before and {loads[1]} after. Each time, in nanoseconds, is "
        f"the median of {runs} runs with the smallest and the largest. *On*: "
        "the programs pass MAP_GROWSDOWN with MAP_STACK, and the kernel is as "
        "it is. What the keys mean: [the findings](../../findings.md).\n"
    )
    parts = [
        f"## {title}\n\n`{command}`\n\n"
        f"{table(rows) if rows else f'Not measured: {why}.'}\n"
        for title, command, rows, why in found
    ]
    where.write_text("\n".join([head, *parts]))


def write_csv(where, found):
    with open(where, "w", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["command", "mode", "key", "value", "least", "most"])
        for _, command, rows, _ in found:
            writer.writerows([command, *row] for row in rows)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=9, metavar="N")
    parser.add_argument(
        "--commit", action="store_true",
        help=f"effect 5 too: adds {COMMIT_MIB} MiB to Committed_AS until the next boot",
    )
    options = parser.parse_args()
    build()
    before = load()
    found = measure_all(options.runs, options.commit)
    name = re.sub(r"[^A-Za-z0-9.]+", "-", f"{processor()} {platform.release()}")
    PAGES.mkdir(parents=True, exist_ok=True)
    write_csv(PAGES / f"{name}.csv", found)
    write_page(PAGES / f"{name}.md", found, options.runs, (before, load()))
    print(f"{PAGES / name}.md and .csv are what was measured; send them if you "
          "like.")


if __name__ == "__main__":
    try:
        main()
    except (NotMeasured, OSError) as failure:
        sys.exit(f"error: {failure}; no page was written")
