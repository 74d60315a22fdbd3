# SPDX-License-Identifier: GPL-2.0-only
"""Install, upgrade and remove the package in full Debian systems.

Runs in the lab. Everything up to a boot happens in a root file system like that of
a machine with a stock kernel (see rootfs.py). It is entered from here, so
`uname -r` names a kernel that the root does not have. Then its kernels are booted.
"""

import platform
import shutil
import ssl
import subprocess
import uuid
from pathlib import Path

import build
import deb
import debian
import guest
import ktap
import rootfs
import rpm
from machines import MACHINES

WHERE = Path("/out/dkms")
OVMF = Path("/usr/share/OVMF")
SUITES = {"dkms-bookworm": "bookworm", "dkms-trixie": "trixie"}
SIGNER = "key of the mapstack tests"
# DKMS signs with this key if it finds it, and makes one otherwise.
SETUP = f"""
openssl req -new -x509 -nodes -newkey rsa:2048 -days 36500 -outform DER \
    -subj '/CN={SIGNER}/' -keyout /var/lib/dkms/mok.key \
    -out /var/lib/dkms/mok.pub 2>/dev/null
# No initramfs that is made from now on is booted.
echo MODULES=list >/etc/initramfs-tools/conf.d/small
apt-get update
"""
PACKAGES = (
    "dkms", "linux-headers-amd64", "linux-image-amd64", "make", "mount",
    "openssl", "systemd-sysv",
)
VERSION = Path("VERSION").read_text().strip()
OLDER = "0.1.0"
# Where apt and other tools keep their state, and where run() mounts.
BOOKKEEPING = (
    "mnt/", "run/", "tmp/", "var/cache/", "var/lib/apt/", "var/lib/dpkg/",
    "var/lib/pacman/", "var/lib/rpm/", "var/log/",
)
# Where tests/dkms/bench and tests/dkms/ways find the source, and which parts.
CLONE = "/srv/mapstack"
CLONED = (
    "Kbuild Makefile VERSION debian dkms.conf dkms.mk docs module packaging "
    "tests/bench tests/guest tests/selftest tools"
)
# On which Debian the RPMs and Arch's packages are installed.
WAYS_SUITE = "trixie"
WAYS_PACKAGES = ("pacman-package-manager", "rpm")
# The plugins need a mount namespace whose root is a mount.
RPM = ("rpm", "--dbpath", "/var/lib/rpm", "--nodeps", "--noplugins")
PACMAN = ("pacman", "--noconfirm", "--nodeps", "--nodeps")
# These do what the hooks of Arch's dkms do when a package comes or goes.
HOOKS = """
sed -i s/^CheckSpace// /etc/pacman.conf
# Directories that those distributions have anyway, and pacman removes if empty.
mkdir -p /usr/share/licenses /usr/share/man/man4 /etc/pacman.d/hooks
touch /usr/share/man/man4/kept
cat >/etc/pacman.d/dkms <<'END'
#!/bin/sh
while read -r path; do
    name=${path#usr/src/}
    name=${name%/dkms.conf}
    [ "$1" = install ] || dkms remove "${name%-*}/${name##*-}" --all
    [ "$1" = remove ] || for dir in /lib/modules/*/build/include; do
        kernel=${dir#/lib/modules/}
        dkms install "${name%-*}/${name##*-}" -k "${kernel%%/*}"
    done
done
END
chmod +x /etc/pacman.d/dkms
path="Type = Path\nTarget = usr/src/*/dkms.conf\n[Action]\nNeedsTargets\n"
printf "[Trigger]\nOperation = Install\nOperation = Upgrade\n${path}\
When = PostTransaction\nExec = /etc/pacman.d/dkms install\n" \
    >/etc/pacman.d/hooks/install.hook
printf "[Trigger]\nOperation = Remove\nOperation = Upgrade\n${path}\
When = PreTransaction\nExec = /etc/pacman.d/dkms remove\n" \
    >/etc/pacman.d/hooks/remove.hook
"""
# Runs tests/dkms/booted at the end of a boot; rootfs.boot() puts it into /files.
REPORT_UNIT = """[Unit]
After=mapstack.service
ConditionPathExists=/files/booted
[Service]
ExecStart=/files/booted
StandardOutput=tty
TTYPath=/dev/ttyS1
[Install]
WantedBy=multi-user.target
"""
# Leaves room only for the source below /var/lib/dkms, where DKMS builds.
FULL_DISK = """
room=$(($(du -sk /var/lib/dkms | cut -f 1) + 300))
mount -t tmpfs -o size=${room}k,mode=755 none /mnt
cp -a /var/lib/dkms/. /mnt
mount --move /mnt /var/lib/dkms
apt-get -q -y install "$@" || status=$?
cat /var/lib/dkms/mapstack/*/build/make.log
exit ${status:-0}
"""


