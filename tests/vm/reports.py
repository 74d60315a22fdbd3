#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test the outputs that the command makes of the documents in tests/report.

Runs in the lab: tests/vm/lab -a python3 tests/vm/reports.py [--write]. --write writes the
expected outputs (NAME.txt, NAME.prom) again. --draw LOG makes the pictures of pages, from
the status.log of the guest of evidence. The documents contain:

    run      refused calls, with and without a backtrace, growth that was
             refused, names that are HTML; x86-64
    watch    a forecast of a whole machine, requests that belong to no program,
             nothing known of growth; arm64, with pages of 16 KiB
    try      two runs under each of two policies: one costs, the other breaks
"""

import copy
import html
import itertools
import json
import os
import pty
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import termios
from html.parser import HTMLParser
from pathlib import Path

import evidence
import jsonschema
import ktap

REPORTS = Path("tests/report")
NAMES = ("run", "watch")
ALL_NAMES = (*NAMES, "try")
SPACE_KIB = "peak_address_space_kib"
SCHEMA = json.loads(Path("tools/report/schema.json").read_text())
CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]")


class Command:
    """Runs the command."""

    def __init__(self, path, work):
        self.path, self.work = path, work

    def __call__(self, *words, **options):
        options.setdefault("stdout", subprocess.PIPE)
        return subprocess.run(
            [self.path, *map(str, words)], stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE, env={"MAPSTACK_ROOT": str(self.work)},
            **options,
        )

    def keep(self, document):
        """Have a document be the last report; return it."""
        kept = self.work / "run/mapstack/report.json"
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps(document))
        return document

    def text(self, *words):
        done = self(*words)
        assert done.returncode == 0 and not done.stderr, (words, done)
        return done.stdout.decode()


def read(name):
    return json.loads((REPORTS / f"{name}.json").read_text())


def samples(metrics):
    """Metrics as a dictionary: name and labels to value."""
    lines = [x for x in metrics.splitlines() if not x.startswith("#")]
    return {x.rsplit(" ", 1)[0]: float(x.rsplit(" ", 1)[1]) for x in lines}


def check_metrics(metrics):
    """promtool's complaints."""
    return subprocess.run(
        ["promtool", "check", "metrics"], input=metrics, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
    ).stdout


def check_golden(command, write):
    """The documents fit the schema, and their outputs are the expected ones"""
    for name in ALL_NAMES:
        document = command.keep(read(name))
        jsonschema.validate(document, SCHEMA)
        assert json.loads(command.text("report", "--json")) == document
        for option, ending in ((), "txt"), (("--prometheus",), "prom"):
            path = REPORTS / f"{name}.{ending}"
            text = command.text("report", *option)
            if write:
                path.write_text(text)
            assert text == path.read_text(), f"{path} differs"
            assert not CONTROL.search(text), repr(text)


def check_schema(_):
    """The schema refuses members and values that are wrong"""
    validator = jsonschema.Draft202012Validator
    validator.check_schema(SCHEMA)

    def spoil(document, *path, value):
        document = copy.deepcopy(document)
        at = document
        for step in path[:-1]:
            at = at[step]
        at[path[-1]] = value
        return document

    good = read("run")
    for path, value in {
        ("counters", "seen"): -1, ("programs", 0, "refused"): -31,
        ("programs", 0, "program"): "a\x1b[2J", ("start",): "now",
        ("programs", 0, "refused_calls", 0, "prot"): -1, ("host",): 1,
        ("exit_status",): "0", ("more",): 1, ("programs", 0, "more"): 1,
    }.items():
        assert not validator(SCHEMA).is_valid(
            spoil(good, *path, value=value)
        ), path


def check_promtool(command):
    """promtool accepts all metrics, and they add up"""
    command.keep(read("try"))
    metrics = command.text("report", "--prometheus")
    assert not check_metrics(metrics), check_metrics(metrics)
    values = samples(metrics)
    assert values['mapstack_try_verdict{policy="rfc",verdict="breaks"}'] == 1
    assert values['mapstack_try_wall_seconds{policy="off"}'] == 0.094, values
    for name in NAMES:
        document = command.keep(read(name))
        metrics = command.text("report", "--prometheus")
        assert not check_metrics(metrics), check_metrics(metrics)
        values = samples(metrics)
        total = sum(
            value for key, value in values.items()
            if key.startswith("mapstack_program_requests_total{")
        )
        assert total + document["complete"]["dropped"] == \
            document["counters"]["seen"] == \
            values["mapstack_report_requests_total"], values
    assert "pages" not in metrics.replace("huge pages", "")
    assert check_metrics("mapstack_x 1\n"), "promtool says nothing"


