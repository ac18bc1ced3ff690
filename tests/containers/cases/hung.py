# SPDX-License-Identifier: Apache-2.0
"""
Docker hangs, or dies and comes back, while containers run, start and stop. Attribution comes from the
kernel and the disk, so nothing else changes; and when Docker answers again, nunchi uses it again.
"""

import contextlib
import json
import os
import re
import signal
import subprocess
import threading
import time

from harness.many import Findings, Parsed, ShortRunc, full_or, in_turns, mark
from harness.place import wait_until
from harness.setup import IMAGE

CROWD = re.compile(r"/tmp/(hung[\w-]+)-\d+")


def busy(label, seconds):
    return ["/bin/crowd", label, "1", str(seconds), "20"]


def check(events, names, made, short, said):
    """names: label -> container; made: labels that must have opened; short: those of /bin/true."""
    findings = Findings()
    opened, seen = set(), {label: [] for label in short}
    for event in events:
        found = CROWD.fullmatch(event.get("fd.name") or "")
        words = (event.get("proc.cmdline") or "").split(" ")
        label = found.group(1) if found else words[1] if len(words) > 1 else None
        if event["evt.type"] == "events_lost":
            findings.add("losses", event)
        if label not in names:
            continue
        if event.get("container.name") != names[label]:
            findings.add("events with a wrong container", (label, event.get("container.name"),
                                                           event.get("container.id"),
                                                           event["evt.type"]))
        if found:
            opened.add(label)
        elif label in seen and event["evt.type"] in ("execve", "procexit"):
            seen[label].append(event["evt.type"])
    for label in made - opened:
        findings.add("containers without events", label)
    for label, types in seen.items():
        if types != ["execve", "procexit"]:
            findings.add("entrypoints that are not told once", (label, types))
    findings.check(f"{len(names)} containers, {len(events)} events", said)


class Scene:
    """A Docker container that runs, and a nunchi that has been told of it."""

    def __init__(self, setup, tag):
        self.setup, self.tag = setup, tag
        self.short = ShortRunc(setup.runc)
        self.names, self.made, self.brief = {}, set(), set()
        self.old = self.docker("old", 600)
        self.nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat,execve,procexit",
                                   runtimes=[setup.docker, setup.containerd])
        self.parsed = Parsed(self.nunchi)
        self.sees("old")

    def label(self, what):
        return f"hung{mark(self.setup)}{self.tag}-{what}"

    def docker(self, what, seconds):
        label = self.label(what)
        self.names[label] = f"d-{label}"
        self.made.add(label)
        return self.setup.docker.run(self.names[label], IMAGE, busy(label, seconds),
                                     Tmpfs={"/tmp": ""})

    def runc(self, what):
        """One that is over at once."""
        label = self.label(what)
        self.names[label] = f"{self.setup.name}-{label}"
        self.brief.add(label)
        self.short.run(self.names[label], ["/bin/true", label])

    def cri(self, pod, what):
        label = self.label(what)
        self.names[label] = f"c-{label}"
        self.made.add(label)
        container = pod.create(self.names[label], IMAGE, ["/bin/crowd", label, "1", "0.5", "20"])
        container.start()
        container.wait()

    def sees(self, what, seconds=8, after=0.0):
        """Waits for an event of the container, with its name, that is younger than after."""
        label = self.label(what)

        def there(events):
            return any((event.get("fd.name") or "").startswith(f"/tmp/{label}-") and
                       event.get("container.name") == self.names[label] and
                       event["evt.rawtime"] > after * 1e9 for event in events[-400:])

        self.parsed.until(there, seconds, quiet=seconds)
        assert there(self.parsed()), f"nothing of {what}: {self.nunchi.stderr()}"

    def end(self):
        time.sleep(3)  # longer than events wait for a name
        began = time.monotonic()
        assert self.nunchi.stop() == 0, self.nunchi.stderr()
        assert time.monotonic() - began < 5, "a hung Docker delayed the end"
        check(self.parsed(), self.names, self.made, self.brief, self.nunchi.stderr())


