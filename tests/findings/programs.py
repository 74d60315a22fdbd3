# SPDX-License-Identifier: GPL-2.0-only
"""Programs that people use, in a root file system of Debian.

Each is a shell command that succeeds only if its result is right.
"""

from typing import NamedTuple

import rootfs

SUITE = "trixie"
PACKAGES = [
    "binutils", "erlang-base", "perl", "python3-minimal", "sqlite3", "stress-ng",
    "xz-utils",
]
# The output of `stress-ng --class memory?` and `--class vm?` (0.19.02), and threads,
# which have no class. stress-ng ends with a status other than 0 if it verifies
# something that is wrong.
CLASSES = """
    atomic bad-altstack bitonicsort bsearch bubblesort context fibsearch full heapsort
    hsearch insertionsort judy list lockbus lsearch malloc matrix matrix-3d mcontend
    membarrier memcpy memfd memrate memthrash mergesort mincore misaligned null numa
    oom-pipe pipe pipeherd prefetch ptr-chase qsort radixsort randlist remap resources
    rmap shellsort skiplist sparsematrix spinmem stack stackmmap str stream
    tlb-shootdown tmpfs tree tsearch vm vm-addr vm-rw vm-segv wcs zero zlib
    bigheap brk dev-shm env madvise mlock mlockmany mmap mmapaddr mmapcow mmapfiles
    mmapfixed mmapfork mmaphuge mmapmany mmaptorture mprotect mremap mseal msync
    msyncmany munmap pagemove pageswap physpage physmmap shm shm-sysv swap userfaultfd
    vma vm-splice
    clone fork mutex pthread sigsegv
"""
# These take memory until the kernel kills a process, which may be another one.
LEFT_OUT = {"bigheap", "brk", "mlockmany", "oom-pipe", "resources"}
STRESS = sorted(set(CLASSES.split()) - LEFT_OUT)
COMMANDS = {
    "python-recursion-in-thread": """
        test "$(python3 -c '
import sys, threading
threading.stack_size(16 << 20)
sys.setrecursionlimit(20000)
def down(n): return 0 if n == 0 else 1 + down(n - 1)
t = threading.Thread(target=lambda: print(down(10000)))
t.start(); t.join()')" = 10000 """,
    "perl-sort": """
        test "$(perl -e 'print join(",", (sort { $a <=> $b }
            map { $_ * 7919 % 1009 } 1..1008)[0..2])')" = 1,2,3 """,
    "erlang-processes": """
        test "$(erl -noshell -eval 'P = self(),
            [spawn(fun() -> P ! I end) || I <- lists:seq(1, 1000)],
            io:format("~w", [lists:sum([receive X -> X end ||
                _ <- lists:seq(1, 1000)])]), halt().')" = 500500 """,
    "xz-threads": """
        head -c 3000000 /usr/bin/ld.bfd >/tmp/in &&
        xz -0 -T2 --block-size=500000 -c /tmp/in | xz -dc -T2 | cmp - /tmp/in
        """,
    "sqlite": """
        test "$(sqlite3 :memory: 'with recursive n(i) as (select 1 union all
            select i + 1 from n where i < 20000) select sum(i) from n')" \
            = 200010000 """,
    **{
        f"stress-ng-{name}":
            f"stress-ng --no-rand-seed --oomable --{name} 1 --{name}-ops 5 "
            "--timeout 10"
        for name in STRESS
    },
}


class Programs(NamedTuple):
    """Programs in a root file system of Debian's SUITE."""

    packages: list
    setup: str  # the script that finishes the root
    commands: dict  # each a shell command that succeeds if its result is right
    kind: str = "program"  # how modes.c runs them
    needs: tuple = ()  # programs of this directory that they use

    def listed(self):
        """The commands of the guest."""
        return [f"{self.kind} {name}" for name in self.commands]

    def lay_out(self, where, listed):
        """Write scripts, and the script that runs those listed; return (demo, files)."""
        where.mkdir(parents=True, exist_ok=True)
        scripts = []
        for name in (command.split()[1] for command in listed):
            scripts.append(where / name)
            scripts[-1].write_text(
                '#!/bin/sh\ncd "$(mktemp -d)" || exit 1\n'
                f"{self.commands[name].strip()}\n"
            )
            scripts[-1].chmod(0o755)
        (where / "commands").write_text("\n".join(listed) + "\n")
        start = where / "start"
        start.write_text(
            "#!/bin/sh\nexport HOME=/root LC_ALL=C.UTF-8 "
            "PATH=/usr/sbin:/usr/bin:/sbin:/bin\n"
            "ln -s /files /findings\nexec /files/modes\n"
        )
        start.chmod(0o755)
        return start, [*scripts, where / "commands"]

    def boot(self, kernel, where, programs, listed, modules, memory):
        """A guest that runs these commands, with the programs that were built."""
        start, files = self.lay_out(where / "scripts", listed)
        image = rootfs.Root(SUITE, self.packages, self.setup).image()
        return rootfs.boot(
            kernel, image, where, modules=modules, files=[
                programs / "modes",
                *(programs / "findings" / name for name in self.needs), *files,
            ], demo=start, memory=memory, counting=self.kind == "work",
        )


PROGRAMS = Programs(PACKAGES, "", COMMANDS)
