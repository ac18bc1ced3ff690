# SPDX-License-Identifier: Apache-2.0
"""
A process that enters a container from outside is a process of that container from then on, and the
event says who brought it in.
"""

import ctypes
import os
import subprocess
import sys
import time

from harness.many import full_or
from harness.place import patient, wait_until
from harness.setup import IMAGE, KINDS

MARKS = {"after", "after-child", "after-exec"}
def tag_of(setup, tag):
    """Of this run only: other tests of other runs may go on at the same time."""
    return f"{setup.name.rpartition('-')[2]}.{tag}"


def command(tag, program="/bin/runaway"):
    return ["/usr/bin/env", "TAG=" + tag, program, "nowhere"]


def nsenter(made, options, entered):
    subprocess.run(["nsenter", "-t", str(made.pid()), *options, *entered], check=True,
                   stdout=subprocess.DEVNULL)


def marks_of(events, tag):
    prefix = f"/tmp/mark-{tag}-nowhere-"
    return {e["fd.nameraw"][len(prefix):]: e for e in events
            if (e.get("fd.nameraw") or "").startswith(prefix)}


def init(tag):
    return ["/bin/sh", "-c", f"TAG={tag} /bin/runaway nowhere; exec /bin/pause"]


def enter(setup, runtime, made, ways):
    """
    Starts the container and enters it in each way; ways: tag -> (a function, who brings it), where
    init's own has no function. Returns the events.
    """
    nunchi = setup.nunchi("trace", "-o", "json", runtimes=[runtime] if runtime else [])
    made.start()
    first = f"/tmp/mark-{next(iter(ways))}-nowhere-after-exec"
    nunchi.wait_event(lambda e: e.get("fd.nameraw") == first)
    for tag, (way, _) in ways.items():
        if way:
            way(tag)
    time.sleep(patient(0.5))
    assert nunchi.stop() == 0, nunchi.stderr()
    made.remove()
    return nunchi.events()


def wrong_attributions(events, made, ways):
    wrong = []
    for tag in ways:
        marks = marks_of(events, tag)
        if set(marks) != MARKS:
            wrong.append(f"{tag}: no event of {sorted(MARKS - set(marks))}")
        wrong += [f"{tag}: {task} is {e.get('container.full_id')}'s" for task, e in marks.items()
                  if e.get("container.full_id") != made.id]
    return wrong


def wrong_reports(events, made, ways):
    wrong = []
    execs = [e for e in events if e["evt.type"] == "container_exec" and
             e.get("container.full_id") == made.id]
    for tag, (way, who) in ways.items():
        marks = marks_of(events, tag)
        for task, event in marks.items():
            if event.get("proc.is_container_exec") is not bool(way):
                wrong.append(f"{tag}: {task} has proc.is_container_exec "
                             f"{event.get('proc.is_container_exec')}")
        if not way or "after" not in marks:
            continue
        found = [e for e in execs if e["proc.pid"] == marks["after"]["proc.pid"]]
        if len(found) != 1:
            wrong.append(f"{tag}: {len(found)} container_exec of it")
        by = {e.get("proc.entered_by") for e in found + list(marks.values())}
        if {str(name).split(":")[0] for name in by} != {who}:
            wrong.append(f"{tag}: brought by {by}")
        wrong += [f"{tag}: container_exec comes after its calls" for e in found
                  if e["evt.rawtime"] > marks["after"]["evt.rawtime"]]
    if len(execs) != len(ways) - 1:
        wrong.append(f"{len(execs)} container_exec for {len(ways) - 1}: " +
                     str([e.get("proc.cmdline") for e in execs]))
    return wrong


def docker_ways(setup):
    made = setup.docker.create(setup.name + "-entered-d", IMAGE, init(tag_of(setup, "init-docker")))
    return setup.docker, made, {
        "init-docker": (None, None),
        "docker-exec": (lambda t: made.execute(command(t)), "runc"),
        "nsenter-docker": (lambda t: nsenter(made, ["-a"], command(t)), "nsenter")}


def cri_ways(setup):
    made = setup.containerd.pod(setup.name + "-entered").create(
        setup.name + "-entered-c", IMAGE, init(tag_of(setup, "init-cri")))
    return setup.containerd, made, {
        "init-cri": (None, None),
        "exec-sync": (lambda t: made.execute(command(t)), "runc"),
        "exec-stream": (lambda t: made.execute_streaming(command(t)), "runc")}