def root(suite):
    more = WAYS_PACKAGES if suite == WAYS_SUITE else ()
    return rootfs.Root(suite, (*PACKAGES, *more), SETUP, backports=True)


class Machine:
    """A root file system for the package, and the results of its tests."""

    def __init__(self, suite, where, package):
        self.suite = suite
        self.where = where
        self.package = package
        self.report = ktap.Report()
        self.tree = rootfs.copy_tree(root(suite).tree(), where / "tree")
        self.older = where / "source"  # of an older version
        deb.lay_out(self.older, OLDER)
        self.made = where / "made"  # packages of other distributions
        self.made.mkdir(exist_ok=True)
        self.ways = where / "ways"  # for tests/dkms/ways
        rootfs.remove_tree(self.ways)
        self.log = open(where / "log", "w")

    def expect(self, name, wrong):
        """Count a test as failed if something is wrong, and print it."""
        if wrong:
            self.report.failed.append(f"{name}: {wrong}")
        else:
            self.report.passed.append(name)

    def run(self, *command):
        """Run a command in it; return its status and output."""
        process = rootfs.enter(
            self.tree, *command, binds=[
                (self.package.parent, "/mnt/package"), ("/src", "/mnt/src"),
                (self.older, "/mnt/older"), (self.made, "/mnt/made"),
            ],
        )
        print(f"$ {command}\n{process.stdout}= {process.returncode}\n",
              file=self.log, flush=True)
        return process.returncode, process.stdout

    def apt(self, *words):
        return self.run("apt-get", "-q", "-y", *words)

    def install(self):
        return self.apt("install", f"/mnt/package/{self.package.name}")

    def releases(self):
        """Releases of the kernels and headers that are installed."""
        places = (self.tree / "usr/lib/modules").iterdir()
        return {path.name for path in places if (path / "kernel").exists()}

    def module(self, release):
        """The installed module of a kernel, or None."""
        found = list(
            (self.tree / "usr/lib/modules" / release).rglob("mapstack.ko*")
        )
        return found[0] if found else None

    def files(self):
        """Every path except those of BOOKKEEPING."""
        paths = subprocess.run(
            ["find", ".", "-xdev", "-printf", "%P\\n"], cwd=self.tree,
            capture_output=True, check=True, text=True,
        ).stdout.splitlines()
        return {path for path in paths if not path.startswith(BOOKKEEPING)}

    def left(self, before):
        """What was added or removed since a list of files was made."""
        return ", ".join(sorted(self.files() ^ before)[:5])

    def version(self):
        """The version of the module that is installed for the only kernel."""
        (release,) = self.releases()
        return self.run("modinfo", "-k", release, "-F", "version", "mapstack")[1]

    def expect_only(self, what):
        """No other version is installed, known to DKMS, or in /usr/src."""
        seen = (
            self.version(), self.run("dkms", "status", "-m", "mapstack")[1],
            str([p.name for p in (self.tree / "usr/src").glob("mapstack-*")]),
        )
        self.expect(f"{what}: only version {VERSION} is there", [
            words for words in seen if OLDER in words or VERSION not in words
        ])

    def keep_way(self, name, since, removal):
        """Keep the files added since another was made, for tests/dkms/ways."""
        kept = self.ways / name
        kept.mkdir(parents=True)
        subprocess.run(
            ["sh", "-c", """find . -xdev ! -type d -newercm "$1" \
                ! -path './mnt/*' ! -path './tmp/*' ! -path './var/log/*' \
                ! -path './var/cache/*' -print0 |
                tar -c --null --files-from=- | tar -x -C "$2" """,
             "sh", since, kept], cwd=self.tree, check=True,
        )
        self.ways.joinpath(f"{name}.remove").write_text(" ".join(removal))

    def mark(self):
        """Make a file now, for keep_way()."""
        mark = self.where / "mark"
        mark.write_text("")
        return mark

    def mentions(self):
        """Files that contain the module's name: depmod's indices, settings.

        The key is among them, because it has SIGNER in it.
        """
        return " ".join(self.run(
            "grep", "-rls", "mapstack", "/etc", "/usr/lib/modules", "/boot",
            "/var/lib", "--exclude-dir=apt", "--exclude-dir=dpkg",
            "--exclude-dir=rpm",
            "--exclude=mok.pub",
        )[1].split())


