# SPDX-License-Identifier: GPL-2.0-only
"""The tables of docs/findings.md. Each function gets the results first."""

from not_run import NOT_RUN

MODES = ("off", "rfc", "private")


def short(kernel):
    return kernel.removesuffix("-amd64")


def listed(kernels):
    """Name kernels."""
    return ", ".join(map(short, kernels))


def amd64(results, command):
    """The kernels of 64-bit x86 that a command ran on."""
    return [k for k in results.kernels(command) if k.endswith("-amd64")]


def large_pages(results, command):
    """The kernels with pages of 64 KiB that a command ran on."""
    return [k for k in results.kernels(command) if "-64k-" in k]


def growing_up(results, command="grow"):
    """The kernels whose stacks grow up that a command ran on."""
    return [k for k in results.kernels(command) if "hppa" in k]


def growing_down(results, command="grow"):
    """The kernels whose stacks grow down that a command ran on."""
    up = growing_up(results, command)
    return [k for k in results.kernels(command) if k not in up]


def markdown(head, rows):
    lines = ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(
        lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    )


def not_run():
    """The programs that could not be run, with the reasons."""
    return "; ".join(f"{program} ({why})" for program, why in NOT_RUN.items())


def not_measured(results, wanted):
    """The kernels and sizes of make findings that the results lack."""
    have = [row["kernel"] for row in results.kernel_rows]
    missing = [name for name in wanted if name not in have]
    small = [
        f"{short(kernel)} (to {reached:,} in `{command}`)"
        for command, pattern in (
            (COUNTED, BESIDE), ("lines bare", "N-stacks.lines"),
            ("lines threads", "N-stacks.lines"),
        )
        for kernel in results.kernels(command)
        if (reached := max(
            n for n in samples(results, command, pattern)
            if results.value(
                command, kernel, "off", pattern.replace("N", str(n))
            ) != "-"
        )) < 10000
    ]
    lines = []
    if missing:
        lines.append(
            "- Kernels that `make findings` would measure and that the results "
            f"here lack: {', '.join(missing)}.\n"
        )
    if small:
        lines.append(f"- 10,000 stacks on {', '.join(small)}.\n")
    return "".join(lines)


def one_run(results):
    """A sentence on the run that wrote all results, and on later ones of a part."""
    if not results.runs:
        return (
            " These results come from several runs: some may be from an earlier "
            "package of a kernel than the annex names."
        )
    whole, *parts = results.runs
    return (
        f" One run wrote these results, on {whole['date']}, in {whole['minutes']} "
        f"minutes with {whole['jobs']} guests at a time."
        + (" Some parts were run after it: [the annex](findings/annex.md) says which, "
           "and why." if parts else "")
    )


def runs_table(results):
    """The run that wrote all results, and later ones of a part, with their reasons."""
    if not results.runs:
        return ""
    return markdown(["run of", "on", "minutes", "why"], [
        [f"`{run['words']}`" if run["words"] else "everything", run["date"],
         run["minutes"], run["why"]]
        for run in results.runs
    ])


def kernel_table(results):
    """The kernels and their releases."""
    return markdown(
        ["kernel", "release", "Debian package version"],
        [list(row.values()) for row in results.kernel_rows],
    )


def kernel_release(results, name):
    """The release of a kernel, as uname -r prints it."""
    return next(
        row["release"] for row in results.kernel_rows if row["kernel"] == name
    )


def by_kernel(results, command, *keys, kernels=None):
    """Results by key and mode, one column for each kernel; equal ones are joined."""
    columns = {}
    for kernel in kernels or results.kernels(command):
        column = tuple(
            results.shown(command, kernel, mode, key)
            for key in keys for mode in MODES
        )
        columns.setdefault(column, []).append(short(kernel))
    labels = [(key, mode) for key in keys for mode in MODES]
    rows = [
        [*label, *(column[i] for column in columns)]
        for i, label in enumerate(labels)
    ]
    return markdown(
        ["result", "mode", *(", ".join(who) for who in columns.values())],
        join_modes(rows),
    )


