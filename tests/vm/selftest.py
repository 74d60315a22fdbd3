# SPDX-License-Identifier: GPL-2.0-only
"""mapstack selftest in a full Debian under systemd. Runs in the lab.

The tests that run in the guest are in tests/selftest/lives.py.
"""

import shutil
import subprocess

import build
import guest
import mutants
import rootfs

SUITE = "trixie"
KERNEL = "6.12-amd64"
PACKAGES = (
    "cron", "dbus", "kmod", "libjansson4", "procps", "python3",
    "python3-jsonschema", "redis-server", "systemd-sysv", "util-linux",
)
BROKEN = "policy-private-grows-all"
SETUP = """
cat >/etc/systemd/system/report.service <<'END'
[Unit]
After=cron.service dbus.service redis-server.service
[Service]
# What make install DESTDIR=/ would have put there.
ExecStartPre=tar -x -C / -f /files/tools.tar
# The kernel is none of this root's.
ExecStartPre=sh -c 'cp /files/.config /boot/config-$(uname -r)'
ExecStart=/files/booted
StandardOutput=tty
TTYPath=/dev/ttyS1
[Install]
WantedBy=multi-user.target
END
systemctl enable report.service
"""


def install_tools(where):
    """Install the command into a directory, and pack it; return the archive."""
    root = where / "tools"
    if root.exists():
        shutil.rmtree(root)
    build.run_make(
        "tools", build.BUILD / "tools-installed.log", "-C", "tools",
        f"O={build.BUILD / 'tools-installed'}", "CFLAGS=-O2 -g -Werror",
        "install", f"DESTDIR={root}", "PREFIX=/usr",
    )
    archive = where / "tools.tar"
    subprocess.run(["tar", "-c", "-C", root, "-f", archive, "usr"], check=True)
    return archive


def build_broken(kernel, where):
    """The module with one defect."""
    mapstack, *_ = build.build_modules(kernel, "selftest-broken")
    patch = (mutants.MUTANTS / f"{BROKEN}.patch").read_text()
    mutants.apply(patch, mapstack.parent)
    build.build_external(kernel, BROKEN, mapstack.parent)
    return shutil.copy(mapstack, where / "broken.ko")


def run(kernel, where, hear):
    """Boot and test; return a report."""
    kernel.prepare()
    where.mkdir(parents=True, exist_ok=True)
    root = rootfs.Root(SUITE, PACKAGES, SETUP)
    vm = rootfs.boot(
        kernel, root.image(), where, start="/sbin/init", memory=2048,
        modules=build.build_modules(kernel), files=[
            install_tools(where), build_broken(kernel, where),
            kernel.headers / ".config", "tests/selftest/booted", "tests/selftest/lives.py", "tests/evidence/kit.py",
            "tools/report/schema.json",
        ],
    )
    return guest.boot_and_report(vm, hear)
