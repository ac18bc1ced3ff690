# SPDX-License-Identifier: Apache-2.0
"""Containers of root's that are called the same, by whom has no matter: each is one, and what it does is its own."""

import contextlib
import json
import os
import subprocess

from cases.restart import bpf_file_system, unpin
from harness.nunchi import parse, run
from harness.place import Elsewhere, wait_until
from harness.setup import IMAGE

LOOP = "while :; do cat /etc/{sign} 2>/dev/null; sleep 0.2; done"


class Directory:
    """As --runtime takes it."""

    def __init__(self, path):
        self.path = path

    def runtime_option(self):
        return "runc=" + self.path


def two_of_runc(setup, name, cgroups=True):
    """Of one name, in two directories, each in a cgroup of its own, as runc 1.2 wants it."""
    made, places = [], []
    for which in ("one", "other"):
        state = setup.directory("state-" + which)
        bundles = setup.directory("bundles", name)
        container = setup.runc.create(name, ["/bin/sh", "-c", LOOP.format(sign=which)], state=state)
        path = os.path.join(bundles, "config.json")
        with open(path, encoding="utf-8") as f:
            config = json.load(f)
        if cgroups:
            config["linux"]["cgroupsPath"] = f"/{setup.name}-namesakes-{which}/{name}"
        setup.stack.callback(remove_cgroups, f"{setup.name}-namesakes-{which}")
        # Of each its own: both would be in one place.
        container.bundle = setup.directory("bundles-" + which, name)
        with open(os.path.join(container.bundle, "config.json"), "w", encoding="utf-8") as f:
            json.dump(config, f)
        made.append(container)
        places.append(Directory(state))
    return made, places


def remove_cgroups(name):
    """What runc has made above those that it takes away."""
    for line in open("/proc/mounts", encoding="utf-8"):
        fields = line.split()
        if fields[2] in ("cgroup", "cgroup2"):
            with contextlib.suppress(OSError):
                os.rmdir(os.path.join(fields[1], name))


def signs(events, sign):
    """The ids of those who have looked for it."""
    return {(e["container.id"], e["container.full_id"]) for e in events
            if (e.get("fd.nameraw") or e.get("fd.name") or "") == "/etc/" + sign}


def types(events, full_id):
    told = ("container_created", "container_started", "container_stopped", "container_removed")
    return [e["evt.type"] for e in events if e.get("container.full_id") == full_id and e["evt.type"] in told]


def accounts(nunchi):
    """What has been seen, by who did it."""
    said = [json.loads(line) for line in run("stats", "-o", "json").stdout.splitlines()]
    return {row["name"]: row["kernel"]["seen"] for each in said if each["pid"] == nunchi.process.pid
            for row in each["accounts"] if row["kernel"]["seen"]}


def look_at_two(setup, name, start, places, spaces):
    """start: two functions that begin them, and two that end them."""
    nunchi = setup.nunchi("trace", "-o", "json", "-c", name, runtimes=places)
    (begin_one, end_one), (begin_other, end_other) = start
    begin_one()
    nunchi.wait_event(lambda e: e.get("fd.nameraw") == "/etc/one")
    begin_other()
    nunchi.wait_event(lambda e: e.get("fd.nameraw") == "/etc/other")
    numbered = name + "#2"
    if places:
        options = [part for place in places for part in ("--runtime", place.runtime_option())]
        rows = parse(run("ps", "-o", "json", *options, name).stdout.encode())
        assert {r["container.name"] for r in rows} == {name} and len(rows) == 2, rows
        assert {r["container.full_id"] for r in rows} == {name, numbered}, rows
        assert len({r["container.pid"] for r in rows if "container.pid" in r} or {1, 2}) == 2, rows
        assert {r["container.space"] for r in rows} == set(spaces), rows
    wait_until(lambda: {name, numbered} <= accounts(nunchi).keys(), 10, "both accounts")
    end_one()
    nunchi.wait_event(lambda e: e["evt.type"] == "container_stopped" and e["container.full_id"] == name)
    before = len(nunchi.lines)
    wait_until(lambda: any(b'"/etc/other"' in line for _, line in nunchi.lines[before:]), 10, "what the other goes on to do")
    end_other()
    nunchi.wait_event(lambda e: e["evt.type"] == "container_stopped" and e["container.full_id"] == numbered)
    if places:
        nunchi.wait_event(lambda e: e["evt.type"] == "container_removed" and e["container.full_id"] == numbered)
    assert nunchi.stop() == 0, nunchi.stderr()
    events = nunchi.events()
    # container.id is cut.
    assert signs(events, "one") == {(name[:12], name)}, signs(events, "one")
    assert signs(events, "other") == {(name[:12], numbered)}, signs(events, "other")
    assert {e.get("container.full_id") for e in events} == {name, numbered}
    for full_id in (name, numbered):
        told = types(events, full_id)
        assert [t for t in told if t in ("container_started", "container_stopped")] == \
            ["container_started", "container_stopped"], (full_id, told)
        assert not places or told == ["container_created", "container_started", "container_stopped",
                                      "container_removed"], (full_id, told)
    for e in events:
        assert "container.parent.id" not in e, e
    return events


