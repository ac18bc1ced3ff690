# SPDX-License-Identifier: Apache-2.0
"""podman: with and without its service, pods, later execs, and containers that live for some ms."""

import json
import os
import shutil
import subprocess
import time

from harness.nunchi import parse, run
from harness.place import Elsewhere, hierarchies
from harness.podman import PodmanStorage
from harness.setup import IMAGE, PAUSE

LOOP = ["/bin/sh", "-c", "while :; do cat /mnt/test.txt >/dev/null; sleep 0.05; done"]


def ps_json(*options):
    shown = run("ps", "-a", "-o", "json", *options)
    assert shown.returncode == 0, shown.stderr
    return {c["container.full_id"]: c for c in parse(shown.stdout.encode())}


def check_named(event, made, image=IMAGE):
    got = [event.get("container." + f) for f in ("full_id", "name", "runtime", "image")]
    assert got == [made.id, made.name, "podman", image], event


def test_a_runtime_that_fails(setup):
    """crun on hybrid cgroups, for one, ends in conmon's cgroup: that is no container. Here its name alone does so."""
    hierarchy = hierarchies()[0] or hierarchies()[1]
    group = f"{hierarchy}/{setup.name}-parent"
    made = [group, f"{group}/conmon", f"{group}/own"]
    program = setup.file("bin", "crun")
    shutil.copy(shutil.which("unshare"), program)
    nunchi = setup.nunchi("trace", "-o", "json")
    try:
        for path in made:
            os.mkdir(path)
        for path in made[1:]:
            subprocess.run(["/bin/sh", "-c", 'echo $$ >"$0/cgroup.procs"; exec "$1" -mpf /bin/true', path, program],
                           check=True)
        nunchi.wait_event(lambda e: e.get("container.name") == "own", 10)
    finally:
        for path in reversed(made):
            os.rmdir(path)
    assert nunchi.stop() == 0
    assert "conmon" not in {e.get("container.name") for e in nunchi.events()}
    assert "conmon: seen" not in nunchi.stderr(), nunchi.stderr()


def check_container(setup, runtimes, name):
    """One that runs before, one that starts later, and a command put into it."""
    options = [o for r in runtimes for o in ("--runtime", r.runtime_option())]
    before = setup.podman.run(name + "-before", IMAGE, LOOP)
    later = setup.podman.create(name + "-later", IMAGE, LOOP)
    try:
        nunchi = setup.nunchi("trace", "-o", "json", runtimes=runtimes)
        later.start()
        for made in (before, later):
            event = nunchi.wait_event(lambda e, i=made.id: e.get("container.full_id") == i and
                                      e["evt.type"] == "openat", 10, made.name)
            check_named(event, made)
        later.execute(["/bin/cat", "/etc/group"])
        event = nunchi.wait_event(lambda e: e.get("fd.name") == "/etc/group" and
                                  e["proc.name"] == "cat", 10, "what exec did")
        check_named(event, later)
        assert event["proc.is_container_exec"], event
        assert nunchi.stop() == 0
        listed = ps_json(*options)
        for made in (before, later):
            check_named(listed[made.id], made)
            assert listed[made.id]["container.image.digest"].startswith("sha256:")
            assert listed[made.id]["container.pid"] == made.pid()
    finally:
        before.remove()
        later.remove()


def check_pod(setup, runtimes, name):
    options = [o for r in runtimes for o in ("--runtime", r.runtime_option())]
    pod = setup.podman.pod(name, PAUSE)
    made = [setup.podman.create(f"{name}-{c}", IMAGE, LOOP, "--pod", name) for c in ("web", "side")]
    nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat", runtimes=runtimes)
    for container in made:
        container.start()
    for container in made:
        event = nunchi.wait_event(lambda e, i=container.id: e.get("container.full_id") == i)
        check_named(event, container)
        assert (event["k8s.pod.name"], event["k8s.pod.uid"]) == (name, pod), event
    assert nunchi.stop() == 0
    listed = ps_json(*options)
    infra = [c for c in listed.values() if c.get("container.name") == pod[:12] + "-infra"]
    assert len(infra) == 1 and infra[0]["k8s.pod.name"] == name, infra
    # A pause container is listed with -a only.
    shown = parse(run("ps", "-o", "json", *options).stdout.encode())
    ids = [c["container.full_id"] for c in shown]
    assert infra[0]["container.full_id"] not in ids and all(c.id in ids for c in made), ids
    for container in made:
        container.remove()
    setup.podman.call("pod", "rm", "--force", "--time", "0", name)


def check_short(setup, runtimes, name):
    nunchi = setup.nunchi("trace", "-o", "json", runtimes=runtimes)
    made = [setup.podman.create(f"{name}-{i}", IMAGE, ["/bin/true"]) for i in range(5)]
    for container in made:
        container.start()
        container.wait()
    for container in made:
        nunchi.wait_event(lambda e, i=container.id: e["evt.type"] == "container_stopped" and
                          e.get("container.full_id") == i, 10, "the end")
    assert nunchi.stop() == 0
    for container in made:
        events = [e for e in nunchi.events() if e.get("container.full_id") == container.id]
        assert "execve" in [e["evt.type"] for e in events], events
        for event in events:
            check_named(event, container)
        container.remove()


