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


def small_mmap_debian(results, mode):
    """Instructions of a small mmap() beside 10,000 stacks on Debian's 6.12."""
    return results.number(
        "search instructions down", "6.12", mode, "down.mmap-beside-10000.instructions"
    )

def left_committed_debian(results, how, mode):
    """KiB that stay committed after a mapping grew by 4 MiB on Debian's 6.12."""
    return results.shown("commit", "6.12", mode, f"{how}.left-after-exit.KiB")


def by_length(results, kernel, program, stacks, kib):
    """Instructions of an mmap() of some KiB beside some stacks."""
    return results.effect(
        kernel, program, f"free.{stacks}-stacks.{kib}-KiB.instructions"
    )


def start_threads(results, kernel):
    """Millions of instructions to start 10,000 threads with stacks of 64 KiB."""
    return f"{results.effect(kernel, 'work', 'start.ns') / 1e6:,.0f}"


def starts_before(results):
    """The same of kernels on which nothing changes for a thread: they differ by chance."""
    return [
        results.effect(f"6.12-{patch}", "work", "start.ns")
        for patch in ("small", "search", "commit", "opt-in", "guard-gap")
    ]


def start_threads_before(results):
    """The least and the most of these, in millions."""
    each = starts_before(results)
    return f"{min(each) / 1e6:,.0f} to {max(each) / 1e6:,.0f}"


def starts_as_before(results, kernel):
    """Whether a kernel needs no more than a tenth more than the most of these."""
    return results.effect(kernel, "work", "start.ns") <= 1.1 * max(starts_before(results))


def left_committed(results, kernel, how=("stack", "stack-growsdown")):
    """The most KiB that stay committed after a process that grew a mapping."""
    return max(
        results.effect(kernel, "commit", f"{flags}.{kind}.left-after-exit.KiB")
        for flags in how for kind in ("accounted", "noreserve", "prot-none")
    )


def split(results, key, patch="small"):
    """A result of split.c, which 6.12 and 7.3 share."""
    old, new = (
        results.effect(f"{version}-{patch}", "split", key) for version in ("6.12", "7.3")
    )
    if old != new:
        raise ValueError(f"{key}: {old} on 6.12, {new} on 7.3")
    return old


def of_program(results, kernel, program):
    """All results of a program on a kernel: {key: value}; some, or it is an error."""
    found = {
        key: value for (ran, name, key), value in results.effects.items()
        if (ran, name) == (f"{kernel}-amd64", program)
    }
    if not found:
        raise ValueError(f"{kernel}: {program} has no results")
    return found


def shapes_that_work(results, kernel):
    """The shapes of calls that work on a kernel."""
    return {
        key for key, value in of_program(results, kernel, "shapes").items()
        if value == "works"
    }


def selftests_passed(results, kernel):
    """How many of the kernel's tests of mm pass, without that of the series."""
    tests = of_program(results, kernel, "selftest")
    return sum(ended == "0" for name, ended in tests.items() if name != "map_stack")


def selftests_alike(results, kernel, other):
    """How many of the kernel's tests of mm end alike on two kernels."""
    mine, theirs = (of_program(results, k, "selftest") for k in (kernel, other))
    mine.pop("map_stack")
    return sum(theirs[name] == ended for name, ended in mine.items())


def series_is_sound(results, version):
    """Whether the series of a version breaks nothing and leaves nothing committed."""
    off, on = f"{version}-small", f"{version}-series"
    map_stack = [of_program(results, k, "selftest")["map_stack"] for k in (off, on)]
    return (
        selftests_alike(results, off, on) + 1
        == len(of_program(results, off, "selftest"))
        and map_stack[0] != "0" and map_stack[1] == "0"
        and shapes_that_work(results, off) <= shapes_that_work(results, on)
        and not left_committed(results, on)
    )


def tree_searches(results, source, guard="growable"):
    """Searches of the maple tree by an mmap() beside 10,000 mappings, downwards."""
    return next(
        int(row["searches"]) for row in results.searches
        if (row["source"], row["guard"], row["mappings"], row["direction"])
        == (source, guard, "10000", "down")
    )
