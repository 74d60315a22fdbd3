#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test the verdicts of mapstack try on programs with known behaviour (trials.c)."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import jsonschema

sys.path.insert(0, "/files")

import kit  # noqa: E402
from kit import SCHEMA, TOOL, settings, tool  # noqa: E402

TRIALS = "/files/trials"
KEPT = Path("/run/mapstack/report.json")
OFF = ("0", "observe paired fitting private [rfc]", "all")


def attempt(*command, options=()):
    """Run mapstack try; return the finished process and the document."""
    KEPT.unlink(missing_ok=True)
    done = tool("try", *options, "--", *command)
    if not KEPT.exists():
        return done, None
    document = json.loads(KEPT.read_text())
    jsonschema.validate(document, SCHEMA)
    return done, document


def fate(report, name, command, status, first, options=(), check=None):
    """Try a command, and compare the exit status and the first line of the report."""
    done, document = attempt(*command, options=options)
    line = done.stdout.partition("\n")[0]
    found = document and (not check or check(document, done.stdout))
    report.result(
        done.returncode == status and re.match(first, line) and found and
        document["verdict"] == line.partition(":")[0] and settings() == OFF,
        name, done.returncode, done.stdout, done.stderr, settings(),
    )


def policy(document, name):
    for entry in document["policies"]:
        if entry["policy"] == name:
            return entry
    return None


def verdicts(document):
    return [entry["verdict"] for entry in document["policies"]]


def notes(pattern):
    return lambda document, text: any(
        re.search(pattern, note) for note in document["notes"]
    ) and "- " in text


def breaking(report):
    fate(
        report, "breaks: a shared mapping of a file is refused, and the call is named",
        [TRIALS, "breaks", "/tmp/file"], 1,
        rf"breaks: {TRIALS} under rfc: mmap\(NULL, 65536, "
        r"PROT_READ\|PROT_WRITE, MAP_SHARED\|MAP_STACK",
        check=lambda document, text:
        verdicts(document) == [None, "unchanged", "breaks"] and
        document["failed_on"] == ["refused", "differs"] and
        "ends with exit status 1; off with exit status 0" in
        " ".join(text.split()),
    )
    fate(
        report, "breaks: a call is refused, and the command goes on",
        [TRIALS, "falls-back", "/tmp/file"], 1, "breaks: .*is refused",
        check=lambda document, _: document["failed_on"] == ["refused"],
    )
    fate(
        report, "breaks: the command prints something else",
        [TRIALS, "tells"], 1,
        'breaks: .*under private: standard output differs: line 1 is '
        '"grows: 1"',
        check=lambda document, _: len(document["breaks"]) == 2 and
        verdicts(document) == [None, "breaks", "breaks"],
    )
    fate(
        report, "unchanged: --ignore removes the text that differs",
        [TRIALS, "tells"], 0, "unchanged$", ("--ignore", "[0-9]$"),
    )


def tracing(report):
    done, _ = attempt(TRIALS, "falls-back", "/tmp/file", options=("--backtrace",))
    report.result(
        re.search(rf"^refused under rfc, with EINVAL:\n +1 x mmap\(.*\n( {{10}}.*\n)* {{10}}.*"
                  rf"\({TRIALS}\)$", done.stdout, re.M),
        "--backtrace: the report says where the refused calls were made", done.stdout,
    )


def costing(report):
    fate(
        report, "costs: mappings of 1,000 small stacks",
        [TRIALS, "costs", 1000], 0,
        r"costs: /files/trials under private: 10\d\d mappings in one",
        check=lambda document, text:
        verdicts(document) == [None, "costs", "costs"] and
        not document["failed_on"],
    )
    fate(
        report, "costs: memory that the command needs only with growable stacks, mapped too",
        [TRIALS, "memory"], 0, r"costs: .* under private: \d+ KiB of memory",
        check=lambda document, _: any(
            re.search("private: 6[5-9][0-9]{3} KiB of address space", cost)
            for cost in document["costs"]
        ),
    )
    fate(
        report, "costs: time of mmap() beside 10,000 stacks, beyond the spread of off",
        [TRIALS, "slow", 10000], 0,
        r"costs: .* under private: \d+\.\d+ s of wall time; off \d",
        ("--runs", 5, "--policies", "private"),
        lambda document, _:
        [len(p["runs"]) for p in document["policies"]] == [6, 5] and
        "s of system time" in document["costs"][1],
    )
    fate(
        report, "--fail-on slower: exit status 1",
        [TRIALS, "slow", 10000], 1, r"costs: .*% slower than off \(wall",
        ("--policies", "private", "--fail-on", "denied,slower=5%"),
        lambda document, _: document["failed_on"] == ["slower"],
    )


