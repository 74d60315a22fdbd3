# SPDX-License-Identifier: GPL-2.0-only
"""Keep the raw figures, and write the tables and the plot from them.

docs/cost/calls.csv has the instructions of calls, docs/cost/rest.csv milliseconds
of guest time, and bytes, docs/cost/many.csv what very many events take,
docs/cost/cpus.csv what was measured on many CPUs, and docs/cost/machines a file of
nanoseconds for each machine. This writes the parts of docs/cost.md between two marks,
and leaves the text around them.
"""

import csv
import re
import subprocess
from pathlib import Path

PAGE = Path("docs/cost.md")
CALLS = Path("docs/cost/calls.csv")
REST = Path("docs/cost/rest.csv")
MANY = Path("docs/cost/many.csv")
CPUS = Path("docs/cost/cpus.csv")
MACHINES = Path("docs/cost/machines")
PLOT = Path("docs/cost/ways.svg")
PLOTTED = "6.12-amd64"
# Architectures that have targets. The others have tables of their own.
WITH_TARGETS = ("amd64", "arm64")
SMALL, PROPOSAL = "6.12-small-amd64", "6.12-proposal-amd64"

CALL_FIELDS = ("kernel", "release", "way", "policy", "scope", "traced", "call",
               "instructions", "repeats", "runs")
REST_FIELDS = ("kernel", "release", "kind", "what", "value")
MANY_FIELDS = ("what", "events", "value")
CPUS_FIELDS = ("release", "cpus", "what", "value")
# What host.c says of the machine, and of each call. Times are nanoseconds.
MACHINE_FIELDS = ("processor", "architecture", "release", "spectre_v2", "retbleed")
HOST_FIELDS = ("state", "call", "median", "low", "high")

CALLS_TEXT = {
    "getppid": "getppid()",
    "mmap": "mmap(), private anonymous, 64 KiB",
    "stack": "the same with MAP_STACK",
    "growable": "the same with MAP_STACK and MAP_GROWSDOWN",
    "grow": "a write below the latter, which grows by a page",
    "own": "a write below the process's own [stack], which grows by a page",
}
WAYS = ("direct call", "ops", "ops with all registers",
        "kprobe", "redirect", "ptrace and seccomp", "ptrace")


