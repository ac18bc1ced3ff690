# SPDX-License-Identifier: Apache-2.0
"""Calls that are interrupted by a signal whose handler does not return to them (progs/left.c)."""


def told_of(setup, how, *names):
    """What became of the container, in the order of its events: of a connect the result, else what was called."""
    name = f"{setup.name}-left-{how}"
    nunchi = setup.nunchi("trace", "-o", "json", "-c", name, "-e", "connect,openat,execve", "proc.name in (left, true)")
    made = setup.runc.run(name, ["/bin/left", *names])
    assert made.wait() == 0 and "not left" not in made.output(), made.output()
    assert nunchi.stop() == 0, nunchi.stderr()
    assert "does not add up" not in nunchi.stderr(), nunchi.stderr()
    return [e.get("evt.res") if e["evt.type"] == "connect" else e["evt.type"] for e in nunchi.events()
            if e["evt.type"] != "openat" or e.get("fd.name") == "/etc/passwd"]


def test_a_handler_that_does_not_come_back(setup):
    """There is room for one such call: the next tells of it, and so do others, long before the process ends."""
    told = told_of(setup, "waits", "one", "two")
    assert sorted(told[:told.index("openat")]) == ["EINTR", "SUCCESS", "SUCCESS", "execve"], told
    assert told.count("EINTR") == 2 and told.index("openat") < told.index("EINTR", told.index("openat")) < len(told) - 1, told


def test_a_handler_that_executes(setup):
    told = told_of(setup, "executes", "one", "exec")
    assert told[:4] == ["execve", "SUCCESS", "EINTR", "execve"], told