def unchanged(report):
    fate(
        report, "unchanged: a program asks for no stack, and a note says so",
        [TRIALS, "nothing"], 0, "unchanged$",
        check=notes("nothing that .* started asked for MAP_STACK"),
    )
    fate(report, "unchanged: a thread", [TRIALS, "thread"], 0, "unchanged$",
         check=lambda document, _: not any(
             "asked for" in note for note in document["notes"]))
    fate(
        report, "unchanged: a command is flaky by itself, and a note says so",
        [TRIALS, "flaky", "/tmp/turns"], 0, "unchanged$",
        check=notes("by itself .* ends with exit status . or exit status .,"),
    )
    fate(
        report, "unchanged: a line varies by itself, and a note says so",
        [TRIALS, "clock"], 0, "unchanged$",
        check=notes("by itself .* 1 line of standard output varies"),
    )
    fate(
        report, "--ignore removes the line that varies, and there is no note",
        [TRIALS, "clock"], 0, "unchanged$", ("--ignore", "^at .*"),
        lambda document, _: not any(
            "varies" in note for note in document["notes"]),
    )
    fate(
        report, "unchanged: a command is always killed, and a note says so",
        [TRIALS, "killed"], 0, "unchanged$",
        check=notes("by itself .* ends with SIGKILL"),
    )


def gaining(report):
    fate(
        report, "gains: fibers need more than their stacks",
        [TRIALS, "fibers"], 0,
        "gains: .* under private: ends with exit status 0; off with SIGSEGV",
        check=lambda document, _: verdicts(document) ==
        [None, "gains", "gains"] and
        policy(document, "private")["runs"][0]["report"]["counters"]["grown"],
    )


def building(report):
    """Build a source package, with several processes at once."""
    command = "rm -rf /tmp/built && cp -r /usr/src/bzip2 /tmp/built && " \
        "cd /tmp/built && make -s -j2 CFLAGS=-O0 bzip2 && " \
        "./bzip2 <bzip2.1 | ./bzip2 -d | cmp - bzip2.1 && sha256sum bzip2"
    fate(
        report, "unchanged: make -j2 of a source package",
        ["sh", "-c", command], 0, "unchanged$",
        check=lambda document, _: all(
            kit.program(run["report"], "make")["requests"] > 8
            for entry in document["policies"] for run in entry["runs"]),
    )


