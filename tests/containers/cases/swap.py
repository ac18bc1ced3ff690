# SPDX-License-Identifier: Apache-2.0
"""
Arguments that another thread changes during a call (progs/swap.c). The event has what the kernel used,
and argument_mismatch what user memory had instead; if the kernel has no hook for that, the event says
which of its fields cannot be trusted.
"""

import collections
import json
import os
import time

from harness.nunchi import has_trampolines
from harness.place import Elsewhere, patient

ADDRESS = {"connect": "addr", "bind": "addr", "sendto": "dest_addr", "sendmsg": "msg"}


def run_it(setup, command, calls, **more):
    """What the command printed, in a container of its own, and its events."""
    name = f"{setup.name}-{'-'.join(os.path.basename(word) for word in command)}"
    made = setup.runc.create(name, command, **more)
    nunchi = setup.nunchi("trace", "-o", "json", "-e", calls + ",@process")
    made.start()
    assert made.wait() == 0, made.output()[-500:]
    nunchi.wait_event(lambda e: e["evt.type"] == "procexit" and e["proc.vpid"] == 1 and
                      e["container.full_id"] == name, 30)
    assert nunchi.stop() == 0, nunchi.stderr()
    assert " lost 0" in nunchi.stderr(), nunchi.stderr()
    return made.output().splitlines(), [e for e in nunchi.events() if e.get("container.full_id") == name]


def called(events, call):
    return [e for e in events if e["evt.type"] == call and e["thread.tid"] != e["proc.pid"] and
            (call != "openat" or "fifo" in e.get("fd.name", ""))]


def untrusted(event):
    return set(event.get("evt.untrusted", "").split(","))


def test_what_is_changed_under_a_call(setup):
    said, events = run_it(setup, ["/bin/swap"], "openat,connect,bind", privileged=True)
    lines = [line.split(" ") for line in said]
    opens, connects = called(events, "openat"), called(events, "connect")
    assert len(lines) == 5 and len(opens) == 4 and len(connects) == 1, (lines, opens, connects)
    # What was opened is known either way; threads share their fds, so that without copies it is known late.
    for event in opens:
        late = "fd.name" in event.get("evt.late", "").split(",")
        assert event["fd.name"] == "/tmp/fifo" and late != has_trampolines(), event
    lies = [e for e in events if e["evt.type"] == "argument_mismatch"]
    if not has_trampolines():
        assert not lies, lies
        for event, (_, _, shown) in zip(opens, lines):
            assert event["fd.nameraw"] == shown, event
            assert untrusted(event) == {"evt.arg.pathname", "fd.nameraw"}, event
        assert "evt.arg.addr" in untrusted(connects[0]), connects
        return
    for event, (_, really, _) in zip(opens + connects, lines):
        given = event["evt.arg.pathname" if event["evt.type"] == "openat" else "evt.arg.addr"]
        assert given.removeprefix("unix:") == really and "evt.untrusted" not in event, (event, really)
    told = [(e["mismatch.call"], e["mismatch.used"].removeprefix("unix:"),
             e["mismatch.found"].removeprefix("unix:")) for e in lies]
    assert told == [tuple(line) for line in lines if line[1] != line[2]], told
    assert {e["mismatch.arg"] for e in lies} == {"pathname", "addr"}, lies
    assert all(e["proc.name"] == "swap" for e in lies), lies


def test_what_is_put_in_its_place(setup):
    """Another thread puts something else under the number of what was opened, before the open returns."""
    name = setup.name + "-swap-fd"
    nunchi = setup.nunchi("trace", "-c", name, "-e", "openat", "--format", "%fd.name %evt.late", "fd.nameraw = /tmp/opened")
    made = setup.runc.run(name, ["/bin/swap", "fd"])
    assert made.wait() == 0, made.output()
    time.sleep(patient(0.5))
    assert nunchi.stop(30) == 0, nunchi.stderr()
    told = collections.Counter(nunchi.text().decode().splitlines())
    assert sum(told.values()) == 1501 and told.pop("/tmp/opened <NA>") >= 1, told
    # The first, of a process without threads, is that one; with copies all are.
    assert set(told) <= (set() if has_trampolines() else {"/tmp/opened fd.name", "/tmp/put fd.name"}), told
    print(f"# {made.output().strip()} of 1500 were swapped, {told['/tmp/put fd.name']} of them told as such, and late")


