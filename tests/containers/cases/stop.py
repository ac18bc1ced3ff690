# SPDX-License-Identifier: Apache-2.0
"""
Rules that stop or freeze the container of a match: through its runtime, which then knows about it, or without
one. A neighbour, the host and the runtime are not affected.
"""

import contextlib
import glob
import json
import os
import subprocess
import time

from harness.place import wait_until
from harness.podman import PodmanStorage
from harness.setup import IMAGE

from .hostroot import make_sensor
from .reload import EXACT, Rules
from .security import check_threads

CAP_KILL = 5
# It is asked for by what it opens; what it prints shows whether it goes on.
LOOP = "i=0; while :; do i=$((i+1)); echo $i; [ -e /tmp/go ] && head -n1 /etc/trigger; sleep 0.1; done 2>/dev/null"


def condition(name):
    return f"evt.type in (open, openat, openat2) and container.name = {name} and fd.nameraw = /etc/trigger"


def guard(setup, name, action, *more, runtimes=()):
    rules = Rules(setup)
    rules.write(("Stop", condition(name), action))
    rules.nunchi = setup.nunchi("guard", "-f", rules.path, "-o", "json", *more, runtimes=runtimes)
    return rules.nunchi


def outcome(nunchi, seconds=15):
    event = nunchi.wait_event(lambda e: e["rule"] == "Stop" and e.get("effect") in ("done", "failed"), seconds,
                              "what has come of it")
    return event["effect"], event["output_fields"].get("action.by") or event["output_fields"].get("action.error")


ANSWER = 2  # seconds that a runtime has for its answer, until it is done without


def check_alerts(nunchi, action, name):
    """Asked for once, whatever matches after."""
    ours = [e for e in nunchi.events() if e["rule"] == "Stop" and "alert.count" not in e["output_fields"]]
    assert [(e["action"], e["effect"]) for e in ours] == [(action, "asked"), (action, "done")], nunchi.text()
    assert {e["output_fields"]["container.name"] for e in ours} == {name}, ours


def has(path, value):
    with contextlib.suppress(OSError), open(path, encoding="utf-8") as f:
        return value in f.read()
    return False


def freezer(pid):
    """The directory of its cgroup that freezes, and whether that is version 1's."""
    with open(f"/proc/{pid}/cgroup", encoding="utf-8") as f:
        paths = dict(line.rstrip("\n").split(":", 2)[1:] for line in f)
    if "freezer" in paths:
        return f"/sys/fs/cgroup/freezer{paths['freezer']}", True
    return f"/sys/fs/cgroup{paths['']}", False


def is_frozen(pid):
    directory, is_v1 = freezer(pid)
    return has(f"{directory}/freezer.state", "FROZEN") if is_v1 else has(f"{directory}/cgroup.events", "frozen 1")


def thaw(pid):
    directory, is_v1 = freezer(pid)
    with open(f"{directory}/{'freezer.state' if is_v1 else 'cgroup.freeze'}", "w", encoding="utf-8") as f:
        f.write("THAWED" if is_v1 else "0")


