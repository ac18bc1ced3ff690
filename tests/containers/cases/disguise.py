# SPDX-License-Identifier: Apache-2.0
"""
Rules that block by proc.exepath compare the path by which a program was executed, as alerts do: not
the path of the file by now, nor a path that the process has told the kernel.
"""

import os

from harness.blocking import alerts, effects, guard, in_container, need_refusal, refuses_peers, wait_alert
from harness.nunchi import run
from harness.place import Elsewhere, wait_until
from .keep import ready
from .reload import Rules

CONNECT = "evt.type = connect and container.id != host and fd.sport = 4444 and "
# The program is copied to the one and renamed to the other.
MOVE = "cd /tmp; mkdir -p a b c; cp /bin/disguise {0}; {0} rename {0} {1} {2}; "
DENIED = ["first denied", "then denied", "thread denied", "child denied"]
LET_GO = ["first let go", "then let go", "thread let go", "child let go"]


def need_refusal_of_peers():
    if not refuses_peers():
        return Elsewhere("this kernel refuses no peers")
    return None


def test_renamed(setup):
    """Out of where it may not connect, and into it."""
    reason = need_refusal_of_peers()
    if reason:
        return reason
    nunchi = guard(setup, [("Deny", CONNECT + "proc.exepath pmatch (/tmp/a)", "deny"),
                           ("Deny unless", CONNECT + "proc.exepath startswith /tmp/ and "
                            "not proc.exepath endswith b", "deny")])
    lines, _ = in_container(setup, setup.name + "-out", MOVE.format("/tmp/a/evil.b", "/tmp/b/evil.b", ""))
    assert lines == DENIED, lines
    lines, _ = in_container(setup, setup.name + "-as", MOVE.format("/tmp/c/evil", "/tmp/c/evil.b", ""))
    assert lines == DENIED, lines
    lines, _ = in_container(setup, setup.name + "-in", MOVE.format("/tmp/c/good.b", "/tmp/a/good", ""))
    assert lines == LET_GO, lines
    wait_alert(nunchi, "Deny unless")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Deny") == [("deny", "before")] * 4, nunchi.text()
    assert effects(nunchi, "Deny unless") == [("deny", "before")] * 4, nunchi.text()
    shown = {e["output_fields"].get("proc.exepath") for e in alerts(nunchi, "Deny")}
    assert shown <= {"/tmp/a/evil.b", None}, shown
    return None


def test_borrowed(setup):
    """prctl(PR_SET_MM) replaces what the kernel has as the image, which says nothing of what runs."""
    reason = need_refusal_of_peers()
    if reason:
        return reason
    nunchi = guard(setup, [("Deny", CONNECT + "not proc.exepath in (/usr/bin/cat)", "deny")])
    lines, _ = in_container(setup, setup.name + "-borrow", "disguise borrow /usr/bin/cat", privileged=True)
    assert lines == DENIED, lines
    wait_alert(nunchi, "Deny")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Deny") == [("deny", "before")] * 4, nunchi.text()
    return None


def test_rules_read_anew(setup):
    """Who was renamed before is not known to new rules, and denied; who was not is held against them."""
    reason = need_refusal_of_peers()
    if reason:
        return reason
    rules, shared = Rules(setup), setup.directory("shared")
    rules.write(("Deny", CONNECT + "proc.exepath = /tmp/none", "deny"))
    rules.nunchi = setup.nunchi("guard", "-f", rules.path, "-o", "json", "--fold", "0")
    made = {name: setup.runc.run(setup.name + "-" + name, ["/bin/sh", "-c", MOVE.format(*paths, "/go/now")],
                                 binds=[("/go", shared)])
            for name, paths in (("out", ("/tmp/a/evil", "/tmp/b/evil")), ("stays", ("/tmp/c/it", "/tmp/c/it")))}
    for one in made.values():
        wait_until(lambda one=one: one.output() == "first let go\n", 20, "the first connection")
    rules.write(("Deny", CONNECT + "proc.exepath startswith /tmp/a/", "deny"))
    rules.reload()
    with open(os.path.join(shared, "now"), "w", encoding="utf-8"):
        pass
    for name, lines in (("out", [LET_GO[0], *DENIED[1:]]), ("stays", LET_GO)):
        made[name].wait()
        assert made[name].output().splitlines() == lines, (name, made[name].output())
    assert rules.nunchi.stop() == 0
    return None