def read(path):
    if not path.exists():
        return []
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def write_rows(path, fields, rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", newline="") as file:
        writer = csv.DictWriter(file, fields, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def keep(kernels, name, release, lines):
    """Replace the figures of a kernel."""
    calls = [row for row in read(CALLS) if row["kernel"] != name]
    rest = [row for row in read(REST) if row["kernel"] != name]
    for kind, *words in lines:
        if kind == "cost":
            calls.append(dict(zip(CALL_FIELDS, (name, release, *words))))
        else:
            rest.append(dict(zip(REST_FIELDS, (name, release, kind, *words))))
    for rows in calls, rest:
        rows.sort(key=lambda row: kernels.index(row["kernel"]))
    write_rows(CALLS, CALL_FIELDS, calls)
    write_rows(REST, REST_FIELDS, rest)


def keep_many(lines):
    """Keep what many events took, in the place of what was before."""
    write_rows(MANY, MANY_FIELDS, [dict(zip(MANY_FIELDS, line)) for line in lines])


def keep_cpus(rows):
    """Keep what guests with many CPUs took, in the place of what was before."""
    write_rows(CPUS, CPUS_FIELDS, [dict(zip(CPUS_FIELDS, row)) for row in rows])


def keep_host(output):
    """Keep what host.c has printed in a file of the machine's; return its path."""
    machine = dict(re.findall(r"^# machine,(\w+),(.*)$", output, re.M))
    figures = csv.reader(re.findall(r"^# host,(.*)$", output, re.M))
    rows = [machine | dict(zip(HOST_FIELDS, row)) for row in figures]
    name = f"{machine['processor'] or machine['architecture']} {machine['release']}"
    path = MACHINES / (re.sub(r"[^A-Za-z0-9.]+", "-", name) + ".csv")
    write_rows(path, MACHINE_FIELDS + HOST_FIELDS, rows)
    return path


class Figures:
    """The raw figures, and differences of them."""

    def __init__(self):
        self.calls = {
            (r["kernel"], r["way"], r["policy"], r["scope"], r["traced"],
             r["call"]): r
            for r in read(CALLS)
        }
        self.rest = {
            (r["kernel"], r["kind"], r["what"]): r["value"] for r in read(REST)
        }
        self.releases = {key[0]: r["release"] for key, r in self.calls.items()}

    def take(self, kernel, way, call, policy="", scope="", traced="0"):
        """Instructions of a call, or None if that was not measured."""
        row = self.calls.get((kernel, way, policy, scope, traced, call))
        return int(row["instructions"]) if row else None

    def added(self, kernel, way, call, like=None, **setting):
        """Instructions more than without anything loaded, as text."""
        bare = self.take(kernel, "none", like or call)
        # On parisc no call asks for a growable mapping itself.
        if bare is None:
            bare = self.take(kernel, "none", call)
        figure = self.take(kernel, way, call, **setting)
        return "" if figure is None or bare is None else f"{figure - bare:+d}"

    def added_off(self, kernel):
        """What the module adds while it is off, at most to any call."""
        return max(
            (self.added(kernel, "off", call) for call in CALLS_TEXT),
            key=lambda text: abs(int(text or 0)),
        )

    def by_line(self, call, like):
        """The same for the kernel that has the proposed line."""
        bare = self.take(SMALL, "none", like)
        figure = self.take(PROPOSAL, "none", call)
        return "" if figure is None or bare is None else f"{figure - bare:+d}"


def table(heads, rows):
    lines = ["| " + " | ".join(heads) + " |",
             "|---" + "|---:" * (len(heads) - 1) + "|"]
    # A row without any figure is left out.
    lines += ["| " + " | ".join(row) + " |" for row in rows if any(row[1:])]
    return "\n".join(lines) + "\n"


def bare_table(figures, kernels):
    heads = ["call", *(figures.releases[k] for k in kernels)]
    return table(heads, [
        [text, *(str(figures.take(k, "none", call) or "") for k in kernels)]
        for call, text in CALLS_TEXT.items()
    ])


def module_rows(figures, kernels):
    """Rows of mapstack itself: (text, way, call, like, setting)."""
    on = {"policy": "rfc", "scope": "all"}
    yield "on: getppid()", "mapstack", "getppid", None, on
    yield "on: an ordinary mmap()", "mapstack", "mmap", None, on
    for policy in ("observe", "paired", "fitting", "private", "rfc"):
        scopes = ["all", "pid", "pid of the parent", "cgroup"]
        if policy == "rfc":
            scopes += ["pid of another", "another cgroup"]
        for scope in scopes:
            grows = "another" not in scope and policy in ("fitting", "private", "rfc")
            yield (
                f"on: MAP_STACK, {policy}, scope {scope}", "mapstack", "stack",
                "growable" if grows else "stack",
                {"policy": policy, "scope": scope},
            )
    yield (
        "on: MAP_STACK, rfc, scope all, recorded by the tracepoint", "mapstack",
        "stack", "growable", {**on, "traced": "1"},
    )
    yield (
        "on: MAP_STACK, rfc, scope all, counted by program", "mapstack",
        "stack", "growable", {**on, "traced": "2"},
    )
    yield ("on: an ordinary mmap() meanwhile", "mapstack", "mmap", None,
           {**on, "traced": "2"})
    yield "on: a write that grows [stack]", "mapstack", "own", None, on
    yield "on: a write that grows another mapping", "mapstack", "grow", None, on
    yield ("on: the same, recorded by the tracepoint", "mapstack", "grow", None,
           {**on, "traced": "1"})
    yield ("on: the same, counted by program", "mapstack", "grow", None,
           {**on, "traced": "2"})


def module_table(figures, kernels):
    return table(["instructions added", *kernels], [
        ["off: any call", *(figures.added_off(k) for k in kernels)],
    ] + [
        [text, *(figures.added(k, way, call, like, **setting) for k in kernels)]
        for text, way, call, like, setting in module_rows(figures, kernels)
    ])


def way_rows(figures, kernels, call, like):
    """Rows of every way to do it, for one call."""
    on = {"policy": "rfc", "scope": "all"}
    yield ["**mapstack**, on", *(
        figures.added(k, "mapstack", call, like, **on) for k in kernels)]
    for way in WAYS:
        yield [way, *(figures.added(k, way, call, like) for k in kernels)]
    yield ["the line compiled in", *(
        figures.by_line(call, like) if k == SMALL else "" for k in kernels)]


def ways_table(figures, kernels, call, like):
    return table(["instructions added", *kernels],
                 way_rows(figures, kernels, call, like))


def rest_table(figures, kernels):
    texts = {
        ("switch", "load"): "loading, ms",
        ("switch", "on the first time"): "switching on the first time, ms",
        ("switch", "on"): "switching on again, ms",
        ("switch", "off"): "switching off, ms",
        ("memory", "module"): "the module, bytes",
        ("memory", "a CPU"): "for each CPU, bytes",
        ("memory", "between two CPUs"):
            "from a CPU's memory to the next CPU's, bytes",
    }
    return table(["", *kernels], [
        [text, *(figures.rest.get((k, *key), "") for k in kernels)]
        for key, text in texts.items()
    ])


# Compared with the program while the hook is off. The others have it on.
BESIDE_OFF = ("off", "on", "mapstack run -p observe", "strace -f",
              "strace -f --seccomp-bpf")


def recorders_table(figures, kernels):
    names = [what for kernel, kind, what in figures.rest
             if kind == "recorder" and kernel == PLOTTED]
    kernels = [k for k in kernels if (k, "recorder", "off") in figures.rest]
    rows = []
    for name in names:
        row = [name]
        for kernel in kernels:
            bare = "off" if name in BESIDE_OFF else "on"
            bare, figure = (figures.rest.get((kernel, "recorder", what))
                            for what in (bare, name))
            added = figure and 100 * (int(figure) - int(bare)) / int(bare)
            row.append(f"{int(figure):,} ({added:+.1f} %)" if figure else "")
        rows.append(row)
    return table(["instructions of a program of 600 threads", *kernels], rows)


def rows_table(figures, kernels):
    kernels = [k for k in kernels if (k, "recorder", "off") in figures.rest]
    names = [what for kernel, kind, what in figures.rest
             if kind == "rows" and kernel == PLOTTED]
    return table(["", *kernels], [
        [name, *(figures.rest.get((k, "rows", name), "") for k in kernels)]
        for name in names
    ])


def size_table(rows, field):
    """A column for each value of a field, which is a number."""
    sizes = list(dict.fromkeys(row[field] for row in rows))
    values = {(row["what"], row[field]): row["value"] for row in rows}
    return table([field, *(f"{int(size):,}" for size in sizes)], [
        [what, *(values.get((what, size), "") for size in sizes)]
        for what in dict.fromkeys(row["what"] for row in rows)
    ])


HOST_COLUMNS = {
    ("off", "mmap"): "mmap(): off",
    ("on, rfc", "mmap"): "mmap(): on",
    ("off", "stack"): "MAP_STACK: off",
    ("on, observe", "stack"): "MAP_STACK: observe",
    ("off", "growable"): "MAP_STACK and MAP_GROWSDOWN: off",
    ("on, rfc", "stack"): "MAP_STACK: rfc",
}


def hosts_table():
    """A row for each machine."""
    lines = []
    for path in sorted(MACHINES.glob("*.csv")):
        rows = read(path)
        if not rows:
            raise SystemExit(
                f"error: {path} has no rows; take it away. {PAGE} is as it was"
            )
        cells = {
            (row["state"], row["call"]): "{median} ({low} to {high})".format(**row)
            for row in rows
        }
        machine = ", ".join(filter(None, (
            rows[0]["processor"], rows[0]["architecture"], rows[0]["release"])))
        faults = (rows[0][fault].split(";")[0] for fault in ("spectre_v2", "retbleed"))
        lines.append([machine, *faults,
                      *(cells.get(key, "") for key in HOST_COLUMNS)])
    return table(["nanoseconds", "spectre_v2", "retbleed", *HOST_COLUMNS.values()],
                 lines)


def met(value, limit):
    """Text for a target: the measured value, and whether it is met."""
    if value in ("", None):
        return ""
    return f"{value} (yes)" if float(value) <= limit else f"{value} (**no**)"


def met_exactly(added):
    """The target of nothing added: fewer instructions are wrong too."""
    if not added:
        return ""
    return f"{added} (yes)" if int(added) == 0 else f"{added} (**no**)"


def targets_table(figures, kernels):
    on = {"policy": "rfc", "scope": "all"}
    rows = [
        ["off: 0", *(met_exactly(figures.added_off(k)) for k in kernels)],
        ["on, an ordinary mmap(): at most +4, arm64 +15", *(
            met(figures.added(k, "mapstack", "mmap", **on),
                15 if k.endswith("arm64") else 4) for k in kernels)],
        ["on, mmap(MAP_STACK): at most +75, arm64 +120", *(
            met(figures.added(k, "mapstack", "stack", "growable", **on),
                120 if k.endswith("arm64") else 75) for k in kernels)],
    ]
    for what in "on the first time", "on", "off":
        rows.append([f"switching {what}: less than 50 ms", *(
            met(figures.rest.get((k, "switch", what)), 50) for k in kernels)])
    return table(["target", *kernels], rows)


def plot(figures):
    """Draw bars of every way for one kernel, and of the line beside it."""
    bars = []
    for way in ("mapstack", *WAYS):
        setting = {"policy": "rfc", "scope": "all"} if way == "mapstack" else {}
        bars.append((
            way, figures.added(PLOTTED, way, "mmap", **setting),
            figures.added(PLOTTED, way, "stack", "growable", **setting),
        ))
    bars.append(("line compiled in", figures.by_line("mmap", "mmap"),
                 figures.by_line("stack", "growable")))
    # From the most expensive to the cheapest. A logarithmic axis has no 0.
    bars = [bar for bar in bars if all(bar[1:])]
    bars.sort(key=lambda bar: -int(bar[2]))
    data = "\n".join(
        f'"{text}" {max(1, int(ordinary))} {max(1, int(stack))}'
        for text, ordinary, stack in bars
    )
    script = Path("tests/bench/ways.gnuplot").read_text()
    subprocess.run(
        ["gnuplot", "-e", f"release='{figures.releases[PLOTTED]}'", "-"],
        input=f"$bars << EOD\n{data}\nEOD\nset output '{PLOT}'\n{script}",
        text=True, check=True,
    )


def replace(text, name, content):
    """Replace a generated part of the page."""
    begin, end = f"<!-- {name}: written by make bench -->\n", f"<!-- {name} end -->"
    head, rest = text.split(begin)
    return head + begin + content + end + rest.split(end)[1]


def write_hosts():
    """Write the page's table of machines alone."""
    PAGE.write_text(replace(PAGE.read_text(), "machines", hosts_table()))


def write(kernels):
    """Write the page's tables and the plot from the raw figures."""
    figures = Figures()
    measured = [k for k in kernels if k in figures.releases]
    elsewhere = [k for k in measured if not k.endswith(WITH_TARGETS)]
    measured = [k for k in measured if k not in elsewhere]
    beside = [k for k in measured if k != PROPOSAL]
    text = PAGE.read_text()
    for name, content in (
        ("calls", bare_table(figures, measured)),
        ("module", module_table(figures, beside)),
        ("ordinary", ways_table(figures, beside, "mmap", "mmap")),
        ("stack", ways_table(figures, beside, "stack", "growable")),
        ("rest", rest_table(figures, beside)),
        ("recorders", recorders_table(figures, beside)),
        ("rows", rows_table(figures, beside)),
        ("cpus", size_table(read(CPUS), "cpus")),
        ("many", size_table(read(MANY), "events")),
        ("machines", hosts_table()),
        ("targets", targets_table(figures, beside)),
        ("calls elsewhere", bare_table(figures, elsewhere)),
        ("module elsewhere", module_table(figures, elsewhere)),
        ("ordinary elsewhere", ways_table(figures, elsewhere, "mmap", "mmap")),
        ("stack elsewhere", ways_table(figures, elsewhere, "stack", "growable")),
        ("rest elsewhere", rest_table(figures, elsewhere)),
    ):
        text = replace(text, name, content)
    PAGE.write_text(text)
    plot(figures)