def runs(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        return f.read().rsplit(")", 1)[1].split()[0] != "Z"
    return False


def check_done_by(nunchi, runtime, action, pid, go):
    """
    By the container's runtime: True. By the kernel only where that has not answered in its time: then it need not know
    of what is frozen, and that goes on. go(): lets it come to that.
    """
    began = time.monotonic()
    go()
    effect, how = outcome(nunchi)
    assert effect == "done", nunchi.text()
    assert how == runtime or time.monotonic() - began >= ANSWER, (how, nunchi.text())
    if action == "kill-container":
        wait_until(lambda: not runs(pid), 10, "its end")
    else:
        assert is_frozen(pid), nunchi.text()
        if how != runtime:
            thaw(pid)
    return how == runtime


def test_runc_kill(setup):
    """No runtime is there to ask."""
    name, other = setup.name + "-kill", setup.name + "-neighbour"
    made, neighbour = (setup.runc.run(n, ["/bin/sh", "-c", LOOP]) for n in (name, other))
    nunchi = guard(setup, name, "kill-container")
    check_threads(nunchi, 1 << CAP_KILL)
    neighbour.execute(["touch", "/tmp/go"])
    made.execute(["touch", "/tmp/go"])
    effect, how = outcome(nunchi)
    assert effect == "done" and how.rpartition("; ")[2] in ("cgroup.kill", "SIGKILL"), (effect, how)
    assert made.wait() == 137, made.output()
    assert runs(neighbour.pid())
    assert nunchi.stop() == 0, nunchi.stderr()
    check_alerts(nunchi, "kill-container", name)
    neighbour.stop()


def test_runc_at_the_end(setup):
    """It ends with the alert by which something was asked for: that is done yet, and told."""
    name = setup.name + "-last"
    made = setup.runc.run(name, ["/bin/sh", "-c", LOOP])
    nunchi = guard(setup, name, "kill-container", "-n", "1")
    made.execute(["touch", "/tmp/go"])
    assert nunchi.process.wait(30) == 0, nunchi.stderr()
    assert made.wait() == 137, made.output()
    check_alerts(nunchi, "kill-container", name)


def test_runc_pause(setup):
    name = setup.name + "-pause"
    made = setup.runc.run(name, ["/bin/sh", "-c", LOOP])
    nunchi = guard(setup, name, "pause-container")
    wait_until(lambda: made.output(), 10, "its first line")
    pid = made.pid()
    made.execute(["touch", "/tmp/go"])
    effect, how = outcome(nunchi)
    assert effect == "done" and how in ("cgroup.freeze", "freezer.state"), (effect, how)
    assert is_frozen(pid)
    lines = made.output()
    time.sleep(0.5)
    assert made.output() == lines and runs(pid)
    subprocess.run([*made.program, "resume", name], check=True, capture_output=True)
    wait_until(lambda: made.output() != lines, 10, "that it goes on")
    assert nunchi.stop() == 0, nunchi.stderr()
    check_alerts(nunchi, "pause-container", name)
    made.stop()


def test_others_in_its_cgroup_are_let_alone(setup):
    """A process of the host in there: the cgroup's files mean it, too, so that they are not used."""
    name = setup.name + "-shared"
    made = setup.runc.run(name, ["/bin/sh", "-c", LOOP])
    nunchi = guard(setup, name, "kill-container")
    wait_until(lambda: made.output(), 10, "its first line")
    with open(f"/proc/{made.pid()}/cgroup", encoding="utf-8") as f:
        paths = dict(line.rstrip("\n").split(":", 2)[1:] for line in f)
    above = "freezer" if "freezer" in paths else ""
    stranger = subprocess.Popen(["sleep", "600"])
    try:
        with open(f"/sys/fs/cgroup/{above}{paths[above]}/cgroup.procs", "w", encoding="ascii") as f:
            f.write(str(stranger.pid))
        made.execute(["touch", "/tmp/go"])
        effect, how = outcome(nunchi)
        assert (effect, how) == ("done", "SIGKILL"), (effect, how)
        assert stranger.poll() is None
        assert nunchi.stop() == 0, nunchi.stderr()
    finally:
        stranger.kill()
        stranger.wait()
    assert made.wait() == 137, made.output()


def test_dry_run_and_the_host(setup):
    name = setup.name + "-dry"
    made = setup.runc.run(name, ["/bin/sh", "-c", LOOP])
    nunchi = guard(setup, name, "kill-container", "--dry-run", *EXACT)
    made.execute(["touch", "/tmp/go"])
    event = nunchi.wait_event(lambda e: e["rule"] == "Stop")
    assert (event["action"], event["effect"]) == ("kill-container", "dry-run"), event
    assert nunchi.stop() == 0, nunchi.stderr()
    assert runs(made.pid())
    made.stop()
    rules, marker = Rules(setup), setup.file("marker")
    rules.write(("Stop", f"evt.type = openat and fd.nameraw = {marker}", "kill-container"))
    nunchi = setup.nunchi("guard", "--host", "-f", rules.path, "-o", "json", *EXACT)
    with open(marker, "wb"):
        pass
    event = nunchi.wait_event(lambda e: e["rule"] == "Stop")
    assert event["effect"] == "none", event
    assert nunchi.stop() == 0, nunchi.stderr()


def test_nunchi_itself(setup):
    """It runs in a container that a rule would end."""
    name, rules = setup.name + "-sensor", Rules(setup)
    rules.write(("Stop", condition(name), "kill-container"))
    sensor = make_sensor(setup, "sensor", ["guard", "-f", "/host" + rules.path, "-o", "json", "--host-root", "/host"])
    sensor.start()

    def alerts():
        return [json.loads(line) for line in sensor.output().splitlines() if line.startswith("{")]

    wait_until(lambda: " hooks, Linux " in sensor.output(), 20, "that it has started")
    subprocess.run([*sensor.program, "exec", name, "head", "/etc/trigger"], check=False, capture_output=True)
    wait_until(lambda: len(alerts()) > 1, 10, "what has come of it: " + sensor.output())
    assert [e["effect"] for e in alerts()] == ["asked", "failed"], alerts()
    assert alerts()[1]["output_fields"]["action.error"] == "nunchi runs in it", alerts()
    assert sensor.process.poll() is None
    sensor.stop()


def test_docker(setup):
    def state(made):
        return json.loads(setup.docker.call("GET", f"/containers/{made.id}/json"))["State"]

    for action, by_hand in (("kill-container", None), ("pause-container", "unpause")):
        name = f"{setup.name}-{action}"
        made = setup.docker.run(name, IMAGE, ["/bin/sh", "-c", LOOP])
        nunchi = guard(setup, name, action, runtimes=[setup.docker])
        by_it = check_done_by(nunchi, "docker", action, made.pid(), lambda m=made: m.execute(["touch", "/tmp/go"]))
        if by_it and by_hand:
            assert state(made)["Paused"], state(made)
            setup.docker.call("POST", f"/containers/{made.id}/{by_hand}")
        elif not by_hand:
            wait_until(lambda m=made: not state(m)["Running"], 10, "what Docker says")
            assert state(made)["ExitCode"] == 137, state(made)
        assert nunchi.stop() == 0, nunchi.stderr()
        check_alerts(nunchi, action, name)
        made.remove()


def test_docker_hangs(setup):
    """What it does not do in time is done without it, and events go on meanwhile."""
    name, other = setup.name + "-hung", setup.name + "-meanwhile"
    made = setup.docker.run(name, IMAGE, ["/bin/sh", "-c", LOOP])
    rules = Rules(setup)
    rules.write(("Stop", condition(name), "kill-container"),
                ("Other", condition(other), "alert"))
    nunchi = setup.nunchi("guard", "-f", rules.path, "-o", "json", *EXACT, runtimes=[setup.docker])
    rules.nunchi = nunchi
    busy = setup.runc.run(other, ["/bin/sh", "-c", LOOP.replace("[ -e /tmp/go ] && ", "")])
    pid = made.pid()
    made.execute(["touch", "/tmp/wait"])
    with open(f"/proc/{pid}/root/tmp/go.new", "wb"):
        pass
    with setup.docker.stopped():
        os.rename(f"/proc/{pid}/root/tmp/go.new", f"/proc/{pid}/root/tmp/go")
        effect, how = outcome(nunchi)
    assert effect == "done" and how.startswith("docker: no answer in 2 s; "), (effect, how)
    wait_until(lambda: not runs(pid), 5, "its end")
    events = nunchi.events()
    asked = next(i for i, e in enumerate(events) if e.get("effect") == "asked")
    done = next(i for i, e in enumerate(events) if e.get("effect") == "done")
    assert sum(e["rule"] == "Other" for e in events[asked:done]) >= 3, "events waited for Docker"
    assert nunchi.stop() == 0, nunchi.stderr()
    busy.stop()


def test_podman(setup):
    podman = setup.podman
    podman.start_service()
    try:
        for action in ("kill-container", "pause-container"):
            name = f"{setup.name}-{action}"
            made = podman.run(name, IMAGE, ["/bin/sh", "-c", LOOP])
            nunchi = guard(setup, name, action, runtimes=[podman])
            by_it = check_done_by(nunchi, "podman", action, made.pid(), lambda m=made: m.execute(["touch", "/tmp/go"]))
            if by_it or action == "kill-container":
                state = "paused" if action == "pause-container" else "exited"
                wait_until(lambda s=state, m=made: podman.call("inspect", "--format", "{{.State.Status}}",
                                                               m.id).strip() == s, 30, f"{state}: {nunchi.text()}")
                if action == "pause-container":
                    podman.call("unpause", made.id)
            assert nunchi.stop() == 0, nunchi.stderr()
            check_alerts(nunchi, action, name)
            made.remove()
    finally:
        podman.stop_service()


def test_podman_alone(setup):
    """Without its service nobody can be asked; its conmon, which is no part of the container, sees the end."""
    name = setup.name + "-alone"
    made = setup.podman.run(name, IMAGE, ["/bin/sh", "-c", LOOP])
    nunchi = guard(setup, name, "kill-container", runtimes=[PodmanStorage(setup.podman)])
    made.execute(["touch", "/tmp/go"])
    effect, how = outcome(nunchi)
    assert effect == "done" and how in ("cgroup.kill", "SIGKILL"), (effect, how)
    wait_until(lambda: setup.podman.call("inspect", "--format", "{{.State.Status}} {{.State.ExitCode}}",
                                         made.id) == "exited 137", 10, "what podman says")
    assert nunchi.stop() == 0, nunchi.stderr()
    check_alerts(nunchi, "kill-container", name)
    made.remove()


def test_containerd_alone(setup):
    """What ctr has made, which CRI knows nothing of."""
    ctr = ["ctr", "--address", setup.containerd.socket, "--namespace", "plain"]

    def call(*args, check=True):
        done = subprocess.run([*ctr, *args], check=False, capture_output=True, text=True)
        assert done.returncode == 0 or not check, f"ctr {args}: {done.stderr}"
        return done.stdout

    def tasks():
        return [line.split() for line in call("task", "list").splitlines()[1:]]

    call("images", "import", setup.archive)
    for action, state in (("kill-container", "STOPPED"), ("pause-container", "PAUSED")):
        name = f"{setup.name}-{action}"
        call("run", "--detach", IMAGE, name, "/bin/sh", "-c", LOOP)
        try:
            nunchi = guard(setup, name, action, runtimes=[setup.containerd])
            pid = next(int(pid) for n, pid, _ in tasks() if n == name)
            by_it = check_done_by(nunchi, "containerd", action, pid,
                                  lambda n=name: call("task", "exec", "--exec-id", f"go-{n}", n, "touch", "/tmp/go"))
            if by_it or action == "kill-container":
                wait_until(lambda n=name, s=state: [n, s] in [task[::2] for task in tasks()], 10, state)
            assert nunchi.stop() == 0, nunchi.stderr()
            check_alerts(nunchi, action, name)
        finally:
            call("task", "resume", name, check=False)
            call("task", "delete", "--force", name, check=False)
            call("container", "delete", name, check=False)
            # ctr leaves the pipes of what it executes if the container ends before ctr has looked.
            for pipe in glob.glob(f"/run/containerd/fifo/*/go-{name}-*"):
                os.unlink(pipe)
    call("images", "remove", "--sync", IMAGE)


def test_cri(setup):
    for action in ("kill-container", "pause-container"):
        pod = setup.containerd.pod(f"{setup.name}-{action}")
        made = pod.create("main", IMAGE, ["/bin/sh", "-c", LOOP])
        made.start()
        nunchi = guard(setup, "main", action, runtimes=[setup.containerd])
        check_done_by(nunchi, "containerd", action, made.pid(), lambda m=made: m.execute(["touch", "/tmp/go"]))
        if action == "kill-container":
            assert made.wait() == 137, made.state()
        assert nunchi.stop() == 0, nunchi.stderr()
        check_alerts(nunchi, action, "main")
        made.remove()