def runc_ways(setup):
    outside = os.path.join(setup.root, "bin/runaway")
    made = setup.runc.create(setup.name + "-entered-r", init(tag_of(setup, "init-runc")),
                             privileged=True)
    return None, made, {
        "init-runc": (None, None),
        "runc-exec": (lambda t: made.execute(command(t)), "runc"),
        "nsenter-all": (lambda t: nsenter(made, ["-a"], command(t)), "nsenter"),
        "nsenter-mnt": (lambda t: nsenter(made, ["-m"], command(t)), "nsenter"),
        "nsenter-pid": (lambda t: nsenter(made, ["-p"], command(t, outside)), "nsenter"),
        "runc-again": (lambda t: made.execute(command(t)), "runc")}


WAYS = {kind: ways for kind, ways in (("docker", docker_ways), ("cri", cri_ways), ("runc", runc_ways))
        if kind in KINDS}
RESULTS = {}


def results(setup):
    """runtime -> (events, container, ways), made once."""
    if setup in RESULTS:
        return RESULTS[setup]
    RESULTS[setup] = {}
    for kind, make in WAYS.items():
        runtime, made, ways = make(setup)
        tagged = {tag_of(setup, way): how for way, how in ways.items()}
        RESULTS[setup][kind] = (enter(setup, runtime, made, tagged), made, tagged)
    return RESULTS[setup]


def check(setup, function):
    found = results(setup)
    assert len(found) == len(WAYS), "not all could be entered: see the first test of it"
    wrong = [f"{kind} {w}" for kind, run in found.items() for w in function(*run)]
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong)


def test_who_enters_is_the_container_s(setup):
    check(setup, wrong_attributions)


def test_entering_is_reported(setup):
    check(setup, wrong_reports)


def test_nothing_else_is(setup):
    """What stays outside is not the container's: the tools that bring others in."""
    for events, made, _ in results(setup).values():
        tools = [e for e in events if e.get("container.full_id") == made.id and
                 e["evt.type"] != "container_exec" and e.get("proc.name") in ("nsenter", "runc")]
        assert not tools, (len(tools), tools[:2])


# Comes into the container of a process, and opens files there, one after another, without an exec.
STAYS = """
import ctypes, os, sys, time
libc = ctypes.CDLL(None, use_errno=True)
fd = os.open(f"/proc/{sys.argv[1]}/ns/mnt", os.O_RDONLY)
assert libc.setns(fd, 0) == 0, ctypes.get_errno()
for i in range(10**6):
    try:
        os.open(f"/tmp/stays-{i}", os.O_RDONLY)
    except OSError:
        pass
    time.sleep(0.1)
"""
PTRACE_SEIZE, SETUP_SECONDS = 0x4206, 30


def phases(nunchi, pid):
    lines = [line.split() for line in nunchi.text().decode().splitlines()]
    return [line[0] for line in lines if line[1] == str(pid) and line[2].startswith("/tmp/stays-")]


def test_who_executes_nothing(setup):
    """He is the runtime's at first, and not for ever: nor once somebody traces him."""
    made = setup.runc.run(setup.name + "-stays", ["/bin/pause"])
    wait_until(lambda: made.runc.is_running(made.name), 10, "the container")
    nunchi = setup.nunchi("trace", "--setup", "-e", "openat", "-c", made.name, "--format", "%evt.phase %proc.pid %fd.nameraw")
    for way in ("traced", "long")[:full_or(2, 1)]:
        with subprocess.Popen([sys.executable, "-c", STAYS, str(made.pid())]) as stays:
            try:
                wait_until(lambda p=stays.pid: phases(nunchi, p), 10, "what he opens")
                began = time.monotonic()
                if way == "traced":
                    assert ctypes.CDLL(None).ptrace(PTRACE_SEIZE, stays.pid, 0, 0) == 0
                wait_until(lambda p=stays.pid: "run" in phases(nunchi, p), SETUP_SECONDS + 10, "that he is not setting up")
                assert way == "traced" or time.monotonic() - began >= SETUP_SECONDS - 5
            finally:
                stays.kill()
        told = phases(nunchi, stays.pid)
        assert told[0] == "setup" and told == sorted(told, reverse=True), told
    assert nunchi.stop() == 0, nunchi.stderr()
    made.stop()