def check_names(command):
    """Any name: text, JSON and metrics stay safe and valid"""
    document = read("run")
    first = document["programs"][0]
    hostile = [chr(c) for c in range(1, 0x100)] + ["\u202e", "\u2028", "\\", ""]
    document["programs"] = [
        {**first, "program": name, "unit": name, "container": name,
         "user": name, "refused_calls": [
             {**first["refused_calls"][0], "call": name}]}
        for name in hostile
    ]
    document["command"] = document["programs"][:0] + hostile
    command.keep(document)
    text = command.text("report")
    assert not CONTROL.search(text), CONTROL.search(text)
    printed = command.text("report", "--json")
    assert printed.isascii() and json.loads(printed) == document
    metrics = command.text("report", "--prometheus")
    assert not CONTROL.search(metrics) and not check_metrics(metrics), \
        check_metrics(metrics)


def check_labels(command):
    """Labels stay few: scopes become their slice, most programs become one"""
    values = None
    document = read("watch")
    entry = document["programs"][-1]
    document["programs"] += [
        {**entry, "program": f"/tmp/{number}", "requests": 1,
         "shapes": {"anonymous": 1}, "refused": 0} for number in range(5000)
    ]
    command.keep(document)
    metrics = command.text("report", "--prometheus")
    values = samples(metrics)
    requests = {
        key: value for key, value in values.items()
        if key.startswith("mapstack_program_requests_total{")
    }
    assert not check_metrics(metrics)
    assert sum(requests.values()) == 228 + 5000, sum(requests.values())
    assert len(requests) <= 202, len(requests)
    assert requests['mapstack_program_requests_total{program="(other)",'
                    'shape="anonymous"}'] > 4700
    assert requests[
        'mapstack_program_requests_total{program="/usr/sbin/nginx",'
        'unit="machine.slice",container="podman:web",user="www-data",'
        'shape="anonymous"}'
    ] == 28, "two containers of one name are one series"
    assert ".scope" not in metrics


def check_by(command):
    """--by groups programs, and nothing is lost"""
    for name, by, count in ("watch", "user", 2), ("watch", "program", 2), \
            ("watch", "unit", 4), ("run", "unit", 2):
        path = REPORTS / f"{name}.json"
        before = read(name)
        after = json.loads(command.text("report", path, "--json", "--by", by))
        jsonschema.validate(after, SCHEMA)
        assert after["by"] == by and len(after["programs"]) == count, after
        for member in "requests", "refused", "growable", "bytes":
            assert sum(p[member] for p in after["programs"]) == \
                sum(p[member] for p in before["programs"]), (by, member)
    assert after["programs"][0]["peak_mappings"] == 431, after
    assert after["programs"][0]["program"] is None
    text = command.text("report", "--by", "unit", path)
    assert "no known unit (program /usr/bin/dash)" in text, text
    assert "MAP_PRIVATE|MAP_STACK) of /usr/bin/python3.13" in text, text
    done = command("report", "--by", "nonsense", path)
    assert done.returncode == 125 and b"nonsense" in done.stderr, done


