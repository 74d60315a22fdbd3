# SPDX-License-Identifier: GPL-2.0-only
"""Debian's kernels: find the newest release of a line, fetch and unpack it.

Runs in the lab. Headers are unpacked into the lab itself, because they name
each other by absolute path. Each release has separate directories.
"""

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

import apt_pkg

from machines import MACHINES

DEBS = Path("/cache/debs")
UNPACKED = Path("/var/lib/mapstack")
IMAGES = Path("/cache/images")
LOCK = Path("/cache/lock")
# An apt that knows the suites and architectures of tests/vm/kernels.
APT_CONFIG = Path("/out/apt/kernels.conf")
LISTS = Path("/var/lib/apt/kernels")


class Failure(Exception):
    """An error that a person must see, in one sentence."""


@contextlib.contextmanager
def locked(path=LOCK):
    """Hold a lock of the cache, for one process at a time."""
    with open(path, "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


class Kernel:
    """One line of tests/vm/kernels, resolved."""

    def __init__(self, name, release, version, packages):
        self.name = name  # 6.12-rt-amd64
        self.release = release  # 6.12.117+deb13-rt-amd64
        self.version = version  # of the Debian package
        self.packages = packages  # to fetch, apt_pkg versions
        self.options = []  # more arguments for make, to build modules
        self.modules = []  # packages with its drivers, apt_pkg versions
        self.vmlinuz = IMAGES / release / "vmlinuz"
        self.headers = Path("/usr/src") / f"linux-headers-{release}"

    def prepare(self):
        """Make the kernel ready to boot and to build for."""
        with locked():
            *headers, image = (deb_path(version) for version in self.packages)
            for deb in headers:
                unpack_headers(deb)
            unpack_image(image, self)

    def unpack_modules(self):
        """Unpack its modules, with only a few drivers; return their root.

        depmod has run, so modprobe -d ROOT -S RELEASE finds the modules.
        """
        where = IMAGES / self.release / "modules"
        with locked():
            if where.exists():
                return where
            fetch(self.modules)
            new = where.with_name("modules.new")
            shutil.rmtree(new, ignore_errors=True)
            for package in self.modules:
                extract(
                    deb_path(package), new, "--wildcards",
                    "--transform=s,^./usr/,./,", "--exclude=*/kernel/sound",
                    "--exclude=*/kernel/drivers/[!bv]*", "*/lib/modules/*",
                )
            subprocess.run(["depmod", "-b", new, self.release], check=True)
            new.rename(where)
        return where


def read_list(path="tests/vm/kernels"):
    """The names of tests/vm/kernels with their suites, in order."""
    lines = (line.split("#")[0].split() for line in open(path))
    return dict(line for line in lines if line)


def architecture_of(name):
    """The Debian architecture whose packages a kernel is made from."""
    architecture = name.rsplit("-", 1)[1]
    return "amd64" if architecture.startswith("hppa") else architecture


def update(*names):
    """Bring the package lists up to date for some kernels; return them.

    Each architecture is fetched separately. If the mirror lacks one or is down, the
    lists from last time are used. Lists that were fetched less than an hour ago are
    not fetched again.
    """
    os.environ["APT_CONFIG"] = str(APT_CONFIG)
    apt_pkg.init()
    for name in sorted({"amd64", *map(architecture_of, names)}):
        sources = Path(f"/out/apt/kernels/{name}.list").read_text()
        fetched = LISTS / f"fetched-{name}"
        with locked():
            if (
                fetched.exists() and fetched.read_text() == sources
                and time.time() - fetched.stat().st_mtime < 3600
            ):
                continue
            result = subprocess.run(
                [
                    "apt-get", "update", "-q", "-o", "Dir::Etc::SourceParts=-",
                    "-o", f"Dir::Etc::SourceList=/out/apt/kernels/{name}.list",
                ],
                capture_output=True, text=True,
            )
        if result.returncode or "Err:" in result.stdout:
            print(
                f"# package lists of {name} could not all be fetched; "
                "going on with those that are here"
            )
        else:
            fetched.write_text(sources)
    # apt caches the lists; two processes at a time would spoil that cache.
    with locked():
        return apt_pkg.Cache(None)


def in_suite(version, suite):
    names = {suite, f"{suite}-security", f"{suite}-updates"}
    return any(pf.codename in names for pf, _ in version.file_list)


def newest(cache, name, suite, architecture):
    """The newest version of a package in a suite, or None."""
    try:
        package = cache[name, architecture]
    except KeyError:
        return None
    best = None
    for version in package.version_list:
        if in_suite(version, suite) and (
            best is None
            or apt_pkg.version_compare(version.ver_str, best.ver_str) > 0
        ):
            best = version
    return best


def depends(version):
    """Names of all dependencies of a version, with alternatives."""
    for group in version.depends_list.get("Depends", []):
        for dependency in group:
            yield dependency.target_pkg.name


def release_pattern(name):
    version, flavour, architecture = re.fullmatch(
        r"([0-9.]+)-(?:(.*)-)?([a-z0-9]+)", name
    ).groups()
    architecture = MACHINES[architecture].flavour or architecture
    words = [flavour, architecture]
    if flavour and re.fullmatch(r"\d+k", flavour):
        words.reverse()  # a page size comes last: powerpc64le-64k
    tail = "".join(f"-{word}" for word in words if word)
    # 5.10.0-46, 6.12.117+deb13, 7.3.4+deb13, but no other flavour.
    return re.compile(
        rf"linux-image-({re.escape(version)}\.[0-9][0-9a-z.+~]*"
        rf"(?:-[0-9][0-9a-z.]*)?{re.escape(tail)})$"
    )


def find_release(cache, name, suite):
    """The newest image and headers of a kernel in a suite, or None."""
    pattern = release_pattern(name)
    architecture = architecture_of(name)
    best = None
    for package in cache.packages:
        match = pattern.match(package.name)
        if not match:
            continue
        release = match.group(1)
        image = newest(cache, package.name, suite, architecture)
        headers = newest(
            cache, f"linux-headers-{release}", suite, architecture
        )
        if image and headers and (
            best is None
            or apt_pkg.version_compare(headers.ver_str, best[1].ver_str) > 0
        ):
            best = image, headers, release
    return best


def find_kernel(cache, name, suite):
    """The newest release of a kernel in a suite with its packages, or None."""
    best = find_release(cache, name, suite)
    if not best:
        return None
    image, headers, release = best
    architecture = architecture_of(name)
    packages = [headers]
    # These are for every architecture, or for the one of this machine.
    for dependency in depends(headers):
        if re.match(r"linux-(headers-.*common|kbuild-)", dependency):
            packages.append(newest(cache, dependency, suite, "amd64"))
    # Since 7.2 vmlinuz and the modules have separate packages.
    modules, binary = [image], f"linux-binary-{release}"
    if binary in depends(image):
        modules = [
            newest(cache, f"linux-{part}-{release}", suite, architecture)
            for part in ("modules", "base")
        ]
        image = newest(cache, binary, suite, architecture)
    if not all(packages) or not all(modules) or not image:
        raise Failure(f"{name}: {suite} has not all packages of {release}")
    kernel = Kernel(name, release, headers.ver_str, packages + [image])
    kernel.modules = modules
    return kernel


def resolve(cache, name, suites):
    """Find and fetch the newest release of a kernel to boot and build for.

    Takes the first of the suites, separated by commas, that has one. A suite is
    passed over if its list names files that the mirror does not have. Between two
    point releases that was so with trixie's list of s390x.
    """
    why = []
    for suite in suites.split(","):
        try:
            kernel = find_kernel(cache, name, suite)
            if kernel:
                with locked():
                    fetch(kernel.packages)
                return kernel
            why.append(f"{suite} has no such kernel with headers")
        except Failure as failure:
            print(f"# {name} cannot be had from {suite}: {failure}", flush=True)
            why.append(str(failure))
    raise Failure(
        f"{name}: {'; '.join(why)}; look at tests/vm/kernels, and whether the "
        "mirror has its architecture"
    )


def deb_path(version):
    ver = version.ver_str.replace(":", "%3a")
    return DEBS / f"{version.parent_pkg.name}_{ver}_{version.arch}.deb"


def fetch(versions):
    """Download packages that are not in the cache yet."""
    DEBS.mkdir(parents=True, exist_ok=True)
    missing = [v for v in versions if not deb_path(v).exists()]
    if not missing:
        return
    size = sum(v.size for v in missing) / 1e6
    print(f"# fetching {len(missing)} packages, {size:.0f} MB", flush=True)
    names = [
        f"{v.parent_pkg.name}:{v.arch}={v.ver_str}".replace(":all=", "=")
        for v in missing
    ]
    result = subprocess.run(
        ["apt-get", "download", "-q", "-o", "APT::Sandbox::User=root", *names],
        cwd=DEBS, capture_output=True, text=True,
    )
    if result.returncode or any(not deb_path(v).exists() for v in missing):
        raise Failure(f"packages could not be fetched: {result.stderr.strip()}")


def extract(deb, where, *members):
    """Unpack a package. /lib may be a link, and stays one."""
    where.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen(
        ["dpkg-deb", "--fsys-tarfile", deb], stdout=subprocess.PIPE
    ) as tar:
        subprocess.run(
            ["tar", "-x", "--keep-directory-symlink", "-C", where, *members],
            stdin=tar.stdout, check=True,
        )
    if tar.returncode:
        raise Failure(f"{deb} is damaged: remove it and try again")


def unpack_headers(deb):
    """Unpack a package into the lab, once."""
    stamp = UNPACKED / deb.name
    if stamp.exists():
        return
    extract(deb, Path("/"))
    UNPACKED.mkdir(parents=True, exist_ok=True)
    stamp.touch()


def unpack_image(deb, kernel):
    """Take the kernel image out of its package, once."""
    stamp = kernel.vmlinuz.with_name(deb.name)
    if stamp.exists():
        return
    extract(
        deb, kernel.vmlinuz.parent, "--wildcards", "--transform=s,.*/,,",
        "*/vmlinu[xz]*",
    )
    # boot/vmlinuz-RELEASE, boot/vmlinux-RELEASE or modules/RELEASE/vmlinuz
    for named in kernel.vmlinuz.parent.glob("vmlinu[xz]-*"):
        os.rename(named, kernel.vmlinuz)
    stamp.touch()