def bad(result):
    """What is wrong with a status and output, if the status is not 0."""
    status, output = result
    return status and f"status {status}: " + " / ".join(
        output.splitlines()[-4:]
    )


def unexplained(result, release):
    """Which parts of dkms.mk's message are missing for a kernel that failed."""
    status, output = result
    said = (
        f"no module was built for kernel {release}",
        f"the log says, /var/lib/dkms/mapstack/{VERSION}/build/make.log",
        "Unchanged: other kernels", "dpkg --configure -a",
        f"dkms autoinstall -k {release}", "apt purge mapstack-dkms",
    )
    missing = [words for words in said if words not in output]
    if status != 100:
        missing.append(f"status 100, not {status}")
    return ", ".join(missing)


def test_install(machine):
    """The package builds for the kernels that are there and can be purged."""
    before = machine.files()
    (release,) = machine.releases()
    older = next(deb.build(f"{machine.suite}-older", OLDER).glob("*.deb"))
    shutil.copy(older, machine.package.parent)
    machine.expect("apt installs an older version", bad(
        machine.apt("install", f"/mnt/package/{older.name}")
    ) or OLDER not in machine.version() and "no module")
    machine.expect("apt installs the package", bad(machine.install()))
    machine.expect_only("apt")
    machine.expect(
        "built for the installed kernel and no other",
        machine.releases() != {release} and str(machine.releases())
        or not machine.module(release) and "not built",
    )
    for field, value in ("signer", SIGNER), ("version", VERSION):
        said = machine.run("modinfo", "-k", release, "-F", field, "mapstack")[1]
        machine.expect(f"the module's {field}", said.strip() != value and said)
    machine.expect(
        "depmod's index has it", "/modules.dep" not in machine.mentions()
    )
    machine.expect(
        "apt purges the package", bad(machine.apt("purge", "mapstack-dkms"))
    )
    machine.expect("purge leaves nothing", machine.left(before))
    machine.expect("nor a word of it in a file", machine.mentions())
    machine.expect("and dpkg does not know it", not machine.run(
        "dpkg-query", "--show", "mapstack-dkms"
    )[0])


def test_command(machine, package):
    """The command can be installed, run and removed."""
    machine.expect("apt installs the command", bad(
        machine.apt("install", f"/mnt/package/{package.name}")
    ))
    said = machine.run("mapstack", "--version")[1]
    machine.expect("it says its version", VERSION not in said and said)
    # There is no module for the kernel of this machine.
    said = machine.run("mapstack", "selftest")[1]
    machine.expect("it has a selftest", "modprobe could not" not in said and said)
    machine.apt("purge", "mapstack-tools")
    machine.expect("purge leaves nothing of it", ", ".join(
        path for path in machine.files() if "mapstack" in path
    ))


