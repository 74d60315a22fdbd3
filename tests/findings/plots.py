# SPDX-License-Identifier: GPL-2.0-only
"""The plots of docs/findings.md, drawn by gnuplot from the raw results."""

import subprocess

import tables

HEAD = """
set terminal svg noenhanced size 760,480 font "sans-serif,13" background "white"
set output "{output}"
set key above left Left reverse maxcols 2
set grid
"""
# Curves that are never further apart than this are drawn as one.
ALIKE = 0.1


def lines(results, command, pattern, modes=("off", "rfc")):
    """One series a kernel and mode: (title, [(N, value)])."""
    for kernel in results.kernels(command):
        for mode in modes:
            points = [
                (n, results.number(
                    command, kernel, mode, pattern.replace("N", str(n))
                ))
                for n in tables.samples(results, command, pattern)
                if results.value(
                    command, kernel, mode, pattern.replace("N", str(n))
                ) != "-"
            ]
            yield f"{tables.short(kernel)} {mode}", points


def alike(points, others):
    return [x for x, _ in points] == [x for x, _ in others] and all(
        abs(y - other) <= ALIKE * max(y, other)
        for (_, y), (_, other) in zip(points, others)
    )


def joined(series):
    """The series, with those that coincide joined: ([title], points)."""
    groups = []
    for title, points in series:
        for titles, first in groups:
            if alike(points, first):
                titles.append(title)
                break
        else:
            groups.append(([title], points))
    return groups


def name_of(titles):
    """One title for several, which names their common part once."""
    modes = {}
    for title in titles:
        kernel, mode = title.rsplit(" ", 1)
        modes.setdefault(mode, []).append(kernel)
    lines = [
        f"{mode}: {', '.join(kernels)}" for mode, kernels in modes.items()
    ]
    return "; ".join(lines)


def plot(output, settings, series):
    """Draw some series of points into a file."""
    script = [HEAD.format(output=output), settings]
    drawn = []
    for i, (titles, points) in enumerate(joined(series)):
        script.append(f"$data{i} << END")
        script += [f"{x} {y}" for x, y in points]
        script.append("END")
        dash = 2 if titles[0].endswith("off") else 1
        drawn.append(
            f"$data{i} using 1:2 with linespoints lw 2 dt {dash} "
            f'lc {i + 1} pt {i + 4} title "{name_of(titles)}"'
        )
    script.append("plot " + ", ".join(drawn))
    subprocess.run(
        ["gnuplot"], input="\n".join(script), text=True, check=True
    )


def draw(results, where):
    """Draw all of them into a directory."""
    plot(
        where / "search.svg",
        'set logscale y\nset xlabel "stacks mapped with MAP_STACK"\n'
        'set ylabel "instructions of one mmap() of a page"',
        lines(results, "search instructions down",
              "down.mmap-beside-N.instructions"),
    )
    plot(
        where / "search-time.svg",
        'set logscale y\nset xlabel "stacks mapped with MAP_STACK"\n'
        'set ylabel "time of one mmap() of a page, emulated, ns"',
        lines(results, "search time down", "down.mmap-beside-N.ns"),
    )
    plot(
        where / "lines.svg",
        'set xlabel "stacks mapped with MAP_STACK, one mmap() each"\n'
        'set ylabel "lines of /proc/PID/maps"',
        lines(results, "lines bare", "N-stacks.lines"),
    )
    plot(
        where / "lines-threads.svg",
        'set xlabel "threads of glibc 2.43"\n'
        'set ylabel "lines of /proc/PID/maps"',
        lines(results, "lines-forky threads", "N-stacks.lines"),
    )
    plot(
        where / "fit.svg",
        'set logscale xy\nset xlabel "size of each stack, KiB"\n'
        'set ylabel "stacks that fit into 3 GiB"',
        lines(results, "fit-ia32 3g", "3-GiB.N-KiB-stacks"),
    )