def check_merge(command):
    """merge: one document of several machines, in pages of one size"""
    paths = [REPORTS / f"{name}.json" for name in NAMES]
    run, watch = map(read, NAMES)
    merged = json.loads(command.text("merge", "--json", *paths, paths[1]))
    jsonschema.validate(merged, SCHEMA)
    assert [h["host"] for h in merged["hosts"]] == ["trixie", "altra", "altra"]
    assert (merged["start"], merged["end"]) == (watch["start"], watch["end"])
    assert merged["host"] is merged["policy"] is merged["exit_status"] is None
    seen = run["counters"]["seen"] + 2 * watch["counters"]["seen"]
    assert merged["counters"]["seen"] == seen and merged["version"] == 1
    assert merged["counters"]["grown"] is None, "unknown on one is unknown"
    assert sum(p["requests"] for p in merged["programs"]) + \
        merged["complete"]["dropped"] == seen
    assert len(merged["programs"]) == 7, "what comes twice is one"
    assert merged["programs"][0]["host"] == "altra"
    watch["programs"][0].update(grown=1, grown_pages=3)
    big = command.work / "big.json"
    big.write_text(json.dumps(watch))
    merged = json.loads(command.text("merge", "--json", big, paths[0]))
    assert merged["page_size"] == 4096
    assert merged["programs"][0]["grown_pages"] == 12
    again = command.work / "merged.json"
    again.write_text(json.dumps(merged))
    twice = json.loads(command.text("merge", "--json", again))
    assert twice == merged, "merged once more it is the same"
    text = command.text("merge", *paths)
    assert "on trixie, altra" in text and "5 the kernel would refuse" in text \
        and "3 the kernel refused" in text and "125 would become" in text, text
    page = command.work / "merged.html"
    command.text("merge", "--html", page, *paths)
    held = re.search('id="data">(.*)</script>', page.read_text())[1]
    assert json.loads(held) == json.loads(command.text("merge", "--json", *paths))
    assert "altra, Linux" in "".join(browse(command, page).texts)
    metrics = command.text("merge", "--prometheus", *paths)
    assert not check_metrics(metrics), check_metrics(metrics)
    done = command("merge", *paths, "/nonexistent")
    assert done.returncode == 125 and not done.stdout, done


def check_diff(command):
    """diff: a verdict in the first line, and in the exit status"""
    before = read("run")
    old, new = command.work / "old.json", command.work / "new.json"

    def differs(change, status, first, old_change=lambda document: None):
        document, base = copy.deepcopy(before), copy.deepcopy(before)
        old_change(base)
        old.write_text(json.dumps(base))
        change(document)
        new.write_text(json.dumps(document))
        done = command("diff", old, new)
        line = done.stdout.decode().splitlines()[0]
        assert done.returncode == status and re.match(first, line), \
            (first, done)
        done = command("diff", "--json", old, new)
        found = json.loads(done.stdout)
        jsonschema.validate(found, SCHEMA)
        assert done.returncode == status and found["verdict"] == \
            line.split(":")[0], found
        return " ".join(found["notes"])

    def program(**values):
        return lambda document: document["programs"][0].update(values)

    def whole(**values):
        return lambda document: document.update(values)

    def observed(document):
        document.update(forecast=True, policy="observe", exit_status=0)
        for entry in document["programs"]:
            entry["outcomes"] = {"observed": entry["requests"]}
            entry.update(grow_denied={}, grown_pages=0, failed=0)

    def new_call(document):
        entry = document["programs"][0]
        entry["outcomes"] = {"translated": 8, "refused": 4}
        entry["refused_calls"].append(
            {**entry["refused_calls"][0], "call": "mmap(new)", "count": 1})

    differs(lambda document: None, 0, "unchanged$")
    differs(whole(milliseconds=1, start="2026-11-30T00:00:00Z"), 0, "unchanged$")
    differs(whole(exit_status=2), 1, "breaks: .*exit status 2, .* 1 before")
    differs(whole(exit_status=None, signal="SIGSEGV"), 1, "breaks: .*SIGSEGV")
    differs(whole(exit_status=0), 0, "gains: .*exit status 0, .* 1 before")
    # An end is ranked as by try: without the signal is better, whatever the status.
    killed = whole(exit_status=None, signal="SIGSEGV")
    differs(lambda document: None, 0, "gains: .*exit status 1, .* SIGSEGV before", killed)
    differs(whole(exit_status=None, signal="SIGABRT"), 1, "breaks: .*SIGABRT", killed)
    # As in try, the costs of a command that ends otherwise are not compared.
    differs(program(peak_mappings=500), 0, "gains: ", killed)
    differs(new_call, 1, r"breaks: /usr/bin/python3.13: mmap\(new\) is refused")
    for denied in 4, 2:
        found = differs(program(grow_denied={"memory": denied}), 0, "unchanged$")
        assert f"growth was refused {denied} times, 3 before" in found, found
    differs(program(failed=2), 1, "breaks: .*another reason: 2, 1 before")
    differs(program(failed=None), 0, "unchanged$")
    differs(program(grown_pages=6), 0, "costs: .*KiB .* grew by: 24, 20 before")
    large = whole(page_size=65536)
    differs(program(grown_pages=80), 0, "unchanged$", lambda document: (
        large(document), program(grown_pages=5)(document)))
    differs(large, 0, "costs: .*KiB .* grew by: 320, 20 before")
    differs(program(peak_mappings=500), 0, "costs: .*: 500, 431 before")
    differs(program(peak_address_space_kib=33596), 0, "unchanged$")
    differs(program(peak_address_space_kib=33597), 0,
            "costs: .*KiB of address space.*: 33597, 31620 before")
    differs(lambda document: document["programs"].pop(0), 0, "gains: .*python")
    # A forecast does not break anything. When it comes true, it does.
    differs(observed, 0, "gains: ")
    differs(lambda document: None, 1, "breaks: .*exit status 1", observed)
    differs(observed, 0, "unchanged$", observed)
    done = command("diff", old, REPORTS / "nothing")
    assert done.returncode == 125 and not done.stdout, done
    done = command("diff", old)
    assert done.returncode == 125 and b"name both" in done.stderr, done
    done = command("diff", old, REPORTS / "try.json")
    assert done.returncode == 125 and b"--keep DIR' keeps" in done.stderr, done