def test_kept(setup):
    """Nobody tells of execs any more, and their paths are known all the same."""
    reason = need_refusal_of_peers()
    if reason:
        return reason
    ready(setup)
    nunchi = guard(setup, [("Deny", CONNECT + "not proc.exepath in (/tmp/b/evil)", "deny")], "--keep-blocking")
    assert nunchi.stop() == 0
    assert "block_remember" in run("unblock", "--list").stdout
    lines, _ = in_container(setup, setup.name + "-kept", MOVE.format("/tmp/a/evil", "/tmp/b/evil", ""))
    assert lines == DENIED, lines
    lines, _ = in_container(setup, setup.name + "-may", MOVE.format("/tmp/b/evil", "/tmp/a/evil", ""))
    assert lines == LET_GO, lines
    assert run("unblock").returncode == 0
    return None


def test_by_another_mount(setup):
    """A program is the file that it is, also where that is mounted elsewhere, or over one that may, be it in a file system of the container's own."""
    nunchi = guard(setup, [("Kill", "evt.type in (execve, execveat) and container.id != host and "
                            "proc.exepath = /usr/bin/bash", "kill"),
                           ("Kill unless", "evt.type in (open, openat, openat2) and container.id != host and "
                            "fd.name = /mnt/test.txt and not proc.exepath = /usr/bin/cat", "kill")])
    script = ("exec 2>/dev/null; touch /tmp/x; mount --bind /usr/bin/bash /tmp/x; /tmp/x -c 'echo ran'; echo code $?; "
              "/usr/bin/cat /mnt/test.txt; mount --bind /usr/bin/busybox /usr/bin/cat; /usr/bin/cat /mnt/test.txt; echo code $?; "
              "mkdir /tmp/own; mount -t tmpfs t /tmp/own; cp /usr/bin/busybox /tmp/own/cat; mount --bind /tmp/own/cat /usr/bin/cat; "
              "/usr/bin/cat /mnt/test.txt; echo code $?")
    lines, _ = in_container(setup, setup.name + "-mounted", script, privileged=True)
    assert lines == ["code 137", "what the paper reads", "code 137", "code 137"], lines
    wait_alert(nunchi, "Kill unless")
    assert nunchi.stop() == 0
    assert len(effects(nunchi, "Kill")) == 1 and len(effects(nunchi, "Kill unless")) == 2, nunchi.text()


def test_interpreter_killed(setup):
    """The same without LSM, after the exec and before the first instruction: an interpreter is where that is."""
    execs = "evt.type in (execve, execveat) and container.id != host and "
    nunchi = guard(setup, [("Kill", execs + "proc.exepath = /tmp/a/tool", "kill"),
                           ("Kill unless", execs + "proc.name in (tool, wrapper) and not proc.exepath pmatch (/tmp/a, /tmp/c) "
                            "and not proc.exepath endswith /wrapper", "kill")])
    script = "cd /tmp; mkdir a b c; for d in a b c; do wrapped /tmp/$d; done; /usr/bin/cat /mnt/test.txt"
    lines, _ = in_container(setup, setup.name + "-killed", script)
    assert lines == ["tool killed", "wrapper killed", "tool killed", "wrapper ran", "tool ran", "wrapper ran",
                     "what the paper reads"], lines
    wait_alert(nunchi, "Kill unless")
    assert nunchi.stop() == 0
    assert len(effects(nunchi, "Kill")) == 2, nunchi.text()


def test_interpreter(setup):
    """A program that may not be executed is no other's ELF interpreter either; who may needs no leave for its own."""
    reason = need_refusal()
    if reason:
        return reason
    execs = "evt.type in (execve, execveat) and container.id != host and "
    nunchi = guard(setup, [("Deny", execs + "proc.exepath = /tmp/a/tool", "deny"),
                           ("Deny named", execs + "proc.name = wrapper and proc.exepath pmatch (/tmp/b)", "deny"),
                           ("Deny unless", execs + "not proc.exepath startswith /tmp and not proc.exepath "
                            "endswith /busybox and not proc.exepath endswith /wrapped and not proc.exepath "
                            "endswith /cat", "deny")])
    script = ("cd /tmp; mkdir a b c; for d in a b c; do wrapped /tmp/$d; done; /usr/bin/cat /mnt/test.txt; "
              "bash -c 'echo bash ran' 2>/dev/null || echo no bash")
    lines, _ = in_container(setup, setup.name + "-tools", script)
    no = "Operation not permitted"
    assert lines == ["tool " + no, "wrapper " + no, "tool ran", "wrapper " + no, "tool ran", "wrapper ran",
                     "what the paper reads", "no bash"], lines
    wait_alert(nunchi, "Deny unless")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Deny") == [("deny", "before")] * 2, nunchi.text()
    assert effects(nunchi, "Deny named") == [("deny", "before")], nunchi.text()
    return None
