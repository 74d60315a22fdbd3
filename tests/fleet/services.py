#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test mapstack watch on services and containers that run before it begins."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, "/files")

import jsonschema  # noqa: E402
import kit  # noqa: E402

TOOL = "/usr/sbin/mapstack"
REPORT = Path("/tmp/watch.json")
SAID = Path("/tmp/watch.said")
AFTER = ("0", "observe paired fitting private [rfc]", "all")
# Makes requests all the time, but not by threads, whose stacks glibc keeps.
ASKS = """
import mmap, time
while True:
    mmap.mmap(-1, 4096, 0x20022).close()
    time.sleep(0.2)
"""
POSTGRES = "copy (select 6 * 7) to program $$cat >/tmp/pg.out$$"


def sh(command, **options):
    return subprocess.run(["sh", "-c", command], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True, **options)


def watch(words, act):
    """Follow something while act() runs; return status, report, and messages."""
    REPORT.unlink(missing_ok=True)
    with open(SAID, "w") as out:
        process = subprocess.Popen(
            [TOOL, "watch", "--json", "-o", REPORT, *words],
            stdin=subprocess.DEVNULL, stderr=out,
        )
    kit.wait_for(lambda: "following" in SAID.read_text() or
                 process.poll() is not None)
    act()
    process.send_signal(signal.SIGINT)
    process.wait(300)
    result = json.loads(REPORT.read_text()) if REPORT.exists() else None
    if result:
        jsonschema.validate(result, kit.SCHEMA)
    return process.returncode, result, SAID.read_text()


def requests(result, **what):
    """Requests of the programs that match `what`, and of the others."""
    ours = others = 0
    for entry in result["programs"]:
        if all(entry[name] and value in entry[name]
               for name, value in what.items()):
            ours += entry["requests"]
        else:
            others += entry["requests"]
    return ours, others


def await_requests():
    """Wait: an emulated processor needs time to start a program."""
    before = kit.counter("seen")
    kit.wait_for(lambda: kit.counter("seen") > before + 2)


def adds_up(result):
    return result["counters"]["seen"] == sum(
        entry["requests"] for entry in result["programs"]
    ) and not result["complete"]["dropped"]


def look_at(report, name, words, act, **what):
    """Follow something. All reported requests must be its own, and there are some."""
    code, result, said = watch(words, act)
    ours, others = requests(result, **what) if result else (0, 0)
    report.result(
        code == 0 and ours > 0 and not others and adds_up(result) and
        kit.settings() == AFTER,
        f"{name}: {ours} requests", code, said, result,
    )
    return result, said


def unit_is_off(report):
    state = [sh(f"systemctl is-{word} mapstack-watch").stdout.strip()
             for word in ("enabled", "active")]
    report.result(state == ["disabled", "inactive"] and not kit.SYSFS.exists(),
                  "the unit comes with the package, and is off", state,
                  Path("/tmp/dpkg").read_text())


def workers():
    """nginx's workers, and how many threads each has."""
    master = Path("/run/nginx.pid").read_text().strip()
    lines = sh(f"ps -o pid=,nlwp= --ppid {master}").stdout.splitlines()
    return dict(line.split() for line in lines)


def reload():
    """Ask for new workers, and wait until they have the threads of their pools."""
    def are_new():
        new = [threads for pid, threads in workers().items() if pid not in old]
        return new == ["5"] * os.cpu_count()

    old = workers()
    sh("nginx -s reload")
    kit.wait_for(are_new)


def nginx(report):
    """A reload starts workers, which start the threads of a pool."""
    pid = Path("/run/nginx.pid").read_text().strip()
    strace = subprocess.Popen(["strace", "-f", "-qq", "-e", "trace=mmap", "-o",
                               "/tmp/strace.log", "-p", pid])
    kit.wait_for(lambda: "TracerPid:\t0" not in
                 Path(f"/proc/{pid}/status").read_text())

    def act():
        for _ in range(3):
            reload()

    result, _ = look_at(report, "nginx.service", ["--unit", "nginx"], act,
                        program="/usr/sbin/nginx", unit="nginx.service")
    strace.terminate()
    strace.wait()
    expected = kit.strace_shapes("/tmp/strace.log")
    seen = requests(result, program="/usr/sbin/nginx")[0]
    report.result(
        expected == {"anonymous": seen} and
        result["followed"] == "unit nginx.service" and
        result["scope"] == "cgroup:/system.slice/nginx.service",
        f"nginx.service: {seen} requests, as strace saw them", expected, result,
    )


def restarted(report):
    """Threads of a restarted service are seen as well."""
    def act():
        sh("systemctl restart nginx")
        kit.wait_for(lambda: "is followed again" in SAID.read_text())
        reload()

    result, said = look_at(report, "nginx.service, restarted",
                           ["--unit", "nginx"], act, unit="nginx.service")
    report.result(
        result["complete"]["gone"] == 1 and "is followed again" in said,
        "a restart is said, and told in the report", said, result["complete"],
    )