class Page(HTMLParser):
    """A page as a browser shows it: texts, and the figures in their order."""

    def __init__(self, dom):
        super().__init__()
        self.figures, self.texts, self.tags, self.member = [], [], [], None
        self.title, self.marks, self.cell = (None, None), [], None
        self.feed(dom)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes = dict(attrs)
        self.member = self.attributes.get("data-member")
        if tag == "td":
            self.cell = self.attributes.get("class")

    def handle_data(self, data):
        if self.tags[-1:] == ["h1"]:
            self.title = data, self.attributes.get("class")
        if self.member:
            self.figures.append((self.member, data.replace(",", "")))
            if self.cell in ("breaks", "costs"):
                self.marks.append((self.member, self.cell))
            self.member = None
        self.texts.append(data)


def browser(command, path, *options):
    """Open a page in a browser; return the finished process."""
    return subprocess.run(
        ["chromium-headless-shell", "--headless", "--no-sandbox",
         "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-sync", f"--user-data-dir={command.work}/browser",
         "--enable-logging=stderr", *options, f"file://{path}"],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True, timeout=300,
    )


def browse(command, path):
    """Open a page in a browser; return what it shows."""
    done = browser(command, path, "--dump-dom")
    said = [x for x in done.stderr.splitlines() if "CONSOLE" in x]
    assert done.returncode == 0 and not said, (done.returncode, said)
    return Page(done.stdout)


def ask(command, path, script, *options):
    """Open a page in a browser with one more script; return what this returns."""
    asked = command.work / "asked.html"
    asked.write_text(path.read_text().replace("</html>", f"<script>document.title = "
                     f"JSON.stringify((() => {{ {script} }})())</script></html>"))
    done = browser(command, asked, "--dump-dom", *options)
    return json.loads(html.unescape(re.search("<title>(.*)</title>", done.stdout)[1]))


# The colours of each text, and of what is behind it.
COLOURS = """
const behind = element => {
  const colour = getComputedStyle(element).backgroundColor;
  return /, 0\\)$/.test(colour) && element.parentElement ? behind(element.parentElement) : colour;
};
const texts = [...document.querySelectorAll("main *")].filter(element =>
  [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim()));
return texts.map(element => {
  const style = getComputedStyle(element);
  return [element instanceof SVGElement ? style.fill : style.color, behind(element)];
});
"""


def contrast(*colours):
    """The contrast ratio of two colours, as WCAG 2 defines it."""
    light = []
    for colour in colours:
        parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
        parts = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
                 for part in parts]
        light.append(0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2])
    return (max(light) + 0.05) / (min(light) + 0.05)