def join_modes(rows):
    """Join rows of one key that are the same in several modes."""
    joined = []
    for key, mode, *values in rows:
        if joined and joined[-1][0] == f"`{key}`" and joined[-1][2:] == values:
            joined[-1][1] += f", {mode}"
        else:
            joined.append([f"`{key}`", mode, *values])
    return joined


def all_of(results, command, *without, kernels=None):
    """by_kernel() of every key that a command printed, but for some."""
    keys = [key for key in results.keys(command) if key not in without]
    return by_kernel(results, command, *keys, kernels=kernels)


def words(value):
    """A result that is several words joined by hyphens, with blanks."""
    return value.replace("-", " ") if value[:1].isalpha() else value


def cell(results, command, mode, key, kernels=None):
    """One result of all kernels: one value, or each with its kernels."""
    found = {}
    for kernel in kernels or results.kernels(command):
        value = results.shown(command, kernel, mode, key)
        if value != "-":
            found.setdefault(words(value), []).append(kernel)
    if len(found) == 1:
        return next(iter(found))
    return "; ".join(
        f"{value} ({listed(where)})" for value, where in found.items()
    ) or "-"


def compare(results, command, *pairs, kernels=None):
    """Results with a description for each: (words, key), off and on."""
    return markdown(["", "off", "on"], [
        [label, *(
            cell(results, command, mode, key, kernels)
            for mode in ("off", "rfc")
        )]
        for label, key in pairs
    ])


# The lengths of sizes.c, by the names in its keys.
SIZES = {
    "4-KiB": "4 KiB", "64-KiB": "64 KiB", "256-KiB": "256 KiB",
    "1020-KiB": "1 MiB - 4 KiB", "1024-KiB": "1 MiB",
    "1028-KiB": "1 MiB + 4 KiB", "2048-KiB": "2 MiB", "8192-KiB": "8 MiB",
    "default-thread-stack": "a thread's default stack",
}
# Those that the article shows: the others are as one of these.
TOLD_SIZES = ("4-KiB", "64-KiB", "1024-KiB", "1028-KiB", "default-thread-stack")
MANY = 10000


def size_key(holes, n, size):
    return f"{holes}.{n}-stacks.{size}.instructions"


def sizes_table(results, program, holes):
    """Instructions by length and number of stacks, off and rfc."""
    command = f"{program} instructions {holes}"
    kernels = results.kernels(command)
    head = ["length", "stacks"]
    for kernel in kernels:
        head += [f"{short(kernel)} off", "rfc"]
    return markdown(head, [
        [words, f"{n:,}", *(
            results.shown(command, kernel, mode, size_key(holes, n, size))
            for kernel in kernels for mode in ("off", "rfc")
        )]
        for size, words in SIZES.items() for n in (0, 100, 1000, MANY)
    ])


def times(results, program, holes, size, kernel, n=MANY):
    """How many times as many instructions an mmap() executes under rfc."""
    command, key = f"{program} instructions {holes}", size_key(holes, n, size)
    return results.number(command, kernel, "rfc", key) / results.number(
        command, kernel, "off", key
    )


def gap_cost(results, kernel, stacks):
    """Instructions of a search for each gap that it looks at, beside some stacks."""
    command, key = "search instructions down", f"down.mmap-beside-{stacks}.instructions"
    off, on = (
        results.number(command, kernel, mode, key) for mode in ("off", "rfc")
    )
    return round(round((on - off) / stacks), -1)


def paying_kernels(results):
    """The kernels whose search takes a guard gap for free, and the others."""
    ran = results.kernels("sizes instructions free")
    pay = [
        kernel for kernel in ran
        if times(results, "sizes", "free", "4-KiB", kernel) > 100
    ]
    return pay, [kernel for kernel in ran if kernel not in pay]