def starting(report):
    Path("/tmp/in").write_text("a\nb\n")
    with open("/tmp/in", encoding="ascii") as given:
        done = subprocess.run(
            [TOOL, "try", "-q", "--keep", "/tmp/kept", "--", "cat"],
            stdin=given, capture_output=True, text=True,
        )
    kept = sorted(path.name for path in Path("/tmp/kept").iterdir())
    texts = {path.read_text() for path in Path("/tmp/kept").glob("*.out")}
    again = tool("report", "/tmp/kept/rfc-1.json")
    differ = tool("diff", "/tmp/kept/off-1.json", "/tmp/kept/rfc-1.json")
    twice = tool("try", "--keep", "/tmp/kept", "--", "true")
    report.result(
        done.returncode == 0 and texts == {"a\nb\n"} and len(kept) == 12 and
        "policy rfc" in again.stdout and differ.returncode == 0 and
        twice.returncode == 125 and "a new directory" in twice.stderr,
        "each run reads the same input, and --keep keeps its output and its report",
        done, kept, texts, again, differ, twice,
    )
    surroundings = {"cwd": "/srv", "env": {"PATH": os.environ["PATH"], "MARK": "a b"}}
    words = ["sh", "-c", "pwd; env | sort"]
    alone = subprocess.run(words, capture_output=True, text=True, **surroundings)
    same = tool("try", "--keep", "/tmp/same", "--", *words, **surroundings)
    texts = [path.read_text() for path in Path("/tmp/same").glob("*.out")]
    report.result(
        "MARK=a b\n" in alone.stdout and texts == 4 * [alone.stdout] and
        same.returncode == 0,
        "each run has the directory and the environment of try", alone, texts, same,
    )
    told = re.findall(r"^mapstack: (\w+), run (\d): \d+\.\d\d s, exit status 0$",
                      same.stderr, re.M)
    report.result(
        told == [("off", "1"), ("off", "2"), ("private", "1"), ("rfc", "1")] and
        not done.stderr,
        "a line tells the end of each run, and --quiet leaves it out", same, done,
    )
    code = "import re; print(re.search('^.*stack', open('/proc/self/maps')" \
        ".read(), re.M)[0])"
    done, fixed = attempt("python3", "-S", "-c", code, options=("--no-aslr",))
    with_aslr, _ = attempt("python3", "-S", "-c", code)
    report.result(
        done.returncode == 0 and not any("varies" in note for note in
                                         fixed["notes"]) and
        "1 line of standard output varies" in " ".join(
            with_aslr.stdout.split()),
        "--no-aslr: addresses are the same in each run", done, with_aslr,
    )
    done, found = attempt(TRIALS, "daemon")
    waited, _ = attempt(TRIALS, "daemon", options=("--wait",))
    report.result(
        done.returncode == 0 and "still running" in done.stdout and
        waited.returncode == 0 and "still running" not in waited.stdout,
        "the report says that a process is still running, and --wait waits for it", done, waited,
    )
    names = {"PATH": os.environ["PATH"]}
    done = tool("try", "--", "/nonexistent", env=names)
    wrong = [tool("try", option, value, "--", "true").returncode
             for option, value in (
                 ("--policies", "odd"), ("--policies", "rfc,rfc"),
                 ("--runs", "0"), ("--ignore", "["), ("--fail-on", "odd"),
                 ("--fail-on", "slower"), ("--fail-on", ""))]
    report.result(
        done.returncode == 127 and wrong == 7 * [125] and settings() == OFF,
        "a try that cannot be made is refused, and no setting changes", done, wrong,
    )


def failing(report):
    """Test --fail-on of run and watch."""
    codes = [
        tool("run", "-q", "--fail-on", "refused", "--policy", policy, "--",
             TRIALS, "falls-back", "/tmp/file").returncode
        for policy in ("rfc", "private", "observe")
    ]
    own = tool("run", "--fail-on", "refused", "--", TRIALS, "flaky2")
    wrong = tool("run", "--fail-on", "differs", "--", "true")
    asking = subprocess.Popen(
        ["sh", "-c", f"while {TRIALS} falls-back /tmp/file; do sleep 0.1; done"],
        stdout=subprocess.DEVNULL,
    )
    codes += [
        tool("watch", "-q", "--for", "3s", "--fail-on", word, "--pid",
             asking.pid).returncode for word in ("refused", "denied", "differs")
    ]
    asking.kill()
    asking.wait()
    report.result(
        codes == [1, 0, 1, 1, 0, 125] and own.returncode == 2 and
        wrong.returncode == 125 and "only 'mapstack try' compares" in wrong.stderr,
        "run --fail-on, watch --fail-on", codes, own, wrong,
    )


