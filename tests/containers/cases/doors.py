# SPDX-License-Identifier: Apache-2.0
"""
Calls that are not native system calls (progs/doors.c: int 0x80, x32; progs/uring.c: io_uring), with
known arguments: each is shown once, like the native call that does the same, and says how it entered
the kernel.
"""

import errno
import json
import time

from harness.place import Elsewhere
from harness.resources import map_dump

# The network too: ports are those of the test.
PRIVATE = ("pid", "mount", "ipc", "uts", "network", "cgroup")


def matches(event, line):
    result = event["evt.rawres"]
    # libc's syscall() gives -1 for any error.
    if result != line["ret"] and not (line["ret"] == -1 and result < 0):
        return False
    if "fd" in line and event.get("fd.name") != line["fd"]:
        return False
    return event.get("evt.abi") == line["abi"] and \
        all(event.get("evt.arg." + name) == value for name, value in line["args"].items())


def run_it(setup, name, command):
    """The lines that the program wrote, which of its doors are shut, and the container's events."""
    made = setup.runc.create(name, command, privileged=True, namespaces=PRIVATE)
    nunchi = setup.nunchi("trace", "-o", "json", "-e",
                          "@file,@network,@process,@signal,@namespace,setrlimit,madvise,pipe2")
    made.start()
    code = made.wait()
    nunchi.wait_event(lambda e: e["evt.type"] == "procexit" and e["proc.vpid"] == 1 and
                      e["container.full_id"] == name, 30)
    assert not map_dump(nunchi.process.pid, "requests"), "of a process that has ended"
    assert nunchi.stop() == 0, nunchi.stderr()
    assert code == 0, made.output()[-500:]
    assert " lost 0" in nunchi.stderr() and "io_uring" not in nunchi.stderr(), nunchi.stderr()
    lines = [json.loads(line) for line in made.output().splitlines() if line.startswith("{")]
    assert lines.pop() == {"done": True}, lines
    shut = {line.pop("shut") for line in lines if "shut" in line}
    events = [e for e in nunchi.events() if e.get("container.full_id") == name]
    return [line for line in lines if line], shut, events


def check(lines, events, prefix):
    wrong = []
    for line in lines:
        found = [e for e in events if e["evt.type"] == line["call"] and matches(e, line)]
        if len(found) != 1:
            near = [e for e in events if e["evt.type"] == line["call"]]
            wrong.append(f"{line}: {len(found)} times, among {near[:3]}")
    assert not wrong, f"{len(wrong)} of {len(lines)}:\n" + "\n".join(wrong)
    native = [e for e in events if "evt.abi" not in e and e["evt.type"] != "open" and
              (e.get("fd.nameraw") or "").startswith(prefix)]
    assert not native, native[:2]


def test_each_call(setup):
    name = setup.name + "-doors"
    lines, shut, events = run_it(setup, name, ["/bin/doors"])
    if not lines:
        return Elsewhere("this architecture has no other doors")
    check(lines, events, "/tmp/door")
    missed = [e for e in events if e["evt.type"] == "openat" and e.get("evt.abi") == "x32"]
    assert missed[0]["evt.rawres"] in (-errno.ENOSYS, -errno.ENOENT), missed
    if "i386" in shut:
        print("# no 32-bit calls on this kernel: only x32's numbers were tried")
        return None
    # An exec by int 0x80 that succeeds, by a child that a fork by int 0x80 made.
    done = [e for e in events if e["evt.type"] == "execve" and e["evt.rawres"] == 0 and
            e.get("evt.abi") == "i386"]
    assert [e["proc.cmdline"] for e in done] == ["true two words"], done
    opened = next(e for e in events if e["evt.type"] == "open" and e.get("evt.abi"))
    assert opened["fd.name"] == "/tmp/door-open", opened
    return None


