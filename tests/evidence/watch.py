#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test mapstack watch on programs that run before it begins and after it ends."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, "/files")

import jsonschema  # noqa: E402
import kit  # noqa: E402
from kit import ask, python, setting, settings, tool  # noqa: E402
from workloads import POSTGRES, PROGRAMS  # noqa: E402

REPORT = Path("/tmp/watch.json")
CGROUPS = Path("/sys/fs/cgroup")
STATE = Path("/run/mapstack/state")
AFTER = ("0", "observe paired fitting private [rfc]", "all")
# Makes a request for each line that it reads, and prints the result.
SERVER = "for line in sys.stdin: print(ask(line.strip()), flush=True)"
# Makes requests without end, in processes that come and go.
STORM = """
def some(count):
    for _ in range(count):
        addr = libc.mmap(None, mmap.PAGESIZE, 3, 0x20022, -1, 0)
        libc.munmap(ctypes.c_void_p(addr), mmap.PAGESIZE)
        addr = libc.mmap(None, mmap.PAGESIZE, 3, 0x20021, -1, 0)
        libc.munmap(ctypes.c_void_p(addr), mmap.PAGESIZE)
while True:
    if os.fork() == 0:
        some(100)
        os._exit(0)
    some(100)
    os.wait()
"""


class Server:
    """A running program that makes a request when a test tells it to."""

    def __init__(self, cgroup=None):
        self.process = subprocess.Popen(
            python(SERVER), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )
        if cgroup:
            (cgroup / "cgroup.procs").write_text(str(self.process.pid))
        self.ask("anonymous")

    def ask(self, kind):
        self.process.stdin.write(f"{kind}\n")
        self.process.stdin.flush()
        return self.process.stdout.readline().strip()

    def end(self):
        self.process.stdin.close()
        self.process.wait()


class Watch:
    """A running mapstack watch."""

    def __init__(self, *words, env=None):
        REPORT.unlink(missing_ok=True)
        self.said = Path("/tmp/watch.said")
        with open(self.said, "w") as said:
            self.process = subprocess.Popen(
                [kit.TOOL, "watch", "--json", "-o", REPORT, *map(str, words)],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                stderr=said, env=env,
            )
        kit.wait_for(lambda: "following" in self.said.read_text() or
                     self.process.poll() is not None)

    def says(self, text):
        return kit.wait_for(lambda: text in self.said.read_text(), 30)

    def ended(self, number=None):
        """Send a signal, if one is given; wait; return the exit status and the report."""
        if number:
            self.process.send_signal(number)
        try:
            self.process.wait(120)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        try:
            report = json.loads(REPORT.read_text())
        except (OSError, ValueError):
            return self.process.returncode, None
        jsonschema.validate(report, kit.SCHEMA)
        return self.process.returncode, report


def adds_up(report):
    """Return the sums over all programs that differ from the module's counters."""
    counters, programs = report["counters"], report["programs"]
    sums = {
        "seen": sum(entry["requests"] for entry in programs),
        "grown": sum(entry["grown"] or 0 for entry in programs),
    }
    for name in "observed", "translated", "refused", "already", "spared":
        sums[name] = sum(entry["outcomes"][name] for entry in programs)
    for name in "anonymous", "shared", "file", "hugetlb", "droppable":
        sums[f"shape_{name}"] = sum(e["shapes"][name] for e in programs)
    return {
        name: (value, counters[name]) for name, value in sums.items()
        if value != counters[name]
    }


def refused(report):
    """A watch that cannot begin says why, and nothing changes."""
    before = settings()
    cases = {
        ("--pid", "999999"): "no process 999999",
        ("--pid", "x"): "not a process number",
        ("--cgroup", "nothing"): "not a cgroup path",
        ("--cgroup", "/nothing"): "No such file",
        ("--unit", "x.service"): "systemd cannot be asked",
        ("--container", "x"): "no container x is known here",
        ("--unit", "x", "--all"): "only one",
        ("--interval", "5"): "add --output",
        ("--interval", "5", "--output", "/tmp/x", "-b"): "--backtrace",
        ("--policy", "rfc"): "needs a target",
        ("--for", "0"): "--for cannot be 0",
        ("--for", "1y"): "--for cannot be 1y",
        ("--for", ""): "--for cannot be ",
        ("more",): "not understood: more",
        ("--output", "/nonexistent/x"): "cannot open",
    }
    wrong = []
    for words, text in cases.items():
        done = tool("watch", *words)
        if done.returncode != 125 or text not in done.stderr or \
                "nothing was" not in done.stderr and \
                "as it was" not in done.stderr:
            wrong.append(done)
    report.result(not wrong and settings() == before and not STATE.exists(),
                  "a watch that cannot begin says why, and nothing changes", *wrong)