def test_who_has_put_it_there_is_gone(setup):
    """Whoever shared the descriptors has ended when the call returns: what is under the number is late all the same."""
    said, events = run_it(setup, ["/bin/swap", "gone"], "read", privileged=True)
    reads = [(str(e["fd.num"]), e["fd.name"], e.get("evt.late")) for e in events if e["evt.type"] == "read" and e["evt.rawres"] == 1]
    assert reads == [(number, "/tmp/put", "fd.name") for number in said] and len(said) == 2, (reads, said)


def test_how_a_file_is_opened(setup):
    """openat2's flags are memory, too. The file knows what it was opened for; that it was emptied, only the kernel's copy."""
    name = setup.name + "-swap-how"
    nunchi = setup.nunchi("trace", "-c", name, "-e", "openat2", "--format", "%fd.name %evt.is_open_write %evt.untrusted %evt.late",
                          "fd.name in (/tmp/written, /tmp/emptied)")
    made = setup.runc.run(name, ["/bin/swap", "how"])
    assert made.wait() == 0, made.output()
    time.sleep(patient(0.5))
    assert nunchi.stop(30) == 0, nunchi.stderr()
    told = [line.split() for line in nunchi.text().decode().splitlines()]
    for line in made.output().splitlines():
        file, writes = line.split()
        mine = [t for t in told if t[0] == file]
        assert len(mine) == 1500, (file, len(mine))
        wrong = sum(t[1] == "true" for t in mine) - int(writes)
        print(f"# {writes} of 1500 opens of {file} were for writing, {wrong:+} are told as such")
        unsure = [t for t in mine if "evt.is_open_write" in t[2].split(",")]
        if has_trampolines() or file == "/tmp/written":
            assert not wrong, (file, writes, wrong)
        if has_trampolines():
            assert not unsure and all(t[3] == "<NA>" for t in mine), unsure[:3] or mine[:3]
        else:
            assert all(t in unsure for t in mine if t[1] == "false" or file == "/tmp/emptied"), mine[:3]
            assert all("evt.is_open_read" in t[3].split(",") for t in mine), mine[:3]


def is_kept(call):
    """What a request to send has can be read of the request since 6.10; else the copy has to be waited for."""
    return has_trampolines() or (call.startswith("send") and
                                 tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 10))


def test_what_is_changed_under_a_request(setup):
    """The same of io_uring: what a request goes by was copied when it was made."""
    said, events = run_it(setup, ["/bin/uring", "swap"], "connect,bind,sendto,sendmsg", privileged=True,
                          namespaces=("pid", "mount", "ipc", "uts", "network", "cgroup"))
    lines = [json.loads(line) for line in said]
    assert lines.pop() == {"done": True}, lines
    if lines == [{"shut": "io_uring"}]:
        return Elsewhere("no io_uring on this kernel")
    assert [line["call"] for line in lines[:4]] == ["connect", "sendto", "sendmsg", "sendmsg"], lines
    # A plain call, while a request on its socket waited for room: it is not taken for that.
    plain = [e for e in events if e["evt.type"] == "connect" and e.get("evt.abi") != "io_uring"]
    assert len(plain) == 1 and plain[0]["evt.rawres"] < 0, plain
    assert ("evt.arg.addr" in untrusted(plain[0])) != has_trampolines(), plain
    asked = [e for e in events if e.get("evt.abi") == "io_uring"]
    assert [(e["evt.type"], e["evt.rawres"]) for e in asked] == \
        [(line["call"], line["ret"]) for line in lines], asked
    waited = lines.pop()
    assert waited["call"] == "sendto" and waited["ret"] > 0, waited
    for event, line in zip(asked, lines):
        argument = "evt.arg." + ADDRESS[line["call"]]
        if is_kept(line["call"]):
            assert event[argument] == line["used"] and argument not in untrusted(event), event
        else:
            assert event.get(argument, "NULL") == "NULL" or argument in untrusted(event), event
    told = [(e["mismatch.call"], e["mismatch.used"], e["mismatch.found"])
            for e in events if e["evt.type"] == "argument_mismatch"]
    expected = [(line["call"], line["used"], line["found"]) for line in lines
                if "found" in line and is_kept(line["call"])]
    # Where a send's address was is kept by some kernels only.
    assert [lie for lie in told if lie[0] != "sendto"] == expected, told
    assert all(lie[2] == "127.0.0.1:53" for lie in told), told
    return None


def test_who_has_no_other_thread(setup):
    """Nobody else can change its fds: what they are is no guess."""
    _, events = run_it(setup, ["cat", "/etc/passwd"], "openat")
    opened = [e for e in events if e.get("fd.name") == "/etc/passwd"]
    assert opened and not any("evt.late" in e for e in opened), opened
