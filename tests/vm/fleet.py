# SPDX-License-Identifier: GPL-2.0-only
"""Services, containers and Prometheus, in a full Debian guest with systemd.

Runs in the lab. The tests that run in the guest are in tests/fleet.
"""

from pathlib import Path

import build
import deb
import guest
import rootfs

SUITE = "trixie"
KERNEL = "6.12-amd64"
PACKAGES = (
    # what the command needs
    "kmod", "libjansson4",
    # what it is asked to follow
    "crun", "dbus", "docker-cli", "docker.io", "libpam-systemd", "mariadb-server",
    "nginx-light", "podman", "postgresql", "systemd-container", "systemd-sysv",
    # what reads its metrics
    "chromium-headless-shell", "prometheus", "prometheus-node-exporter",
    # what the tests use
    "procps", "python3", "python3-jsonschema", "strace", "util-linux",
)
UNIT = """[Unit]
After=nginx.service mariadb.service postgresql@17-main.service
ConditionPathExists=/files/booted
[Service]
ExecStart=/files/booted
StandardOutput=tty
TTYPath=/dev/ttyS1
TimeoutStartSec=infinity
[Install]
WantedBy=multi-user.target
"""
SETUP = f"""
mkdir -p /etc/containers
cat >/etc/containers/storage.conf <<'END'
[storage]
driver = "vfs"
runroot = "/run/containers/storage"
graphroot = "/var/lib/containers/storage"
END
mkdir -p /etc/docker
cat >/etc/docker/daemon.json <<'END'
{{
    "bridge": "none",
    "iptables": false,
    "ip6tables": false,
    "storage-driver": "vfs"
}}
END
# Its test starts it.
systemctl disable containerd.service docker.service docker.socket
echo 'thread_pool default threads=4;' >/etc/nginx/modules-enabled/50-pool.conf
cat >/etc/systemd/system/fleet.service <<'END'
{UNIT}END
systemctl enable fleet.service
# They want the network, or take long in an emulator.
systemctl mask apt-daily.timer apt-daily-upgrade.timer man-db.timer \
    e2scrub_all.timer fstrim.timer dpkg-db-backup.timer logrotate.timer \
    systemd-timesyncd.service podman.socket podman.service \
    podman-auto-update.timer podman-restart.service
"""


def run(kernel, where, hear):
    """Boot and run the tests; return a report."""
    kernel.prepare()
    (package,) = deb.build("fleet").glob("mapstack-tools_*.deb")
    tests = Path("tests/fleet")
    vm = rootfs.boot(
        kernel, rootfs.Root(SUITE, PACKAGES, SETUP).image(), where,
        modules=build.build_modules(kernel),
        files=[
            package, *tests.iterdir(), "tests/evidence/kit.py",
            "tools/report/schema.json", "examples/mapstack.rules.yml",
        ],
        memory=3072, start="/sbin/init",
    )
    return guest.boot_and_report(vm, hear)