def test_with_the_service(setup):
    setup.podman.start_service()
    try:
        check_container(setup, [setup.podman], "api")
        check_pod(setup, [setup.podman], "apipod")
        check_short(setup, [setup.podman], "apishort")
    finally:
        setup.podman.stop_service()


def test_with_no_service(setup):
    check_container(setup, [], "disk")
    check_pod(setup, [], "diskpod")


def test_short_with_no_service(setup):
    check_short(setup, [PodmanStorage(setup.podman)], "diskshort")


# What CRI-O and the kubelet write of a pod's own container: podman takes it over from an image, its own mark with it.
CLAIMED = {"io.container.manager": "cri-o", "io.kubernetes.cri-o.ContainerType": "sandbox", "io.kubernetes.pod.name": "proxy-1",
           "io.kubernetes.pod.namespace": "kube-system", "io.kubernetes.container.name": "kube-proxy",
           "io.kubernetes.cri-o.ImageName": "registry.example/kube-proxy"}


def test_an_image_does_not_say_whose_pod_it_is(setup):
    image = "localhost/claims:1"
    with open(setup.file("Containerfile"), "w", encoding="utf-8") as f:
        f.write(f"FROM {IMAGE}\n")
    setup.podman.call("build", "--tag", image, *(o for k, v in CLAIMED.items() for o in ("--annotation", f"{k}={v}")),
                      "--file", setup.file("Containerfile"), setup.directory("empty"))
    made = setup.podman.create("claims", image, LOOP)
    for service in (False, True):
        if service:
            setup.podman.start_service()
        runtimes = [setup.podman if service else PodmanStorage(setup.podman)]
        nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat", runtimes=runtimes)
        made.start()
        event = nunchi.wait_event(lambda e: e.get("container.full_id") == made.id)
        check_named(event, made, image)
        assert not any(key.startswith("k8s.") for key in event), event
        listed = parse(run("ps", "-o", "json", "--runtime", runtimes[0].runtime_option()).stdout.encode())
        assert [c["container.name"] for c in listed if c["container.full_id"] == made.id] == ["claims"], listed
        assert nunchi.stop() == 0
        made.stop()
    setup.podman.stop_service()


def test_service_goes_and_comes(setup):
    """Names go on while the service is away."""
    setup.podman.start_service()
    nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat", runtimes=[setup.podman])
    setup.podman.stop_service()
    made = setup.podman.run("away", IMAGE, LOOP)
    try:
        event = nunchi.wait_event(lambda e: e.get("container.full_id") == made.id)
        check_named(event, made)
        setup.podman.start_service()
        time.sleep(1)
        assert nunchi.stop() == 0
    finally:
        made.remove()
        setup.podman.stop_service()


def test_set_up_in_a_user_namespace(setup):
    """podman goes into mounts of its own for it. What its runtime does from there is a set-up like any other, and no event."""
    ids = [option for kind in ("--uidmap", "--gidmap") for option in (kind, "0:100000:65536")]
    made = setup.podman.create("remapped", IMAGE, ["/bin/true"], *ids)
    nunchi = setup.nunchi("trace", "-o", "json", runtimes=[PodmanStorage(setup.podman)])
    made.start()
    made.wait()
    nunchi.wait_event(lambda e: e["evt.type"] == "container_stopped" and e.get("container.full_id") == made.id, 10, "the end")
    assert nunchi.stop() == 0
    events = [e for e in nunchi.events() if e.get("container.full_id") == made.id and "proc.name" in e]
    assert [(e["evt.type"], e["proc.name"]) for e in events] == [("execve", "true"), ("procexit", "true")], events
    made.remove()


def test_without_a_cgroup_of_its_own(setup):
    """Where its first process stays among the host's, as it may for users who can make none: those are no part of it."""
    if os.path.exists("/sys/fs/cgroup/unified") or not os.path.exists("/sys/fs/cgroup/cgroup.procs"):
        return Elsewhere("crun wants cgroup v2")
    name = setup.name + "-none"
    made = setup.podman.call("--runtime", "crun", "create", "--name", name, "--network", "none", "--cgroups=disabled",
                             "--entrypoint", json.dumps(LOOP[:1]), IMAGE, *LOOP[1:])
    setup.stack.callback(setup.podman.call, "rm", "--force", "--time", "0", made, check=False)
    nunchi = setup.nunchi("trace", "--host", "-o", "json", "-e", "execve,openat", runtimes=[PodmanStorage(setup.podman)])
    setup.podman.call("--runtime", "crun", "start", made)
    event = nunchi.wait_event(lambda e: e.get("container.full_id") == made and e["evt.type"] == "openat", 10, name)
    assert event["container.name"] == name, event
    time.sleep(1)  # what is known of it has reached the kernel side
    subprocess.run(["/bin/cat", __file__], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["unshare", "-m", "/bin/cat", __file__], check=True, stdout=subprocess.DEVNULL)
    setup.podman.call("rm", "--force", "--time", "0", made)
    time.sleep(1)
    assert nunchi.stop() == 0, nunchi.stderr()
    opened = [e for e in nunchi.events() if e.get("fd.name") == __file__]
    assert len(opened) == 2 and all(e["container.id"] == "host" for e in opened), opened
    inside = {e["proc.name"] for e in nunchi.events() if e.get("container.full_id") == made}
    assert not inside & {"podman", "conmon", "crun"}, inside
    return None
