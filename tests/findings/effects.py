# SPDX-License-Identifier: GPL-2.0-only
"""The figures of docs/proposal. Each function gets the results first.

A kernel is named as in tests/vm/proposal.py, without -amd64. Results come from
docs/proposal/effects.csv, which that program writes, and searches.csv.
"""


def small_mmap(results, kernel, stacks, direction="down"):
    """Instructions of an mmap() of a page beside some stacks."""
    return results.effect(
        kernel, "search", f"{direction}.mmap-beside-{stacks}.instructions"
    )


def small_mmap_times(results, kernel):
    """How many times those beside none an mmap() executes beside 10,000 stacks."""
    times = small_mmap(results, kernel, 10000) / small_mmap(results, kernel, 0)
    return f"{times:.1f}"


def small_mmap_table(results, kernel):
    """Instructions by number of stacks, for a mail."""
    rows = [["instructions of a small mmap()", "top-down", "bottom-up"]] + [
        [f"beside {f'{n:,}' if n else 'no stacks'}", *(
            f"{small_mmap(results, kernel, n, direction):,}"
            for direction in ("down", "up")
        )]
        for n in (0, 100, 1000, 10000)
    ]
    return "\n".join(f"  {a:<42}{b:>13}{c:>12}" for a, b, c in rows)


def beside(results, mode):
    """Instructions of a small mmap() beside 10,000 stacks on Debian's 6.12."""
    return results.shown(
        "search instructions down", "6.12", mode, "down.mmap-beside-10000.instructions"
    )


def beside_millions(results, mode):
    """The same in millions."""
    return f"{int(beside(results, mode).replace(',', '')) / 1e6:.1f}"


def value_kib(results, how, mode):
    """KiB that stay committed on Debian's 6.12."""
    return results.shown("commit", "6.12", mode, f"{how}.left-after-exit.KiB")


def debian_length(results, mode, stacks):
    """Instructions of an mmap() of 1,028 KiB beside some stacks on Debian's 6.12."""
    return results.shown(
        "sizes instructions free", "6.12", mode,
        f"free.{stacks}-stacks.1028-KiB.instructions",
    )


def by_length(results, kernel, program, stacks, kib):
    """Instructions of an mmap() of some KiB beside some stacks."""
    return results.effect(
        kernel, program, f"free.{stacks}-stacks.{kib}-KiB.instructions"
    )


def start_threads(results, kernel):
    """Millions of instructions to start 10,000 threads with stacks of 64 KiB."""
    return f"{results.effect(kernel, 'work', 'start.ns') / 1e6:,.0f}"


def start_threads_more(results, kernel, than):
    """How many percent more that takes than on another kernel."""
    mine, other = (results.effect(k, "work", "start.ns") for k in (kernel, than))
    return round(100 * mine / other - 100)


def left_committed(results, kernel, how=("stack", "stack-growsdown")):
    """The most KiB that stay committed after a process that grew a mapping."""
    return max(
        results.effect(kernel, "commit", f"{flags}.{kind}.left-after-exit.KiB")
        for flags in how for kind in ("accounted", "noreserve", "prot-none")
    )


def of_program(results, kernel, program):
    """All results of a program on a kernel: {key: value}."""
    return {
        key: value for (ran, name, key), value in results.effects.items()
        if (ran, name) == (f"{kernel}-amd64", program)
    }


def shapes_that_work(results, kernel):
    """The shapes of calls that work on a kernel."""
    return {
        key for key, value in of_program(results, kernel, "shapes").items()
        if value == "works"
    }


def selftests_alike(results, kernel, other):
    """How many of the kernel's tests of mm end alike on two kernels."""
    mine, theirs = (of_program(results, k, "selftest") for k in (kernel, other))
    mine.pop("map_stack")
    return sum(theirs[name] == ended for name, ended in mine.items())


def tree_searches(results, source, guard="growable"):
    """Searches of the maple tree by an mmap() beside 10,000 mappings, downwards."""
    return next(
        int(row["searches"]) for row in results.searches
        if (row["source"], row["guard"], row["mappings"], row["direction"])
        == (source, guard, "10000", "down")
    )