def test_docker_hangs(setup):
    scene = Scene(setup, "stop")
    pod = setup.containerd.pod("hung")
    try:
        with setup.docker.stopped():
            began = time.time()
            waiting = threading.Thread(target=in_turns, args=(
                lambda i: scene.runc(f"runc{i}"), range(full_or(200, 20))))
            waiting.start()
            for i in range(full_or(20, 3)):
                scene.cri(pod, f"cri{i}")
            waiting.join()
            scene.sees("old", after=began + 1)
            late_start(setup, scene)
        setup.docker.call("GET", "/_ping")
        again = scene.docker("again", 2)
        scene.sees("again")
        assert again.wait() == 0
        scene.end()
    finally:
        scene.old.remove()
        pod.remove()


def late_start(setup, scene):
    """One that starts while Docker hangs: ready at once, and who is in no doubt is named."""
    nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat,execve",
                          runtimes=[setup.docker, setup.containerd])
    assert nunchi.ready_after < 5, nunchi.ready_after  # an answer is waited for 10 s
    scene.runc("late")
    label = scene.label("late")
    event = nunchi.wait_event(lambda e: label in (e.get("proc.cmdline") or ""), 5)
    assert event["container.name"] == scene.names[label], event
    # Its name is with Docker alone, whose directories are not in their usual place here.
    old = nunchi.wait_event(lambda e: (e.get("fd.name") or "").startswith("/tmp/" +
                                                                          scene.label("old")), 5)
    assert old["container.full_id"] == scene.old.id, old
    began = time.monotonic()
    assert nunchi.stop() == 0, nunchi.stderr()
    assert time.monotonic() - began < 5, "a hung Docker delayed the end"


def test_docker_dies_and_comes_back(setup):
    scene = Scene(setup, "kill")
    try:
        setup.docker.kill()
        began = time.time()
        in_turns(lambda i: scene.runc(f"runc{i}"), range(full_or(200, 20)))
        scene.sees("old", after=began + 1)
        setup.docker.begin()
        state = json.loads(setup.docker.call("GET", f"/containers/{scene.old.id}/json"))["State"]
        again = scene.docker("again", 4)
        scene.sees("again")
        if state["Running"]:
            scene.sees("old", after=time.time())
        assert again.wait() == 0
        scene.end()
    finally:
        if setup.docker.process.poll() is not None:
            setup.docker.begin()
        scene.old.remove()


def let_go(made):
    """Ends who serves: the first process's child."""
    with contextlib.suppress(OSError, subprocess.CalledProcessError):
        pid = made.pid()
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
            for child in f.read().split():
                os.kill(int(child), signal.SIGKILL)


def test_what_a_container_serves_itself(setup):
    """
    A file system of a container's own that does not answer: a process's memory is locked by it, another's root is an overlay on
    it. Whoever reads there waits, unkillably; nunchi starts, knows the others, and ends.
    """
    if not os.path.exists("/dev/fuse"):
        return "there is no FUSE"
    with contextlib.ExitStack() as stack:
        for how in ("memory", "root"):
            made = setup.runc.run(f"{setup.name}-{how}", ["/bin/stuck", how], privileged=True)
            stack.callback(made.remove)
            stack.callback(let_go, made)
            wait_until(lambda made=made: made.output(), 10, "the file system")
            assert made.output() == "stuck\n", made.output()
        other = setup.name + "-other"
        plain = setup.runc.run(other, ["/bin/busybox", "sleep", "100"])
        stack.callback(plain.remove)
        wait_until(lambda: setup.runc.is_running(other), 10, "the other container")
        nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat")
        plain.execute(["/bin/cat", "/etc/passwd"])
        nunchi.wait_event(lambda e: e.get("container.name") == other and e["fd.name"] == "/etc/passwd")
        assert nunchi.stop() == 0, nunchi.stderr()
        assert "is locked: its cmdline is not known" in nunchi.stderr(), nunchi.stderr()
    return None
