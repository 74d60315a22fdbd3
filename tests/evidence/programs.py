#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Run real programs under mapstack run, and compare the report with strace.

strace watches in the same run, so that both see the same calls. Every MAP_STACK
request, except strace's own, has to be in both, by shape.
"""

import shutil
import subprocess
import sys
import time

sys.path.insert(0, "/files")

import kit  # noqa: E402

LOG = "/tmp/strace.log"

RUBY = """
4.times.map { Thread.new { 1 } }.each(&:join)
20.times { f = Fiber.new { Fiber.yield 1 }; f.resume; f.resume }
"""
PHP = """
for ($i = 0; $i < 20; $i++) {
    $f[$i] = new Fiber(function () { Fiber::suspend(1); });
    $f[$i]->start();
}
"""
# Its processes fork; what it asks for a stack for is to start a program.
POSTGRES = """
install -d -o postgres /run/postgresql
su postgres -s /bin/sh -c '
    cd /tmp
    bin=$(ls -d /usr/lib/postgresql/*/bin)
    data=$(ls -d /var/lib/postgresql/*/main)
    conf=$(ls /etc/postgresql/*/main/postgresql.conf)
    $bin/pg_ctl -w -t 120 -D $data -o "-c config_file=$conf -c ssl=off" \\
        -l /tmp/pg.log start || cat /tmp/pg.log >&2
    psql -qAtc "copy (select 6 * 7) to program \\$\\$cat >/tmp/pg.out\\$\\$"
    cat /tmp/pg.out
    $bin/pg_ctl -w -t 120 -D $data stop -m fast
'
"""
MARIADB = """
mkdir -p /run/mysqld && chown mysql /run/mysqld
mariadbd --user=mysql --skip-networking --socket=/run/mysqld/s &
i=0
while [ $i -lt 300 ] && ! mariadb-admin -S /run/mysqld/s ping; do
    sleep 0.5; i=$((i + 1))
done 2>/dev/null >&2
mariadb -S /run/mysqld/s -N -e 'select 6 * 7'
mariadb-admin -S /run/mysqld/s shutdown
wait
"""
REDIS = """
redis-server --port 0 --unixsocket /tmp/redis --save '' --daemonize yes \
    --pidfile /tmp/redis.pid >/dev/null
i=0
while [ $i -lt 300 ] && ! redis-cli -s /tmp/redis incrby x 42; do
    sleep 0.2; i=$((i + 1))
done 2>/dev/null
redis-cli -s /tmp/redis shutdown nosave
"""
STRESS = ("stress-ng", "--timeout", "300")
# Flags are drawn by lot, MAP_STACK one time in a hundred. With these seeds it comes
# with shared and with file mappings. Longer runs can take minutes.
TORTURE = """
for seed in 8 25 31 40; do
    stress-ng --timeout 60 --seed $seed --mmaptorture 1 --mmaptorture-ops 5 \
        --mmaptorture-bytes 16m
done
"""

# What is looked at: its name, the program that the report has to name, the
# command, what its output has to hold, and the shapes that there must be.
PROGRAMS = (
    ("python", "python3",
     ["python3", "-c", "import threading\nfor i in range(5):\n"
      " t = threading.Thread(target=print, args=('42',)); t.start(); t.join()"],
     "42", {"anonymous"}),
    ("ruby: threads and fibers", "ruby", ["ruby", "-e", RUBY + "puts 42"],
     "42", {"anonymous"}),
    ("java", "java", ["java", "-Xshare:auto", "-XX:TieredStopAtLevel=1",
                      "-XX:+UseSerialGC", "-version"], "", {"anonymous"}),
    ("node", "node", ["node", "-e", "console.log(42)"], "42", {"anonymous"}),
    ("php: fibers", "php", ["php", "-r", PHP + "echo 42;"], "42",
     {"anonymous"}),
    ("postgresql", "postgres", ["sh", "-c", POSTGRES], "42",
     {"anonymous"}),
    ("mariadb", "mariadbd", ["sh", "-c", MARIADB], "42", {"anonymous"}),
    # Debian's redis-server is a link to this file, and a program is its file.
    ("redis", "redis-check", ["sh", "-c", REDIS], "42", {"anonymous"}),
    ("erlang", "beam.smp",
     ["erl", "-noshell", "-eval", 'io:format("~p", [6 * 7]), halt().'], "42",
     {"anonymous"}),
    ("stress-ng pthread", "stress-ng",
     [*STRESS, "--pthread", "1", "--pthread-ops", "20"], "", {"anonymous"}),
    ("stress-ng vma", "stress-ng", [*STRESS, "--vma", "1", "--vma-ops", "50"],
     "", None),
    ("stress-ng mmaptorture", "stress-ng", ["sh", "-c", TORTURE], "",
     {"shared", "file"}),
    ("stress-ng bad-altstack", "stress-ng",
     [*STRESS, "--bad-altstack", "1", "--bad-altstack-ops", "20"], "",
     {"file"}),
)
# Under the proposal these break, and the report has to say who did what.
BREAK = {
    "stress-ng mmaptorture": "stress-ng-mmap",
    "stress-ng bad-altstack": "stress-ng-bad",
}


def shapes_of(result, without):
    """Requests by shape of every program but one."""
    sums = {}
    for entry in result["programs"]:
        if entry["program"].split("/")[-1] == without:
            continue
        for shape, count in entry["shapes"].items():
            if count:
                sums[shape] = sums.get(shape, 0) + count
    return sums


def look_at(report, name, program, command, output, shapes):
    if name == "java" and not shutil.which("java"):
        for test in name, f"{name}: as strace saw it":
            report.skip(test, "it could not be installed")
        return
    started = time.monotonic()
    done, result = kit.run(
        "strace", "-f", "--seccomp-bpf", "-qq", "-e", "trace=mmap", "-o", LOG,
        *command, options=("--wait",),
    )
    seconds = time.monotonic() - started
    if not result:
        report.result(False, name, done)
        report.result(False, f"{name}: as strace saw it")
        return
    entry = kit.program(result, program)
    seen = shapes_of(result, "strace")
    report.result(
        output in done.stdout and (done.returncode == 0 or name in BREAK) and
        (shapes is None or shapes <= set(seen)) and
        (shapes is None or entry["requests"] > 0),
        f"{name}: {entry['requests']} requests, {entry['refused']} refused, "
        f"{entry['grown']} grown, {seconds:.0f} s",
        f"status {done.returncode}", done.stdout[-1500:], done.stderr[-1500:],
        result["programs"],
    )
    strace = kit.strace_shapes(LOG)
    report.result(
        strace == seen and not result["complete"]["dropped"] and
        result["counters"]["seen"] ==
        sum(entry["requests"] for entry in result["programs"]),
        f"{name}: as strace saw it", f"strace {strace}", f"report {seen}",
        result["counters"], f"lost {result['complete']['dropped']}",
    )


def look_at_gdb(report):
    """strace would have to share the program with gdb, which cannot be."""
    done, result = kit.run(
        "gdb", "-batch", "-ex", "run", "--args", "python3", "-c",
        "import threading\nt = threading.Thread(target=print, args=('42',))\n"
        "t.start(); t.join()",
    )
    report.result(
        "42" in done.stdout and "exited normally" in done.stdout and
        kit.program(result, "python3")["requests"] == 1 and
        kit.program(result, "gdb")["requests"] >= 1,
        f"gdb: {kit.program(result, 'gdb')['requests']} requests and those of "
        "its program", done.stdout, done.stderr, result,
    )


def who_breaks(report, name, thread, command):
    """Without strace, which slows down: does the report name who broke?"""
    done, result = kit.run(*command)
    entry = kit.program(result, "stress-ng")
    threads = {call["sample"]["thread"] for call in entry["refused_calls"]}
    shapes = {call["shape"] for call in entry["refused_calls"]}
    report.result(
        entry["refused"] > 0 and shapes & {"shared", "file"} and
        any(t.startswith(thread) for t in threads),
        f"{name}: the report names it ({entry['refused']} calls refused)",
        threads, shapes, done.stderr[-1000:],
    )


def main():
    only = sys.argv[1:]
    chosen = [row for row in PROGRAMS if not only or row[0] in only]
    report = kit.Report(2 * len(chosen) + len(BREAK) + 1)
    kit.load()
    for row in chosen:
        look_at(report, *row)
    for name, thread in BREAK.items():
        command = next(row[2] for row in PROGRAMS if row[0] == name)
        who_breaks(report, name, thread, command)
    look_at_gdb(report)
    subprocess.run(["dmesg", "-n", "7"])
    kit.unload()
    report.end()


if __name__ == "__main__":
    main()