def process(report):
    server = Server()
    seen = []
    for number in signal.SIGINT, signal.SIGTERM:
        watch = Watch("--pid", server.process.pid)
        during = settings()
        answers = [server.ask(kind) for kind in ("anonymous", "shared", "file")]
        subprocess.run(ask("shared"), capture_output=True)
        code, result = watch.ended(number)
        entry = kit.program(result, "python3")
        seen.append((
            code == 0 and answers == ["stays"] * 3 and settings() == AFTER and
            during == ("1", "[observe] paired fitting private rfc",
                       f"pid:{server.process.pid}") and
            entry["shapes"]["shared"] == entry["shapes"]["file"] == 1 and
            entry["refused"] == 2 and result["forecast"] and
            result["followed"] == f"process {server.process.pid}" and
            not adds_up(result) and result["counters"]["out_of_scope"] > 0,
            code, answers, during, result, watch.said.read_text(),
        ))
    report.result(
        all(row[0] for row in seen) and server.process.poll() is None,
        "--pid: SIGINT and SIGTERM end the watch, and the process goes on",
        *seen,
    )
    code = Watch("--pid", server.process.pid).ended(signal.SIGHUP)[0]
    report.result(code == -signal.SIGHUP and settings() == AFTER and
                  REPORT.exists(),
                  "--pid: the watch dies of another signal, after it has reported", code)
    watch = Watch("--pid", server.process.pid)
    server.ask("shared")
    server.end()
    said = watch.says("has ended, so there is nothing left to follow")
    code, result = watch.ended()
    report.result(
        said and code == 0 and kit.program(result, "python3")["refused"] == 1
        and result["complete"]["gone"] == 1 and settings() == AFTER,
        "--pid: when the process ends, the watch says so and ends", code, result,
    )


def duration(report):
    started = time.monotonic()
    watch = Watch("--for", "0m5s")
    code, result = watch.ended()
    took = time.monotonic() - started
    said = watch.said.read_text()
    report.result(
        code == 0 and 5 <= took < 60 and
        5000 <= result["milliseconds"] < 15000 and re.search(
            r"following the whole machine \(scope all\) under policy observe, "
            r"which changes nothing, until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \w+, "
            r"SIGINT or SIGTERM", said),
        "--for: the watch ends by itself, and has said when", code, took, said,
    )


def cgroup(report):
    place = CGROUPS / "followed.service"
    place.mkdir()
    server, other = Server(place), Server()
    watch = Watch("--cgroup", place, "--policy", "rfc")
    answers = [one.ask(kind) for kind in ("anonymous", "shared")
               for one in (server, other)]
    server.end()
    place.rmdir()
    gone = watch.says("is gone; it is followed again when it is back")
    place.mkdir()
    back = watch.says("is back, and is followed again")
    server = Server(place)
    answers.append(server.ask("shared"))
    code, result = watch.ended(signal.SIGTERM)
    # Two rows, because a cgroup that is made again is another cgroup.
    entries = result["programs"]
    text = tool("report").stdout
    report.result(
        answers == ["grows", "stays", "EINVAL", "stays", "EINVAL"],
        "--cgroup: the policy is in force for this cgroup and for nobody else", answers,
    )
    report.result(
        gone and back and code == 0 and
        [entry["refused"] for entry in entries] == [1, 1] and
        "followed.service" in [entry["unit"] for entry in entries] and
        result["complete"]["gone"] == 1 and
        "the target was gone 1 times" in text and
        not adds_up(result) and settings() == AFTER,
        "--cgroup: one that is removed and made again is followed again, and this is said",
        code, result, watch.said.read_text(), text,
    )
    server.end()
    other.end()
    place.rmdir()


