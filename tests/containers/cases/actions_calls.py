# SPDX-License-Identifier: Apache-2.0
"""
Rules that kill and deny: modules, mounts, ptrace, new sockets and user namespaces, and names that
are made or removed.
"""

import errno
import json

from harness.blocking import alerts, effects, guard, in_container, need_refusal, refuses_all, wait_alert
from harness.place import Elsewhere


def test_deny_modules_and_mounts(setup):
    reason = need_refusal()
    if reason:
        return reason
    victim, other = setup.name + "-module", setup.name + "-other-module"
    nunchi = guard(setup, [
        ("Module", f"evt.type in (init_module, finit_module) and container.name = {victim}", "deny"),
        ("Mount", f"evt.type = mount and container.name = {victim}", "deny")])
    # It has to look like a module's file, or the kernel does not get as far as asking.
    script = ("sleep 1; insmod /bin/pause; mount -t tmpfs none /run && echo mounted")
    lines, _ = in_container(setup, victim, script, privileged=True)
    assert sum("not permitted" in line or "permission denied" in line for line in lines) == 2, lines
    assert "mounted" not in lines, lines
    lines, _ = in_container(setup, other, script, privileged=True)
    assert "mounted" in lines and not any("not permitted" in line for line in lines), lines
    wait_alert(nunchi, "Mount")
    assert nunchi.stop() == 0
    assert ("deny", "before") in effects(nunchi, "Module"), nunchi.text()
    assert effects(nunchi, "Mount") == [("deny", "before")], nunchi.text()
    return None


# Ways to mount, each in a container of its own; what is refused first.
MOUNTS = (("mount -t tmpfs none /tmp/m", "mount"), ("deed cover /tmp/m", "fsconfig"), ("deed move-tree /dev/shm /tmp/m", "move_mount"),
          ("mount -o remount /dev/shm", "mount"), ("deed reconfigure /dev/shm", "fsconfig"))


def mount_by(setup, name, way):
    lines, _ = in_container(setup, name, f"exec 2>&1; sleep 1; mkdir /tmp/m; sh -c '{way}' && echo mounted; echo code $?", privileged=True)
    return lines


def test_deny_every_way_to_mount(setup):
    """By descriptors, too: what is made by them can be read before it is mounted anywhere."""
    reason = need_refusal()
    if reason:
        return reason
    nunchi = guard(setup, [("Mount", f"evt.type = mount and container.name startswith {setup.name}-no-", "deny")])
    for i, (way, call) in enumerate(MOUNTS):
        lines = mount_by(setup, f"{setup.name}-no-{i}", way)
        assert "mounted" not in lines and any("not permitted" in line or "permission denied" in line for line in lines), (way, lines)
        nunchi.wait_event(lambda e, c=call: e["output_fields"]["evt.type"] == c)
        assert "mounted" in mount_by(setup, f"{setup.name}-yes-{i}", way), way
    assert nunchi.stop() == 0
    assert effects(nunchi, "Mount") == [("deny", "before")] * len(MOUNTS), nunchi.text()
    return None


def test_kill_every_way_to_mount(setup):
    nunchi = guard(setup, [("Mount", f"evt.type = mount and container.name startswith {setup.name}-no-", "kill")])
    for i, (way, _) in enumerate(MOUNTS):
        lines = mount_by(setup, f"{setup.name}-no-{i}", way)
        assert lines[-1:] == ["code 137"], (way, lines)
        assert "mounted" in mount_by(setup, f"{setup.name}-yes-{i}", way), way
    wait_alert(nunchi, "Mount")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Mount") == [("kill", "before" if refuses_all() else "after")] * len(MOUNTS), nunchi.text()
    return None


def test_deny_by_another_way(setup):
    """Who asks to be traced, a 32-bit ptrace, and a module that the kernel is to uncompress."""
    reason = need_refusal()
    if reason:
        return reason
    nunchi = guard(setup, [("Trace", "evt.type = ptrace and container.id != host", "deny"),
                           ("Module", "evt.type = finit_module and container.id != host", "deny")])
    lines, _ = in_container(setup, setup.name + "-another-way", "for deed in 'ptrace 0' 'ptrace 16' ptrace-32 'module /bin/pause 0' "
                            "'module /bin/pause 4'; do deed $deed; done 2>&1", privileged=True)
    # Where there are no 32-bit calls it is killed, or says so.
    said = [line for line in lines if "not permitted" not in line]
    assert said in ([], ["ptrace: Function not implemented"], ["Segmentation fault"]), lines
    wait_alert(nunchi, "Module")
    assert nunchi.stop() == 0
    assert set(effects(nunchi, "Trace")) == {("deny", "before")}, nunchi.text()
    assert effects(nunchi, "Module") == [("deny", "before")] * 2, nunchi.text()
    return None