def ending(report):
    """Whatever signal ends try, every setting is put back."""
    statuses = []
    for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP:
        process = subprocess.Popen(
            [TOOL, "try", "--", "sleep", "100"], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )
        kit.wait_for(lambda: settings()[0] == "1")
        time.sleep(1)
        process.send_signal(number)
        said = process.communicate(timeout=100)
        statuses.append((process.returncode == -number, settings() == OFF,
                         not said[0], b"there is no verdict" in said[1]))
    left = [path for path in Path("/tmp").glob("mapstack-try-*")]
    report.result(
        all(map(all, statuses)) and not left,
        "a signal ends try, and every setting is put back", statuses, left,
    )
    process = subprocess.Popen([TOOL, "try", "--", "sleep", "5"])
    kit.wait_for(lambda: settings()[0] == "1")
    process.kill()
    process.wait()
    killed = settings()
    done = tool("off")
    report.result(
        killed != OFF and done.returncode == 0 and settings() == OFF and
        "was killed" in done.stderr,
        "SIGKILL: the next command puts the settings back", killed, done,
    )


def printing(report):
    done, document = attempt(TRIALS, "breaks", "/tmp/file")
    again = tool("report")
    same = json.loads(tool("report", "--json").stdout)
    page = tool("report", "--html", "/tmp/page.html")
    read = page.returncode == 0 and kit.page("/tmp/page.html")
    merged = tool("merge", KEPT)
    report.result(
        again.stdout == done.stdout and same == document and
        read == document and merged.returncode == 125 and
        "is a comparison already" in merged.stderr,
        "report prints the report of try again, and merge refuses it", done, again, page, merged,
    )


def paged(report):
    done, document = attempt(TRIALS, "nothing", options=("--html", "/tmp/try.html"))
    report.result(
        done.returncode == 0 and not done.stdout and
        kit.page("/tmp/try.html") == document,
        "--html: the page holds the report", done,
    )


def plain(text):
    """Return a line without its figures, its spacing, its host and its time."""
    text = re.sub(r"on \S+, Linux .*", "", text)
    text = re.sub(r"\d+(\.\d+)?", "N", text)
    return re.sub("N to N", "N", " ".join(text.split()))


def other_lines(before, printed):
    """Return README's example after a line, and its lines that were not printed.

    Its lines have to be printed one after the other. At their end README says that the
    example is shortened, or a paragraph of what was printed ends too.
    """
    text = Path("/files/README.md").read_text().partition(before + "\n")[2]
    text = re.match(r"(    .*\n|\n)*", text.lstrip("\n"))[0].strip("\n")
    shown = [plain(line) for line in text.splitlines()]
    lines = [plain(line) for line in printed.splitlines()] + [""]
    for line in printed.splitlines():
        print(f"# {line}")
    if shown[-1].startswith("(Shortened: "):
        shown.pop()
    else:
        shown.append("")
    if any(lines[at:at + len(shown)] == shown for at in range(len(lines))):
        return text, []
    return text, [line for line in shown if line not in lines] or ["README leaves out a line"]


def print_kept():
    """Print the report, to make a picture of it: see tests/README.md."""
    print("# JSON", json.dumps(json.loads(KEPT.read_text())))


def documented(report):
    """Compare the examples in README with what the command prints."""
    place = Path("/srv")
    shutil.copy(TRIALS, place / "your-tests")
    done = tool("try", "--", "./your-tests", cwd=place)
    print_kept()
    text, other = other_lines("mapstack try -- ./your-tests", done.stdout)
    report.result(
        len(text) > 500 and not other and done.returncode == 1,
        "try prints what README shows", *other,
    )
    done = tool("run", "-p", "rfc", "--", *kit.ask("anonymous", "shared"))
    text, other = other_lines(
        "A report has a part like this for each program:", done.stdout)
    report.result(
        len(text) > 300 and not other and done.returncode == 0,
        "run prints the part for each program as README shows it", *other,
    )
    tool("run", "-p", "private", "--", TRIALS, "fibers")
    print_kept()


def main():
    report = kit.Report(30)
    kit.load()
    documented(report)
    breaking(report)
    tracing(report)
    costing(report)
    unchanged(report)
    gaining(report)
    building(report)
    starting(report)
    failing(report)
    ending(report)
    printing(report)
    paged(report)
    kit.unload()
    report.end()


if __name__ == "__main__":
    main()