def container(report):
    """An engine names the first process, and that leads to the whole container."""
    digits = 4 * "0123456789abcdef"
    place = CGROUPS / f"machine.slice/libpod-{digits}.scope/container"
    place.mkdir(parents=True)
    server, bare = Server(place), Server()
    engines = Path("/tmp/engines")
    engines.mkdir(exist_ok=True)
    environment = dict(os.environ, PATH=f"{engines}:{os.environ['PATH']}")
    answers = {"web": server.process.pid, "bare": bare.process.pid, "off": 0}
    cases = "".join(f"{name}) echo {pid} ;;\n" for name, pid in answers.items())
    for name in "podman", "docker":
        path = engines / name
        path.write_text(f'#!/bin/sh\necho "$@" >>/tmp/asked\n'
                        f'for last; do :; done\ncase $last in\n{cases}'
                        "*) exit 1 ;;\nesac\n")
        path.chmod(0o755)
    watch = Watch("--container", "web", env=environment)
    scope = setting("scope")
    server.ask("shared")
    code, result = watch.ended(signal.SIGTERM)
    entry = kit.program(result, "python3")
    report.result(
        code == 0 and scope == f"cgroup:/{place.parent.relative_to(CGROUPS)}"
        and entry["refused"] == 1 and entry["container"] == digits[:12] and
        result["followed"] == "container web of podman" and
        "container inspect --format {{.State.Pid}} -- web" in
        Path("/tmp/asked").read_text(),
        "--container: the whole cgroup is followed", scope, result, watch.said.read_text(),
    )
    watch = Watch("--container", "bare", env=environment)
    scope = setting("scope")
    watch.ended(signal.SIGTERM)
    done = [tool("watch", "--container", name, env=environment)
            for name in ("off", "--help")]
    report.result(
        scope == f"pid:{bare.process.pid}" and
        "has no cgroup of its own" in watch.said.read_text() and
        [one.returncode for one in done] == [125, 125] and
        "is not running" in done[0].stderr and
        "asked: podman, docker" in done[1].stderr,
        "--container: without a cgroup the process is followed; one that does not run or "
        "does not exist is refused", scope, watch.said.read_text(), *done,
    )
    server.end()
    bare.end()
    place.rmdir()
    place.parent.rmdir()
    place.parent.parent.rmdir()


GROW = """
for line in sys.stdin:
    # At an address with nothing below.
    addr = libc.mmap(1 << 45, mmap.PAGESIZE, 3, KINDS["anonymous"], -1, 0)
    for page in 1, 2, 3:
        ctypes.memset(addr - page * mmap.PAGESIZE, 1, 1)
    libc.munmap(ctypes.c_void_p(addr), mmap.PAGESIZE)
    print("done", flush=True)
"""


def leftover(report):
    """A program unmaps only the first page of a stack that grew."""
    program = subprocess.Popen(python(GROW), stdin=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)
    watch = Watch("--pid", program.pid, "--policy", "rfc")
    program.stdin.write("now\n")
    program.stdin.flush()
    program.stdout.readline()
    code, result = watch.ended(signal.SIGTERM)
    text = tool("report").stdout
    program.stdin.close()
    program.wait()
    entry = kit.program(result, "python3")
    report.result(
        code == 0 and entry["stacks"] == [{
            "pid": program.pid, "thread": "python3",
            "end": hex((1 << 45) + kit.PAGE), "mapped": kit.PAGE,
            "size": 4 * kit.PAGE, "space": None, "grown": 3, "denied": 0,
            "reason": None, "leftover": 3 * kit.PAGE,
        }] and entry["sizes"]["16 KiB"] == entry["requests"] == 1 and
        "12 KiB of growth stayed mapped" in text and
        not adds_up(result),
        "the report says how far a stack grew, and how much of it stayed mapped",
        entry, text,
    )