def check_ring(setup, how):
    name = f"{setup.name}-uring-{how}"
    lines, shut, events = run_it(setup, name, ["/bin/uring", how])
    if shut:
        return "no io_uring on this kernel"
    assert len(lines) > 12, lines
    check(lines, events, "/tmp/ring-o")
    silent = [e["evt.rawres"] for e in events if e.get("fd.nameraw") == "/tmp/ring-silent"]
    assert silent and min(silent) == 0, silent
    never = [e for e in events if e.get("fd.nameraw") == "/tmp/ring-never"]
    assert not never, never
    peer = next(e for e in events if e["evt.type"] == "connect")
    assert peer["fd.name"].endswith("->127.0.0.1:4721") and peer["fd.rport"] == 4721, peer
    if how == "sqpoll":
        opened = next(e for e in events if e.get("fd.name") == "/tmp/ring-open2")
        assert opened["thread.tid"] != opened["proc.pid"], opened
    return None


def test_a_ring(setup):
    return check_ring(setup, "plain")


def test_a_ring_that_is_polled(setup):
    return check_ring(setup, "sqpoll")


def test_a_ring_that_is_full(setup):
    """Who does not read what has become of requests hides none: the kernel has no room for it, and says so by another hook."""
    return check_ring(setup, "full")


def test_a_request_with_other_credentials(setup):
    """Who asks with credentials that it has given up is who they say, for that request."""
    name = f"{setup.name}-uring-users"
    _, shut, events = run_it(setup, name, ["/bin/uring", "users"])
    if shut:
        return "no io_uring on this kernel"
    opened = [e for e in events if e["evt.type"] == "openat" and e.get("evt.abi") == "io_uring"]
    users = [(e["evt.rawres"] >= 0, e["user.uid"], e["group.gid"]) for e in opened]
    assert users == 2 * [(True, 0, 0)] + 2 * [(False, 65534, 65533)], users
    return None


def test_more_requests_than_can_be_remembered(setup):
    """
    Who has hundreds under way hides no other with them: of one that there is no room for the beginning is told, and of a success
    what was opened, and who came.
    """
    name = f"{setup.name}-uring-crowd"
    nunchi = setup.nunchi("trace", "-o", "json", "-c", name, "-e", "openat,accept4", "--memory", "16M")
    made = setup.runc.run(name, ["/bin/uring", "crowd"])
    assert made.wait() == 0
    time.sleep(0.3)
    assert nunchi.stop() == 0, nunchi.stderr()
    if '"shut"' in made.output():
        return "no io_uring on this kernel"
    asked = [e for e in nunchi.events() if e.get("evt.abi") == "io_uring"]
    opened = [(e.get("fd.nameraw"), e["fd.name"], e.get("evt.is_entry"), "evt.res" in e) for e in asked if e["evt.type"] == "openat"]
    assert opened == [("/tmp/ring-link", "/tmp/ring-link", True, False), (None, "/etc/passwd", None, True)], opened
    came = [e for e in asked if e["evt.type"] == "accept4" and "evt.res" in e]
    assert [e["fd.lport"] for e in came] == [4724], came
    assert "ends of io_uring's requests" in nunchi.stderr() and "does not add up" not in nunchi.stderr(), nunchi.stderr()
    return None


def test_requests_that_nobody_hears_the_end_of(setup):
    """Of requests that ask for no word of a success none is heard: they take no room from others when their process has ended."""
    first, second = setup.name + "-uring-litter", setup.name + "-uring-after"
    nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat,write", "--memory", "16M")
    made = setup.runc.run(first, ["/bin/uring", "litter"])
    assert made.wait() == 0, made.output()
    if '"shut"' in made.output():
        return "no io_uring on this kernel"
    assert setup.runc.run(second, ["/bin/uring", "plain"], privileged=True, namespaces=PRIVATE).wait() == 0
    time.sleep(0.3)
    assert nunchi.stop() == 0, nunchi.stderr()
    rings = [e for e in nunchi.events() if e.get("evt.abi") == "io_uring"]
    assert len([e for e in rings if e["container.full_id"] == first and e["evt.type"] == "write"]) == 200, rings[-3:]
    begun = [e for e in rings if e["container.full_id"] == second and e.get("evt.is_entry")]
    opened = [e for e in rings if e["container.full_id"] == second and e.get("fd.name") == "/tmp/ring-open"]
    assert not begun and opened, (begun, opened)
    return None
