# SPDX-License-Identifier: GPL-2.0-only
"""Full Debian root file systems: made, entered, booted. Runs in the lab (-a).

    root = rootfs.Root("trixie", ["python3-minimal"])   # any suite of Debian
    vm = rootfs.boot(kernel, root.image(), where, tests=[program])
    report = guest.boot_and_report(vm, hear)

`kernel` is a prepared debian.Kernel. It need not be of the root's suite, and the
root needs no kernel package. PID 1 is tests/guest's init, as in the guests without
a disk: it runs the `tests` from /tests in the order of their names, each a program
or an executable script that prints KTAP (exit 4: all skipped), and reports. With
`demo=program` it runs that program instead and prints its output unchanged; see
demo.py. The module and the test modules are in /modules, the `files` in /files. The
machine has /dev/pts, lo and an ext4 root; all that is written to the root is lost.
`start="/sbin/init"` makes systemd PID 1, if the root has it.

Work that does not need the kernel under test is much faster outside a guest.
root.tree() is a directory that must not be changed; copy_tree() copies it, enter()
runs a command in the copy, and pack() makes an image of it.

Roots are kept in /cache/roots, by suite, packages and recipe. If there are more
than KEEP, those that were used longest ago are removed.
"""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

import build
import debian
import guest
from machines import machine_of

ROOTS = Path("/cache/roots")
ARCHIVES = Path("/cache/archives")
SOURCES = Path("/out/apt/kernels/amd64.list")  # by tests/vm/lab
KEEP = 8

# Packages that a test machine does not need.
LEAN = [
    "--dpkgopt=path-exclude=/usr/share/doc/*",
    "--dpkgopt=path-exclude=/usr/share/locale/*",
    "--dpkgopt=path-exclude=/usr/share/man/*",
    "--aptopt=APT::Install-Recommends \"false\"",
    "--aptopt=Acquire::Languages \"none\"",
]
# To install Java: its alternatives need the directory of manual pages, which LEAN
# leaves out.
JAVA = """
mkdir -p /usr/share/man/man1
apt-get -qq update
apt-get -qqy install openjdk-21-jre-headless || dpkg --configure -a || :
rm -rf /var/lib/apt/lists/*
"""
# These make a virtio disk with ext4 visible to any of the kernels.
DRIVERS = ("virtio_pci", "virtio_blk", "ext4")


def sources(suite):
    """The sources.list lines of a suite, from those that the lab was given."""
    listed = re.findall(
        r"^deb (?:\[.*?\] )?(\S+) (\S+)", SOURCES.read_text(), re.M
    )
    main = next(url for url, name in listed if "-" not in name)
    security = next(
        (url for url, name in listed if name.endswith("-security")), None
    )
    if suite in ("forky", "sid"):
        # These change often, so the list of a slow mirror has expired.
        return [f"deb [check-valid-until=no] {main} {suite} main"]
    lines = [f"deb {main} {suite} main"]
    if security:
        lines.append(f"deb {security} {suite}-security main")
    return lines


class InstalledKernel(debian.Kernel):
    """A kernel that is installed in a root."""

    def __init__(self, tree, release):
        super().__init__("installed-amd64", release, None, [])
        self.tree = tree
        self.headers = tree / self.headers.relative_to("/")
        places = tree / "boot" / f"vmlinuz-{release}", (
            tree / "usr/lib/modules" / release / "vmlinuz"
        )
        self.vmlinuz = next(path for path in places if path.exists())

    def prepare(self):
        """Nothing: it is installed."""

    def unpack_modules(self):
        """Return the root itself."""
        return self.tree


class Root:
    """A suite with packages, changed by a shell script.

    sh runs `setup` in the finished root. `backports` adds the sources of
    SUITE-backports, from which packages are installed only if asked for by name.
    """

    def __init__(self, suite, packages=(), setup="", backports=False):
        self.suite = suite
        self.packages = sorted(packages)
        self.setup = setup
        self.sources = sources(suite)
        if backports:
            main = self.sources[0].removesuffix(f"{suite} main")
            self.sources.append(f"{main}{suite}-backports main")
        recipe = repr((self.sources, self.packages, setup, LEAN))
        key = hashlib.sha256(recipe.encode()).hexdigest()[:12]
        self.where = ROOTS / f"{suite}-{key}"

    def _make(self, what, make):
        """Make a part of the root if it is missing, one process at a time."""
        ROOTS.mkdir(parents=True, exist_ok=True)
        with debian.locked(f"{self.where}.lock"):
            self.where.mkdir(exist_ok=True)
            os.utime(self.where)
            if not what.exists():
                new = what.with_name("new")
                remove_tree(new)
                make(new)
                new.rename(what)
                forget_old()
        return what

    def tree(self):
        """The root as a directory. Copy it before you change anything."""
        return self._make(self.where / "tree", self._debootstrap)

    def image(self):
        """The root as a disk image, before anything has run in it."""
        def make(new):
            tree = self.where / "tree"
            kept = tree.exists()
            if not kept:
                tree = self.where / "unpacked"
                remove_tree(tree)
                self._debootstrap(tree)
            pack(tree, new)
            if not kept:
                remove_tree(tree)

        return self._make(self.where / "image", make)

    def _debootstrap(self, where):
        print(f"# making a {self.suite} root file system", flush=True)
        log = self.where / "log"
        with open(log, "w") as out:
            result = subprocess.run(
                ["mmdebstrap", "--mode=root", "--variant=apt", *LEAN,
                 f"--include={','.join(self.packages)}",
                 self.suite, where, *self.sources],
                stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT,
            )
        if result.returncode:
            tail = "\n".join(log.read_text().splitlines()[-8:])
            raise debian.Failure(f"no {self.suite} root could be made:\n{tail}")
        if self.setup:
            check(enter(where, "sh", "-euc", self.setup), "setup of the root")