def databases(report):
    look_at(
        report, "PostgreSQL", ["--unit", "postgresql@17-main"],
        lambda: sh(f"su postgres -s /bin/sh -c 'psql -qc \"{POSTGRES}\"'"
                   .replace("$$", "\\$\\$")),
        program="postgres", user="postgres",
    )
    answer = Path("/tmp/pg.out")
    answer = answer.exists() and answer.read_text()
    report.result(answer == "42\n", "PostgreSQL answers meanwhile", answer)
    look_at(
        report, "MariaDB", ["--unit", "mariadb"],
        lambda: sh("for i in 1 2 3 4; do mariadb -e 'select sleep(2)' & done; "
                   "wait"),
        program="mariadbd", unit="mariadb.service",
    )


def containers(report):
    root = Path("/srv/web")
    for name in "usr", "etc", "proc", "sys", "dev", "run", "tmp", "var":
        (root / name).mkdir(parents=True)
    for name in "bin", "sbin", "lib", "lib64":
        (root / name).symlink_to(f"usr/{name}")
    (root / "etc/os-release").write_text("ID=web\n")
    (root / "etc/passwd").write_text("root:x:0:0:root:/:/bin/sh\n")
    python = ["/usr/bin/python3", "-S", "-c", ASKS]

    nspawn = subprocess.Popen(
        ["systemd-nspawn", "-q", "-M", "a-web", "-D", root, "--bind-ro=/usr",
         "--register=yes", "--pipe", *python], stdin=subprocess.DEVNULL,
    )
    up = kit.wait_for(lambda: sh("machinectl show a-web -p Leader --value")
                      .stdout.strip().isdigit())
    result, _ = look_at(
        report, f"systemd-nspawn, {'up' if up else 'not up'}",
        ["--container", "a-web"], await_requests, container="a-web",
        program="/usr/bin/python3",
    )
    sh("machinectl terminate a-web")
    nspawn.wait(120)
    started = sh(
        "podman run -d --name web --network none "
        "--log-driver none --volume /usr:/usr:ro --rootfs /srv/web "
        f"/usr/bin/python3 -S -c '{ASKS}'"
    )
    digits = started.stdout.split()[-1][:12] if started.stdout else ""
    result, said = look_at(
        report, "podman", ["--container", "web"], await_requests,
        container=digits, program="/usr/bin/python3",
    )
    report.result(
        result and result["followed"] == "container web of podman" and
        digits in result["scope"], "podman: its cgroup", started.stdout, said,
    )
    sh("podman rm -f -t 0 web")


def docker(report):
    """As podman's; the root of the image is what containers() has made."""
    started = time.monotonic()
    said = sh(
        "systemctl start docker && tar -C /srv/web -c . | docker import - web && "
        "docker run -d --name boxed --network none --log-driver none "
        f"--volume /usr:/usr:ro web /usr/bin/python3 -S -c '{ASKS}'"
    ).stdout
    took = time.monotonic() - started
    digits = said.split()[-1][:12] if said else ""
    result, followed = look_at(
        report, f"docker, up after {took:.0f} s", ["--container", "boxed"],
        await_requests, container=digits, program="/usr/bin/python3",
    )
    report.result(
        result and result["followed"] == "container boxed of docker" and
        digits in result["scope"], "docker: its cgroup", said, followed,
        sh("journalctl -q -o cat -u docker -u containerd | tail -n 15").stdout,
    )
    sh("docker rm -f boxed; systemctl stop docker.socket docker containerd")


def session(report):
    sh("useradd -m person")
    login = subprocess.Popen(
        ["su", "-l", "person", "-c", f"exec python3 -S -c '{ASKS}'"],
        stdin=subprocess.DEVNULL,
    )
    uid = sh("id -u person").stdout.strip()
    kit.wait_for(lambda: Path(
        f"/sys/fs/cgroup/user.slice/user-{uid}.slice").exists())
    look_at(report, "a user's session", ["--unit", f"user-{uid}.slice"],
            await_requests, user="person", cgroup=f"user-{uid}.slice")
    sh("pkill -u person python3")
    login.wait(60)


def refusals(report):
    before = kit.settings()
    wrong = []
    for words, text in {
        ("--unit", "nothing"): "is inactive",
        ("--unit", "-x"): "is inactive",
        ("--container", "nothing"): "(asked: podman, docker, systemd-nspawn)",
    }.items():
        done = subprocess.run([TOOL, "watch", *words], capture_output=True,
                              text=True, timeout=300)
        if done.returncode != 125 or text not in done.stderr or \
                done.stderr.count("\n") != 1:
            wrong.append(done)
    report.result(not wrong and kit.settings() == before,
                  "what does not run is refused in a sentence", *wrong)


def main():
    report = kit.Report(15)
    unit_is_off(report)
    nginx(report)
    restarted(report)
    databases(report)
    containers(report)
    docker(report)
    session(report)
    refusals(report)
    report.end()


if __name__ == "__main__":
    main()
