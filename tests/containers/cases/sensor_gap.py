# SPDX-License-Identifier: Apache-2.0
"""nunchi is killed: the next start says from when to when nothing was watched."""

import datetime
import os
import signal
import time

from harness.nunchi import run
from harness.place import Elsewhere

LOOP = ["/bin/sh", "-c", "while :; do cat /mnt/test.txt >/dev/null; sleep 0.05; done"]

# How old the last sign of life may be that a killed one has left.
HEARTBEAT = 1.5


def epoch(text):
    """2026-01-01T00:00:00.000000000Z in seconds."""
    whole, _, fraction = text.rstrip("Z").partition(".")
    at = datetime.datetime.strptime(whole, "%Y-%m-%dT%H:%M:%S")
    return at.replace(tzinfo=datetime.timezone.utc).timestamp() + float("0." + (fraction or "0"))


def watch(setup, made):
    nunchi = setup.nunchi("trace", "-o", "json")
    nunchi.wait_event(lambda e: e.get("container.name") == made.name, 5)
    return nunchi


def gaps(nunchi):
    return [e for e in nunchi.events() if e["evt.type"] == "sensor_gap"]


def test_a_kill_is_told(setup):
    made = setup.runc.run(setup.name + "-gap", LOOP)
    try:
        begin = time.time()
        nunchi = watch(setup, made)
        time.sleep(1.5)
        killed = time.time()
        os.kill(nunchi.process.pid, signal.SIGKILL)
        nunchi.process.wait()
        time.sleep(1)
        again = time.time()
        nunchi = watch(setup, made)
        ready = time.time()
        assert nunchi.stop() == 0, nunchi.stderr()
        found = gaps(nunchi)
        assert len(found) == 1, f"{len(found)} gaps told: {nunchi.stderr()}"
        since, until = epoch(found[0]["gap.from"]), epoch(found[0]["gap.to"])
        assert max(begin, killed - HEARTBEAT) <= since <= killed, (begin, since, killed)
        assert again <= until <= ready, (again, until, ready)
        first = nunchi.events()[0]
        assert first["evt.type"] == "sensor_gap", f"told after {first}"

        nunchi = watch(setup, made)
        assert nunchi.stop() == 0, nunchi.stderr()
        assert not gaps(nunchi), "a clean end leaves a gap"
    finally:
        made.remove()


def test_two_at_a_time(setup):
    """One is killed while another watches: who starts next was not there, which is all it says."""
    made = setup.runc.run(setup.name + "-gap2", LOOP)
    try:
        other, nunchi = watch(setup, made), watch(setup, made)
        os.kill(nunchi.process.pid, signal.SIGKILL)
        nunchi.process.wait()
        seen = len(other.lines)
        time.sleep(0.5)
        assert len(other.lines) > seen, "the other one sees nothing any more"
        assert other.stop() == 0, other.stderr()
        assert not gaps(other), "the one that watched on tells a gap"
    finally:
        made.remove()
        watch_once(setup)


def watch_once(setup):
    """Takes up what a killed one has left, so that no later test is told of it."""
    setup.nunchi("trace", "-o", "json").stop()


def test_a_start_that_failed(setup):
    """It has watched nothing, so that nothing is missing after it."""
    del setup
    with open("/proc/mounts", encoding="utf-8") as f:
        if any(line.split()[1:3] == ["/sys/fs/bpf", "bpf"] for line in f):
            return Elsewhere("what lets it fail so late is that there is no BPF file system")
    before = set(os.listdir("/run/nunchi"))
    failed = run("guard", "--keep-blocking", "--timeout", "1")
    assert failed.returncode == 1 and "needs a BPF file system" in failed.stderr, failed.stderr
    assert set(os.listdir("/run/nunchi")) <= before, os.listdir("/run/nunchi")
    return None