# Another's memory, and another's descriptor.
MEMORY = ["vm-read", "vm-write", "take"]


def test_deny_another_s_memory(setup):
    """A rule about ptrace means what else takes it; who reads his own is asked nothing."""
    victim = setup.name + "-memory"
    deny = refuses_all()
    nunchi = guard(setup, [("Memory", f"evt.type = ptrace and container.name startswith {victim}", "deny" if deny else "kill")])
    script = "sleep 1; for deed in %s; do deed $deed 2>/dev/null; echo $deed $?; done; deed vm-own; echo own $?"
    lines, made = in_container(setup, victim, script % " ".join(MEMORY), privileged=True)
    assert lines == [f"{deed} {1 if deny else 137}" for deed in MEMORY] + ["own 0"], made.output()
    lines, made = in_container(setup, setup.name + "-other-memory", script % " ".join(MEMORY), privileged=True)
    assert lines == [f"{deed} 0" for deed in MEMORY] + ["own 0"], made.output()
    wait_alert(nunchi, "Memory")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Memory") == [("deny", "before") if deny else ("kill", "after")] * len(MEMORY), nunchi.text()
    told = [e["output_fields"]["evt.type"] for e in alerts(nunchi, "Memory")]
    assert told == ["process_vm_readv", "process_vm_writev", "pidfd_getfd"], told


def test_kill_who_loads_a_module(setup):
    victim, other = setup.name + "-loads", setup.name + "-other-loads"
    nunchi = guard(setup, [("Kill", f"evt.type in (init_module, finit_module) and container.name = {victim}", "kill")])
    script = "exec 2>/dev/null; sleep 1; insmod /bin/pause; echo code $?"
    lines, _ = in_container(setup, victim, script, privileged=True)
    if lines == [f"code {errno.ENOSYS}"]:
        return Elsewhere("this kernel takes no modules")
    assert lines == ["code 137"], lines
    lines, _ = in_container(setup, other, script, privileged=True)
    assert lines == [f"code {errno.ENOEXEC}"], lines
    wait_alert(nunchi, "Kill")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Kill") == [("kill", "before" if refuses_all() else "after")], nunchi.text()
    return None


# Of what progs/makes.c makes, which rule is about it.
MADE = {"packet": "Packet", "packet, as it was made once": "Packet", "packet by a ring": "Packet", "raw": "Raw",
        "uevent": "Uevent", "pair of packets": "Pair", "unshare": "User", "clone": "User", "clone3": "User"}


def made_rules(victim, action):
    """What is made in the container, by what its hooks know of it."""
    sockets = f"evt.type in (socket, socketpair) and container.name = {victim} and evt.arg"
    return [("Packet", f"{sockets}.domain in (AF_PACKET, AF_ALG)", action),
            ("Raw", f"{sockets}.domain startswith AF_INET and evt.arg.type contains SOCK_RAW", action),
            ("Uevent", f"{sockets}.domain = AF_NETLINK and evt.rawarg.protocol = 15", action),
            ("Pair", f"{sockets}.domain = AF_UNIX and evt.arg.type contains SOCK_SEQPACKET", action),
            ("User", f"evt.type in (unshare, clone, clone3) and container.name = {victim} and "
                     "(evt.arg.flags contains CLONE_NEWUSER or evt.arg.cl_args contains CLONE_NEWUSER)", action)]


def make(setup, name):
    made = setup.runc.run(name, ["/bin/sh", "-c", "sleep 1; exec /bin/makes"], privileged=True)
    assert made.wait() == 0, made.output()
    return {line["what"]: line["error"] for line in map(json.loads, made.output().splitlines())}


def made_and_not(setup, action):
    """How what is meant ended, by way; all else is left alone, and so is another container."""
    victim = setup.name + "-makes-" + action
    nunchi = guard(setup, made_rules(victim, action))
    other, made = make(setup, victim + "-not"), make(setup, victim)
    lacking = {way for way, error in other.items() if error}
    assert lacking <= {"packet by a ring"}, other  # io_uring can be shut
    assert {error for way, error in made.items() if way not in MADE} == {""}, made
    wait_alert(nunchi, "User")
    assert nunchi.stop() == 0
    return nunchi, {way: error for way, error in made.items() if way in MADE and way not in lacking}


def test_deny_sockets_and_user_namespaces(setup):
    reason = need_refusal()
    if reason:
        return reason
    nunchi, ended = made_and_not(setup, "deny")
    assert set(ended.values()) == {"EPERM"}, ended
    for rule in set(MADE.values()):
        assert effects(nunchi, rule) == [("deny", "before")] * sum(MADE[way] == rule for way in ended), nunchi.text()
    return None