def check_looks(command):
    """The page: printed, on a narrow screen, and in the dark"""
    path = command.work / "page.html"
    for name in ALL_NAMES:
        document = command.keep(read(name))
        if name == "try":
            document["policies"] += document["policies"][1:] * 2
            command.keep(document)
        command.text("report", "--html", path)
        window, wide = ask(
            command, path, "return [innerWidth, document.documentElement.scrollWidth]",
            "--window-size=360,800")
        assert window == 360 >= wide, (name, window, wide)
        light = ask(command, path, COLOURS)
        dark = ask(command, path, COLOURS, "--blink-settings=preferredColorScheme=0")
        same = [pair for pair in zip(light, dark) if pair[0][0] == pair[1][0] or
                pair[0][1] == pair[1][1]]
        assert len(light) == len(dark) > 20 and not same, (name, len(light), same)
        faint = [pair for pair in light + dark if contrast(*pair) < 4.5]
        assert not faint, (name, faint)
    # What is folded on the screen is printed, once.
    command.text("report", REPORTS / "run.json", "--html", path)
    folded = ask(command, path, """
        const folded = () => [...document.querySelectorAll("details")].map(
          each => [each.open, each.querySelectorAll("table").length]);
        const before = folded();
        for (const time of [1, 2]) dispatchEvent(new Event("beforeprint"));
        return [before, folded()];""")
    assert folded == [[[True, 2], [False, 0]], [[True, 2], [True, 1]]], folded


def depths(stacks):
    """What a page has to show of how deep stacks are, the deepest first."""
    return [
        (member, f"{stack[member] // 1024} KiB")
        for stack in sorted(stacks, key=lambda stack: -stack["size"])
        for member in ("mapped", "size")
    ]


# The stacks of process 5 in run.json, from high addresses to low ones.
SPACE = [
    ("first", "256 KiB"), ("first", "256 KiB"), ("free", "8 KiB free below"),
    ("grew", "grew by 4 KiB"), ("free", "4 KiB free below"),
    # Here the stack below begins.
    ("first", "64 KiB"), ("first", "64 KiB"), ("free", "8 KiB free below"),
    ("free", "8 KiB free below"),
    ("other", "another mapping"), ("other", "another mapping"),
    ("apart", "463284 KiB of other mappings and free memory"),
    ("first", "64 KiB"), ("first", "64 KiB"),
    ("free", "more than 256 pages free below"),
    ("free", "more than 256 pages free below"),
    # At another time.
    ("first", "64 KiB"), ("first", "64 KiB"),
    ("free", "more than 256 pages free below"),
    ("grew", "grew by 64 KiB"), ("free", "more than 256 pages free below"),
]


def check_page(command):
    """--html: a browser shows the figures of the JSON, and does not complain"""
    path = command.work / "page.html"
    for name in NAMES:
        command.text("report", REPORTS / f"{name}.json", "--html", path)
        document, page = read(name), browse(command, path)
        counters = document["counters"]
        expected = [(member, counters[member]) for member in (
            "seen", "translated", "refused", "grown", "grow_denied",
            "out_of_scope")]
        expected.append(("dropped", document["complete"]["dropped"]))
        for entry in document["programs"]:
            pages = entry["grown_pages"]
            expected += [(member, entry[member]) for member in (
                "requests", "growable", "refused", "failed", "grown")]
            expected += [
                ("grown_pages", None if pages is None else
                 f"{pages * document['page_size'] // 1024} KiB"),
                ("grow_denied", sum(entry["grow_denied"].values())),
                ("peak_mappings", entry["peak_mappings"]),
                (SPACE_KIB, entry.get(SPACE_KIB)),
                *depths(entry.get("stacks") or []),
                *(SPACE if entry.get("stacks") else []),
            ]
        assert page.figures == [
            (member, "unknown" if value is None else str(value))
            for member, value in expected
        ], (page.figures, expected)
        ended = {"run": "The command ended with exit status 1."}.get(name, "")
        assert ended in "".join(page.texts) and \
            ("The command ended" in "".join(page.texts)) == bool(ended), page.texts
        for entry in document["programs"]:
            assert entry["program"] in page.texts, entry["program"]
        assert page.tags.count("script") == 2 and "b" not in page.tags, page
        assert "://" not in path.read_text(), "the page names another"
    # What comes first is what breaks; a stack that could not grow breaks nothing.
    document = read("run")
    document["programs"][0].update(refused=0, grow_denied={})
    document["programs"][2]["grow_denied"] = {"memory": 2}
    command.keep(document)
    command.text("report", "--html", path)
    texts = browse(command, path).texts
    assert "No call was refused, but 2 expansions were, and the command ended with " \
        "exit status 1" in texts and texts.index("/usr/bin/dash") < \
        texts.index("/usr/bin/python3.13"), texts
    # A command that crashed is not called good, although nothing was refused.
    document["programs"][2]["grow_denied"] = {}
    crashed = "No call was refused, but the command ended with "
    for status, signal, title in (0, None, ("Nothing breaks", "fine")), \
            (None, "SIGSEGV", (crashed + "SIGSEGV", "costs")), \
            (2, None, (crashed + "exit status 2", "costs")):
        document.update(exit_status=status, signal=signal)
        command.keep(document)
        command.text("report", "--html", path)
        page = browse(command, path)
        assert page.title == title, page.title
    # A list that may not be whole says so.
    cut = "A report has no more than the first 32 stacks of a program. " \
        "How many grew past a size: 16 KiB 40, 64 KiB 3."
    assert cut not in page.texts, page.texts
    entry = document["programs"][0]
    entry["stacks"] = [{**entry["stacks"][0], "pid": number} for number in range(32)]
    entry["grew_past"] = {"16 KiB": 40, "64 KiB": 3, "256 KiB": 0}
    command.keep(document)
    command.text("report", "--html", path)
    page = browse(command, path)
    assert cut in page.texts, page.texts
    # Make sure that a complaint would be noticed.
    path.write_text(path.read_text().replace("JSON.parse", "JSON.pars"))
    try:
        browse(command, path)
    except AssertionError:
        pass
    else:
        raise AssertionError("what a browser complains of is not heard")
    command.keep({"version": 1, "counters": {}, "programs": [{}, None]})
    command.text("report", "--html", path)
    browse(command, path)