def interval(report):
    """A reader always sees a whole report, and a newer one each time."""
    storm = subprocess.Popen(python(STORM))
    watch = Watch("--all", "--interval", "1")
    kit.wait_for(REPORT.exists)
    lengths, wrong = set(), []
    end = time.monotonic() + 12
    while time.monotonic() < end:
        try:
            lengths.add(json.loads(REPORT.read_text())["milliseconds"])
        except (OSError, ValueError) as error:
            wrong.append(error)
    state = tool("status").stdout
    code, result = watch.ended(signal.SIGTERM)
    left = list(Path("/tmp").glob("watch.json?*"))
    report.result(
        not wrong and len(lengths) >= 5 and code == 0 and not left and
        result["milliseconds"] > max(lengths) and not adds_up(result) and
        "watch the whole machine" in state,
        "--interval: the file is always a whole report, and a newer one each time",
        wrong[:3], lengths, code, left, state,
    )
    for option, path, text in ("--prometheus", "/tmp/w.prom",
                               "mapstack_report_gone_total 0\n"), \
            ("--html", "/tmp/w.html", "</html>"):
        words = [option, path] if option == "--html" else \
            [option, "--output", path]
        going = subprocess.Popen([kit.TOOL, "watch", "-q", "-I", "1", *words],
                                 stderr=subprocess.PIPE, text=True)
        there = kit.wait_for(lambda path=path: os.path.exists(path))
        first = Path(path).read_text() if there else ""
        inode = os.stat(path).st_ino
        anew = kit.wait_for(lambda path=path, inode=inode:
                            os.stat(path).st_ino != inode, 30)
        going.terminate()
        said = going.communicate(timeout=60)[1]
        valid = option != "--html" or kit.page(path)["verb"] == "watch"
        report.result(text in first and anew and valid and not said,
                      f"--interval {option}: the file is replaced", first[-500:], said)
    Path("/tmp/place").mkdir()
    going = subprocess.Popen(
        [kit.TOOL, "watch", "-I", "1", "-o", "/tmp/place/w"],
        stderr=subprocess.PIPE, text=True,
    )
    kit.wait_for(lambda: os.path.exists("/tmp/place/w"))
    os.rename("/tmp/place", "/tmp/away")
    time.sleep(3)
    os.rename("/tmp/away", "/tmp/place")
    inode = os.stat("/tmp/place/w").st_ino
    again = kit.wait_for(lambda: os.stat("/tmp/place/w").st_ino != inode, 30)
    going.terminate()
    said = going.communicate(timeout=60)[1]
    report.result(
        again and going.returncode == 0 and "cannot open /tmp/place/w" in said,
        "--interval: if one report cannot be written, the next one is", said,
    )
    storm.kill()
    storm.wait()


def storms(report):
    """If a watch begins and ends among many requests, its sums are the counters."""
    storm = [subprocess.Popen(python(STORM)) for _ in range(3)]
    before = kit.counter("seen")
    setting("enabled", "1")
    kit.wait_for(lambda: kit.counter("seen") > before + 1000)
    wrong, seen = [], 0
    for number in range(6):
        setting("enabled", str(number % 2))
        watch = Watch("--all")
        time.sleep(0.5)
        code, result = watch.ended(signal.SIGTERM)
        seen += result["counters"]["seen"]
        if code or adds_up(result) or result["complete"]["dropped"] or \
                result["counters"]["out_of_scope"] or \
                not kit.program(result, "python3")["refused"]:
            wrong += code, adds_up(result), result["counters"]
    setting("enabled", "0")
    for one in storm:
        one.kill()
        one.wait()
    report.result(not wrong, f"--all: {seen} requests in a storm, and no sum is "
                  "wrong", *wrong)


def killed(report):
    setting("policy", "private")
    before = settings()
    for words, name in (("off",), "off"), (("watch", "--for", "1s"), "the next watch"):
        watch = Watch("--all")
        watch.ended(signal.SIGKILL)
        left, status = settings(), tool("status")
        done = tool(*words)
        report.result(
            left[0] == "1" and "was killed before it could put back: enabled "
            "0, policy private, scope all" in status.stdout and
            done.returncode == 0 and "was killed; putting back" in done.stderr
            and settings() == before and not STATE.exists(),
            f"SIGKILL: {name} puts the settings back", left, status, done, settings(),
        )
    setting("policy", "rfc")