def who_pays(results):
    """By length: how many times more beside MANY stacks, by kind of program."""
    programs = (
        ("sizes", "free"), ("sizes-dynamic", "free"),
        ("sizes-dynamic", "filled"),
    )
    groups = [kernels for kernels in paying_kernels(results) if kernels]
    head = ["length"]
    for words in ("static", "linked", "linked, holes filled"):
        head += [f"{words}: {listed(groups[0])}", *map(listed, groups[1:])]
    rows = []
    for size in TOLD_SIZES:
        each = [
            [times(results, *program, size, kernel) for kernel in kernels]
            for program in programs for kernels in groups
        ]
        rows.append([SIZES[size], *(
            " to ".join(dict.fromkeys(
                f"{t:,.0f}" if t >= 10 else f"{t:.1f}" for t in (min(e), max(e))
            )) for e in each
        )])
    return markdown(head, rows)


def held_at_the_gap(results, kernels):
    """Whether the cost changes at stack_guard_gap, and one page beside it."""
    programs = (("sizes", "free"), ("sizes-dynamic", "filled"))
    return all(
        times(results, *program, below, kernel) > 100
        and times(results, *program, at, kernel) > 100
        # It is placed in two steps.
        and times(results, *program, above, kernel) < 3
        for program in programs for kernel in kernels
        for below, at, above in (("1020-KiB", "1024-KiB", "1028-KiB"),)
    )


# What the article tells of such machines: these programs could all be run.
TOLD_HERE = {"search", "sizes", "sizes-dynamic", "contend"}


def machines(results):
    """The machines that people measured, by the names of their pages.

    Those that lack what the article tells have their pages all the same.
    """
    return [
        name for name, rows in results.hardware.items()
        if TOLD_HERE <= {row["command"].split()[0] for row in rows}
    ]


def here(results, machine, mode, key, command=""):
    """One result of make findings-here: (value, least, most)."""
    return next(
        tuple(int(row[field]) for field in ("value", "least", "most"))
        for row in results.hardware[machine]
        if (row["mode"], row["key"]) == (mode, key)
        and row["command"].startswith(command)
    )


def microseconds(results, machine, mode, key):
    value, least, most = (t / 1000 for t in here(results, machine, mode, key))
    return f"{value:,.1f} us ({least:,.1f} to {most:,.1f})"


def hardware_table(results, *pairs):
    """Times with a description for each, (words, key): a table for each machine."""
    return "\n\n".join(
        markdown([f"[{name}](findings/hardware/{name}.md)", "off", "on"], [
            [words, *(
                microseconds(results, name, mode, key) for mode in ("off", "on")
            )] for words, key in pairs
        ]) for name in machines(results)
    )


# Free addresses above the stacks, by the programs that measure sizes.
ABOVE = {
    "static": ("sizes time free", "free"),
    "linked": ("sizes-dynamic time free", "free"),
    "linked, holes filled": ("sizes-dynamic time filled", "filled"),
}


def size_here(results, machine, mode, what, size, n=MANY):
    """Nanoseconds of an mmap() by its length on one of these machines."""
    command, holes = ABOVE[what]
    key = size_key(holes, n, size).replace("instructions", "ns")
    return here(results, machine, mode, key, command)[0]


def sizes_here(results, machine):
    """Microseconds by length, beside MANY stacks: off and on."""
    head = ["length"]
    for what in ABOVE:
        head += [f"{what}: off", "on"]
    return markdown(head, [
        [SIZES[size], *(
            f"{size_here(results, machine, mode, what, size) / 1000:,.1f}"
            for what in ABOVE for mode in ("off", "on")
        )]
        for size in TOLD_SIZES
    ])


def held_at_the_gap_here(results):
    """held_at_the_gap() in time, on the machines that people measured."""
    return all(
        100 * size_here(results, name, "off", what, size)
        < size_here(results, name, "on", what, size)
        for name in machines(results)
        for what in ("static", "linked, holes filled")
        for size in ("1020-KiB", "1024-KiB")
    ) and all(
        3 * size_here(results, name, "off", what, "1028-KiB")
        > size_here(results, name, "on", what, "1028-KiB")
        for name in machines(results)
        for what in ("static", "linked, holes filled")
    )


def slower(results, key, factor):
    """Whether on every such machine on takes at least that many times longer."""
    return all(
        here(results, name, "on", key)[0]
        > factor * here(results, name, "off", key)[0]
        for name in machines(results)
    ) and bool(machines(results))