def test_make_install(machine):
    """make install and make uninstall do the same without a package.

    DKMS keeps its state in another directory than usual, as an administrator may
    configure it.
    """
    books = machine.tree / "etc/dkms/framework.conf"
    usual = books.read_text()
    mark = machine.mark()
    books.write_text(f"{usual}\ndkms_tree=/srv/dkms\n")
    (machine.tree / "srv/dkms").mkdir()
    before = machine.files()
    (release,) = machine.releases()
    machine.expect("/lib is a link", not (machine.tree / "lib").is_symlink())

    def make(*words, source="/mnt/src"):
        return machine.run("env", *words[1:], "make", "-C", source, words[0])

    def expect_refusal(name, result, *said):
        missing = [words for words in said if words not in result[1]]
        if not result[0]:
            missing.append("a status that is not 0")
        machine.expect(f"make install, {name}", ", ".join(missing))

    expect_refusal(
        "no dkms", make("install", "PATH=/usr/bin:/bin"),
        "no dkms in PATH", "Nothing was changed",
    )
    read_only = "mount --bind /usr /usr && mount -o remount,bind,ro /usr"
    expect_refusal(
        "/usr read-only", machine.run(
            "sh", "-c", f"{read_only} && make -C /mnt/src install"
        ), "Nothing was changed", "remount,rw",
    )
    headers = machine.tree / "usr/lib/modules" / release / "build"
    headers.rename(headers.with_name("away"))
    expect_refusal(
        "no headers", make("install"),
        "Nothing was changed", "apt install linux-headers-",
    )
    headers.with_name("away").rename(headers)
    machine.expect("make install, refused: nothing is left", machine.left(before))

    machine.expect("make install", bad(make("install", source="/mnt/older")))
    machine.expect(
        "make install: the module", OLDER not in machine.version() and "none"
    )
    unit = ("systemctl", "is-enabled", "mapstack.service")
    machine.expect(
        "make install: the unit, off", machine.run(*unit)[1].strip() != "disabled"
    )
    machine.run("systemctl", "enable", "mapstack.service")
    machine.run("sh", "-euc", """
        cp -a /mnt/src /srv/broken
        echo '#error broken on purpose' >>/srv/broken/module/main.c""")
    expect_refusal(
        "no kernel it builds for", make("install", source="/srv/broken"),
        f"not for {release}", "What else was installed is as it was",
        "#error broken on purpose",
    )
    rootfs.remove_tree(machine.tree / "srv/broken")
    machine.expect(
        "and the older version is there", OLDER not in machine.version() and "no"
    )
    result = make("install")
    machine.expect("make install over an older version", bad(result))
    machine.expect(
        "make install says what the command lacks",
        "the command was not installed" not in result[1] and result[1],
    )
    machine.expect_only("make install")
    machine.expect(
        "the unit stays on", machine.run(*unit)[1].strip() != "enabled"
    )
    machine.keep_way("make", mark, ("make", "-C", CLONE, "uninstall"))
    machine.expect("make uninstall", bad(make("uninstall", source="/mnt/older")))
    machine.expect("make uninstall leaves nothing", machine.left(before))
    machine.expect("nor a word of it in a file", machine.mentions())
    books.write_text(usual)
    (machine.tree / "srv/dkms").rmdir()


def test_way(machine, name, install, removal):
    """Another package manager installs, upgrades and removes its package.

    install(version) is its command.
    """
    before = machine.files()
    mark = machine.mark()
    for version in OLDER, VERSION:
        machine.expect(
            f"{name}: {version} is installed",
            bad(machine.run(*install(version)))
            or version not in machine.version() and "no module",
        )
    machine.expect_only(name)
    machine.run("systemctl", "enable", "mapstack.service")
    machine.keep_way(name, mark, removal)
    machine.expect(f"{name}: it is removed", bad(machine.run(*removal)))
    machine.expect(f"{name}: nothing is left", machine.left(before))
    machine.expect(f"{name}: nor a word of it in a file", machine.mentions())


