# SPDX-License-Identifier: GPL-2.0-only
"""The architectures that kernels are tested on: compilers, and QEMU's options.

The last part of a kernel's name chooses one. It is Debian's name of the
architecture, except for the two of parisc.
"""

from dataclasses import dataclass, replace

# Guests are emulated: even if /dev/kvm opens, the guest may hang. One thread
# of QEMU runs both CPUs in turn. With a thread for each, one CPU sees code that the
# other patches too late, and the guest dies of "Oops: int3". This was seen with
# QEMU 7.2 (1 boot of 70) and with QEMU 10.0.13 (6.12-rt, when the function tracer
# was switched on).
TURNS = "tcg,thread=single"
# parisc needs a thread for each CPU. Otherwise the other CPU's turn begins at each
# TLB purge, because that leaves QEMU's inner loop, and lasts 0.1 s even if it only
# waits for a lock or in stop_machine(). Threads are safe there, because parisc
# patches code in stop_machine(). So does riscv64, on which churn took 198 s with
# turns and 15 s with threads.
THREADS = "tcg,thread=multi"


@dataclass(frozen=True)
class Machine:
    """How to build for an architecture and how to boot it."""

    cross: str  # prefix of the compilers, of the kernel and of user space
    qemu: tuple  # {log}: the file that takes the console
    cmdline: str  # status= is the port of the report, see tests/guest/init.c
    flavour: str = None  # of Debian's kernel, if not the architecture's name
    user: str = None  # prefix of user space's compiler, if another
    make: tuple = ()  # more arguments for make, to build modules
    cpus: int = 2
    accelerator: str = TURNS
    counting: tuple = ()  # more options of QEMU, for time that counts instructions


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
        # host check_timer() may find a working timer late, and panics.
        cmdline="console=ttyS0 status=ttyS1 clocksource=hpet tsc=unstable "
                "no_timer_check",
    ),
    "arm64": Machine(
        cross="aarch64-linux-gnu-",
        qemu=("qemu-system-aarch64", "-M", "virt", "-cpu", "cortex-a57",
              *PCI_PORT),
        cmdline="console=ttyAMA0 status=ttyS0",
        # Its counter runs at 1 GHz, that of the cortex-a57 at 62.5 MHz.
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
        # The kernel warns of a corrupt NVRAM if there is no variable in it.
        qemu=("qemu-system-ppc64", "-M", "pseries,x-vof=on", "-vga", "none",
              "-prom-env", "auto-boot?=true", *PORTS),
        # Patching all functions for the function tracer takes this kernel long. On
        # a busy host 26 s were seen, more than the limit of a soft lockup.
        cmdline="console=hvc0 status=hvc1 watchdog_thresh=60",
        flavour="powerpc64le",
    ),
    "loong64": Machine(
        cross="loongarch64-linux-gnu-",
        # The kernel is an EFI program, and dies without ACPI.
        qemu=("qemu-system-loongarch64", "-M", "virt", "-cpu", "la464",
              "-bios", "/usr/share/qemu-efi-loongarch64/QEMU_EFI.fd", *PORTS),
        cmdline="console=ttyS0 status=ttyS1",
        # forky's headers are for gcc 16, and the lab has 14.
        make=("CONFIG_CC_HAS_ANNOTATE_TABLEJUMP=",
              "CFLAGS_MODULE=-Wno-attributes"),
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
    # On these machines user space cannot write to a port.
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
    programs: str = ""  # beginnings of their names, with commas between; "": all
    qemu: tuple = ()  # more options of QEMU
    cmdline: str = ""  # more of the kernel command line
    # FILE:TEXT: what the guest must find to be what the variant says
    expect: str = ""
    smp: bool = False  # two CPUs, with a thread of QEMU each


# Programs that attach and detach, alone and beside others, and check arguments.
PATCHED = "churn,company,growth,switch,trace"
VULNERABILITIES = "/sys/devices/system/cpu/vulnerabilities"

VARIANTS = {
    # parisc on two CPUs, where the other programs are too slow.
    "6.1-smp-hppa64": Variant("6.1-hppa64", "growup,switch", smp=True),
    # On these processors mitigations replace each return, in modules and in
    # ftrace's trampolines: by call depth tracking, and by the untrained return
    # thunk.
    "6.12-stuffing-amd64": Variant(
        "6.12-amd64", PATCHED, ("-cpu", "Skylake-Server"),
        "spectre_v2=retpoline retbleed=stuff",
        f"{VULNERABILITIES}/retbleed:Stuffing",
    ),
    "6.12-untrained-amd64": Variant(
        "6.12-amd64", PATCHED, ("-cpu", "EPYC-Rome"),
        # The kernel warns that SRSO needs microcode, which QEMU does not have.
        "spec_rstack_overflow=off",
        expect=f"{VULNERABILITIES}/retbleed:untrained",
    ),
    # A kernel with FineIBT uses it only on a CPU with IBT, which QEMU does not
    # emulate, and kCFI otherwise. The word on the command line asks for FineIBT.
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
    # The cortex-a57 has only pages of 4 KiB and 64 KiB.
    if "16k" in name.split("-"):
        machine = replace(machine, qemu=machine.qemu + ("-cpu", "cortex-a76"))
    # KCSAN stops at an access and waits for the other CPU to make one there.
    if "kcsan" in name.split("-"):
        machine = replace(machine, accelerator=THREADS)
    return machine