def shape_table(results):
    """Which shapes of mmap() work: only those that differ from off matter."""
    rows = []
    kernels = results.kernels("shapes")
    for key in results.keys("shapes"):
        name, asked = key.rsplit(".", 1)
        if asked == "plain":
            continue
        # A shape that the kernel cannot map at all says nothing of the change.
        can = [
            kernel for kernel in kernels
            if results.value("shapes", kernel, "off", key) == "works"
        ]
        rows.append([
            f"`{name}`",
            *(outcomes(results, can, mode, key) for mode in MODES),
            all_but(kernels, can),
        ])
    return markdown(["shape", *MODES, "kernels that know it"], rows)


def all_but(kernels, some):
    """Name some of the kernels, by those that are missing if these are few."""
    missing = [kernel for kernel in kernels if kernel not in some]
    if not missing:
        return "all"
    if len(missing) < len(some):
        return f"all but {listed(missing)}"
    return listed(some) or "none"


def outcomes(results, kernels, mode, key):
    return " or ".join(sorted({
        results.value("shapes", kernel, mode, key) for kernel in kernels
    })) or "-"


def shapes(results, mode, outcome, kernels=None):
    """How many shapes that work when off have this outcome on some kernel."""
    return sum(
        any(
            results.value("shapes", kernel, "off", key) == "works"
            and results.value("shapes", kernel, mode, key) == outcome
            for kernel in kernels or results.kernels("shapes")
        )
        for key in results.keys("shapes") if key.endswith(".stack")
    )


def shapes_known(results):
    """The kernels on which every shape works when off, as text."""
    return listed(
        kernel for kernel in results.kernels("shapes")
        if shapes(results, "off", "works", [kernel])
        == shapes(results, "off", "works")
    )


def samples(results, command, pattern):
    """The numbers N of keys such as down.mmap-beside-N.ns."""
    before, after = pattern.split("N")
    found = {
        int(key[len(before):len(key) - len(after)])
        for key in results.keys(command)
        if key.startswith(before) and key.endswith(after)
        and key[len(before):len(key) - len(after)].isdigit()
    }
    return sorted(found)


def growth_table(results, command, pattern):
    """A row for each N: off and rfc on every kernel."""
    kernels = results.kernels(command)
    head = ["stacks"]
    for kernel in kernels:
        head += [f"{short(kernel)} off", "rfc"]
    rows = []
    for n in samples(results, command, pattern):
        row = [f"{n:,}"]
        for kernel in kernels:
            for mode in ("off", "rfc"):
                row.append(results.shown(
                    command, kernel, mode, pattern.replace("N", str(n))
                ))
        rows.append(row)
    return markdown(head, rows)


COUNTED = "search instructions down"
BESIDE = "down.mmap-beside-N.instructions"


def most_key(results, kernel):
    """The key of the instructions beside the most stacks that were measured."""
    if "-" not in kernel:
        kernel += "-amd64"
    counts = [
        n for n in samples(results, COUNTED, BESIDE)
        if results.value(
            COUNTED, kernel, "rfc", BESIDE.replace("N", str(n))
        ) != "-"
    ]
    return BESIDE.replace("N", str(max(counts, default=0)))


def common_key(results, command, pattern):
    """The key of the largest N that every kernel has."""
    kernels = results.kernels(command)
    counts = [
        n for n in samples(results, command, pattern)
        if all(
            results.value(command, k, "rfc", pattern.replace("N", str(n)))
            != "-" for k in kernels
        )
    ]
    return pattern.replace("N", str(max(counts, default=0)))


def common(results, command, pattern):
    """The largest N that every kernel has, as text."""
    key = common_key(results, command, pattern)
    before, after = pattern.split("N")
    return f"{int(key[len(before):len(key) - len(after)]):,}"


def linear(results):
    """The kernels on which, beside the most stacks, on is ten times off."""
    return ", ".join(
        short(kernel) for kernel in results.kernels(COUNTED)
        if results.number(COUNTED, kernel, "rfc", most_key(results, kernel))
        > 10 * results.number(
            COUNTED, kernel, "off", most_key(results, kernel)
        )
    )


