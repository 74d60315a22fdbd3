# SPDX-License-Identifier: GPL-2.0-only
"""Read a KTAP report without trusting it more than necessary.

A test counts as passed only if its own line says so in a report that kept its
plan. Anything that is missing is a failure.
"""

import re
from dataclasses import dataclass, field

RESULT = re.compile(r"(not )?ok (\d+)(?: (?:- )?(.*))?$")
PLAN = re.compile(r"1\.\.(\d+)$")
SKIP = re.compile(r"\s*# SKIP\s*(.*)$")


@dataclass
class Report:
    """One report, or the report of one subtest."""

    passed: list = field(default_factory=list)
    failed: list = field(default_factory=list)
    skipped: list = field(default_factory=list)  # (name, reason)
    planned: int = None
    results: int = 0
    counts: dict = field(default_factory=dict)  # of gcov, by file

    def add(self, ok, name):
        """Add one result line."""
        self.results += 1
        skip = SKIP.search(name)
        if skip and ok:
            self.skipped.append((name[: skip.start()], skip.group(1)))
        else:
            (self.passed if ok else self.failed).append(name)

    def add_all(self, other, prefix=""):
        """Add the results of another report, with a prefix to their names."""
        self.passed += [prefix + test for test in other.passed]
        self.failed += [prefix + test for test in other.failed]
        self.skipped += [(prefix + test, why) for test, why in other.skipped]

    def add_checks(self, checks):
        """Add checks: {name: complaints, [] if it passed}."""
        for name, wrong in checks.items():
            self.add(not wrong, f"{name}: {'; '.join(wrong)}" if wrong else name)

    def kept_plan(self):
        return self.planned is not None and self.results == self.planned


class Parser:
    """Parses line by line, two levels: programs and the tests in them."""

    def __init__(self):
        self.top = Report()
        self.inner = Report()
        self.total = Report()
        self.ended = False
        self.taint = None
        self.leaks = None  # a number if kmemleak looked for them
        self.leaked = []  # the lines of its reports

    def feed(self, line):
        line = line.rstrip("\r\n")
        if line.startswith("    "):
            self._feed_report(self.inner, line[4:])
            return
        match = RESULT.match(line)
        if match:
            self._close_program(not match.group(1), match.group(3) or "?")
        elif line.startswith("# tainted "):
            self.taint = int(line.split()[2])
        elif line.startswith("# leaks "):
            self.leaks = int(line.split()[2])
        elif line.startswith("# leak: "):
            self.leaked.append(line[8:])
        elif line.startswith("# gcda "):
            _, _, path, counts = line.split()
            self.total.counts[path] = bytes.fromhex(counts)
        elif line == "# end":
            self.ended = True
        else:
            self._feed_report(self.top, line)

    def _feed_report(self, report, line):
        plan = PLAN.match(line)
        if plan:
            report.planned = int(plan.group(1))
            return
        match = RESULT.match(line)
        if match:
            report.add(not match.group(1), match.group(3) or "?")

    def _close_program(self, ok, name):
        inner, self.inner = self.inner, Report()
        self.top.add(ok, name)
        program = SKIP.sub("", name)
        self.total.passed += [f"{program}: {t}" for t in inner.passed]
        self.total.failed += [f"{program}: {t}" for t in inner.failed]
        self.total.skipped += [(f"{program}: {t}", r) for t, r in inner.skipped]
        if not inner.kept_plan():
            self.total.failed.append(
                f"{program}: {inner.results} of {inner.planned} tests reported"
            )
        elif not ok and not inner.failed:
            self.total.failed.append(f"{program}: ended badly")

    def finish(self):
        """Return the whole report, in which missing results are failures."""
        if self.inner.results or self.inner.planned is not None:
            self._close_program(False, "interrupted program")
            self.top.results -= 1
        if not self.top.kept_plan():
            self.total.failed.append(
                f"{self.top.results} of {self.top.planned} programs ran"
            )
        if not self.ended:
            self.total.failed.append("the guest did not reach its end")
        return self.total
