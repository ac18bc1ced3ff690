# SPDX-License-Identifier: Apache-2.0
"""
Two hundred containers at once: each event has its own container, each start and end is reported, and
the memory for events that wait for names stays bounded.
"""

import collections
import re
import threading

from harness.many import Findings, Parsed, ShortRunc, full_or, mark
from harness.resources import own_memory

# 12 MiB are promised for twenty containers; 8 MiB more are what may wait for names.
MEMORY_MAX = 24 << 20
ONCE = ("container_started", "execve", "container_stopped")


class Peak:
    """The most memory that a process had, looked at ten times a second."""

    def __init__(self, pid):
        self.pid, self.most, self.over = pid, 0, threading.Event()
        self.thread = threading.Thread(target=self.look)
        self.thread.start()

    def look(self):
        while not self.over.wait(0.1):
            self.most = max(self.most, own_memory(self.pid))

    def end(self):
        self.over.set()
        self.thread.join()
        return self.most


def test_all_at_once(setup):
    n = full_or(200, 40)
    key, short = mark(setup), ShortRunc(setup.runc)
    label = re.compile(rf"burst{key}-\d+")
    nunchi = setup.nunchi("trace", "-o", "json")
    parsed, peak = Parsed(nunchi), Peak(nunchi.process.pid)
    try:
        started = []
        for i in range(n):
            name = f"{setup.name}-burst{key}-{i}"
            started.append((name, short.start(name, ["/bin/crowd", f"burst{key}-{i}", "2", "1", "20"])))
        made = {name: int(short.finish(name, process)) for name, process in started}
        parsed.until(lambda events: len({e.get("container.name") for e in events if
                                         e["evt.type"] == "container_stopped"} & set(made)) == n, 20)
    finally:
        most = peak.end()
    assert nunchi.stop() == 0, nunchi.stderr()
    findings, seen = Findings(), collections.defaultdict(collections.Counter)
    for event in parsed():
        name = event.get("container.name")
        found = label.match((event.get("fd.name") or "")[len("/tmp/"):]) or \
            label.search(event.get("proc.cmdline") or "")
        if found and name != f"{setup.name}-{found.group()}":
            findings.add("events with a wrong container", (found.group(), name, event["evt.type"]))
        seen[name][event["evt.type"]] += 1
        if event["evt.type"] == "openat" and (event.get("fd.name") or "").startswith(f"/tmp/burst{key}-"):
            seen[name]["opens"] += 1
        if event["evt.type"] == "events_lost":
            findings.add("losses", event)
    for name, opens in made.items():
        if seen[name]["opens"] != opens:
            findings.add("another number of opens", (name, opens, dict(seen[name])))
        for kind in ONCE:
            if seen[name][kind] != 1:
                findings.add(f"not one {kind}", (name, dict(seen[name])))
    findings.check(f"{n} containers, {len(parsed())} events", nunchi.stderr())
    print(f"# {n} containers at once: {most / 2**20:.1f} MiB at most")
    assert most < MEMORY_MAX, f"{most} bytes"