def test_kill_who_makes_sockets_and_user_namespaces(setup):
    nunchi, ended = made_and_not(setup, "kill")
    assert set(ended.values()) == {"SIGKILL"}, ended
    for rule in set(MADE.values()):
        told = effects(nunchi, rule)
        assert set(told) == {("kill", "before" if refuses_all() else "after")}, (rule, nunchi.text())
        assert len(told) >= sum(MADE[way] == rule for way in ended), (rule, nunchi.text())


# Of what progs/names.c does, which rule is about it.
NAMES = {"unlink": "Remove", "unlinkat": "Remove", "rmdir": "Remove", "ring unlink": "Remove",
         "rename": "Rename", "renameat": "Rename", "renameat2": "Rename", "exchange": "Rename", "over it": "Rename",
         "ring rename": "Rename", "link": "Link", "linkat": "Link", "ring link": "Link"}


def names_rules(victim, action):
    """Of what is in a directory, or of some of it; what is put over it is refused by where it goes."""
    return [("Remove", f"evt.type in (unlink, unlinkat, rmdir) and {victim} and fs.path.name pmatch (/tmp/kept)", action),
            ("Rename", f"evt.type in (rename, renameat, renameat2) and {victim} and "
                       "(fs.path.source startswith /tmp/kept/old or fs.path.target contains kept/old)", action),
            ("Link", f"evt.type in (link, linkat) and {victim} and fs.path.target pmatch (/tmp/kept)", action)]


def act_on_names(setup, name, directory):
    """How each way ended. /tmp/seen is the same directory by another mount."""
    script = f"sleep 1; mkdir /tmp/kept /tmp/seen; mount --bind /tmp/kept /tmp/seen; exec /bin/names {directory}"
    made = setup.runc.run(name, ["/bin/sh", "-c", script], privileged=True)
    assert made.wait() == 0, made.output()
    return {line["what"]: line["error"] for line in map(json.loads, made.output().splitlines())}


def test_deny_changes_of_names(setup):
    """By any of the calls, of requests too, and by another mount; elsewhere they may."""
    reason = need_refusal()
    if reason:
        return reason
    victim = setup.name + "-names"
    # With a rule about opens: what programs look at when a call has returned must not be names.
    opens = ("Open", f"evt.type in (open, openat) and container.name startswith {victim} and fd.name = /no/such", "deny")
    nunchi = guard(setup, names_rules(f"container.name startswith {victim}", "deny") + [opens])
    for name, directory in (victim, "/tmp/kept"), (victim + "-mounted", "/tmp/seen"):
        ended = act_on_names(setup, name, directory)
        lacking = {way for way, error in ended.items() if way.startswith("ring") and error != "EPERM"}
        assert set(ended) == set(NAMES) and {ended[way] for way in set(NAMES) - lacking} == {"EPERM"}, ended
        assert not lacking or lacking == {way for way in NAMES if way.startswith("ring")}, ended  # io_uring can be shut
    for name, directory in (victim + "-elsewhere", "/tmp"), (setup.name + "-other-names", "/tmp/kept"):
        ended = act_on_names(setup, name, directory)
        assert {error for way, error in ended.items() if way not in lacking} == {""}, ended
    wait_alert(nunchi, "Link")
    assert nunchi.stop() == 0
    for rule in set(NAMES.values()):
        told = [(e["action"], e["effect"]) for e in alerts(nunchi, rule)]
        assert told == [("deny", "before")] * 2 * sum(NAMES[way] == rule and way not in lacking for way in NAMES), (rule, nunchi.text())
    told = [e["output_fields"] for e in alerts(nunchi, "Remove")]
    assert all(fields["fs.path.name"].startswith("/tmp/") for fields in told if fields["evt.type"] == "unlink"), told
    return None


def test_names_cannot_be_looked_at_later(setup):
    """Where nothing is refused before, who changes them is not killed either: it is said, and the rule alerts."""
    if refuses_all():
        return Elsewhere("this kernel asks BPF programs before calls")
    victim = setup.name + "-later"
    nunchi = guard(setup, names_rules(f"container.name = {victim}", "kill"))
    assert "3 rules that kill who removes, renames, links or truncates can only alert" in nunchi.stderr(), nunchi.stderr()
    ended = act_on_names(setup, victim, "/tmp/kept")
    assert set(ended.values()) == {""}, ended
    wait_alert(nunchi, "Link")
    assert nunchi.stop() == 0
    assert {effect for _, effect in effects(nunchi, "Remove")} == {"none"}, nunchi.text()
    return None
