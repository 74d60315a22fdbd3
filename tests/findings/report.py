#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Write docs/findings.md, its annex, README's part on it, and the page and the letter of
docs/proposal from the raw results.

The prose is in findings.md.in, annex.md.in and readme.md.in of this directory, and in
tests/proposal. Between {{ and }} is a Python expression over the results in
docs/findings/*.csv and docs/proposal/*.csv, with the names of Results, tables.py and
effects.py. No figure is typed in. require() guards a sentence without a figure: if the
results say otherwise, nothing is written.
"""

import csv
import functools
import inspect
import re
import sys
import textwrap
from pathlib import Path

RESULTS = Path("docs/findings")
TEMPLATES = Path("tests/findings")
FINDINGS = Path("docs/findings.md")
ANNEX = RESULTS / "annex.md"
# The run that wrote all results, and then the runs of a part; missing without the first.
RUNS = RESULTS / "run.csv"
README = Path("README.md")
PROPOSAL = Path("docs/proposal")
PROPOSAL_TEMPLATES = Path("tests/proposal")
WIDTH = 90
# A mail's lines are shorter than a page's.
MAIL_WIDTH = 80
# What an item of a list begins with.
ITEM = re.compile(r"(?:- |\d\. | \* |\[\d\] )")
BEGIN = "<!-- findings: written by make findings -->\n"
END = "<!-- findings end -->"
# Named where they differ from the others: pages of 64 KiB, stacks that grow up.
KERNELS = [
    "5.10-amd64", "6.1-amd64", "6.12-amd64", "7.3-amd64", "6.12-64k-ppc64el",
    "6.1-hppa", "6.1-hppa64",
]


class Untrue(Exception):
    """A sentence of a template is not what the results say."""


def read_csv(path):
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def thousands(number):
    return f"{number:,}"


class Results:
    """The raw results, and how templates ask for them.

    The beginning of a command names it. A kernel is named as in tests/vm/kernels,
    with or without -amd64.
    """

    def __init__(self):
        self.kernel_rows = read_csv(RESULTS / "kernels.csv")
        self.rows = {}
        for path in sorted(RESULTS.glob("*.csv")):
            if path.name == "kernels.csv" or path == RUNS:
                continue
            for row in read_csv(path):
                self.rows[
                    row["command"], row["kernel"], row["mode"], row["key"]
                ] = row["value"]

        self.runs = read_csv(RUNS)
        # The results of make findings-here, of our machine and of others.
        self.hardware = {
            path.stem: read_csv(path)
            for path in sorted((RESULTS / "hardware").glob("*.csv"))
        }
        # What the patches do, by kernel, program and key; and their searches.
        self.effects = {
            tuple(row[field] for field in ("kernel", "program", "key")): row["value"]
            for row in read_csv(PROPOSAL / "effects.csv")
        }
        self.searches = read_csv(PROPOSAL / "searches.csv")

    def kernels(self, command="grow"):
        """The kernels that a command ran on, in the order of the list."""
        ran = {key[1] for key in self.rows if key[0].startswith(command)}
        return [
            row["kernel"] for row in self.kernel_rows if row["kernel"] in ran
        ]

    def keys(self, command):
        """The keys that a command printed, in their order."""
        return list(dict.fromkeys(
            key[3] for key in self.rows if key[0].startswith(command)
        ))

    def value(self, command, kernel, mode, key):
        """One result as it was printed; - if there is none."""
        if "-" not in kernel:
            kernel += "-amd64"
        exact = self.rows.get((command, kernel, mode, key))
        if exact is not None:
            return exact
        for (ran, *rest), value in self.rows.items():
            if rest == [kernel, mode, key] and ran.startswith(command + " "):
                return value
        return "-"

    def number(self, *where):
        """One result as a number."""
        value = self.value(*where)
        if not re.fullmatch(r"-?\d+", value):
            raise Untrue(f"{where}: no number: {value}")
        return int(value)

    def effect(self, kernel, program, key):
        """What a program found on a kernel of tests/vm/proposal.py, as a number."""
        value = self.effects.get((f"{kernel}-amd64", program, key))
        if value is None:
            raise Untrue(f"{kernel}: {program} has no result {key}")
        return int(value)

    def shown(self, *where):
        """One result for a reader: numbers with thousands separated."""
        value = self.value(*where)
        return thousands(int(value)) if value.isdigit() else value

    def span(self, command, mode, key, kernels=None):
        """A result of all kernels: one value, or the smallest to the largest."""
        values = sorted({
            self.number(command, kernel, mode, key)
            for kernel in kernels or self.kernels(command)
            if self.value(command, kernel, mode, key) != "-"
        })
        if not values:
            raise Untrue(f"{command}: there are no results")
        if len(values) == 1:
            return thousands(values[0])
        return f"{thousands(values[0])} to {thousands(values[-1])}"

    def where(self, command, mode, key, value, kernels=None):
        """Name the kernels on which a result has this value."""
        return ", ".join(
            kernel.removesuffix("-amd64")
            for kernel in kernels or self.kernels(command)
            if self.value(command, kernel, mode, key) == value
        )

    def everywhere(self, command, mode, key, value, kernels=None):
        """Whether a result has this value on every kernel."""
        kernels = kernels or self.kernels(command)
        return all(
            self.value(command, kernel, mode, key) == value
            for kernel in kernels
        ) and bool(kernels)


def require(condition):
    """Stop unless the sentence before it is true."""
    if not condition:
        raise Untrue("the results say otherwise")
    return ""


def names(results):
    """What expressions in templates can use."""
    import effects
    import tables

    scope = {
        name: getattr(results, name) for name in dir(results)
        if not name.startswith("_")
    }
    for function in [*vars(tables).values(), *vars(effects).values()]:
        if getattr(function, "__module__", "") not in ("tables", "effects"):
            continue
        name = function.__name__
        needed = list(inspect.signature(function).parameters)
        scope[name] = (
            functools.partial(function, results)
            if needed[:1] == ["results"] else function
        )
    return scope | {
        "require": require, "thousands": thousands, "kernels_wanted": KERNELS,
    }


def fill_item(item, width):
    """Fill a paragraph, or an item of a list, which its first word begins."""
    mark = ITEM.match(item)
    begin = mark.group() if mark else ""
    return textwrap.fill(
        " ".join(item[len(begin):].split()), width, initial_indent=begin,
        subsequent_indent=" " * len(begin), break_long_words=False,
        break_on_hyphens=False,
    )


def wrap(text, width):
    """Fill paragraphs, whose lines figures made too long; tables stay as they are."""
    paragraphs = []
    for paragraph in text.rstrip("\n").split("\n\n"):
        if not re.match(r"[|#!<]|  |Subject: ", paragraph):
            paragraph = "\n".join(
                fill_item(item, width)
                for item in re.split(rf"\n(?={ITEM.pattern})", paragraph)
            )
        paragraphs.append(paragraph)
    return "\n\n".join(paragraphs) + "\n"


def render(template, results, width=WIDTH):
    """Fill a template in."""
    text = template.read_text()
    scope = names(results)

    def fill(match):
        line = text[: match.start()].count("\n") + 1
        try:
            return str(eval(match.group(1).strip(), scope))
        except (Untrue, ValueError) as error:
            raise Untrue(f"{template}:{line}: {error}") from error

    return wrap(re.sub(r"\{\{(.*?)\}\}", fill, text, flags=re.S), width)


def readme_with(text):
    """README with a new paragraph on the findings."""
    readme = README.read_text()
    head, rest = readme.split(BEGIN)
    return head + BEGIN + text + END + rest.split(END)[1]


def documents():
    """The documents as the results want them: {path: text}."""
    results = Results()
    return {
        FINDINGS: render(TEMPLATES / "findings.md.in", results),
        ANNEX: render(TEMPLATES / "annex.md.in", results),
        README: readme_with(render(TEMPLATES / "readme.md.in", results)),
        PROPOSAL / "README.md": render(PROPOSAL_TEMPLATES / "README.md.in", results),
        PROPOSAL / "cover-letter": render(
            PROPOSAL_TEMPLATES / "cover-letter.in", results, MAIL_WIDTH
        ),
    }


def main():
    import drawings
    import plots

    for path, text in documents().items():
        path.write_text(text)
    plots.draw(Results(), RESULTS)
    drawings.draw(RESULTS)


if __name__ == "__main__":
    sys.path.insert(0, str(TEMPLATES))
    try:
        main()
    except Untrue as error:
        sys.exit(f"error: {error}")