def check_try_page(command):
    """A page of try: the verdict first, and the figures of each policy"""
    path = command.work / "page.html"
    document = read("try")
    policies = document["policies"]
    expected = []

    def row(member, take, write=lambda value: f"{value:g}"):
        for policy in policies:
            values = [take(run) for run in policy["runs"]]
            expected.append((member, write(statistics.median(values))))

    def of(name, take, together=sum):
        return lambda run: together(
            take(p) for p in run["report"]["programs"] if p["program"] == name)

    for member in "wall_us", "user_us", "system_us":
        row(member, lambda run, member=member: run[member],
            lambda value: f"{value / 1e6:.3f} s")
    row("peak_kib", lambda run: run["peak_kib"], lambda value: f"{value:g} KiB")
    for member in "seen", "refused", "grown", "grown_pages", "grow_denied":
        row(member, lambda run, member=member:
            run["report"]["counters"][member])
    for name in "/usr/lib/fibers/fibers-test", "/usr/bin/python3.13":
        for member in "requests", "growable":
            row(member, of(name, lambda p, member=member: p[member]))
        row("refused", of(name, lambda p: p["outcomes"]["refused"]))
        for member in "failed", "grown":
            row(member, of(name, lambda p, member=member: p[member]))
        row("grow_denied", of(name, lambda p: sum(p["grow_denied"].values())))
        for member in "peak_mappings", SPACE_KIB:
            row(member, of(name, lambda p, member=member: p[member], max))
        for policy in policies:
            for entry in policy["runs"][0]["report"]["programs"]:
                if entry["program"] == name and entry.get("stacks"):
                    expected += [
                        *depths(entry["stacks"]), ("first", "64 KiB"),
                        ("first", "64 KiB"),
                        ("free", "more than 256 pages free below"),
                        ("grew", "grew by 64 KiB"),
                        ("free", "more than 256 pages free below"),
                    ]
    command.text("report", REPORTS / "try.json", "--html", path)
    page = browse(command, path)
    assert page.figures == expected, (page.figures, expected)
    # The marks are what the verdict rests on.
    marks = [("refused", "breaks"), ("refused", "breaks"), ("peak_mappings", "costs")]
    assert page.marks == marks, page.marks
    assert page.texts.index("It breaks") < page.texts.index("breaks") < \
        page.texts.index("wall time"), page.texts
    for sentence in (*document["breaks"], *document["costs"]):
        assert " " + sentence in page.texts, sentence
    assert any("map_log+0x1f" in text for text in page.texts), page.texts
    # Three time lines: what each shows, its length, and where each line ends.
    assert page.tags.count("svg") == 3, page.tags
    assert page.texts.count("requests 45") == 3, page.texts
    assert page.texts.count("refused 2") == 1, page.texts
    # What only a later run has is on the page too.
    later = policies[2]["runs"][1]["report"]["programs"]
    later[0]["refused_calls"].append(
        {**later[0]["refused_calls"][0], "call": "mmap(later)", "count": 1})
    later.append({**later[1], "program": "/bin/later", "stacks": []})
    command.keep(document)
    command.text("report", "--html", path)
    page = browse(command, path)
    assert "1 × mmap(later)" in page.texts and "/bin/later" in page.texts and \
        page.marks == marks, (page.texts, page.marks)
    later[0]["refused_calls"].pop()
    later.pop()
    # The limits of the verdict: a MiB of memory, five runs for a time.
    off, private = policies[0]["runs"], policies[1]["runs"]
    for kib, us, count, more in (4292, 200000, 4, []), \
            (4293, 200000, 5, [("wall_us", "costs"), ("peak_kib", "costs")]), \
            (4293, 100500, 5, [("peak_kib", "costs")]):
        policies[0]["runs"] = [{**off[2], "wall_us": 99000 + 200 * number}
                               for number in range(6)]
        policies[1]["runs"] = count * [{**private[0], "wall_us": us, "peak_kib": kib}]
        command.keep(document)
        command.text("report", "--html", path)
        page = browse(command, path)
        assert page.marks == more + marks, (kib, us, page.marks)
    # A name must not become markup, and missing values must not be shown.
    document["command"] = ["<b>x</b>"]
    document["breaks"] = ["<b>x</b></script><b>"]
    document["policies"][0]["runs"] = []
    document["policies"].append({"policy": "<b>"})
    command.keep(document)
    command.text("report", "--html", path)
    page = browse(command, path)
    # Its own lines are the words before a sentence.
    assert page.tags.count("b") == len(document["breaks"]) + \
        len(document["costs"]) and "<b>x</b>" in "".join(page.texts), page.tags


