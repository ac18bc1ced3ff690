# SPDX-License-Identifier: Apache-2.0
"""Engines with sockets in unusual places, of which nunchi is not told."""

import json
import os
import secrets
import signal

from harness.nunchi import parse, run
from harness.place import wait_until
from harness.setup import IMAGE

LOOP = ["/bin/sh", "-c", "while :; do cat /mnt/test.txt >/dev/null; sleep 0.05; done"]


def ps_json(*options):
    shown = run("ps", "-a", "-o", "json", *options)
    assert shown.returncode == 0, shown.stderr
    return {c["container.full_id"]: c for c in parse(shown.stdout.encode())}


def test_a_docker_in_an_unusual_place(setup):
    made = setup.docker.run("found", IMAGE, LOOP)
    try:
        listed = ps_json()[made.id]
        assert listed["container.name"] == "found" and listed["container.image"] == IMAGE, listed
        wide = run("ps", "-o", "wide", "found").stdout
        assert "FROM" in wide and ("docker " + setup.docker.socket in wide or "disk /" in wide), wide
    finally:
        made.remove()


def test_known_by_its_cgroup_alone(setup):
    """No runtime says anything of it: it runs all the same."""
    long_id = secrets.token_hex(32)
    made = setup.runc.create(setup.name + "-unsaid", LOOP, state=setup.directory("unsaid"))
    path = os.path.join(made.bundle, "config.json")
    with open(path, encoding="utf-8") as f:
        config = json.load(f)
    config["linux"]["cgroupsPath"] = f"/docker-{long_id}.scope"
    with open(path, "w", encoding="utf-8") as f:
        json.dump(config, f)
    made.start()
    wait_until(lambda: long_id in ps_json(), 10, "its cgroup")
    listed = [line for line in run("ps").stdout.splitlines() if line.startswith(long_id[:12])]
    assert len(listed) == 1 and "stopped" not in listed[0], run("ps", "-a").stdout
    # It ran before: what it executes is no start of it, nor the end of that its end.
    nunchi = setup.nunchi("trace", "-o", "json", "-c", long_id)
    nunchi.wait_event(lambda e: e["evt.type"] == "execve")
    nunchi.wait_event(lambda e: e["evt.type"] == "procexit")
    assert nunchi.stop() == 0, nunchi.stderr()
    assert not {"container_started", "container_stopped"} & {e["evt.type"] for e in nunchi.events()}
    made.stop()


def test_docker_hangs(setup):
    """Names on the disk, or that were known before, go on; the end does not wait for it."""
    before = setup.docker.run("hung-before", IMAGE, LOOP)
    runc = setup.runc.create(setup.name + "-hung", LOOP)
    nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat", runtimes=[setup.docker])
    nunchi.wait_event(lambda e: e.get("container.full_id") == before.id)
    os.kill(setup.docker.process.pid, signal.SIGSTOP)
    try:
        runc.start()
        event = nunchi.wait_event(lambda e: e.get("container.full_id") == runc.id, 5)
        assert event["container.name"] == runc.name
        count = len(nunchi.lines)
        wait_until(lambda: any(b'"container.name":"hung-before"' in line
                               for _, line in nunchi.lines[count:]), 5, "events of the one before")
        assert nunchi.stop(3) == 0
        # One that starts now knows what the disk knows.
        listed = ps_json("--runtime", setup.docker.runtime_option())
        assert listed[before.id]["container.runtime"] == "docker", listed[before.id]
        assert listed[runc.id]["container.source"].startswith("disk /run/runc/"), listed[runc.id]
    finally:
        os.kill(setup.docker.process.pid, signal.SIGCONT)
        runc.remove()
        before.remove()
