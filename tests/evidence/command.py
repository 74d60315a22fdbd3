#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test what the mapstack command prints, refuses, changes and puts back."""

import ctypes
import fcntl
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

import kit  # noqa: E402
from kit import ASK, ask, python, run, setting, settings, tool  # noqa: E402

NOBODY = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]


def loaded_or_not(report):
    """Tests before the module is loaded."""
    done = tool("status")
    report.result(
        done.returncode == 4 and "not loaded" in done.stdout,
        "status: without the module the exit status is 4", done,
    )
    done = tool("run", "--", "true")
    report.result(
        done.returncode == 125 and "doctor" in done.stderr,
        "run: without the module the exit status is 125, and doctor is named", done,
    )
    release = os.uname().release
    place = Path("/lib/modules", release, "updates")
    before = tool("doctor")
    place.mkdir(parents=True)
    done = tool("doctor")
    report.result(
        done.returncode == 1 and "not-built: " in done.stdout and
        "not-rebooted: " in before.stdout and
        "not-rebooted: " not in done.stdout,
        "doctor: not-rebooted, not-built", before, done,
    )
    shutil.copy("/modules/mapstack.ko", place)
    subprocess.run(["depmod", release], capture_output=True)
    done = tool("doctor")
    remedy = subprocess.run(["modprobe", "mapstack"], capture_output=True)
    report.result(
        done.returncode == 1 and "not-loaded: " in done.stdout and
        "modprobe mapstack" in done.stdout and not remedy.returncode,
        "doctor: not-loaded, and its remedy", done, remedy,
    )
    done = tool("doctor")
    report.result(
        done.returncode == 0 and "nothing is wrong" in done.stdout,
        "doctor: nothing is wrong", done,
    )


def switching(report):
    off = tool("status").returncode
    on = tool("on", "--policy", "private")
    status = tool("status")
    report.result(
        off == 3 and on.returncode == 0 and status.returncode == 0 and
        re.search(r"^policy +private$", status.stdout, re.M) and
        settings() == ("1", "observe paired fitting [private] rfc", "all"),
        "on, status", on, status,
    )
    # Starting a process makes a request too, so the counters go on.
    setting("scope", f"pid:{os.getppid()}")
    before = kit.counter("seen")
    values = json.loads(tool("status", "--json").stdout)
    prometheus = tool("status", "--prometheus").stdout
    shown = re.search(r"^mapstack_requests_total (\d+)$", prometheus, re.M)
    setting("scope", "all")
    report.result(
        values["enabled"] is True and
        values["policy"] == "private" and
        before <= values["counters"]["seen"] <= int(shown.group(1)) <=
        kit.counter("seen") and values["run"]["state"] == "none" and
        'policy="private",scope="pid:' in prometheus,
        "status --json, --prometheus", values, prometheus,
    )
    tool("off")
    setting("policy", "rfc")
    report.result(tool("status").returncode == 3, "off")


def unprivileged(report):
    before = settings()
    texts, codes = [], []
    for words in ("on",), ("off",), ("run", "--", "true"):
        done = subprocess.run(
            [*NOBODY, kit.TOOL, *words], capture_output=True, text=True
        )
        texts.append(done.stderr)
        codes.append(done.returncode)
    report.result(
        codes == [1, 1, 125] and settings() == before and
        all("needs root" in text and "sudo" in text for text in texts),
        "unprivileged: says so, and nothing changes", codes, *texts,
    )
    done = subprocess.run(
        [*NOBODY, kit.TOOL, "status"], capture_output=True, text=True
    )
    report.result(done.returncode == 3 and "enabled  0" in done.stdout,
                  "unprivileged: status works", done)


def bad_words(report):
    before = settings()
    # Each has the exit status, and the word that the error must name.
    cases = {
        (): (2, "say what to do"), ("nonsense",): (2, "nonsense"),
        ("status", "more"): (2, "more"), ("on", "--json"): (2, "--json"),
        ("status", "-p", "rfc"): (2, "-p"), ("off", "-x"): (2, "-x"),
        ("status", "--json=1"): (2, "--json=1"),
        ("on", "--policy"): (2, "--policy"),
        ("on", "--policy", "odd"): (2, "odd"),
        ("help", "odd"): (2, "odd"), ("run",): (125, "COMMAND [ARGUMENT...]"), ("run", "--odd"): (125, "--odd"),
        ("run", "--policy", "odd", "--", "true"): (125, "odd"),
    }
    wrong = []
    for words, (status, word) in cases.items():
        done = tool(*words)
        first = done.stderr.partition("\n")[0]
        if done.returncode != status or not re.fullmatch(
            rf"mapstack: .*{re.escape(word)}; nothing was done; "
            "'mapstack .*help' says what there is", first
        ):
            wrong += words, done.returncode, first
    report.result(not wrong and settings() == before,
                  "words that are not understood are refused, and nothing changes", *wrong)


