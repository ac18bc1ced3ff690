# SPDX-License-Identifier: Apache-2.0
"""What no hook can see here is reported when a container starts it, by what comes before it, which is seen."""

import json
import platform

from harness.nunchi import run
from harness.place import Elsewhere

RULE = """
- rule: Nobody
  desc: It matches nothing.
  condition: evt.type = openat and fd.name = /nowhere
  output: nothing
  priority: NOTICE
"""


def blind_hooks():
    """--hooks by which 32-bit calls are not seen here; none: they always are."""
    if platform.machine() == "aarch64":
        return ["tracepoint"]
    found = {p["name"]: p["state"] for p in json.loads(run("doctor", "-o", "json").stdout)["programs"]}
    return [name for name, program in (("fentry", "fexit"), ("kprobe", "kretprobe")) if found.get(program) == "runs"][:1]


def blind_events(nunchi):
    assert nunchi.stop() == 0, nunchi.stderr()
    return [e for e in nunchi.events() if e["evt.type"] == "sensor_blind"]


def test_32_bit_programs(setup):
    """Each container that executes one is told of, once, in the stream and on stderr; also where rules judge, and in a capture."""
    hooks = blind_hooks()
    if not hooks:
        return Elsewhere("32-bit calls are seen by each attachment that there is")
    names = [f"{setup.name}-narrow-{i}" for i in range(2)]
    how = ["--hooks", hooks[0], "-e", "execve"]
    capture = setup.file("narrow.cap")
    live = setup.nunchi("trace", "-o", "json", *how)
    rules = setup.file("narrow.yaml")
    with open(rules, "w", encoding="ascii") as f:
        f.write(RULE)
    guard = setup.nunchi("guard", "--hooks", hooks[0], "-f", rules)
    recorded = setup.nunchi("record", "-w", capture, *how)
    for name in names:
        made = setup.runc.run(name, ["/bin/narrow", "2"], privileged=True)
        assert made.wait() == 0, made.output()
        if "shut" in made.output():
            return Elsewhere("this kernel executes no 32-bit programs")
    events = blind_events(live)
    assert [e["container.full_id"] for e in events] == names, events
    assert {(e["blind.what"], e["proc.name"]) for e in events} == {("32-bit calls", "narrow")}, events
    assert guard.stop() == recorded.stop() == 0, guard.stderr()
    for nunchi in live, guard:
        said = [line for line in nunchi.stderr().splitlines() if "32-bit program executed" in line]
        assert len(said) == 2 and all(name in line for name, line in zip(names, said)), nunchi.stderr()
    replayed = run("trace", "-r", capture, "--format", "%evt.type %container.full_id").stdout.splitlines()
    assert [line for line in replayed if line.startswith("sensor_blind")] == [f"sensor_blind {name}" for name in names]
    return None


def test_where_it_is_seen(setup):
    """With a hook that sees them, nothing is told."""
    if platform.machine() == "aarch64":
        return Elsewhere("no attachment sees 32-bit calls there")
    name = setup.name + "-narrow-seen"
    nunchi = setup.nunchi("trace", "-o", "json", "-e", "execve,exit", "-c", name)
    made = setup.runc.run(name, ["/bin/narrow", "1"], privileged=True)
    assert made.wait() == 0, made.output()
    assert not blind_events(nunchi) and "not seen" not in nunchi.stderr(), nunchi.stderr()
    return None