def runc_steps(container):
    def end():
        container.stop()
        container.remove()
    return container.start, end


def test_two_of_runc(setup):
    name = setup.name + "-namesake-web"
    made, places = two_of_runc(setup, name)
    events = look_at_two(setup, name, [runc_steps(c) for c in made], places, [p.path for p in places])
    spaces = {e["container.full_id"]: e.get("container.space") for e in events if e["evt.type"] == "openat"}
    assert spaces == {name: places[0].path, name + "#2": places[1].path}, spaces


def test_two_in_one_cgroup(setup):
    """What the second does is the first's to the kernel; but each is known, with its start and its end."""
    name = setup.name + "-namesake-shared"
    made, places = two_of_runc(setup, name, cgroups=False)
    nunchi = setup.nunchi("trace", "-o", "json", "-c", name, runtimes=places)
    for container, full_id in zip(made, (name, name + "#2")):
        container.start()
        wait_until(lambda c=container: c.process.poll() is not None or setup.runc.is_running(name, c.program), 10, "its start")
        if container.process.poll() is not None:
            return Elsewhere("this runc does not make two in one cgroup")
        nunchi.wait_event(lambda e, i=full_id: e["evt.type"] == "container_started" and e["container.full_id"] == i)
    options = [part for place in places for part in ("--runtime", place.runtime_option())]
    rows = parse(run("ps", "-o", "json", *options, name).stdout.encode())
    assert {r["container.space"] for r in rows} == {p.path for p in places}, rows
    assert len({r["container.mntns"] for r in rows}) == len(rows) == 2, rows
    for container, full_id in zip(made, (name, name + "#2")):
        container.stop()
        nunchi.wait_event(lambda e, i=full_id: e["evt.type"] == "container_stopped" and e["container.full_id"] == i)
    assert nunchi.stop() == 0, nunchi.stderr()
    return None


def test_two_that_nobody_tells_of(setup):
    """Where runc keeps its state nunchi does not look."""
    name = setup.name + "-namesake-unsaid"
    made, _ = two_of_runc(setup, name)
    look_at_two(setup, name, [runc_steps(c) for c in made], [], [])


def test_what_ran_before(setup):
    """And with the names of an earlier nunchi: by their mounts, not by who is heard of first."""
    name = setup.name + "-namesake-before"
    made, places = two_of_runc(setup, name)
    for container in made:
        container.start()
    wait_until(lambda: all(setup.runc.is_running(name, c.program) for c in made), 10, "both")
    capture = setup.file(name + ".cap")
    nunchi = setup.nunchi("record", "-w", capture, runtimes=places)
    wait_until(lambda: os.path.exists(capture) and os.path.getsize(capture) > 0, 10, "the capture")
    live = setup.nunchi("trace", "-o", "json", "-e", "openat", "-c", name, runtimes=places)
    for sign in ("one", "other"):
        live.wait_event(lambda e, s=sign: e.get("fd.nameraw") == "/etc/" + s)
    assert live.stop() == 0 and nunchi.stop() == 0
    pids = {c.pid() for c in made}
    for container in made:
        container.stop()
    again = parse(run("trace", "-r", capture, "-o", "json", "-e", "openat", "-c", name).stdout.encode())
    for events in (live.events(), again):
        one, other = signs(events, "one"), signs(events, "other")
        assert len(one) == len(other) == 1 and one != other, (one, other)
        assert {full_id for _, full_id in one | other} == {name, name + "#2"}, (one, other)
    rows = parse(run("ps", "-a", "-r", capture, "-o", "json", name).stdout.encode())
    assert len(rows) == 2, rows
    assert {r.get("container.pid") for r in rows} <= pids | {None}, (rows, pids)