def test_ways(machine):
    """The RPMs and Arch's packages, by rpm and pacman."""
    rootfs.remove_tree(machine.made)
    for version in OLDER, VERSION:
        where = machine.made / version
        where.mkdir(parents=True)
        rpm.build(where, version)
        rpm.build_arch(where, version)
    rootfs.check(rootfs.enter(machine.tree, "sh", "-euc", HOOKS), "the hooks")
    test_way(machine, "rpm", lambda version: (
        "sh", "-euc", f"{' '.join(RPM)} -U "
        f"/mnt/made/{version}/rpm/RPMS/noarch/mapstack-dkms-*.rpm"
    ), (*RPM, "-e", "mapstack-dkms"))
    test_way(machine, "pacman", lambda version: (
        "sh", "-euc", f"{' '.join(PACMAN)} -U "
        f"/mnt/made/{version}/arch/mapstack-dkms-*.pkg.tar.*"
    ), (*PACMAN, "-R", "mapstack-dkms"))


def test_excluded(machine):
    """A kernel that lacks a needed symbol is passed over."""
    (release,) = machine.releases()
    config = machine.tree / "usr/src" / f"linux-headers-{release}" / ".config"
    text = config.read_text()
    config.write_text(text.replace("CONFIG_DYNAMIC_FTRACE_WITH_", "CONFIG_NO_"))
    result = machine.install()
    machine.expect("a kernel that cannot work does not stop apt", bad(result))
    machine.expect(
        "and is passed over",
        machine.module(release) and "a module was built"
        or "rror! Bad return status" in result[1] and "it was built",
    )
    machine.apt("purge", "mapstack-dkms")
    config.write_text(text)


def test_newer_kernel(machine):
    """A newer kernel is installed: DKMS builds for it; return its release."""
    before = machine.releases()
    (old,) = before
    status, output = machine.install()
    if status or not machine.module(old):
        raise debian.Failure(
            f"the package did not build for {old}:\n"
            + "\n".join(output.splitlines()[-5:])
        )
    built = machine.module(old).read_bytes()
    machine.expect("a newer kernel from backports is installed", bad(
        machine.apt(
            "install", "-t", f"{machine.suite}-backports",
            "linux-image-amd64", "linux-headers-amd64",
        )
    ))
    (new,) = machine.releases() - before
    machine.expect("DKMS has built for it", not machine.module(new))
    machine.expect(
        "the older kernel's module is as it was",
        machine.module(old).read_bytes() != built,
    )
    return old, new


