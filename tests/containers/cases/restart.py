# SPDX-License-Identifier: Apache-2.0
"""
Service mode (--pin): the container of a process is still known after a restart of nunchi, even of
one that has slipped away.
"""

import os
import signal
import subprocess
import time

from harness.nunchi import run
from harness.place import patient, wait_until
from harness.resources import bpftool

PINS = "/sys/fs/bpf/nunchi"
MARK = "/tmp/none-restart"


def bpf_file_system(setup):
    """Mounted where it is not, for this test."""
    with open("/proc/mounts", encoding="utf-8") as f:
        if any(line.split()[1:3] == ["/sys/fs/bpf", "bpf"] for line in f):
            return
    subprocess.run(["mount", "-t", "bpf", "bpf", "/sys/fs/bpf"], check=True)
    setup.stack.callback(subprocess.run, ["umount", "/sys/fs/bpf"], check=False)


def unpin():
    for name in ("keep_fork", "identities", "kept"):
        if os.path.exists(os.path.join(PINS, name)):
            os.unlink(os.path.join(PINS, name))
    remove_pins()


def remove_pins():
    """The directories, unless somebody's pins are in them still."""
    for path in (PINS + "/block", PINS):
        if os.path.isdir(path) and not os.listdir(path):
            os.rmdir(path)


