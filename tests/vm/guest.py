# SPDX-License-Identifier: GPL-2.0-only
"""Boot a guest from an initramfs and read its report.

Runs in the lab. The kernel log comes over the console into a file. The report
comes over a separate port, so that neither garbles the other.
"""

import re
import shutil
import subprocess
import threading
import time

import ktap
from machines import TURNS, machine_of

# Any of this in the kernel log fails the guest, whatever its tests said. The
# exception: if tests/guest/failures.c makes an allocation of kmemleak fail,
# kmemleak scans a whole object instead of a scan area.
TROUBLE = re.compile(
    r"BUG:|WARNING:|Oops|Kernel panic|Call Trace|general protection|"
    r"Unable to handle|RIP: |rcu: INFO|hung task|blocked for more than|"
    r"soft lockup|hard LOCKUP|UBSAN|KASAN|KCSAN:|ODEBUG|"
    r"kmemleak: (?:\d+ new|Cannot(?! allocate a scan area)|Memory pool|"
    r".*disabled)|"
    r"possible recursive|circular locking|invalid opcode|segfault in kernel|"
    r"ftrace bug|Failed on adding|Modules? .* is tainted"
)
# A report of KCSAN about a data race in the kernel itself.
RACE = re.compile(r"[^\n]*={60,}\n[^\n]*BUG: KCSAN: .*?={60,}[^\n]*\n", re.S)
# What the kernel logs when tests/guest/failures.c makes an allocation fail.
INJECTED = re.compile(
    r"failures: (?:vmalloc error|page allocation failure).*?</TASK>", re.S
)
# Bit 12: an out-of-tree module; bit 13: an unsigned one.
TAINT_MODULE = 1 << 12 | 1 << 13
# A kernel with randomised structures, as cfi.config builds it, is tainted from the start.
TAINT_RANDSTRUCT = 1 << 17
SILENT_SECONDS = 300

# One CPU whose time is the number of instructions that it has executed. When idle
# it jumps to the next timer.
COUNTING = ["-icount", "shift=0,sleep=off"]


def pack(root, archive):
    """Make a directory into an initramfs."""
    names = subprocess.run(
        ["find", ".", "-mindepth", "1"], cwd=root, capture_output=True,
        check=True,
    ).stdout
    with open(archive, "wb") as out:
        subprocess.run(
            ["cpio", "-o", "-H", "newc", "--quiet", "-R", "0:0"], cwd=root,
            input=names, stdout=out, check=True,
        )


def copy_into(root, names):
    """Put files of the lab into a guest, each at the same path.

    root becomes the guest's root directory; names are absolute paths. Links are
    followed: the guest gets the file, under the name of the link.
    """
    for name in names:
        target = root / str(name).lstrip("/")
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(name, target)


def make_initramfs(where, init, programs, modules, demo=None, fill=None):
    """Lay out init, the test programs and the modules, and pack them.

    fill() gets the directory and may add to it.
    """
    root = where / "root"
    if root.exists():
        shutil.rmtree(root)
    for name in ("tests", "modules"):
        (root / name).mkdir(parents=True)
    shutil.copy(init, root / "init")
    if demo:
        shutil.copy(demo, root / "demo")
    for program in programs:
        shutil.copy(program, root / "tests")
    for module in modules:
        shutil.copy(module, root / "modules")
    if fill:
        fill(root)
    pack(root, where / "initramfs")
    return where / "initramfs"


def expected_taint(kernel):
    """The bits of a kernel's taint that are no fault."""
    config = (kernel.headers / ".config").read_text()
    randomised = "\nCONFIG_RANDSTRUCT=y\n" in config
    return TAINT_MODULE | (TAINT_RANDSTRUCT if randomised else 0)


class Guest:
    """One boot. Whatever it writes to the disk is lost."""

    def __init__(
        self, kernel, initramfs, where, cmdline="", memory=1024, disk=None,
        counting=False, machine=None,
    ):
        self.log = where / "console.log"
        self.status = where / "status.log"
        self.taint = expected_taint(kernel)
        machine = machine or machine_of(kernel.name)
        self.command = [word.format(log=self.log) for word in machine.qemu] + [
            # Time that counts instructions knows no threads.
            "-accel", TURNS if counting else machine.accelerator,
            "-smp", str(1 if counting else machine.cpus),
            *((*COUNTING, *machine.counting) if counting else ()),
            "-m", str(memory),
            "-kernel", str(kernel.vmlinuz), "-initrd", str(initramfs),
            "-append", f"{machine.cmdline} panic=-1 oops=panic {cmdline}",
            "-nodefaults", "-display", "none", "-no-reboot",
        ]
        if disk:
            self.command += [
                "-drive", f"file={disk},if=virtio,format=raw,snapshot=on"
            ]
        # Then all output of QEMU is the console, with the report in it.
        self.mixed = "status=kmsg" in machine.cmdline
        self.stopped_for = None
        self.silent_seconds = SILENT_SECONDS
        self.provoked = [INJECTED]  # what the programs make the kernel log on purpose

    def _watch(self, process):
        """Stop a guest that is silent for too long."""
        while process.poll() is None:
            if time.monotonic() - self.heard > self.silent_seconds:
                self.stopped_for = f"silent for {self.silent_seconds} seconds"
                process.kill()
            time.sleep(1)

    def run(self, hear):
        """Boot, pass each line of the report to hear(), and wait for the end."""
        self.log.unlink(missing_ok=True)
        self.heard = time.monotonic()
        with subprocess.Popen(
            self.command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, errors="replace",
        ) as process, open(self.status, "w") as status, open(
            self.log if self.mixed else "/dev/null", "w"
        ) as log:
            watcher = threading.Thread(target=self._watch, args=(process,))
            watcher.start()
            for line in process.stdout:
                self.heard = time.monotonic()
                log.write(line)
                if self.mixed:
                    match = re.search(r"\breport: (.*)", line)
                    if not match:
                        continue
                    line = match.group(1) + "\n"
                status.write(line)
                status.flush()
                hear(line)
            process.wait()
            watcher.join()
        if process.returncode and not self.stopped_for:
            self.stopped_for = f"QEMU ended with status {process.returncode}"

    def trouble(self):
        """Lines of the kernel log that report trouble."""
        if not self.log.exists():
            return ["there is no kernel log"]
        text = self.log.read_text(errors="replace")
        for expected in self.provoked:
            text = expected.sub("", text)
        text = RACE.sub(
            lambda race: race.group() if "[mapstack]" in race.group() else "", text
        )
        return [
            line for line in text.splitlines()
            if TROUBLE.search(line) and "report: " not in line
        ]


def boot_and_report(guest, hear):
    """Boot a guest; return its KTAP report, with the guest's own failures."""
    parser = ktap.Parser()

    def both(line):
        parser.feed(line)
        hear(line)

    guest.run(both)
    report = parser.finish()
    if guest.stopped_for:
        report.failed.append(f"guest: {guest.stopped_for}")
    trouble = guest.trouble()
    if trouble:
        report.failed.append(
            f"kernel log: {len(trouble)} lines, first: {trouble[0]}"
        )
    if parser.leaks:
        report.failed.append(
            f"kmemleak: {parser.leaks} objects, first: "
            + " ".join(parser.leaked[:1])
        )
    if parser.taint is None or parser.taint & ~guest.taint:
        report.failed.append(f"kernel is tainted: {parser.taint}")
    return report
