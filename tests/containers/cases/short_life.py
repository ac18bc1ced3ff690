# SPDX-License-Identifier: Apache-2.0
"""
Containers whose entrypoint ends at once, eight at a time: of each exactly one start, one execve of the
entrypoint, one end of it and one end of the container, with its id, its name and its image. Each gets
its own argument, so that the command line proves which container an event is from.
"""

import collections

from harness.many import Findings, Parsed, ShortRunc, full_or, in_turns
from harness.setup import IMAGE, KINDS

COMMAND = "/bin/true"
ONCE = ["container_started", "execve", "procexit", "container_stopped"]

# A container that the test made: what its events must say.
Made = collections.namedtuple("Made", "id name image tag")


def tag_of(event):
    """The argument in the command line: the last word, if it is one of ours."""
    words = (event.get("proc.cmdline") or "").split(" ")
    return words[1] if len(words) == 2 and words[0] == "true" else None


def brief(event):
    """What of an event matters here."""
    return {key: event.get(key) for key in ("evt.time.iso8601", "evt.type", "container.full_id",
                                            "container.name", "container.image", "proc.cmdline",
                                            "proc.pid", "proc.ppid", "container.pidns",
                                            "container.mntns")}


def is_image(shown, image):
    return shown == image or bool(shown and image and image.endswith("/" + shown))


def check(events, made, said):
    findings = Findings()
    by_tag, by_id = {m.tag: m for m in made}, {m.id: m for m in made}
    seen = collections.defaultdict(collections.Counter)
    for event in events:
        kind, tag = event["evt.type"], tag_of(event)
        if kind == "events_lost":
            findings.add("losses", event)
        if tag in by_tag:
            owner = by_tag[tag]
            if event.get("container.full_id") != owner.id:
                findings.add("events with another container or none", (owner, brief(event)))
                continue
        else:
            owner = by_id.get(event.get("container.full_id"))
            if not owner:
                continue
            if kind in ("execve", "procexit"):
                findings.add("events of nobody's tag", (owner, brief(event)))
        seen[owner.id][kind] += 1
        if kind not in ONCE:
            continue
        if event.get("container.name") != owner.name:
            findings.add("events without the right name", (owner, brief(event)))
        if owner.image and not is_image(event.get("container.image"), owner.image):
            findings.add("events without the right image", (owner, brief(event)))
    for m in made:
        for kind in ONCE:
            if seen[m.id][kind] == 0:
                findings.add(f"no {kind}", (m, dict(seen[m.id])))
            elif seen[m.id][kind] > 1:
                findings.add(f"{kind} more than once", (m, dict(seen[m.id])))
    findings.check(f"{len(made)} containers, {len(events)} events", said)


def life(setup, n, make, runtimes=(), at_once=8):
    """make(i) runs container i to its end and tells what it was."""
    nunchi = setup.nunchi("trace", "-o", "json", runtimes=runtimes)
    parsed = Parsed(nunchi)
    made = in_turns(make, range(n), at_once)
    ids = {m.id for m in made}
    parsed.until(lambda events: len({e.get("container.full_id") for e in events
                                     if e["evt.type"] == "container_stopped"} & ids) == n, 20)
    assert nunchi.stop() == 0, nunchi.stderr()
    check(parsed(), made, nunchi.stderr())


def test_docker(setup):
    docker = setup.docker

    def make(i):
        tag = f"{setup.name}-docker-{i}"
        container = docker.create(f"brief-{i}", IMAGE, [COMMAND, tag])
        container.start()
        container.wait()
        container.remove()
        return Made(container.id, container.name, IMAGE, tag)

    life(setup, full_or(1000, 40), make, [docker])


def life_alone(setup, runc):
    short = ShortRunc(runc)

    def make(i):
        name = f"{setup.name}-{runc.kind}-{i}"
        short.run(name, [COMMAND, f"tag-{name}"])
        return Made(name, name, None, f"tag-{name}")

    life(setup, full_or(1000, 100), make)


def test_runc(setup):
    life_alone(setup, setup.runc)


if "crun" in KINDS:
    def test_crun(setup):
        life_alone(setup, setup.crun)


def test_cri(setup):
    pods = [setup.containerd.pod(f"brief-{i}") for i in range(full_or(8, 4))]

    def make(i):
        tag = f"{setup.name}-cri-{i}"
        container = pods[i % len(pods)].create(f"c-{i}", IMAGE, [COMMAND, tag])
        container.start()
        container.wait()
        container.delete()
        return Made(container.id, container.name, IMAGE, tag)

    try:
        life(setup, full_or(200, 20), make, [setup.containerd])
    finally:
        in_turns(lambda pod: pod.remove(), pods)


def test_podman(setup):
    if not hasattr(type(setup), "podman"):
        return "no podman in the harness"
    podman = setup.podman

    def make(i):
        tag = f"{setup.name}-podman-{i}"
        container = podman.create(f"brief-{i}", IMAGE, [COMMAND, tag])
        container.start()
        container.wait()
        container.remove()
        return Made(container.id, container.name, IMAGE, tag)

    life(setup, full_or(1000, 25), make, [podman])
    return None