def disturbed(report):
    """If somebody switches off during a watch, it fails, because it missed requests."""
    watch = Watch("--all")
    second = tool("run", "--", "true")
    setting("enabled", "0")
    said = watch.says("somebody else has changed the module's settings")
    code, result = watch.ended()
    report.result(
        said and code == 125 and result and second.returncode == 125 and
        "another run is going on" in second.stderr and settings() == AFTER,
        "somebody else switches off: the watch says so, and exits with 125", code, second,
    )


def beside(report):
    """Watch the whole machine while real programs run, one of them under strace."""
    traced = "ruby: threads and fibers"
    log = "/tmp/strace.log"
    wrong = []
    watch = Watch("--all")
    chosen = [row for row in PROGRAMS if row[0] != "java" or shutil.which("java")]
    for name, _, command, output, _ in chosen:
        # A guest that says nothing for long is taken for one that hangs.
        print(f"# beside {name}", flush=True)
        if name == traced:
            command = ["strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=mmap",
                       "-o", log, *command]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, errors="replace")
        if output not in done.stdout:
            wrong += name, done.stdout[-500:], done.stderr[-500:]
    code, result = watch.ended(signal.SIGTERM)
    silent = [name for name, program, _, _, shapes in chosen
              if shapes and not kit.program(result, program)["requests"]]
    report.result(
        code == 0 and not wrong and not silent and not adds_up(result) and
        not result["complete"]["dropped"] and
        not result["counters"]["out_of_scope"],
        f"--all beside {len(chosen)} real programs: {result['counters']['seen']} "
        "requests, and no sum is wrong", code, *wrong, silent, adds_up(result),
        result["counters"],
    )
    expected = kit.strace_shapes(log)
    seen = {shape: count for shape, count in
            kit.program(result, "ruby")["shapes"].items() if count}
    report.result(
        seen == expected and seen,
        f"--all: strace saw the same {sum(seen.values())} requests of ruby",
        seen, expected, result["programs"],
    )


def database(report):
    """Watch a PostgreSQL that runs already, and compare the report with strace."""
    subprocess.run(["sh", "-c", POSTGRES + "control start"], check=True,
                   stdout=subprocess.DEVNULL)
    (pid,) = Path(next(Path("/var/lib/postgresql").glob(
        "*/main/postmaster.pid"))).read_text().split()[:1]
    strace = subprocess.Popen(
        ["strace", "-f", "-qq", "-e", "trace=mmap", "-o", "/tmp/strace.log",
         "-p", pid],
    )
    kit.wait_for(lambda: "TracerPid:\t0" not in
                 Path(f"/proc/{pid}/status").read_text())
    watch = Watch("--pid", pid)
    for _ in range(3):
        subprocess.run(["sh", "-c", POSTGRES + "query"], check=True,
                       stdout=subprocess.DEVNULL)
    code, result = watch.ended(signal.SIGTERM)
    strace.terminate()
    strace.wait()
    answer = Path("/tmp/pg.out").read_text()
    seen = {}
    for entry in result["programs"]:
        for shape, count in entry["shapes"].items():
            if count:
                seen[shape] = seen.get(shape, 0) + count
    expected = kit.strace_shapes("/tmp/strace.log")
    report.result(
        code == 0 and answer == "42\n" and seen == expected and
        seen["anonymous"] >= 3 and not adds_up(result) and
        kit.program(result, "postgres")["user"] == "postgres",
        f"--pid: strace saw the same {seen.get('anonymous')} requests of PostgreSQL",
        seen, expected, result["programs"], watch.said.read_text(),
    )
    subprocess.run(["sh", "-c", POSTGRES + "control stop"], check=True,
                   stdout=subprocess.DEVNULL)


def main():
    report = kit.Report(21)
    kit.load()
    refused(report)
    process(report)
    duration(report)
    cgroup(report)
    container(report)
    leftover(report)
    interval(report)
    storms(report)
    killed(report)
    disturbed(report)
    database(report)
    beside(report)
    kit.unload()
    report.end()


if __name__ == "__main__":
    main()