def test_trouble(machine, release):
    """A failure with one kernel does not harm another."""
    built = machine.module(release).read_bytes()

    def unharmed(what):
        machine.expect(
            f"{what}: the other kernel's module is as it was",
            machine.module(release).read_bytes() != built,
        )

    cloud = f"{release.removesuffix('-amd64')}-cloud-amd64"
    result = machine.apt("install", f"linux-image-{cloud}")
    machine.expect("no headers: apt ends well", bad(result))
    machine.expect("no headers: apt says so", "headers" not in result[1])
    unharmed("no headers")

    headers = f"linux-headers-{cloud}"
    configure = ("dpkg", "--configure", "-a")
    fix = ("sh", "-c", f"{' '.join(configure)} && dkms autoinstall -k {cloud}")
    result = machine.run("sh", "-euc", FULL_DISK, "sh", headers)
    machine.expect(
        "a full disk: it was full", "No space left" not in result[1]
    )
    machine.expect(
        "a full disk: apt ends with 100 and what to do",
        unexplained(result, cloud),
    )
    machine.expect("a full disk: nothing half built", machine.module(cloud))
    unharmed("a full disk")
    machine.expect("space again: dpkg goes on", bad(machine.run(*fix)))
    machine.expect("space again: it is there", not machine.module(cloud))

    machine.run("dkms", "remove", f"mapstack/{VERSION}", "-k", cloud)
    source = machine.tree / "usr/src" / f"mapstack-{VERSION}/module/main.c"
    text = source.read_text()
    source.write_text(text + "#error broken on purpose\n")
    result = machine.apt("install", "--reinstall", headers)
    machine.expect(
        "a failing build: apt ends with 100 and what to do",
        unexplained(result, cloud),
    )
    machine.expect("a failing build: no module", machine.module(cloud))
    log = machine.tree / f"var/lib/dkms/mapstack/{VERSION}/build/make.log"
    said = log.read_text()
    machine.expect(
        "a failing build: the log says why, and what to do",
        "broken on purpose" not in said or unexplained((100, said), cloud),
    )
    unharmed("a failing build")
    machine.expect(
        "a failing build: dpkg waits for it", not bad(machine.run(*configure))
    )
    machine.expect(
        "done without: apt purges the package and finishes",
        bad(machine.apt("purge", "mapstack-dkms"))
        or bad(machine.run(*configure)),
    )


def test_make(machine, release):
    """The module builds in the source tree, for a kernel that will be booted."""
    # For tests/dkms/bench, selftest and upgraded.
    machine.apt(
        "install", "gcc", "libc6-dev", "libjansson-dev", "pkg-config", "python3"
    )
    machine.run("sh", "-euc", f"""
        mkdir -p {CLONE}
        cd /mnt/src
        cp -a --parents {CLONED} {CLONE}
        make -C {CLONE} clean""")
    machine.expect("make", bad(machine.run(
        "make", "-C", CLONE, f"KDIR=/lib/modules/{release}/build"
    )))
    machine.expect("make tools", bad(machine.run(
        "sh", "-c", f"make -C {CLONE} tools && make -C {CLONE}/tests/selftest"
    )))


def keep_older(machine, release):
    """Build an older version with DKMS for a kernel, for tests/dkms/upgraded."""
    kept = f"usr/src/mapstack-{OLDER} var/lib/dkms/mapstack/{OLDER}"
    machine.expect("an older version is built for later", bad(machine.run(
        "sh", "-euc", f"""
        dkms add /mnt/older
        dkms build mapstack/{OLDER} -k {release}
        tar -c -C / -f /srv/older.tar {kept}
        dkms remove mapstack/{OLDER} --all
        rm -rf /usr/src/mapstack-{OLDER}"""
    )))


def prepare_boot(machine):
    """Configure it as a person would who wants it on after a boot."""
    shutil.copy(
        "debian/mapstack.conf", machine.tree / "etc/modprobe.d/mapstack.conf"
    )
    unit = machine.tree / "etc/systemd/system/report.service"
    unit.write_text(REPORT_UNIT)
    machine.expect("the unit is off after the installation", machine.run(
        "systemctl", "is-enabled", "mapstack.service"
    )[1].strip() != "disabled" and "it is on")
    machine.expect("the unit is enabled", bad(machine.run(
        "systemctl", "enable", "mapstack.service", "report.service"
    )))


def firmware(tree, where):
    """Words for QEMU with a firmware that trusts DKMS's key.

    The kernel takes the trusted keys into its platform keyring. Enrolling with
    MokManager ends in the same keyring, but needs a screen and a person.
    """
    certificate = where / "key.pem"
    certificate.write_text(ssl.DER_cert_to_PEM_cert(
        (tree / "var/lib/dkms/mok.pub").read_bytes()
    ))
    variables = where / "variables"
    subprocess.run(
        ["virt-fw-vars", "--input", OVMF / "OVMF_VARS_4M.fd",
         "--output", variables, "--add-db", str(uuid.uuid4()), certificate],
        check=True, capture_output=True,
    )
    flash = "if=pflash,format=raw,file="
    return [
        "-drive", f"{flash}{OVMF}/OVMF_CODE_4M.fd,readonly=on",
        "-drive", f"{flash}{variables}",
    ]