def test_identities_that_are_kept(setup):
    """The second nunchi has what the first has called them, whichever of them is told of first."""
    bpf_file_system(setup)
    setup.stack.callback(unpin)
    name = setup.name + "-namesake-kept"
    made, places = two_of_runc(setup, name)
    told = []
    for these, containers in ((places, made), (places[::-1], ())):
        nunchi = setup.nunchi("trace", "-o", "json", "--pin", "-c", name, runtimes=these)
        for container, sign in zip(containers, ("one", "other")):
            container.start()
            nunchi.wait_event(lambda e, s=sign: e.get("fd.nameraw") == "/etc/" + s)
        before = len(nunchi.lines)
        wait_until(lambda n=before, r=nunchi: {b'"/etc/one"', b'"/etc/other"'} <=
                   {sign for _, line in r.lines[n:] for sign in (b'"/etc/one"', b'"/etc/other"') if sign in line}, 10,
                   "what both do")
        assert nunchi.stop() == 0, nunchi.stderr()
        told.append(nunchi.events())
    for events in told:
        assert signs(events, "one") == {(name[:12], name)}, signs(events, "one")
        assert signs(events, "other") == {(name[:12], name + "#2")}, signs(events, "other")
    spaces = {e["container.full_id"]: e.get("container.space") for e in told[1] if e.get("fd.nameraw")}
    assert spaces == {name: places[0].path, name + "#2": places[1].path}, spaces


def remove_state(space):
    """The namespace's directory, which containerd's shim leaves behind, empty."""
    with contextlib.suppress(OSError):
        os.rmdir("/run/containerd/runc/" + space)


class Ctr:
    """What ctr has made in a namespace."""

    def __init__(self, setup, space):
        self.command = ["ctr", "--address", setup.containerd.socket, "--namespace", space]
        self.call("images", "import", setup.archive)
        self.space = space
        setup.stack.callback(remove_state, space)

    def call(self, *args, check=True):
        done = subprocess.run([*self.command, *args], check=False, capture_output=True, text=True)
        assert done.returncode == 0 or not check, f"ctr {args}: {done.stderr}"
        return done.stdout

    def steps(self, name, sign):
        return (lambda: self.call("run", "--detach", IMAGE, name, "/bin/sh", "-c", LOOP.format(sign=sign)),
                lambda: self.remove(name))

    def remove(self, name):
        self.call("task", "kill", "--signal", "KILL", name, check=False)
        wait_until(lambda: not self.is_running(name), 10, "the end of " + name)
        self.call("task", "delete", name, check=False)
        self.call("container", "delete", name, check=False)

    def is_running(self, name):
        return any(line.split()[0] == name and line.split()[2] != "STOPPED"
                   for line in self.call("task", "list").splitlines()[1:])

    def pid(self, name):
        return next(int(line.split()[1]) for line in self.call("task", "list").splitlines()[1:]
                    if line.split()[0] == name)


def test_two_of_containerd(setup):
    name = setup.name + "-namesake-ctr"
    one, other = Ctr(setup, setup.name + "-namesakes-a"), Ctr(setup, setup.name + "-namesakes-b")
    with contextlib.ExitStack() as stack:
        for ctr in (one, other):
            stack.callback(ctr.remove, name)
        look_at_two(setup, name, [one.steps(name, "one"), other.steps(name, "other")], [setup.containerd],
                    [one.space, other.space])


def test_runc_s_and_containerd_s(setup):
    """Of a rule's exception by the image only that one has something which has the image; and what is done is done to the right one."""
    name = setup.name + "-namesake-both"
    runc = setup.runc.create(name, ["/bin/sh", "-c", LOOP.format(sign="one")])
    ctr = Ctr(setup, setup.name + "-namesakes-c")
    rules = setup.rules_file()
    with open(rules, "w", encoding="utf-8") as f:
        f.write("- rule: Kill\n  desc: d\n  condition: evt.type = openat and container.name = " + name +
                " and fd.nameraw startswith /etc/o and not container.image = " + IMAGE +
                "\n  output: o\n  priority: WARNING\n  action: kill-container\n")
    begin, _ = ctr.steps(name, "other")
    try:
        begin()
        nunchi = setup.nunchi("guard", "-f", rules, "-o", "json", "--fold", "0", "--alert-limit", "0",
                              runtimes=[setup.containerd])
        runc.start()
        done = nunchi.wait_event(lambda e: e.get("effect") in ("done", "failed"), 20, "the end of runc's")
        assert done["effect"] == "done", done
        assert runc.wait() == 137, runc.output()
        assert ctr.is_running(name), "ctr's is ended"
        assert nunchi.stop() == 0, nunchi.stderr()
        # Asked for once, of one container.
        assert [e["effect"] for e in nunchi.events() if "alert.count" not in e["output_fields"]] == ["asked", "done"], nunchi.text()
    finally:
        ctr.remove(name)