def most(results, command, pattern):
    """The largest number of stacks that was measured, as text."""
    return f"{max(samples(results, command, pattern), default=0):,}"


def beside_most(results, mode):
    """Instructions of one mmap() beside the most stacks, by kernel."""
    return "; ".join(
        f"{short(kernel)}: "
        + results.shown(COUNTED, kernel, mode, most_key(results, kernel))
        for kernel in results.kernels(COUNTED)
    )


def where_not(results, command, mode, key, value):
    """The kernels that have a result, but not this value."""
    return [
        kernel for kernel in results.kernels(command)
        if results.value(command, kernel, mode, key) not in (value, "-")
    ]


def ratio(results, command, kernel, key):
    """How many times more rfc has than off, rounded to two digits."""
    times = results.number(command, kernel, "rfc", key) / results.number(
        command, kernel, "off", key
    )
    return f"{times:,.0f}" if times >= 10 else f"{times:.1f}"


def ratio_of(results, command, key, kernel, other):
    """How many times more rfc has on one kernel than on another."""
    times = results.number(command, kernel, "rfc", key) / results.number(
        command, other, "rfc", key
    )
    return f"{times:.0f}"


def private_as_rfc(results, *commands):
    """Whether private gave what rfc gave, in everything but times."""
    return all(
        value == results.rows.get((command, kernel, "rfc", key))
        for (command, kernel, mode, key), value in results.rows.items()
        if mode == "private" and command.split()[0] in commands
        # Other programs use memory that this counts.
        and key != "exhaust.processes"
    )


def gaps_each(results, command, kernel, mode):
    """How many gaps a program's searches for free addresses look at, each."""
    return results.number(command, kernel, mode, "gaps") / results.number(
        command, kernel, mode, "searches"
    )


def payers(results, kernel, factor):
    """The programs that look at so many times more gaps under rfc, most first."""
    ratio = {
        command: gaps_each(results, command, kernel, "rfc")
        / gaps_each(results, command, kernel, "off")
        for command in asked(results, "program", kernel)
    }
    return sorted(
        (command for command in ratio if ratio[command] >= factor),
        key=ratio.get, reverse=True,
    )


def off_twice(results, kernel):
    """By how many percent the gaps of a search differ in two runs off, at most."""
    each = [
        [gaps_each(results, command, kernel, mode) for mode in ("off", "again")]
        for command in asked(results, "program", kernel)
    ]
    return f"{max(100 * max(pair) / min(pair) - 100 for pair in each):.2f}"


def unchanged_off(results, kernel):
    """Whether all programs of others ended the same in both runs off."""
    return same_endings(results, "program", kernel, "again") == total(
        results, "program", kernel
    )


def more_gaps(results, command, kernel):
    """How many gaps more all its searches look at under rfc."""
    return results.number(command, kernel, "rfc", "searches") * (
        gaps_each(results, command, kernel, "rfc")
        - gaps_each(results, command, kernel, "off")
    )


def payers_table(results, kernel, most):
    """The programs that look at the most gaps more, and what that costs them."""
    cost = gap_cost(results, kernel, 100) / 1e6
    asking = sorted(
        asked(results, "program", kernel), reverse=True,
        key=lambda command: more_gaps(results, command, kernel),
    )
    return markdown(
        ["program", "MAP_STACK requests", "searches", "gaps a search: off", "on",
         "million instructions more"],
        [
            [
                f"`{command.split(maxsplit=1)[1]}`",
                results.shown(command, kernel, "rfc", "seen"),
                results.shown(command, kernel, "rfc", "searches"),
                *(
                    f"{gaps_each(results, command, kernel, mode):.1f}"
                    for mode in ("off", "rfc")
                ),
                f"{more_gaps(results, command, kernel) * cost:,.1f}",
            ]
            for command in asking[:most]
        ],
    )


