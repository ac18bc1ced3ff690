# SPDX-License-Identifier: Apache-2.0
"""
An init that has moved to a cgroup below its container's own, like systemd in a container: a process that moves next
to it has not left the container, and an action that stops the container stops everything below.
"""

import contextlib
import glob
import os
import time

from harness.place import hierarchies, wait_until

from .stop import LOOP, guard, has, is_frozen, outcome, runs

# In each hierarchy that says where it is, or freezes it; and for each /tmp/to-NAME somebody moves there. What goes on beside init prints dots.
SCRIPT = """
to() { for top in TOPS; do [ ! -e $top/$1 ] || echo $2 >$top/$1/cgroup.procs; done; }
for top in TOPS; do mkdir $top/OWN/init $top/OWN/service; done
to OWN/init $$
(while :; do echo .; sleep 0.1; done) & to OWN/service $!
for name in service AWAY; do
	while [ ! -e /tmp/to-$name ]; do sleep 0.1; done
	sh -c 'while [ ! -e /tmp/end ]; do sleep 0.1; done' &
	case $name in AWAY) to AWAY $!;; *) to OWN/$name $!;; esac
done &
"""


def tops():
    v2, pids = hierarchies()
    freezer = "/sys/fs/cgroup/freezer" if os.path.isdir("/sys/fs/cgroup/freezer") else None
    return [top for top in (v2, pids, freezer) if top]


def script(own, away):
    return SCRIPT.replace("TOPS", " ".join(tops())).replace("OWN", own).replace("AWAY", away) + LOOP


def let_go(name):
    for top in tops():
        for path in glob.glob(f"{top}/{name}/**/", recursive=True):
            for file, text in (("freezer.state", "THAWED"), ("cgroup.freeze", "0")):
                with contextlib.suppress(OSError), open(path + file, "r+", encoding="ascii") as f:
                    f.write(text)


def start(setup, name, away):
    """It has moved when this returns."""
    for top in tops():
        os.mkdir(f"{top}/{away}")
    made = setup.runc.run(name, ["/bin/sh", "-c", script(name, away)], privileged=True, binds=[("/sys/fs/cgroup", "/sys/fs/cgroup")])
    setup.stack.callback(let_go, name)
    wait_until(lambda: "." in made.output() and "1" in made.output(), 10, "that it has moved")
    assert all(has(f"{top}/{name}/init/cgroup.procs", f"{made.pid()}\n") for top in tops()), made.output()
    return made


def test_moves(setup):
    name, away = setup.name + "-moves", setup.name + "-moves-away"
    made = start(setup, name, away)
    nunchi = setup.nunchi("trace", "-c", name, "-o", "json", "evt.type in (cgroup_moved, container_escape_suspected)")

    def moved(path):
        return nunchi.wait_event(lambda e: e["evt.type"] == "cgroup_moved" and e["cgroup.path"] == path, 20)

    made.execute(["touch", "/tmp/to-service"])
    moved(f"/{name}/service")
    made.execute(["touch", f"/tmp/to-{away}"])
    moved(f"/{away}")
    nunchi.wait_event(lambda e: e["evt.type"] == "container_escape_suspected")
    made.execute(["touch", "/tmp/end"])
    made.stop()
    assert nunchi.stop() == 0, nunchi.stderr()
    escapes = [e for e in nunchi.events() if e["evt.type"] == "container_escape_suspected"]
    assert {e["cgroup.path"] for e in escapes} == {f"/{away}"}, escapes


def test_stopped_whole(setup):
    """Frozen, and ended, with what is beside its first process."""
    is_v1 = os.path.isdir("/sys/fs/cgroup/freezer")
    for action, way in (("pause-container", "freezer.state" if is_v1 else "cgroup.freeze"),
                        ("kill-container", "SIGKILL" if is_v1 else "cgroup.kill")):
        name = f"{setup.name}-{action}"
        made = start(setup, name, name + "-away")
        nunchi = guard(setup, name, action)
        pid = made.pid()
        made.execute(["touch", "/tmp/go"])
        effect, how = outcome(nunchi)
        assert effect == "done" and how.rpartition("; ")[2] == way, (effect, how)
        if action == "pause-container":
            assert is_frozen(pid)
            lines = made.output()
            time.sleep(0.5)
            assert made.output() == lines and runs(pid)
        else:
            assert made.wait() == 137, made.output()
        assert nunchi.stop() == 0, nunchi.stderr()
        made.remove()
