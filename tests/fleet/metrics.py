#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Test mapstack-watch.service with Debian's node_exporter and Prometheus, and rules."""

import html
import json
import re
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from pathlib import Path

sys.path.insert(0, "/files")

import kit  # noqa: E402

FILE = Path("/var/lib/prometheus/node-exporter/mapstack.prom")
RULES = "/files/mapstack.rules.yml"
CONFIG = """
global:
  scrape_interval: 10s # and as long for an answer
  evaluation_interval: 5s
rule_files:
  - /etc/prometheus/mapstack.rules.yml
scrape_configs:
  - job_name: node
    # All collectors take seconds in a guest, and a scrape that is late ends an alert.
    params: {"collect[]": [textfile]}
    static_configs:
      - targets: [localhost:9100]
"""
# Maps shared memory with MAP_STACK.
BREAKS = ["python3", "-S", "-c",
          "import mmap; mmap.mmap(-1, 4096, 0x20021); print(42)"]


def systemctl(*words):
    return subprocess.run(["systemctl", *words], stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, text=True)


def ask(query):
    """Prometheus's answer: (labels, value) of each series."""
    url = "http://localhost:9090/api/v1/query?" + urllib.parse.urlencode(
        {"query": query})
    try:
        with urllib.request.urlopen(url, timeout=60) as answer:
            found = json.load(answer)["data"]["result"]
    except OSError:
        return []
    return [(one["metric"], float(one["value"][1])) for one in found]


def value(query):
    found = ask(query)
    return found[0][1] if found else None


def starts(report):
    done = systemctl("enable", "--now", "mapstack-watch")
    there = kit.wait_for(FILE.exists)
    text = FILE.read_text() if there else ""
    checked = subprocess.run(["promtool", "check", "metrics"], input=text,
                             capture_output=True, text=True)
    report.result(
        there and checked.returncode == 0 and not checked.stdout +
        checked.stderr and kit.settings() ==
        ("1", "[observe] paired fitting private rfc", "all"),
        "the unit is enabled: observe, all, a file of metrics", done.stdout,
        checked, systemctl("status", "mapstack-watch").stdout, text[:2000],
    )
    Path("/etc/prometheus/prometheus.yml").write_text(CONFIG)
    Path("/etc/prometheus/mapstack.rules.yml").write_text(
        Path(RULES).read_text())
    systemctl("restart", "prometheus-node-exporter", "prometheus")


def scraped(report):
    kit.wait_for(lambda: value("mapstack_report_requests_total"), 240)
    info = ask("mapstack_report_info")
    end = value("time() - mapstack_report_end_timestamp_seconds")
    report.result(
        value("mapstack_report_requests_total") and len(info) == 1 and
        info[0][0]["verb"] == "watch" and info[0][0]["policy"] == "observe"
        and info[0][0]["instance"] == "localhost:9100" and end < 60,
        "scraped, and found by a query", info, end,
    )
    firing = [labels for labels, _ in ask("ALERTS")
              if labels["alertname"].startswith("MapStack")]
    rules = [
        kit.wait_for(lambda rule=rule: value(rule) is not None)
        for rule in ("sum(program:mapstack_requests:sum)",
                     "instance:mapstack_requests:rate5m")
    ]
    report.result(not firing and all(rules),
                  "before: no alert, and the recording rules have values",
                  firing, rules)


def fires(report):
    """The alert fires, although the program gets what it asks for."""
    said = [subprocess.run(BREAKS, capture_output=True, text=True).stdout
            for _ in range(3)]
    query = 'ALERTS{alertname="MapStackProgramWouldBreak"}'
    started = time.monotonic()
    fired = kit.wait_for(
        lambda: any("/python3" in labels["program"] and
                    labels["alertstate"] == "firing"
                    for labels, _ in ask(query)), 180)
    took = time.monotonic() - started
    refused = value('mapstack_program_refused_total{program=~".*/python3.*"}')
    shared = value('mapstack_program_requests_total{program=~".*/python3.*",'
                   'shape="shared"}')
    report.result(
        fired and said == ["42\n"] * 3 and refused == shared == 3,
        f"an alert fires for MAP_SHARED|MAP_STACK, after {took:.0f} s, and "
        "nothing was refused", said, refused, shared, ask(query),
    )
    with urllib.request.urlopen(
            "http://localhost:9090/api/v1/alerts") as answer:
        texts = [one["annotations"]["summary"]
                 for one in json.load(answer)["data"]["alerts"]]
    report.result(any("would get EINVAL" in text for text in texts),
                  "Prometheus says whom and what in words", texts)


def browse(path):
    """The text of a page of Prometheus, as a browser shows it; and what was said.

    Debian's Prometheus comes with the classic pages only. Its page of queries is not
    looked at: a script of Debian's on it has an error.
    """
    done = subprocess.run(
        ["chromium-headless-shell", "--headless", "--no-sandbox",
         "--disable-gpu", "--no-first-run", "--disable-background-networking",
         "--disable-sync", "--user-data-dir=/tmp/browser",
         "--virtual-time-budget=20000", "--dump-dom",
         f"http://localhost:9090/classic/{path}"],
        stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=250,
    )
    text = re.sub(r"<(script|select)\b.*?</\1>", "", done.stdout, flags=re.S)
    text = html.unescape(re.sub(r"<[^>]*>", " ", text))
    return " ".join(text.split()), done.stderr


def page(report):
    text, said = browse("alerts")
    report.result(
        "MapStackProgramWouldBreak (1 active)" in text and
        "MapStackWatchSilent (0 active)" in text,
        "its page of alerts, in a browser, has the one that fires", text, said,
    )


def killed(report):
    pid = systemctl("show", "-p", "MainPID", "--value",
                    "mapstack-watch").stdout.strip()
    systemctl("kill", "--signal=KILL", "mapstack-watch")
    again = kit.wait_for(
        lambda: systemctl("show", "-p", "MainPID", "--value", "mapstack-watch")
        .stdout.strip() not in (pid, "0"), 60)
    there = kit.wait_for(FILE.exists)
    said = subprocess.run(["journalctl", "-u", "mapstack-watch", "-o", "cat"],
                          capture_output=True, text=True).stdout
    report.result(
        again and there and "was killed; putting back enabled 0" in said and
        kit.settings()[0] == "1",
        "SIGKILL: systemd starts it again, which puts back and goes on", said,
    )


def stopped(report):
    refused = subprocess.run(["mapstack", "run", "--", "true"],
                             capture_output=True, text=True)
    done = systemctl("disable", "--now", "mapstack-watch")
    state = systemctl("is-failed", "mapstack-watch").stdout.strip()
    left = [path.name for path in FILE.parent.glob("mapstack*")]
    gone = kit.wait_for(lambda: not ask("mapstack_report_requests_total"), 400)
    ran = subprocess.run(["mapstack", "run", "--", "true"],
                         capture_output=True, text=True)
    report.result(
        refused.returncode == 125 and "watch the whole machine" in
        refused.stderr and state == "inactive" and not left and gone and
        ran.returncode == 0 and kit.settings() ==
        ("0", "observe paired fitting private [rfc]", "all"),
        "stopped: all is put back, and its figures are gone", refused, done,
        state, left, gone, ran,
    )


def main():
    report = kit.Report(8)
    starts(report)
    scraped(report)
    fires(report)
    page(report)
    killed(report)
    stopped(report)
    report.end()


if __name__ == "__main__":
    main()