def commands(results, beginning, kernel):
    """The commands that begin so and ran on a kernel, in their order."""
    return list(dict.fromkeys(
        key[0] for key in results.rows
        if key[0].startswith(beginning) and key[1] == kernel
    ))


def ended(results, command, kernel, mode):
    """How a program of another project ended, as text."""
    status = results.number(command, kernel, mode, "exit-status")
    if status < 0:
        return f"signal {-status}"
    passed = results.number(command, kernel, mode, "ok")
    failed = results.number(command, kernel, mode, "not-ok")
    return str(status) + (f" ({passed} ok, {failed} not)" if passed else "")


def asked(results, beginning, kernel):
    """Those of them that made a MAP_STACK request under rfc."""
    return [
        command for command in commands(results, beginning, kernel)
        if results.number(command, kernel, "rfc", "seen")
    ]


def often(results, beginning, kernel, least):
    """Those of them that made at least so many."""
    return [
        command for command in asked(results, beginning, kernel)
        if results.number(command, kernel, "rfc", "seen") >= least
    ]


def grew(results, beginning, kernel):
    """Those of them whose stacks grew under rfc or private."""
    return [
        command for command in asked(results, beginning, kernel)
        if any(results.number(command, kernel, mode, "grown")
               for mode in ("rfc", "private"))
    ]


def counted(results, beginning, kernel, counter):
    """The sum of one of the module's counters, under rfc."""
    return sum(
        results.number(command, kernel, "rfc", counter)
        for command in commands(results, beginning, kernel)
    )


def endings(results, beginning, kernel):
    """How those that made requests ended; equal modes are joined."""
    counters = ("seen", "translated", "refused", "grown")
    rows = []
    for command in asked(results, beginning, kernel):
        each = [ended(results, command, kernel, mode) for mode in MODES]
        rows.append([
            f"`{command.split(maxsplit=1)[1]}`",
            *(each if len(set(each)) > 1 else [each[0], "same", "same"]),
            *(results.shown(command, kernel, "rfc", key) for key in counters),
        ])
    return markdown(["command", *MODES, *counters], rows) if rows else ""


def same_endings(results, beginning, kernel, mode):
    """How many of them ended in this mode as they did off."""
    return sum(
        ended(results, command, kernel, mode)
        == ended(results, command, kernel, "off")
        for command in commands(results, beginning, kernel)
    )


def total(results, beginning, kernel):
    """How many of them were run."""
    return len(commands(results, beginning, kernel))


def unchanged(results, kernel):
    """Whether all programs and tests of others ended in each mode as off."""
    return all(
        same_endings(results, beginning, kernel, mode)
        == total(results, beginning, kernel)
        for beginning in ("selftest", "program") for mode in MODES
    ) and all(
        suite_same(results, "suite nptl", kernel, mode)
        == len(suite(results, "suite nptl", kernel)) for mode in MODES
    )


def agreement(results, beginning, kernel):
    """In how many cases each mode ended as off."""
    run = total(results, beginning, kernel)
    if not run:
        return "not measured yet"
    rfc, private = (
        same_endings(results, beginning, kernel, mode) for mode in MODES[1:]
    )
    return (
        f"{rfc} of {run} ended under `rfc` as they did off, {private} under "
        "`private`"
    )


def programs_of(results, kernel):
    """The commands that a kernel was measured with, as text."""
    return ", ".join(dict.fromkeys(
        f"`{key[0]}`" for key in results.rows if key[1] == kernel
    ))


def refused(results, beginning, kernel):
    """Those of them that made calls that the proposed line refuses with EINVAL."""
    run = commands(results, beginning, kernel)
    return ", ".join(
        f"`{command.split(maxsplit=1)[1]}`" for command in run
        if results.value(command, kernel, "rfc", "refused") not in "0-"
    ) or ("none" if run else "not measured yet")


def suite(results, command, kernel):
    """The tests of another project's suite, and how each ended, by mode."""
    end = ".status"
    return {
        key[3].removesuffix(end): [
            results.value(command, kernel, mode, key[3]) for mode in MODES
        ]
        for key in results.rows
        if key[:3] == (command, kernel, "off") and key[3].endswith(end)
    }