def asked_for_help(report):
    words = {
        ("help",): "doctor", ("--help",): "doctor", ("-h",): "doctor",
        ("help", "run"): "--output FILE", ("run", "--help"): "--output FILE",
        ("off", "-h"): "usage: mapstack off", ("-V",): "mapstack 0",
        ("version",): "mapstack 0", ("--version",): "mapstack 0",
    }
    wrong = [
        (word, done) for word in words for done in [tool(*word)]
        if done.returncode or words[word] not in done.stdout or done.stderr
    ]
    report.result(not wrong, "help and version are printed wherever they are asked for", *wrong)
    completed = subprocess.run(
        ["bash", "-c", ". /files/mapstack.bash; PATH=/files:$PATH; "
         "_command_offset() { COMPREPLY=(command at $1); }; for line in "
         "'mapstack ' 'mapstack run --' 'mapstack run ec' 'mapstack on -p p'; do "
         "COMP_WORDS=($line); [[ $line != *' ' ]] || COMP_WORDS+=(''); "
         "COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _mapstack; "
         "echo ${COMPREPLY[@]}; done"],
        capture_output=True, text=True,
    )
    lines = completed.stdout.splitlines()
    report.result(
        len(lines) == 4 and {"run", "off", "help"} <= {*lines[0].split()} and
        {"--wait", "--help"} <= {*lines[1].split()} and
        lines[2] == "command at 2" and lines[3] == "private paired",
        "completion: verbs, options, commands, policies", completed,
    )


def names_in_errors(report):
    """A name in an error cannot act on the terminal or forge a line."""
    done = tool("run", "--", "/tmp/\x1b[2J\nmapstack: all is well")
    report.result(
        done.returncode == 127 and done.stderr.count("\n") == 1 and
        "/tmp/\\x1b[2J\\x0amapstack: " in done.stderr,
        "a name in an error is printed safely", done,
    )


def another_root(report):
    """A copy of another machine's files is read but not changed."""
    before = settings()
    root = Path("/tmp/copied/sys/kernel/mapstack")
    root.mkdir(parents=True)
    for name in "enabled", "policy", "scope":
        (root / name).write_text("0\n")
    environment = dict(os.environ, MAPSTACK_ROOT="/tmp/copied")
    done = [tool(*words, env=environment)
            for words in (("on",), ("off",), ("run", "--", "touch", "/tmp/ran"))]
    report.result(
        [one.returncode for one in done] == [1, 1, 125] and
        all("MAPSTACK_ROOT" in one.stderr for one in done) and
        not os.path.exists("/tmp/ran") and settings() == before and
        (root / "enabled").read_text() == "0\n",
        "MAPSTACK_ROOT: verbs that would change something are refused", *done,
    )


