# SPDX-License-Identifier: Apache-2.0
"""
Arguments that another thread changes under a call (progs/swap.c). The event says what the kernel went
by, and argument_mismatch what user memory said instead; where the kernel has no hook for that, the
event says which of its fields are not to be trusted.
"""

from harness.nunchi import has_trampolines


def run_it(setup):
    name = setup.name + "-swap"
    made = setup.runc.create(name, ["/bin/swap"], privileged=True)
    nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat,connect,bind,@process")
    made.start()
    assert made.wait() == 0, made.output()[-500:]
    nunchi.wait_event(lambda e: e["evt.type"] == "procexit" and e["proc.vpid"] == 1 and
                      e["container.full_id"] == name, 30)
    assert nunchi.stop() == 0, nunchi.stderr()
    assert " lost 0" in nunchi.stderr(), nunchi.stderr()
    return [line.split(" ") for line in made.output().splitlines()], \
        [e for e in nunchi.events() if e.get("container.full_id") == name]


def called(events, call):
    return [e for e in events if e["evt.type"] == call and e["thread.tid"] != e["proc.pid"] and
            (call != "openat" or "fifo" in e.get("fd.name", ""))]


def untrusted(event):
    return set(event.get("evt.untrusted", "").split(","))


def test_what_is_changed_under_a_call(setup):
    lines, events = run_it(setup)
    opens, connects = called(events, "openat"), called(events, "connect")
    assert len(lines) == 5 and len(opens) == 4 and len(connects) == 1, (lines, opens, connects)
    # What was opened is known either way; threads share their fds, so that it is known late.
    for event in opens:
        assert event["fd.name"] == "/tmp/fifo" and event["evt.late"].split(",")[0] == "fd.name", event
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


def test_who_has_no_other_thread(setup):
    """Nobody else can change its fds: what they are is no guess."""
    name = setup.name + "-alone"
    made = setup.runc.create(name, ["cat", "/etc/passwd"])
    nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat,@process")
    made.start()
    assert made.wait() == 0, made.output()[-500:]
    nunchi.wait_event(lambda e: e["evt.type"] == "procexit" and e["proc.vpid"] == 1 and
                      e["container.full_id"] == name, 30)
    assert nunchi.stop() == 0, nunchi.stderr()
    events = [e for e in nunchi.events() if e.get("container.full_id") == name and
              e.get("fd.name") == "/etc/passwd"]
    assert events and not any("evt.late" in e for e in events), events