def test_who_got_away_stays_its_container_s(setup):
    bpf_file_system(setup)
    setup.stack.callback(unpin)
    host = setup.start(["sleep", "300"], "host-process")
    first = setup.nunchi("trace", "-o", "json", "--pin")
    made = setup.runc.run(setup.name + "-kept", ["/bin/sleep", "300"], privileged=True,
                          namespaces=("mount", "ipc", "uts"))
    first.wait_event(lambda e: e["evt.type"] == "container_started" and
                     e.get("container.full_id") == made.id)
    # Into every namespace of the host's, and its cgroup: nothing but the task itself tells.
    script = (f"while :; do cat {MARK}; sleep 0.1; done")
    away = subprocess.Popen(
        ["runc", "exec", made.name, "/bin/busybox", "nsenter", "-t", str(host.pid), "-m", "-i",
         "-u", "/bin/sh", "-c", "for d in /sys/fs/cgroup/*/; do echo $$ >$d/cgroup.procs; done; " +
         script], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    loop = 0
    try:
        first.wait_event(lambda e: e["evt.type"] == "container_escape_suspected" and
                         e["escape.reason"].startswith("left its cgroup"))
        marked = first.wait_event(lambda e: e.get("fd.nameraw") == MARK)
        loop = marked["proc.ppid"]
        assert marked["container.full_id"] == made.id, marked
        assert run("trace", "--pin", "--timeout", "1").returncode == 1  # one only
        first.process.kill()
        first.process.wait()
        time.sleep(0.5)

        second = setup.nunchi("trace", "-o", "json", "--pin")
        gap = second.wait_event(lambda e: e["evt.type"] == "sensor_gap")
        assert gap["gap.from"] < gap["gap.to"], gap
        marked = second.wait_event(lambda e: e.get("fd.nameraw") == MARK)
        assert marked["container.full_id"] == made.id, marked
        assert marked["container.name"] == made.name, marked
        time.sleep(0.5)
        assert second.stop() == 0

        # Without, whoever has left everything behind is the host's: docs/attribution.md says so.
        third = setup.nunchi("trace", "-o", "json", "--host", "-e", "openat")
        marked = third.wait_event(lambda e: e.get("fd.nameraw") == MARK)
        assert marked["container.id"] == "host", marked
        assert third.stop() == 0
    finally:
        if loop:
            os.kill(loop, signal.SIGKILL)
        away.wait()
        made.stop()


def test_what_another_version_pinned_is_not_used(setup):
    """It is known by what an identity consists of, which is in row 0 of what is kept, and not by its size alone."""
    bpf_file_system(setup)
    setup.stack.callback(unpin)
    unpin()  # what other cases have left
    kept, row = ("pinned", PINS + "/kept"), ("key", "hex", "00", "00", "00", "00")

    def started():
        """What a run says of what is pinned, and the generation of its slots."""
        nunchi = setup.nunchi("trace", "--pin")
        assert nunchi.stop() == 0, nunchi.stderr()
        value = bpftool("map", "lookup", *kept, *row)["value"]
        return "another version's" in nunchi.stderr(), value

    (warned, first), (again, second) = started(), started()
    assert not warned and not again and second != first, (first, second)
    layout = second[24:32]  # struct probe_kept: its key
    assert layout == first[24:32] and any(byte != "0x00" for byte in layout), second
    other = second[:24] + [f"0x{int(byte, 16) ^ 255:02x}" for byte in layout] + second[32:]
    bpftool("map", "update", *kept, *row, "value", "hex", *(byte[2:] for byte in other))
    warned, third = started()
    assert warned and third == first, third


OPENS = "echo begun; while :; do { : < /tmp/of-an-image; } 2>/dev/null; /bin/busybox sleep 0.05; done"


def guard_of_image(setup, image, name):
    """A guard, and its rule, by which the kernel side looks at what is executed."""
    rules = setup.file("restart", image.replace("/", "-") + ".yaml")
    with open(rules, "w", encoding="utf-8") as f:
        f.write("- rule: image\n  desc: d\n  condition: evt.type in (open, openat) and fd.nameraw = /tmp/of-an-image and "
                f"proc.exepath = {image}\n  priority: INFO\n  output: '%fd.name'\n")
    return setup.nunchi("guard", "--pin", "-o", "json", "-f", rules, "-c", name)


def test_what_an_image_was_is_of_that_run(setup):
    """To other rules, in another run, it is something else; and what it is now is not known before the next exec."""
    bpf_file_system(setup)
    setup.stack.callback(unpin)
    name = setup.name + "-image"
    first = guard_of_image(setup, "/bin/busybox", name)
    made = setup.runc.run(name, ["/bin/bash", "-c", OPENS])
    try:
        wait_until(lambda: "begun" in made.output(), 20, "the container")
        time.sleep(patient(0.5))
        assert first.stop() == 0, first.stderr()
        assert not list(first.events()) and "unwanted" in first.stderr(), first.stderr()
        second = guard_of_image(setup, "/usr/bin/bash", name)
        second.wait_event(lambda e: e["rule"] == "image", patient(20), "what bash opens")
        assert second.stop() == 0, second.stderr()
    finally:
        made.stop()


def test_capabilities_are_those_of_the_event(setup):
    """Of what was put aside when the second came, and is taken back: the kernel side knew it from the first."""
    bpf_file_system(setup)
    setup.stack.callback(unpin)
    watch = ("trace", "--pin", "-e", "openat", "--format", "%fd.nameraw %thread.cap_effective",
             "fd.nameraw startswith /caps- and fd.nameraw != /caps-go")
    first = setup.nunchi(*watch)
    made = setup.runc.run(setup.name + "-back", ["/bin/caps", "back"])
    wait_until(lambda: b"/caps-aside CAP_NET_BIND_SERVICE CAP_AUDIT_WRITE" in first.text(), 10, "one that is aside")
    first.process.kill()
    first.process.wait()
    second = setup.nunchi(*watch)
    wait_until(lambda: b"/caps-aside" in second.text(), 10, "the second")
    with open(os.path.join(setup.root, "caps-go"), "wb"):
        pass
    assert made.wait() == 0, made.output()
    time.sleep(patient(0.5))
    assert second.stop() == 0, second.stderr()
    lines = set(second.text().decode().splitlines()) - {"<NA> <NA>"}  # the gap
    assert lines == {"/caps-aside CAP_NET_BIND_SERVICE CAP_AUDIT_WRITE",
                     "/caps-back CAP_KILL CAP_NET_BIND_SERVICE CAP_AUDIT_WRITE"}, lines


def test_a_long_id_stays_whole(setup):
    """An id, or name, for which there is no room among what is pinned, is found out anew."""
    bpf_file_system(setup)
    setup.stack.callback(unpin)
    name = setup.name + "-" + "l" * (200 - len(setup.name))
    first = setup.nunchi("trace", "-o", "json", "--pin")
    made = setup.runc.run(name, ["/bin/sh", "-c", f"while :; do cat {MARK}; sleep 0.1; done"])
    first.wait_event(lambda e: e.get("fd.nameraw") == MARK and e.get("container.full_id") == made.id)
    assert first.stop() == 0
    second = setup.nunchi("trace", "-o", "json", "--pin")
    for _ in range(5):
        marked = second.wait_event(lambda e: e.get("fd.nameraw") == MARK)
        assert (marked["container.full_id"], marked["container.name"]) == (made.id, made.name), marked
    assert second.stop() == 0
    made.remove()
