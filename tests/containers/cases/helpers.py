# SPDX-License-Identifier: Apache-2.0
"""
Programs that the kernel itself starts, outside every container, because of something in a container: the
helper of core_pattern, and a cgroup's release_agent. Whoever can choose them is out of the container,
so their events are shown without --host too.
"""

import contextlib
import os
import shutil
import subprocess
import time

from harness.place import wait_until

CORE_PATTERN = "/proc/sys/kernel/core_pattern"


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def write(path, text):
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def helper(setup, name):
    """A program of its own name; core_pattern has room for 127 bytes."""
    path = setup.file(name)
    shutil.copy(os.path.join(setup.root, "bin/helper"), path)
    return path


def has_run(program):
    try:
        wait_until(lambda: os.path.exists(program + ".ran"), 3, program)
    except TimeoutError:
        return False
    return True


def watch(setup):
    return setup.nunchi("trace", "-o", "json")


def check(nunchi, program):
    """Exactly one execve of it is shown, as the host's; and it is all that is shown of the host."""
    wait_until(lambda: any(program.encode() in line for _, line in nunchi.lines), 5,
               f"the execve of {program}")
    time.sleep(0.5)
    assert nunchi.stop() == 0, nunchi.stderr()
    found = [e for e in nunchi.events() if e.get("proc.exepath") == program and
             e["evt.type"] == "execve"]
    assert len(found) == 1, found
    event = found[0]
    assert event["container.id"] == "host", event
    assert event["proc.ppid"] == 2 or event["proc.pname"].startswith("kworker"), event
    strangers = [e for e in nunchi.events() if e.get("container.id") == "host" and
                 e["evt.type"] == "execve" and e.get("proc.exepath") != program]
    assert not strangers, strangers[:2]
    return event


@contextlib.contextmanager
def core_pattern(text):
    """Set, and always restored."""
    before = read(CORE_PATTERN).rstrip("\n")
    write(CORE_PATTERN, text)
    try:
        yield
    finally:
        write(CORE_PATTERN, before)


def test_core_pattern(setup):
    if not os.access(CORE_PATTERN, os.W_OK):
        return "core_pattern cannot be set here"
    program = helper(setup, "core-helper")
    nunchi = watch(setup)
    with core_pattern(f"|{program} %P"):
        made = setup.runc.run(setup.name + "-crash", ["/bin/crash"])
        assert made.wait() == 0, made.output()
        if not has_run(program):
            return "this kernel starts no helper for a core dump"
    check(nunchi, program)
    made.remove()
    return None


def mount_hierarchy(name, top):
    return subprocess.run(["mount", "-t", "cgroup", "-o", f"none,name={name}", "none", top],
                          capture_output=True, text=True, check=False).returncode == 0


def is_no_more(name, top):
    """A hierarchy whose last cgroup was not quite gone yet stays without a mount, until it has been mounted and left once more."""
    if f":name={name}:" not in read("/proc/self/cgroup"):
        return True
    if mount_hierarchy(name, top):
        subprocess.run(["umount", top], check=True)
    return False


@contextlib.contextmanager
def hierarchy(setup, program):
    """A v1 hierarchy of its own, whose release_agent is the program: nobody else's is touched."""
    top = setup.directory("hierarchy")
    if not mount_hierarchy(setup.name, top):
        yield None
        return
    group = os.path.join(top, "short")
    try:
        write(os.path.join(top, "release_agent"), program)
        os.mkdir(group)
        write(os.path.join(group, "notify_on_release"), "1")
        yield group
    finally:
        with contextlib.suppress(OSError):
            wait_until(lambda: not read(os.path.join(group, "cgroup.procs")), 5, "its tasks' end")
        with contextlib.suppress(OSError):
            os.rmdir(group)
        subprocess.run(["umount", top], check=True)
        wait_until(lambda: is_no_more(setup.name, top), 30, "the hierarchy's end", step=0.2)


def test_release_agent(setup):
    program = helper(setup, "release-helper")
    with hierarchy(setup, program) as group:
        if not group:
            return "no v1 hierarchy can be mounted here"
        made = setup.runc.run(setup.name + "-release", ["/bin/sleep", "60"])
        try:
            wait_until(lambda: setup.runc.is_running(made.name), 10, "the container")
            nunchi = watch(setup)
            write(os.path.join(group, "cgroup.procs"), str(made.pid()))
        finally:
            made.stop()
        if not has_run(program):
            return "this kernel starts no release_agent"
        event = check(nunchi, program)
        assert event["proc.cmdline"].endswith(" /short"), event
        made.remove()
    return None