def suite_same(results, command, kernel, mode):
    """How many tests of a suite ended in this mode as they did off."""
    return sum(
        each[0] == each[MODES.index(mode)]
        for each in suite(results, command, kernel).values()
    )


def suite_endings(results, command, kernel):
    """In how many cases each mode ended as off, and how many passed off."""
    tests = suite(results, command, kernel)
    off = [each[0] for each in tests.values()]
    passed, skipped = off.count("0"), off.count("77")
    rfc, private = (
        suite_same(results, command, kernel, mode) for mode in MODES[1:]
    )
    return (
        f"{rfc} of {len(tests)} ended under `rfc` as they did off, {private} "
        f"under `private`. Off, {passed} passed, {skipped} skipped itself and "
        f"{len(tests) - passed - skipped} failed"
    )


def suite_differences(results, command, kernel):
    """The tests of a suite that did not end alike in all modes."""
    rows = [
        [f"`{name}`", *ends]
        for name, ends in suite(results, command, kernel).items()
        if len(set(ends)) > 1
    ]
    return markdown(["test", *MODES], rows) if rows else ""


# What is told of the work of work.py: command, key, and what that is.
START, WHOLE = "start.ns", "whole.ns"
WORK = {
    ("threads-64-KiB", START): "start 10,000 threads with stacks of 64 KiB",
    ("threads-8-MiB", START): "start 10,000 with stacks of 8 MiB, the default",
    ("server-64-KiB", "allocate.ns"):
        "2,000 threads with stacks of 64 KiB allocate and free memory",
    ("server-64-KiB", "fork.ns"): "fork() of that process",
    ("java", WHOLE): "`java -Xss256k` with 5,000 threads, whole",
    ("php-fibers", WHOLE): "PHP with 5,000 fibers, whole",
    ("ruby-fibers", WHOLE): "Ruby with 5,000 fibers, whole",
    ("mariadb", WHOLE): "MariaDB under `mariadb-slap`, 100 connections, whole",
}


def work_times(results, name, key, mode):
    """How many times the instructions of off some work executes."""
    command, kernel = f"work {name}", "6.12-amd64"
    return results.number(command, kernel, mode, key) / results.number(
        command, kernel, "off", key
    )


def work_ratio(results, name, mode, key=START):
    """The same as text."""
    times = work_times(results, name, key, mode)
    return f"{times:.2f}" if times < 1.5 else f"{times:.1f}"


def work_instructions(results, name, mode, key=START):
    """The instructions of some work, in millions: a nanosecond is one."""
    return f"{results.number(f'work {name}', '6.12-amd64', mode, key) / 1e6:,.0f}"


def work_table(results):
    """Instructions of work off, and how many times as many in each mode."""
    return markdown(
        ["", "requests", "off, million instructions", "off again", "`rfc`", "`private`"],
        [
            [
                words, results.shown(f"work {name}", "6.12-amd64", "rfc", "seen"),
                work_instructions(results, name, "off", key),
                *(work_ratio(results, name, mode, key)
                  for mode in ("again", "rfc", "private")),
            ]
            for (name, key), words in WORK.items()
        ],
    )


def work_near(results, name, percent, *keys):
    """Whether some work under rfc and private is so near to off."""
    return all(
        abs(work_times(results, name, key, mode) - 1) * 100 <= percent
        for key in keys for mode in ("rfc", "private")
    )


def work_most(results, name):
    """What the requests of some work can cost by the gaps of its stacks, in millions."""
    requests = results.number(f"work {name}", "6.12-amd64", "rfc", "seen")
    return round(requests ** 2 / 2 * gap_cost(results, "6.12", 100) / 1e6)


def all_work(results):
    """All that was measured of work, in each of its runs."""
    modes = ("first", "off", "rfc", "private", "again")
    return markdown(["work", "", *modes], [
        [f"`{command}`", f"`{key}`", *(
            results.shown(command, "6.12-amd64", mode, key) for mode in modes
        )]
        for command in commands(results, "work ", "6.12-amd64")
        for key in results.keys(command)
    ])
