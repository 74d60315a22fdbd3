#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test signals and the terminal: mapstack run behaves like the command alone."""

import json
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, "/files")

import kit  # noqa: E402

RUN = [kit.TOOL, "run", "-q", "-o", "/tmp/out"]
LINE = " ".join([*RUN, "--"])
READY = Path("/tmp/ready")
STATE = Path("/run/mapstack/state")
AFTER = ("0", "observe paired fitting private [rfc]", "all")


class Terminal:
    """A process that leads a session on a separate terminal."""

    def __init__(self, *command):
        READY.unlink(missing_ok=True)
        self.text = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.environ["PS1"] = "now> "
            os.environ["TERM"] = "dumb"
            os.execvp(command[0], command)

    def type(self, text):
        os.write(self.fd, text.encode())

    def expect(self, pattern, seconds=300):
        """Wait for a text, and drop everything up to it; return whether it came."""
        end = time.monotonic() + seconds
        while not (found := re.search(pattern, self.text)):
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.fd], [], [], left)[0]:
                return False
            try:
                self.text += os.read(self.fd, 4096).decode(errors="replace")
            except OSError:
                return bool(re.search(pattern, self.text))
        self.text = self.text[found.end():]
        return True

    def ready(self):
        """Wait until the command has made READY."""
        return kit.wait_for(READY.exists)

    def status(self, seconds=300):
        """The exit status; None if it did not end and was killed."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                return os.waitstatus_to_exitcode(status)
            # Read, so that output does not fill the terminal.
            self.expect("$^", 0.1)
        os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        return None

    def close(self):
        os.close(self.fd)


def shell(code, first=":"):
    """Return a command that runs a shell, makes READY, and runs the code."""
    return ["sh", "-c", f"{first}; touch {READY}; {code}"]


def start(*command, options=(), **popen):
    READY.unlink(missing_ok=True)
    process = subprocess.Popen(
        [*RUN, *options, "--", *command], stdin=subprocess.DEVNULL,
        start_new_session=True, **popen,
    )
    kit.wait_for(READY.exists)
    return process


def ended(process, seconds=300):
    try:
        return process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        return None


def interrupted(report):
    loop = Terminal("bash", "-c", f"for i in 1 2; do {LINE} sh -c 'touch "
                    f"{READY}; exec sleep 100'; done; echo went-on")
    loop.ready()
    loop.type("\x03")
    status = loop.status()
    report.result(
        status in (130, -2) and "went-on" not in loop.text and
        kit.settings() == AFTER,
        "Ctrl-C ends the run, and the loop of the shell", status, loop.text,
    )
    statuses = []
    for _ in range(3):
        setup = Terminal(*RUN, "--", "sleep", "100")
        kit.wait_for(STATE.exists)
        setup.type("\x03")
        statuses.append(setup.status())
    report.result(statuses == 3 * [-2] and kit.settings() == AFTER,
                  "Ctrl-C before the command starts is not lost", statuses)
    deaf = Terminal(*RUN, "--", *shell("sleep 4; exit 5", "trap '' INT"))
    deaf.ready()
    for _ in range(3):
        deaf.type("\x03")
        time.sleep(0.5)
    status = deaf.status()
    report.result(status == 5 and kit.settings() == AFTER,
                  "a command that ignores Ctrl-C is waited for", status)


def waiting(report):
    run = Terminal(*RUN, "-w", "--json", "--",
                   *shell("setsid sleep 1234 & exit 0"))
    run.ready()
    time.sleep(3)
    running = not os.waitid(os.P_PID, run.pid,
                            os.WEXITED | os.WNOHANG | os.WNOWAIT)
    run.type("\x03")
    status = run.status()
    found = json.loads(Path("/tmp/out").read_text())["still_running"]
    daemon = subprocess.run(["pkill", "-f", "^sleep 1234"]).returncode == 0
    report.result(
        running and status == -2 and found and daemon and
        kit.settings() == AFTER,
        "--wait: Ctrl-C ends the run, and daemons go on", status, found,
    )


def detached(report):
    Path("/tmp/out").unlink(missing_ok=True)
    front = start(*shell(f"setsid sh -c 'while [ -e {READY} ]; do sleep 0.2; "
                         "done' & exit 7"), options=("--detach", "--json"))
    code = ended(front)
    early = STATE.exists()
    READY.unlink()
    over = kit.wait_for(lambda: not STATE.exists())
    kit.wait_for(Path("/tmp/out").exists)
    found = json.loads(Path("/tmp/out").read_text())
    report.result(
        code == 7 and early and over and not found["still_running"] and
        found["exit_status"] == 7 and kit.settings() == AFTER,
        "--detach: the caller may continue, and the run goes on", code, early,
        over, found,
    )
    front = start(*shell("exec sleep 100"), options=("--detach",))
    front.send_signal(signal.SIGTERM)
    code = ended(front)
    report.result(
        code == -signal.SIGTERM and kit.wait_for(lambda: not STATE.exists())
        and kit.settings() == AFTER,
        "--detach: a signal goes to the command, and the run ends as the command does",
        code,
    )


def passed_on(report):
    code = "import os, signal, time\n" \
        "for number in {numbers}: signal.signal(number, " \
        "lambda number, frame: print(number, flush=True))\n" \
        f"open('{READY}', 'w')\n" \
        "for _ in range(200): time.sleep(0.05)\n"
    numbers = [int(number) for number in (
        signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTERM,
        signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM, signal.SIGVTALRM,
        signal.SIGPROF, signal.SIGIO, signal.SIGRTMIN + 3,
    )]
    run = start("python3", "-S", "-c", code.format(numbers=numbers),
                stdout=subprocess.PIPE, text=True)
    for number in numbers:
        run.send_signal(number)
        time.sleep(0.1)
    got = [int(line) for line in run.communicate(timeout=60)[0].split()]
    report.result(got == numbers and run.returncode == 0 and
                  kit.settings() == AFTER,
                  "signals are passed on, each once", got, run.returncode)
    statuses = []
    for number in numbers:
        run = start(*shell("exec sleep 100"), options=("--json",))
        run.send_signal(number)
        statuses.append(ended(run) == -number)
        found = json.loads(Path("/tmp/out").read_text())
        name = "SIGRTMIN+3" if number > 31 else signal.Signals(number).name
        statuses.append(found["signal"] == name.replace("SIGIO", "SIGPOLL") and
                        found["exit_status"] is None)
    report.result(all(statuses) and kit.settings() == AFTER,
                  "the run dies of the signal that ended the command", statuses)
    alarm = subprocess.Popen(
        ["python3", "-S", "-c", "import os, signal, sys; signal.alarm(4); "
         "os.execv(sys.argv[1], sys.argv[1:])", *RUN, "--", "sleep", "100"],
    )
    status = ended(alarm)
    report.result(status == -signal.SIGALRM and kit.settings() == AFTER,
                  "an alarm that was set before the run ends the command", status)


def ignored(report):
    run = start(*shell("exec sleep 100"),
                preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
    run.send_signal(signal.SIGHUP)
    time.sleep(1)
    running = run.poll() is None
    run.send_signal(signal.SIGTERM)
    status = ended(run)
    report.result(running and status == -signal.SIGTERM,
                  "nohup: HUP stays ignored, TERM does not", running, status)
    run = start(*shell("exit 6"),
                preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    status = ended(run)
    report.result(status == 6, "a run works if its parent ignored SIGCHLD", status)


def hung_up(report):
    """The kernel sends SIGHUP only to the leader of the session: the run."""
    run = Terminal(*RUN, "--", *shell("while :; do sleep 0.1; done",
                                "trap 'echo HUP >/tmp/hup; exit 9' HUP"))
    run.ready()
    run.close()
    end = time.monotonic() + 300
    status = None
    while status is None and time.monotonic() < end:
        pid, status = os.waitpid(run.pid, os.WNOHANG)
        status = os.waitstatus_to_exitcode(status) if pid else None
        time.sleep(0.1)
    report.result(
        status == 9 and Path("/tmp/hup").read_text() == "HUP\n" and
        kit.settings() == AFTER,
        "when the terminal goes away, the command gets SIGHUP", status,
    )


def stopped(report):
    user = Terminal("bash", "--norc", "-i")
    user.expect("now> ")
    steps = []

    def step(text, pattern):
        user.type(text)
        steps.append((pattern, user.expect(pattern, 120)))

    user.type(f"{LINE} sh -c 'touch {READY}; exec sleep 100'\n")
    user.ready()
    step("\x1a", "Stopped[^\n]*\r\n(.*\r\n)*now> ")
    step("fg\n", "sleep 100'\r\n")
    time.sleep(1)
    step("\x03", "now> ")
    step("echo status $?\n", "status 130\r\n")
    report.result(all(done for _, done in steps) and kit.settings() == AFTER,
                  "Ctrl-Z, fg and Ctrl-C work", steps, user.text)
    steps.clear()
    step(f"{LINE} sh -c 'kill -STOP $$; echo went-on'\n",
         "Stopped[^\n]*\r\n(.*\r\n)*now> ")
    step("fg\n", "\nwent-on\r\n(.*\r\n)*now> ")
    report.result(all(done for _, done in steps),
                  "fg continues a command that stopped itself", steps, user.text)
    steps.clear()
    step(f"{LINE} cat &\n", "now> ")
    time.sleep(3)
    step("\n", r"Stopped \(tty input\)|Stopped")
    step("fg\n", " cat\r\n")
    time.sleep(1)
    step("heard\n", "heard\r\nheard\r\n")
    step("\x04", "now> ")
    report.result(all(done for _, done in steps),
                  "fg continues a background command that wants to read the terminal",
                  steps, user.text)
    steps.clear()
    step(f"{LINE} bash --norc -i\n", "now> ")
    step("echo inner $((1 + 1)); suspend\n",
         "inner 2\r\n(.*\r\n)*.*Stopped[^\n]*\r\n(.*\r\n)*now> ")
    step("fg\n", "now> ")
    step("exit 3\n", "now> ")
    step("echo status $?\n", "status 3\r\n")
    report.result(all(done for _, done in steps) and kit.settings() == AFTER,
                  "a shell that is the command can be suspended", steps, user.text)
    user.type("exit\n")
    user.status()


def stopped_alone(report):
    """If no shell would continue the run, it is not stopped."""
    run = start(*shell("kill -STOP $$; exit 4"))
    time.sleep(1)
    state = Path(f"/proc/{run.pid}/stat").read_text().split(") ")[1][0]
    subprocess.run(["pkill", "-CONT", "-P", str(run.pid)])
    status = ended(run)
    report.result(state != "T" and status == 4,
                  "the run is not stopped with its command where there is no shell", state, status)


def main():
    report = kit.Report(17)
    kit.load()
    interrupted(report)
    waiting(report)
    detached(report)
    passed_on(report)
    ignored(report)
    hung_up(report)
    stopped(report)
    stopped_alone(report)
    kit.unload()
    report.end()


if __name__ == "__main__":
    main()