def on_terminal(command, columns, *words, **names):
    """What the command prints on a terminal with so many columns."""
    leader, end = pty.openpty()
    termios.tcsetwinsize(end, (24, columns))
    done = subprocess.Popen(
        [command.path, *words], stdin=subprocess.DEVNULL, stdout=end,
        env={"MAPSTACK_ROOT": str(command.work), "TERM": "xterm", **names},
    )
    os.close(end)
    text = b""
    try:
        while read := os.read(leader, 65536):
            text += read
    except OSError:
        pass  # the other end is closed
    assert done.wait() == 0, done
    os.close(leader)
    return text.decode().replace("\r\n", "\n")


def check_terminal(command):
    """On a terminal: as wide as it is, and in colours unless NO_COLOR is set"""
    for name in ALL_NAMES:
        command.keep(read(name))
        plain = command.text("report")
        wide = on_terminal(command, 400, "report", NO_COLOR="1")
        assert wide == plain, wide
        coloured = on_terminal(command, 400, "report", NO_COLOR="")
        assert coloured != plain and \
            re.sub(r"\x1b\[[0-9;]*m", "", coloured) == plain, coloured
    assert on_terminal(command, 400, "report", TERM="dumb") == plain
    for name, columns in itertools.product(ALL_NAMES, (100, 60, 44)):
        command.keep(read(name))
        plain = command.text("report")
        text = on_terminal(command, columns, "report", NO_COLOR="1")
        # A word may be as long as a call is.
        long = [line for line in text.splitlines() if len(line) > columns
                and " " in line.strip()]
        assert not long, (columns, long)
        if name == "try":
            beside = re.search("off +private +rfc\nverdict", text)
            assert bool(beside) == (columns == 100), text
        if name != "try" or columns == 100:
            assert text.split() == plain.split(), text
        coloured = on_terminal(command, columns, "report")
        assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == text, coloured