class Boots:
    """Boots the kernels of a machine from one image of its disk."""

    def __init__(self, machine, hear):
        self.machine = machine
        self.hear = hear
        self.image = rootfs.pack(machine.tree, machine.where / "image", 64)
        self.growth = build.build_guest(MACHINES["amd64"]) / "tests/growth"

    def module(self, release, where):
        """The installed module, uncompressed, for tests that load it."""
        found = self.machine.module(release)
        where.mkdir(parents=True, exist_ok=True)
        module = where / "mapstack.ko"
        data = found.read_bytes()
        if found.suffix == ".xz":
            data = subprocess.run(
                ["xz", "-dc", found], check=True, capture_output=True
            ).stdout
        module.write_bytes(data)
        return module

    def boot(
        self, name, release, tests=(), cmdline="", start="/init", trust=False,
    ):
        """Boot a kernel, run tests, and add their results to the report.

        With start="/sbin/init" systemd runs tests/dkms/booted. With `trust` the
        firmware is UEFI's and trusts the key that signed the module.
        """
        where = self.machine.where / name
        kernel = rootfs.InstalledKernel(self.machine.tree, release)
        vm = rootfs.boot(
            kernel, self.image, where, tests,
            [self.module(release, where)],
            [*([Path("tests/dkms/booted")] if start == "/sbin/init" else []),
             Path("tests/dkms/kit")],
            cmdline=cmdline, start=start,
        )
        if trust:
            vm.command += firmware(self.machine.tree, where)
        report = guest.boot_and_report(vm, self.hear)
        for kept in report.passed, report.failed:
            kept[:] = [f"{name}: {test}" for test in kept]
        self.machine.report.add_all(report)


def run(name, hear):
    """Run the tests of a suite; return the releases that ran, and the report."""
    suite = SUITES[name]
    where = WHERE / suite
    where.mkdir(parents=True, exist_ok=True)
    built = deb.build(suite)
    (package,) = built.glob("mapstack-dkms_*.deb")
    (command,) = built.glob("mapstack-tools_*.deb")
    machine = Machine(suite, where, package)
    test_install(machine)
    # The lab builds the command only for its own suite.
    if suite == platform.freedesktop_os_release()["VERSION_CODENAME"]:
        test_command(machine, command)
    test_make_install(machine)
    if suite == WAYS_SUITE:
        test_ways(machine)
    test_excluded(machine)
    old, new = test_newer_kernel(machine)
    test_make(machine, new)
    keep_older(machine, old)
    prepare_boot(machine)
    machine.ways.rename(machine.tree / "ways")
    boots = Boots(machine, hear)
    tests = Path("tests/dkms")
    boots.boot(
        "newer", new, [
            boots.growth, tests / "bench", tests / "loads", tests / "lockdown",
        ],
    )
    boots.boot("from the tree", new, [tests / "selftest"])
    boots.boot("upgraded", old, [tests / "upgraded"])
    boots.boot("older", old, [
        tests / "loads", tests / "removed", tests / "ways",
    ])
    boots.boot("systemd", old, start="/sbin/init")
    boots.boot(
        "kept away", old, start="/sbin/init",
        cmdline="module_blacklist=mapstack",
    )
    boots.boot("signed", new, [tests / "refused"], "module.sig_enforce=1")
    for name, release in ("trusted", old), ("trusted newer", new):
        boots.boot(
            name, release, [tests / "loads"], "module.sig_enforce=1",
            trust=True,
        )
    boots.image.unlink()
    test_trouble(machine, old)
    machine.log.close()
    rootfs.remove_tree(machine.tree)
    return f"{old}, {new}", machine.report
