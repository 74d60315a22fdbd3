# SPDX-License-Identifier: GPL-2.0-only
"""The architectures that kernels are tested on: compilers, and QEMU's words.

They are found by the last part of a kernel's name, which is Debian's name of the
architecture, except for the two of parisc.
"""

from dataclasses import dataclass, replace

# Emulation: a KVM device that opens may still hang the guest. One thread of
# QEMU runs both CPUs in turn: with a thread each, code patching on one CPU is
# not seen in time by the other, and the guest dies of "Oops: int3" in its own
# patching. Seen with QEMU 7.2 (1 boot of 70) and QEMU 10.0.13 (6.12-rt, when
# the function tracer was switched on).
TURNS = "tcg,thread=single"
# parisc cannot have that: the other CPU's turn begins at each TLB purge, which
# leaves QEMU's inner loop, and is of 0.1 s, if all it does is to wait for a lock
# or in stop_machine(). It patches code in stop_machine(). So does riscv64, on
# which churn took 198 s with turns and 15 s with threads.
THREADS = "tcg,thread=multi"


@dataclass(frozen=True)
class Machine:
    """How to build for an architecture and how to boot it."""

    cross: str  # prefix of the compilers, of the kernel and of user space
    qemu: tuple  # {log}: the file that takes the console
    cmdline: str  # status= is the port of the report, see tests/guest/init.c
    flavour: str = None  # of Debian's kernel, if not the architecture's name
    user: str = None  # prefix of user space's compiler, if another
    cpus: int = 2
    accelerator: str = TURNS
    counting: tuple = ()  # more of QEMU's words where time counts instructions


# The console goes to the first port and the report to another one.
PORTS = ("-serial", "file:{log}", "-serial", "stdio")
PCI_PORT = (
    "-serial", "file:{log}", "-chardev", "stdio,id=status,signal=off",
    "-device", "pci-serial,chardev=status",
)

MACHINES = {
    "amd64": Machine(
        cross="",
        qemu=("qemu-system-x86_64", "-M", "q35", "-cpu", "max,la57=off", *PORTS),
        # With tsc=reliable guest time ran 2.7 times too fast under load. On a busy
        # host a timer that works may be late for check_timer(), which panics.
        cmdline="console=ttyS0 status=ttyS1 clocksource=hpet tsc=unstable "
                "no_timer_check",
    ),
    "arm64": Machine(
        cross="aarch64-linux-gnu-",
        qemu=("qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a57",
              *PCI_PORT),
        cmdline="console=ttyAMA0 status=ttyS0",
        # Its counter has 1 GHz, the cortex-a57's 62.5 MHz.
        counting=("-cpu", "max,pauth-impdef=on"),
    ),
    "riscv64": Machine(
        cross="riscv64-linux-gnu-",
        qemu=("qemu-system-riscv64", "-M", "virt", *PCI_PORT),
        cmdline="console=ttyS0 status=ttyS1",
        accelerator=THREADS,
    ),
    "ppc64el": Machine(
        cross="powerpc64le-linux-gnu-",
        # Without a variable in it the kernel warns of a corrupt NVRAM.
        qemu=("qemu-system-ppc64", "-M", "pseries,x-vof=on", "-vga", "none",
              "-prom-env", "auto-boot?=true", *PORTS),
        # Patching each function for the function tracer takes this kernel long,
        # and on a busy host longer than a soft lockup may: 26 s were seen.
        cmdline="console=hvc0 status=hvc1 watchdog_thresh=60",
        flavour="powerpc64le",
    ),
    "s390x": Machine(
        cross="s390x-linux-gnu-",
        qemu=(
            "qemu-system-s390x", "-M", "s390-ccw-virtio",
            "-chardev", "file,id=log,path={log}",
            "-device", "sclpconsole,chardev=log",
            "-chardev", "stdio,id=status,signal=off",
            "-device", "sclplmconsole,chardev=status",
        ),
        cmdline="console=ttysclp0 status=sclp_line0",
    ),
    # What user space writes to a tty does not come out of these machines.
    "hppa": Machine(
        cross="hppa-linux-gnu-",
        qemu=("qemu-system-hppa", "-M", "B160L", "-serial", "stdio"),
        cmdline="console=ttyS0 status=kmsg printk.devkmsg=on",
        cpus=1,
    ),
    "hppa64": Machine(
        cross="hppa64-linux-gnu-",
        qemu=("qemu-system-hppa", "-M", "C3700", "-serial", "stdio"),
        cmdline="console=ttyS0 status=kmsg printk.devkmsg=on",
        user="hppa-linux-gnu-",
        cpus=1,
    ),
}


@dataclass(frozen=True)
class Variant:
    """A kernel of the lists that is booted in another way."""

    kernel: str  # its name in the list
    programs: str = ""  # those whose name begins so, with commas between; "": all
    qemu: tuple = ()  # more of QEMU's words
    cmdline: str = ""  # more words for the kernel
    # FILE:TEXT: what the guest must find, or the variant is not what it says
    expect: str = ""
    smp: bool = False  # two CPUs, with a thread of QEMU each


# Programs that attach and detach, beside others too, and see where arguments arrive.
PATCHED = "churn,company,growth,switch,trace"
VULNERABILITIES = "/sys/devices/system/cpu/vulnerabilities"

VARIANTS = {
    # parisc on two CPUs, where the other programs are too slow.
    "6.1-smp-hppa64": Variant("6.1-hppa64", "growup,switch", smp=True),
    # Processors whose mitigations replace each return, and are patched into a
    # module and into ftrace's trampolines: call depth tracking, and the untrained
    # return thunk.
    "6.12-stuffing-amd64": Variant(
        "6.12-amd64", PATCHED, ("-cpu", "Skylake-Server"),
        "spectre_v2=retpoline retbleed=stuff",
        f"{VULNERABILITIES}/retbleed:Stuffing",
    ),
    "6.12-untrained-amd64": Variant(
        "6.12-amd64", PATCHED, ("-cpu", "EPYC-Rome"),
        # Against SRSO it wants microcode that QEMU has not, and says "WARNING".
        "spec_rstack_overflow=off",
        expect=f"{VULNERABILITIES}/retbleed:untrained",
    ),
    # The checks of indirect calls that a kernel takes where the CPU has IBT, which
    # QEMU's have not; without the word it takes kCFI's.
    "6.12-fineibt-amd64": Variant(
        "6.12-cfi-amd64", cmdline="cfi=fineibt", expect="/dev/kmsg:FineIBT"
    ),
}


def machine_of(name):
    """The machine that a kernel of this name runs on."""
    machine = MACHINES[name.rsplit("-", 1)[1]]
    variant = VARIANTS.get(name)
    if variant:
        words = [machine.cmdline, variant.cmdline]
        if variant.expect:
            words.append(f"expect={variant.expect}")
        machine = replace(
            machine, qemu=machine.qemu + variant.qemu,
            cmdline=" ".join(word for word in words if word),
        )
        if variant.smp:
            machine = replace(machine, cpus=2, accelerator=THREADS)
    # The cortex-a57 has pages of 4 KiB and 64 KiB only.
    if "16k" in name.split("-"):
        machine = replace(machine, qemu=machine.qemu + ("-cpu", "cortex-a76"))
    # KCSAN waits at an access for what the other CPU does meanwhile.
    if "kcsan" in name.split("-"):
        machine = replace(machine, accelerator=THREADS)
    return machine
