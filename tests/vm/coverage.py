# SPDX-License-Identifier: GPL-2.0-only
"""Write which lines of module/ ran in a guest, from what gcov counted there.

Runs in the lab. The module is built with GCOV_PROFILE=y for a kernel with
CONFIG_GCOV_KERNEL, and tests/guest/after.c prints the counts.
"""

import re
import subprocess
from pathlib import Path

LINE = re.compile(r"^ *([^:\n]+): *(\d+):(.*)", re.M)
BEGIN, END = "<!-- coverage: written by make test-long -->\n", "<!-- coverage end -->"


def executed(counts):
    """Combine the counts with the compiler's notes; return gcov's lines."""
    for path, content in sorted(counts.items()):
        if "/module/" not in path:
            continue
        Path(path).write_bytes(content)
        text = subprocess.run(
            ["gcov-14", "-t", path], cwd=Path(path).parents[1],
            capture_output=True, text=True, check=True,
        ).stdout
        # Headers that contain code follow; each begins with its source.
        for part in re.split(r"^ *-: *0:Source:", text, flags=re.M)[1:]:
            source, _, lines = part.partition("\n")
            yield source.split("/mapstack/")[-1], lines


def function_of(texts, number):
    """The name of the function that a line is in."""
    for above in range(number, 0, -1):
        match = re.match(r"[a-z].*?(\w+)\(", texts.get(above, ""))
        if match:
            return match.group(1)
    return ""


def measure(counts):
    """By file of module/: lines that ran, and lines that did not, as text."""
    files = {}
    for source, lines in executed(counts):
        if not source.startswith("module/"):
            continue
        ran, missed = files.setdefault(source, (set(), {}))
        found = [(count, int(n), text) for count, n, text in LINE.findall(lines)]
        texts = {number: text for _, number, text in found}
        for count, number, text in found:
            if count.strip("*") in ("#####", "====="):
                missed[number] = f"{function_of(texts, number)}(): {text.strip()}"
            elif count != "-":
                ran.add(number)
    return {
        source: (ran, {n: t for n, t in missed.items() if n not in ran})
        for source, (ran, missed) in sorted(files.items())
    }


def table(files):
    """The result of measure(), in Markdown."""
    rows = ["| file | lines | reached |", "|---|---|---|"]
    rows += [
        f"| {source} | {len(ran) + len(missed)} | {len(ran)} |"
        for source, (ran, missed) in files.items()
    ]
    ran = sum(len(ran) for ran, _ in files.values())
    missed = sum(len(missed) for _, missed in files.values())
    rows += [f"| all | {ran + missed} | {ran} |", "", "Not reached:", "", "```"]
    rows += [
        f"{source}: {text}"
        for source, (_, missed) in files.items()
        for _, text in sorted(missed.items())
    ]
    return "\n".join([*rows, "```", ""])


def write(counts, programs, path="docs/trust.md"):
    """Write the table into the document, and which programs it is of."""
    head, rest = Path(path).read_text().split(BEGIN)
    tail = rest.split(END)[1]
    text = f"Programs: {', '.join(programs)}.\n\n" + table(measure(counts))
    Path(path).write_text(head + BEGIN + text + END + tail)