def locking(report):
    """A user cannot keep root from the lock, and status disturbs no other process."""
    os.umask(0o077)
    shutil.rmtree("/run/mapstack")
    going = Going()
    os.umask(0o022)
    names = sorted(os.listdir("/run/mapstack"))
    modes = [oct(os.stat(f"/run/mapstack/{name}").st_mode & 0o777)
             for name in (".", *names)]
    state = Path("/run/mapstack/state").read_text()
    report.result(
        names == ["lock", "state"] and modes == ["0o755", "0o600", "0o644"] and
        "\nwhat run python3\n" in state and "while True" not in state,
        "only root can open the lock; all can read the state, which has no arguments",
        names, modes, state,
    )
    users = [
        subprocess.Popen([*NOBODY, "flock", "-s", f"/run/mapstack/{name}",
                          "sleep", "60"], stderr=subprocess.DEVNULL)
        for name in (".", *names)
    ]
    time.sleep(1)
    going.end(signal.SIGTERM)
    off = tool("off")
    ran = tool("run", "--", "true")
    report.result(off.returncode == 0 and ran.returncode == 0,
                  "a lock that a user takes delays neither off nor run", off, ran)
    for user in users:
        user.kill()
        user.wait()
    pollers = [
        subprocess.Popen(["sh", "-c", f"while :; do {kit.TOOL} status; done"],
                         stdout=subprocess.DEVNULL)
        for _ in range(3)
    ]
    codes = [tool("off").returncode for _ in range(30)]
    for poller in pollers:
        poller.kill()
        poller.wait()
    report.result(not any(codes), "status locks nothing", codes)
    with open("/run/mapstack/lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        waiting = subprocess.Popen([kit.TOOL, "off"])
        time.sleep(0.7)
        still = waiting.poll() is None
    report.result(still and waiting.wait(60) == 0,
                  "off waits a little for another process to end", still)


def elsewhere(report):
    """Test a run in another pid namespace, whose process numbers mean nothing here."""
    Path("/tmp/ready").unlink(missing_ok=True)
    there = subprocess.Popen(
        ["unshare", "-pf", "--mount-proc", kit.TOOL, "run", "-q", "--", "sh",
         "-c", "touch /tmp/ready; exec sleep 1000"],
    )
    kit.wait_for(lambda: os.path.exists("/tmp/ready"))
    status, off = tool("status"), tool("off")
    subprocess.run(["pkill", "-KILL", "-x", "mapstack"])
    there.wait()
    again = tool("off")
    report.result(
        "a run is going on" in status.stdout and off.returncode == 1 and
        again.returncode == 0 and "was killed; putting back" in again.stderr
        and settings()[0] == "0",
        "a run in another pid namespace is seen, and put back when killed", status, off, again,
    )


def closed_files(report):
    """If a standard descriptor is closed, no file of mapstack takes its number."""
    done = subprocess.run(
        ["sh", "-c", f"{kit.TOOL} run -q -o /tmp/closed -- sh -c 'for n in 0 1 "
         "2; do [ ! -e /proc/$$/fd/$n ] || echo $n; done >/tmp/fds' "
         "<&- >&- 2>&-"],
    )
    fds = Path("/tmp/fds").read_text().split()
    values = json.loads(tool("status", "--json").stdout)
    report.result(
        done.returncode == 0 and fds == ["1"] and
        values["run"]["state"] == "none" and
        Path("/tmp/closed").stat().st_size and
        not Path("/run/mapstack/lock").stat().st_size,
        "standard files that are closed stay closed", done, fds, values,
    )


def exit_status(report):
    cases = {
        ("sh", "-c", "exit 7"): 7, ("sh", "-c", "kill -9 $$"): -9,
        ("/nonexistent",): 127, ("/etc/passwd",): 126, ("true",): 0,
    }
    got = {words: tool("run", "--", *words).returncode for words in cases}
    report.result(got == cases, "run: the exit status is the command's", got)


def effects(report):
    done, result = run(*ask("anonymous", "shared", "file"))
    entry = kit.program(result, "python3")
    report.result(
        done.stdout == "anonymous grows\nshared EINVAL\nfile EINVAL\n",
        "rfc: the command sees what the proposal does", done,
    )
    calls = [call["call"] for call in entry["refused_calls"]]
    report.result(
        entry["refused"] == 2 and entry["shapes"]["anonymous"] >= 1 and
        f"mmap(NULL, {kit.PAGE}, PROT_READ|PROT_EXEC, "
        "MAP_SHARED|MAP_ANONYMOUS|MAP_STACK)" in calls and
        f"mmap(NULL, {kit.PAGE}, PROT_READ|PROT_EXEC, MAP_PRIVATE|MAP_STACK)"
        in calls,
        "rfc: the report names the calls that were refused", entry,
    )
    done, result = run(*ask("anonymous", "shared"),
                       options=("--policy", "private"))
    report.result(
        done.stdout == "anonymous grows\nshared stays\n" and
        kit.program(result, "python3")["outcomes"]["spared"] == 1,
        "private: a shared mapping is spared", done, result,
    )
    done, result = run(*ask("anonymous", "shared"),
                       options=("--policy", "observe"))
    entry = kit.program(result, "python3")
    report.result(
        done.stdout == "anonymous stays\nshared stays\n" and
        result["forecast"] and entry["refused"] == 1 and
        entry["growable"] == entry["requests"] - 1,
        "observe: the report is a forecast, and nothing changes", done, result,
    )


def report_again(report):
    text = tool("run", "--", *ask("shared")).stdout
    report.result(
        re.search(r"^/.*/python3[.0-9]* \(", text, re.M) and "the kernel refused" in text and
        text.endswith(tool("report").stdout),
        "report prints the report of the last run as text", text,
    )
    values = json.loads(tool("report", "--json").stdout)
    metrics = tool("report", "--prometheus").stdout
    report.result(
        values["version"] == 1 and kit.program(values, "python3")["refused"]
        == 1 and re.search(r'/python3[^}]*,shape="shared"} 1$', metrics,
                              re.M),
        "report --json, report --prometheus", values, metrics,
    )


def paged(report):
    done = tool("run", "-q", "--html", "/tmp/run.html", "--", *ask("shared"))
    page = kit.page("/tmp/run.html")
    report.result(
        done.returncode == 0 and done.stdout == "shared EINVAL\n" and
        page == json.loads(tool("report", "--json").stdout) and
        kit.program(page, "python3")["refused"] == 1,
        "run --html: the page holds the report", done, page,
    )


def written(report):
    """If the report cannot be written, the command does not run."""
    wrong = []
    for words in ("-o", "/nonexistent/report"), ("-o", "/proc/version"), \
            ("-o", "/tmp"):
        done = tool("run", *words, "--", "touch", "/tmp/ran")
        if done.returncode != 125 or words[1] not in done.stderr or \
                os.path.exists("/tmp/ran"):
            wrong.append(done)
    report.result(not wrong, "run: the command does not run if the report cannot be opened", *wrong)
    with open("/dev/full", "w") as full:
        done = subprocess.run([kit.TOOL, "run", "--", "true"], stdout=full,
                              stderr=subprocess.PIPE, text=True)
    file = tool("run", "-o", "/dev/full", "--", "true")
    report.result(
        done.returncode == file.returncode == 125 and
        "No space left" in done.stderr and "No space left" in file.stderr and
        settings()[0] == "0",
        "run: the exit status is 125 if the report cannot be written", done, file,
    )
    for name in Path("/tmp").glob("kept*"):
        name.unlink()
    Path("/tmp/kept.json").write_text("before")
    os.symlink("kept.json", "/tmp/kept.link")
    code = "print(open('/tmp/kept.json').read(), end='')"
    during = tool("run", "-j", "-o", "/tmp/kept.link", "--",
                  "python3", "-c", code).stdout
    after = json.loads(Path("/tmp/kept.json").read_text())
    report.result(
        during == "before" and after["version"] == 1 and
        os.path.islink("/tmp/kept.link") and
        len(list(Path("/tmp").glob("kept*"))) == 2,
        "--output replaces the whole file at the end", during, after,
    )
    mode = os.stat("/run/mapstack/report.json").st_mode & 0o7777
    report.result(mode == 0o600, "only root can read the report that is kept",
                  oct(mode))


def growth(report):
    code = """
# At an address with nothing below; elsewhere it may be in a hole between libraries.
addr = libc.mmap(1 << 45, mmap.PAGESIZE, 3, KINDS["anonymous"], -1, 0)
for page in 1, 2, 3:
    ctypes.memset(addr - page * mmap.PAGESIZE, 1, 1)
import resource
resource.setrlimit(resource.RLIMIT_STACK, (4 * mmap.PAGESIZE, -1))
if os.fork() == 0:
    ctypes.memset(addr - 4 * mmap.PAGESIZE, 1, 1)
print(os.wait()[1])
import time; time.sleep(2)
"""
    done, result = run(*python(code))
    entry = kit.program(result, "python3")
    report.result(
        done.stdout == "11\n" and entry["grown"] == 3 and
        entry["grown_pages"] == 3 and
        entry["grow_denied"]["rlimit_stack"] == 1,
        "the report counts growth, and growth that the kernel refused", done, entry,
    )


def peak(report):
    code = """
def kib(name):
    return next(line.split()[1] for line in open("/proc/self/status")
                if line.startswith(name))

ask("anonymous")
# Mappings with different protections do not merge.
addrs = [libc.mmap(None, mmap.PAGESIZE, 1 + 2 * (i % 2), 0x22, -1, 0)
         for i in range(400)]
print(len(open("/proc/self/maps").readlines()), kib("VmSize"))
ask("anonymous")
for addr in addrs:
    libc.munmap(ctypes.c_void_p(addr), mmap.PAGESIZE)
ask("anonymous")
print(kib("VmPeak"), flush=True)
"""
    done, result = run(*python(code))
    program = kit.program(result, "python3")
    most = program["peak_mappings"] or 0
    mappings, size, peak = map(int, done.stdout.split())
    # vsyscall has a line in maps but is not a mapping.
    report.result(400 < mappings <= most + 1 < mappings + 20,
                  "the report has the largest number of mappings of a process",
                  done, most)
    most = program["peak_address_space_kib"] or 0
    report.result(1600 < size <= most <= peak,
                  "the report has the largest address space of a process", done,
                  most)


def progress(report):
    done = subprocess.run(
        ["script", "-qec", f"{kit.TOOL} run -- sleep 15", "/dev/null"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
    )
    report.result(
        re.search(r"\b1\d s: \d+ requests, 0 refused, 0 grown", done.stdout),
        "a long run shows on a terminal that it is alive", done,
    )
    done = subprocess.run(
        ["script", "-qec", f"{kit.TOOL} run -o /dev/null -- "
         "sh -c 'stty -icanon; sleep 15; stty icanon'", "/dev/null"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=300,
    )
    report.result(" requests" not in done.stdout,
                  "a long run prints nothing on a terminal that the command has set up", done)


def another_user(report):
    """--user is like strace -u: with the user's groups and root's environment."""
    Path("/etc/group").open("a").write("extra:x:4242:nobody\n")
    done = tool("run", "-q", "-o", "/tmp/as", "--user", "nobody", "--",
                "sh", "-c", "id; echo $HOME; cat /root/.profile")
    expected = subprocess.run(["id", "nobody"], capture_output=True, text=True)
    report.result(
        done.stdout == expected.stdout + "/root\n" and done.returncode == 1 and
        "4242" in done.stdout and "Permission denied" in done.stderr,
        "--user: the command runs as that user", done,
    )
    before = settings()
    done = tool("run", "-u", "nonesuch", "--", "touch", "/tmp/ran")
    report.result(
        done.returncode == 125 and "no user nonesuch" in done.stderr and
        not os.path.exists("/tmp/ran") and settings() == before,
        "--user: an unknown user is refused", done,
    )


def daemons(report):
    code = """
if os.fork() == 0:
    os.setsid()
    if os.fork():
        os._exit(0)
    import time
    time.sleep(1)
    open("/tmp/daemon", "w").write(ask("shared"))
    os._exit(0)
os.wait()
"""
    done, result = run(*python(code), options=("--wait",))
    report.result(
        open("/tmp/daemon").read() == "EINVAL" and
        kit.program(result, "python3")["refused"] == 1 and
        not result["still_running"],
        "a daemon that outlives its parents is in scope", done, result,
    )
    done, result = run("sh", "-c", "setsid sleep 3 & sleep 0.1")
    report.result(result["still_running"],
                  "the report says that processes are still running", done, result)


class Going:
    """A run that goes on until a test ends it."""

    def __init__(self, *options):
        self.ready = "/tmp/ready"
        if os.path.exists(self.ready):
            os.unlink(self.ready)
        code = "import time\nopen('/tmp/ready', 'w')\n" \
               "while True: time.sleep(0.2)\n"
        self.process = subprocess.Popen(
            [kit.TOOL, "run", *options, "--", *python(code)],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, start_new_session=True,
        )
        kit.wait_for(lambda: os.path.exists(self.ready))

    def end(self, number):
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=120)
        return self.process.returncode, out, err

    def kill_command(self, by="-P"):
        """Kill the child of the run, or with -s the rest of its session."""
        subprocess.run(["pkill", "-KILL", by, str(self.process.pid)])


def outside(report):
    going = Going()
    here = subprocess.run(ask("anonymous", "shared", "file"),
                          capture_output=True, text=True)
    scope = setting("scope")
    seen, out = kit.counter("seen"), kit.counter("out_of_scope")
    subprocess.run(ask("shared"), capture_output=True)
    report.result(
        here.stdout == "anonymous stays\nshared stays\nfile stays\n" and
        scope == f"pid:{going.process.pid}" and
        kit.counter("seen") == seen and kit.counter("out_of_scope") > out,
        "a process outside the run is not touched", here, scope,
    )
    second = tool("run", "--", "true")
    switch = tool("off")
    report.result(
        second.returncode == 125 and switch.returncode == 1 and
        f"another run is going on (pid {going.process.pid}: " in second.stderr
        and setting("enabled") == "1" and setting("scope") == scope,
        "a second run and off are refused, and name the first run", second, switch,
    )
    status = tool("status")
    report.result("a run is going on" in status.stdout and
                  status.returncode == 0, "status says that a run is going on", status)
    code, _, err = going.end(signal.SIGTERM)
    report.result(
        code == -signal.SIGTERM and
        settings() == ("0", "observe paired fitting private [rfc]", "all"),
        "SIGTERM: passed on, and everything is put back", code, err, settings(),
    )


def restores(report):
    """Settings that differ from those after loading are put back."""
    os.mkdir("/sys/fs/cgroup/mine")
    setting("policy", "private")
    setting("scope", "cgroup:/mine")
    setting("enabled", "1")
    before = settings()
    states = []
    for number in signal.SIGINT, signal.SIGHUP, signal.SIGQUIT:
        going = Going("--policy", "observe")
        during = settings()
        code, _, _ = going.end(number)
        states.append((during != before, code == -number or
                       (number == signal.SIGINT and code == 1),
                       settings() == before))
    going = Going()
    going.kill_command()
    code = going.process.wait(120)
    states.append((True, code == -9, settings() == before))
    report.result(all(all(state) for state in states),
                  "settings are put back after a signal or a killed command",
                  states, settings())
    setting("enabled", "0")
    setting("scope", "all")
    setting("policy", "rfc")
    os.rmdir("/sys/fs/cgroup/mine")


def killed(report):
    setting("policy", "private")
    before = settings()
    going = Going("--policy", "rfc")
    os.kill(going.process.pid, signal.SIGKILL)
    going.process.wait()
    left = settings()
    status = tool("status")
    values = json.loads(tool("status", "--json").stdout)
    report.result(
        left == ("1", "observe paired fitting private [rfc]",
                 f"pid:{going.process.pid} (gone)") and
        "was killed before it could put back: enabled 0, policy private, "
        "scope all" in status.stdout and
        values["run"]["state"] == "killed" and
        values["run"]["put_back"]["policy"] == "private",
        "SIGKILL: status explains what was left", left, status,
    )
    doctor = tool("doctor")
    report.result("run-killed: " in doctor.stdout, "doctor: run-killed", doctor)
    off = tool("off")
    report.result(
        off.returncode == 0 and settings() == before and
        "none" in tool("status", "--json").stdout,
        "SIGKILL: off puts the settings back", off, settings(),
    )
    going.kill_command("-s")
    going = Going("--policy", "rfc")
    os.kill(going.process.pid, signal.SIGKILL)
    going.process.wait()
    going.kill_command("-s")
    again = tool("run", "--", "true")
    report.result(
        again.returncode == 0 and "was killed; putting back" in again.stderr
        and settings() == before,
        "SIGKILL: the next run puts the settings back", again, settings(),
    )
    setting("policy", "rfc")


def nothing_is_lost(report):
    """Four processes make many requests at the same time."""
    code = """
import threading
def many():
    for _ in range(5000):
        addr = libc.mmap(None, mmap.PAGESIZE, 3, KINDS["anonymous"], -1, 0)
        libc.munmap(ctypes.c_void_p(addr), mmap.PAGESIZE)
pids = []
for _ in range(4):
    pids.append(os.fork())
    if not pids[-1]:
        many()
        os._exit(0)
for pid in pids:
    os.waitpid(pid, 0)
"""
    done, result = run(*python(code))
    entry = kit.program(result, "python3")
    report.result(
        entry["requests"] == 20000 and not result["complete"]["dropped"] and
        result["counters"]["seen"] ==
        sum(one["requests"] for one in result["programs"]),
        "every request is in the report, by program", done, result,
    )


def who_asks(report):
    """Programs with the same name but other users or cgroups are distinguished."""
    for place in "one", "two":
        Path(f"/tmp/{place}").mkdir(exist_ok=True)
        shutil.copy("/usr/bin/python3", f"/tmp/{place}/srv")
    Path("/sys/fs/cgroup/x.service").mkdir()
    code = ASK + "ask('shared')"
    words = """
cd /tmp/one && ./srv -S -c "$1"
cd /tmp/two && ./srv -S -c "$1" && /tmp/two/../two/srv -S -c "$1"
setpriv --reuid=65534 --clear-groups --regid=65534 ./srv -S -c "$1"
echo $$ >/sys/fs/cgroup/x.service/cgroup.procs && ./srv -S -c "$1"
"""
    done, result = run("sh", "-c", words, "sh", code)
    found = {(entry["program"], entry["user"], entry["unit"]):
             entry["refused"] for entry in result["programs"]
             if entry["program"].endswith("srv")}
    report.result(
        found == {("/tmp/one/srv", "root", None): 1,
                  ("/tmp/two/srv", "root", None): 2,
                  ("/tmp/two/srv", "nobody", None): 1,
                  ("/tmp/two/srv", "root", "x.service"): 1},
        "programs are told apart by path, user and cgroup", found, done,
    )
    Path("/sys/fs/cgroup/x.service").rmdir()


def long_names(report):
    """The report has the end of a path of 4,000 bytes, with safe characters."""
    deep = "/tmp" + ("/" + "d" * 200) * 19
    os.makedirs(deep)
    shutil.copy("/usr/bin/python3", deep + "/a\x1b[2J\n0 refused")
    done, result = run(deep + "/a\x1b[2J\n0 refused", "-S", "-c",
                       ASK + "ask('shared')")
    found = [entry for entry in result["programs"] if entry["refused"]]
    text = tool("report").stdout
    report.result(
        len(found) == 1 and found[0]["program"].startswith("...") and
        found[0]["program"].endswith("/a\\x1b[2J\\x0a0 refused") and
        "\x1b" not in text and "\n0 refused" not in text,
        "a long path with control characters is printed safely", found, text, done,
    )


def others_tracing(report):
    (kit.TRACING / "set_event").write_text("sched:sched_process_exec")
    (kit.TRACING / "trace").write_text("")
    run("true")
    events = (kit.TRACING / "set_event").read_text()
    trace = (kit.TRACING / "trace").read_text()
    report.result(
        events == "sched:sched_process_exec\n" and "/true" in trace and
        "mapstack_mmap" not in trace,
        "tracing by others goes on as it was", events, trace,
    )
    (kit.TRACING / "set_event").write_text("")


def doctor_finds(report, name, act, undo):
    act()
    done = tool("doctor")
    undo()
    after = tool("doctor")
    report.result(
        done.returncode == 1 and f"{name}: " in done.stdout and
        f"{name}: " not in after.stdout,
        f"doctor: {name}", done, after,
    )


def doctor(report):
    def sysctl(value):
        return lambda: open("/proc/sys/kernel/ftrace_enabled", "w").write(value)

    def kprobes(value):
        return lambda: open("/sys/kernel/debug/kprobes/enabled", "w") \
            .write(value)

    libc = ctypes.CDLL(None)
    cgroups = b"/sys/fs/cgroup"

    def undoing(value):
        return lambda: open("/sys/module/company_undo/parameters/idle", "w") \
            .write(value)

    doctor_finds(report, "ftrace-off", sysctl("0"), sysctl("1"))
    doctor_finds(report, "kprobes-off", kprobes("0"), kprobes("1"))
    doctor_finds(report, "other-user", lambda: kit.load("company_kprobe"),
                 lambda: kit.unload("company_kprobe"))
    doctor_finds(
        report, "no-cgroup2", lambda: libc.umount(cgroups),
        lambda: libc.mount(b"none", cgroups, b"cgroup2", 0, None),
    )

    def unmount():
        for place in b"tracing", b"debug":
            libc.umount2(b"/sys/kernel/" + place, 2)

    def mount_debugfs():
        libc.mount(b"none", b"/sys/kernel/debug", b"debugfs", 0, None)

    doctor_finds(report, "no-tracefs", unmount, mount_debugfs)
    below = tool("doctor")
    report.result("nothing is wrong" in below.stdout,
                  "doctor: tracefs below debugfs is enough", below)
    libc.mount(b"none", b"/sys/kernel/tracing", b"tracefs", 0, None)
    # The name of this cgroup says that it is gone.
    odd = "/sys/fs/cgroup/odd (gone)"
    os.mkdir(odd)
    setting("scope", "cgroup:/odd (gone)")
    there = tool("doctor")
    ran = tool("run", "-q", "-o", "/tmp/out", "--", "true")
    back = setting("scope")
    doctor_finds(report, "scope-gone", lambda: os.rmdir(odd),
                 lambda: setting("scope", "all"))
    report.result(
        "scope-gone" not in there.stdout and ran.returncode == 0 and
        back == "cgroup:/odd (gone)" and not ran.stderr,
        "a cgroup called 'odd (gone)' is not gone, and is put back",
        there, ran, back,
    )
    kit.load("company_undo", "idle=1")
    tool("on")
    doctor_finds(report, "hook-undone", undoing("0"), undoing("1"))
    sleep = subprocess.Popen(["sleep", "1000"])

    def name_and_kill():
        setting("scope", f"pid:{sleep.pid}")
        sleep.kill()
        sleep.wait()

    doctor_finds(report, "scope-gone", name_and_kill,
                 lambda: setting("scope", "all"))
    tool("off")
    kit.unload("company_undo")


def machines(report):
    """Findings of doctor on machines that consist of files."""
    root = Path("/tmp/machine")

    def put(name, text):
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def make(where="sys/kernel/tracing"):
        shutil.rmtree(root, ignore_errors=True)
        put("proc/sys/kernel/osrelease", "6.0.0\n")
        put("proc/sys/kernel/ftrace_enabled", "1\n")
        put("proc/mounts", f"none /{where} tracefs rw 0 0\n"
                           "none /sys/fs/cgroup cgroup2 rw 0 0\n")
        put(f"{where}/available_filter_functions", "do_mmap\n")
        put("lib/modules/6.0.0/modules.dep", "/updates/mapstack.ko:\n")
        put("lib/modules/6.0.0/build/Makefile", "")
        for path in kit.SYSFS.glob("**/*"):
            if path.is_file() and path.name != "reset":
                put(str(path)[1:], path.read_text())

    def unload():
        shutil.rmtree(root / "sys/kernel/mapstack")

    changes = {
        (): lambda: None,
        ("locked-down",): lambda: (
            shutil.rmtree(root / "sys/kernel/tracing"),
            put("sys/kernel/security/lockdown",
                "none integrity [confidentiality]\n")),
        ("modules-disabled",): lambda: (
            unload(), put("proc/sys/kernel/modules_disabled", "1\n")),
        ("not-rebooted",): lambda: (
            unload(), (root / "lib/modules/6.0.0").rename(
                root / "lib/modules/6.0.1")),
        ("other-version",): lambda: put("sys/module/mapstack/version",
                                        "0.0.1\n"),
        ("run-killed",): lambda: put("run/mapstack/state", "pid 1\n"),
    }
    wrong = []
    for expected, change in changes.items():
        make()
        change()
        done = tool("doctor", "--json",
                    env=dict(os.environ, MAPSTACK_ROOT=str(root)))
        found = [entry["id"] for entry in json.loads(done.stdout)["findings"]]
        if found != list(expected):
            wrong += expected, done
    report.result(not wrong, "doctor: machines that are made of files", *wrong)
    remedies = {
        'ID=debian': "apt install linux-headers-6.0.0, ",
        'ID="rocky"\nID_LIKE="rhel centos fedora"':
            "dnf install kernel-devel-6.0.0, ",
        'ID=arch': "pacman -S linux-lts-headers, ",
        'ID=unheard-of': "install the headers of kernel 6.0.0",
    }
    wrong = []
    for distribution, remedy in remedies.items():
        make()
        unload()
        shutil.rmtree(root / "lib/modules/6.0.0/build")
        put("lib/modules/6.0.0/modules.dep", "")
        put("lib/modules/6.0.0/pkgbase", "linux-lts\n")
        put("etc/os-release", f"NAME=x\n{distribution}\nVERSION=1\n")
        done = tool("doctor", env=dict(os.environ, MAPSTACK_ROOT=str(root)))
        if remedy not in done.stdout:
            wrong += distribution, done
    report.result(not wrong, "doctor: headers, by distribution", *wrong)


def backtraces(report):
    # The C library is elsewhere after each execve(), and most often lower before one.
    done, result = run(*["env"] * 20, *ask("shared"), options=("--backtrace",))
    frames = [frame for call in kit.program(result, "python3")["refused_calls"]
              for frame in call["sample"]["backtrace"]]
    report.result(
        any("mmap" in frame and "libc" in frame for frame in frames) and
        any("ffi_call" in frame for frame in frames) and
        any("python3" in frame for frame in frames),
        "--backtrace: from the C library to the program", result["programs"],
        done,
    )


def main():
    report = kit.Report(68)
    loaded_or_not(report)
    switching(report)
    unprivileged(report)
    bad_words(report)
    asked_for_help(report)
    names_in_errors(report)
    another_root(report)
    locking(report)
    elsewhere(report)
    closed_files(report)
    exit_status(report)
    effects(report)
    report_again(report)
    paged(report)
    written(report)
    growth(report)
    peak(report)
    progress(report)
    another_user(report)
    daemons(report)
    outside(report)
    restores(report)
    killed(report)
    nothing_is_lost(report)
    who_asks(report)
    long_names(report)
    others_tracing(report)
    doctor(report)
    machines(report)
    backtraces(report)
    kit.unload()
    report.end()


if __name__ == "__main__":
    main()