def check_written(command):
    """Failing to write is 125, with a message; a file is whole or as before"""
    command.keep(read("run"))
    path = command.work / "out"
    path.write_text("before")
    path.chmod(0o640)
    done = command("report", "-o", path, "--json", "/nonexistent")
    assert done.returncode == 125 and path.read_text() == "before", done
    command.text("report", "-o", path, "--json")
    assert json.loads(path.read_text()) == read("run")
    assert path.stat().st_mode & 0o777 == 0o640
    assert not list(command.work.glob("out?*")), "nothing is left aside"
    for option in (), ("--json",), ("--prometheus",):
        with open("/dev/full", "wb") as full:
            done = command("report", *option, stdout=full)
        assert done.returncode == 125, done
        assert b"No space left" in done.stderr, done
    closed = subprocess.Popen(["true"], stdin=subprocess.PIPE)
    closed.wait()
    done = command("report", stdout=closed.stdin)
    assert done.returncode == 125 and b"Broken pipe" in done.stderr, done
    done = command("doctor", stdout=closed.stdin)
    assert done.returncode == 125 and b"Broken pipe" in done.stderr, done
    done = command("status", stdout=closed.stdin)
    assert done.returncode == 125 and b"Broken pipe" in done.stderr, done


def check_foreign(command):
    """A file that is not a report is refused; missing members are printed so"""
    kept = command.work / "run/mapstack/report.json"
    for text in "", "{", "[]", "1", '{"version": 2}', "\xff", \
            '{"version": 1, "counters": {}}', \
            '{"version": 1, "counters": [], "programs": []}':
        kept.write_bytes(text.encode("latin-1"))
        done = command("report")
        assert done.returncode == 125 and not done.stdout, (text, done)
        assert b"is not a report" in done.stderr, (text, done)
    kept.unlink()
    done = command("report")
    assert done.returncode == 125 and b"mapstack run -- CMD" in done.stderr
    for programs in [], [{}], [1, None, "x", {"refused": 3, "shapes": [],
                                              "refused_calls": [{}, 1]}]:
        command.keep({"version": 1, "counters": {}, "programs": programs})
        for option in (), ("--json",), ("--prometheus",):
            command.text("report", *option)


def check_rules(_):
    """examples: promtool accepts the rules, and the metrics exist"""
    for words in ("check", "rules", "mapstack.rules.yml"), \
            ("test", "rules", "mapstack.rules.test.yml"):
        done = subprocess.run(
            ["promtool", *words], cwd="examples", stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True,
        )
        assert done.returncode == 0 and "SUCCESS" in done.stdout, done.stdout
    printed = "".join((REPORTS / f"{name}.prom").read_text() for name in NAMES)
    rules = Path("examples/mapstack.rules.yml").read_text()
    # A rule's own name has colons.
    for metric in re.findall(r"[^:a-z](mapstack_[a-z_]+)\b", rules):
        assert f"# TYPE {metric} " in printed, f"{metric} is not a metric"


CHECKS = (
    check_schema, check_promtool, check_rules, check_names, check_labels, check_by,
    check_merge, check_diff, check_page, check_try_page, check_looks,
    check_terminal,
    check_written, check_foreign,
)


def run(write=False):
    """Run the checks; return a report."""
    report = ktap.Report()
    work = Path(tempfile.mkdtemp())
    command = Command(evidence.build_command(), work)
    for check in check_golden, *CHECKS:
        name = f"reports: {check.__doc__.split(':')[0]}"
        try:
            check(command, *[write] * (check is check_golden))
            report.add(True, name)
        except (AssertionError, jsonschema.ValidationError) as error:
            report.add(False, name)
            print(f"# {name}: {str(error)[:2000]}", flush=True)
    shutil.rmtree(work)
    return report


def draw(log):
    """Make the pictures of the pages of two reports that a guest has printed."""
    work = Path(tempfile.mkdtemp())
    command, path = Command(evidence.build_command(), work), work / "page.html"
    texts = re.findall(r"# JSON (.*)", Path(log).read_text())
    for name, height, text in zip(("try", "stacks"), (1048, 1800), texts):
        command.keep(json.loads(text))
        command.text("report", "--html", path)
        browser(command, path, "--hide-scrollbars", f"--window-size=760,{height}",
                f"--screenshot=/src/docs/pictures/{name}.png")
    shutil.rmtree(work)


def main():
    if "--draw" in sys.argv[1:]:
        return draw(sys.argv[-1])
    report = run("--write" in sys.argv[1:])
    for name in report.passed:
        print(f"ok {name}")
    for name in report.failed:
        print(f"not ok {name}")
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