def remove_tree(path):
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def forget_old():
    """Keep the roots that were used most recently."""
    roots = [path for path in ROOTS.iterdir() if path.is_dir()]
    roots.sort(key=lambda path: path.stat().st_mtime)
    for path in roots[:-KEEP]:
        remove_tree(path)


def copy_tree(tree, where):
    """Copy a root with owners and modes."""
    remove_tree(where)
    where.parent.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cp", "-a", "--reflink=auto", tree, where], check=True)
    return where


def enter(tree, *command, binds=(), environment=()):
    """Run a command in a root, and keep what apt downloads for the next time.

    apt locks its directory of downloads, so each root has a separate one. Roots of
    the same name in other checkouts share it, one at a time.
    Returns the finished process, its output (both streams) as text. `binds` are
    pairs of (here, there).
    """
    archives = ARCHIVES / "-".join(tree.parts[1:])
    archives.mkdir(parents=True, exist_ok=True)
    words = [
        "bwrap", "--bind", tree, "/", "--proc", "/proc", "--dev", "/dev",
        "--ro-bind", "/sys", "/sys", "--perms", "1777", "--tmpfs", "/tmp",
        "--ro-bind", "/etc/resolv.conf", "/etc/resolv.conf",
        "--bind", archives, "/var/cache/apt/archives",
        "--unshare-pid", "--die-with-parent", "--cap-add", "ALL",
        "--chdir", "/", "--clearenv", "--setenv", "HOME", "/root",
        "--setenv", "PATH",
        "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "--setenv", "LC_ALL", "C.UTF-8",
        "--setenv", "DEBIAN_FRONTEND", "noninteractive",
    ]
    for here, there in binds:
        words += ["--bind", here, there]
    for name, value in environment:
        words += ["--setenv", name, value]
    with debian.locked(f"{archives}.lock"):
        return subprocess.run(
            [*words, *command], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            errors="replace",
        )


def check(process, what):
    """If a process failed, raise Failure with the end of its output."""
    if process.returncode:
        tail = "\n".join(process.stdout.splitlines()[-12:])
        raise debian.Failure(f"{what} failed:\n{tail}")
    return process.stdout


def pack(tree, image, spare=512):
    """Make an ext4 image of a root with `spare` MiB free."""
    used = subprocess.run(
        ["du", "-sxm", "--apparent-size", tree], capture_output=True,
        check=True, text=True,
    ).stdout.split()[0]
    image.unlink(missing_ok=True)
    subprocess.run(
        ["mkfs.ext4", "-q", "-d", tree, "-m", "0", "-E", "root_owner=0:0",
         "-O", "^has_journal", image, f"{int(used) * 5 // 4 + spare}M"],
        check=True, stdout=subprocess.DEVNULL,
    )
    return image


def drivers(kernel):
    """The drivers that are needed for the disk, in the order to load them."""
    where = kernel.unpack_modules()
    order = []
    for name in DRIVERS:
        listed = subprocess.run(
            ["modprobe", "-d", where, "-S", kernel.release,
             "--show-depends", name],
            capture_output=True, check=True, text=True,
        ).stdout
        order += re.findall(r"^insmod (\S+)", listed, re.M)
    return [Path(path) for path in dict.fromkeys(order)]


def put_driver(driver, where, number):
    """Put a driver into an initramfs, uncompressed: 03-virtio_blk.ko."""
    name = f"{number:02}-{driver.name.split('.')[0]}.ko"
    tool = {".xz": "xz", ".zst": "zstd", ".gz": "gzip"}.get(driver.suffix)
    if not tool:
        shutil.copy(driver, where / name)
        return
    with open(where / name, "wb") as out:
        subprocess.run([tool, "-dc", driver], stdout=out, check=True)


def make_initramfs(kernel, where, tests=(), modules=(), files=(), demo=None):
    """Lay out and pack the drivers for the disk, and the files to put on it."""
    programs = build.build_guest(
        machine_of(kernel.name), "init", "switchroot"
    )
    root = where / "root"
    remove_tree(root)
    (root / "drivers").mkdir(parents=True)
    for number, driver in enumerate(drivers(kernel)):
        put_driver(driver, root / "drivers", number)
    shutil.copy(programs / "switchroot", root / "init")
    put = root / "put"
    for name, paths in ("tests", tests), ("modules", modules), ("files", files):
        (put / name).mkdir(parents=True)
        for path in paths:
            shutil.copy(path, put / name)
    shutil.copy(programs / "init", put)
    if demo:
        shutil.copy(demo, put / "demo")
    guest.pack(root, where / "initramfs")
    return where / "initramfs"


def boot(
    kernel, image, where, tests=(), modules=(), files=(), demo=None,
    start="/init", cmdline="", memory=1024, counting=False,
):
    """Boot a kernel with a root; return a guest.Guest. Logs go to `where`."""
    where.mkdir(parents=True, exist_ok=True)
    if start == "/sbin/init":
        files = [*files, "tests/vm/end"]
    initramfs = make_initramfs(kernel, where, tests, modules, files, demo)
    return guest.Guest(
        kernel, initramfs, where, f"start={start} {cmdline}", memory, image,
        counting,
    )
