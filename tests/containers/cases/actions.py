# SPDX-License-Identifier: Apache-2.0
"""
Rules that kill and deny. The victim sees EPERM, or nothing any more; a neighbour with the same programs
and files, and the host, are not affected. Where nothing can refuse a call before it is done, a rule can only
kill after it; then the only test of deny is that nunchi says so.
This file tests files, programs, and rules in general; actions_peers.py connections, actions_calls.py all other calls.
"""

import json
import os
import re
import subprocess
import sys

from harness.blocking import alerts, effects, guard, in_container, need_refusal, refuses_all, wait_alert
from harness.many import full_or
from harness.place import Elsewhere, wait_until

# What a shell and programs say of errors goes its own way, into the middle of lines.
CAT = "exec 2>/dev/null; /usr/bin/cat /mnt/test.txt; echo code $?; head -n 1 /mnt/test.txt"


def test_kill_who_reads_below_boot(setup):
    """The paper's figure 5, as two rules: one kills, one reports."""
    victim, other = setup.name + "-victim", setup.name + "-other"
    with open(setup.file("boot", "kernel"), "w", encoding="utf-8") as f:
        f.write("a kernel\n")
    boot = [("/boot", setup.directory("boot"))]
    nunchi = guard(setup, [
        ("Kill", f"reads and container.name = {victim} and fd.name startswith /boot/", "kill"),
        ("Report", "reads and container.id != host and fd.name startswith /boot/", "alert")])
    # Named before anything is read: what a rule on names knows before is another test's.
    script = "exec 2>/dev/null; sleep 1; head -n 1 /boot/kernel; echo code $?; head -n 1 /mnt/test.txt"
    lines, _ = in_container(setup, victim, script, binds=boot)
    assert lines == ["code 137", "what the paper reads"], lines
    lines, _ = in_container(setup, other, script, binds=boot)
    assert lines == ["a kernel", "code 0", "what the paper reads"], lines
    assert subprocess.run(["head", "-n", "1", setup.file("boot", "kernel")], check=True,
                          capture_output=True).stdout == b"a kernel\n"
    wait_alert(nunchi, "Report")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Kill") == [("kill", "before" if refuses_all() else "after")], nunchi.text()
    who = {e["output_fields"]["container.name"] for e in alerts(nunchi, "Report")}
    assert other in who, who
    assert nunchi.stderr().count("effect=after") == (0 if refuses_all() else 1), nunchi.stderr()


def test_what_binfmt_hands_over_is_an_open(setup):
    """An exec opens it, and it is read by whoever has made himself its interpreter."""
    if need_refusal():
        return need_refusal()
    nunchi = guard(setup, [("Keys", "evt.type in (open, openat, openat2) and evt.is_open_read=true and container.id != host and "
                            "fd.name endswith .key", "deny")])
    lines, _ = in_container(setup, setup.name + "-handed", "cd /tmp; echo HANDED over > a.key; echo HANDED too > b.txt; "
                            "chmod 755 a.key b.txt; openings handed /tmp/binfmt HANDED /tmp/b.txt /tmp/a.key", privileged=True)
    assert nunchi.stop() == 0
    if lines[-1].startswith("no such way"):
        return Elsewhere("binfmt_misc is not to be had in a user namespace (Linux 6.7)")
    assert lines[-2:] == ["/tmp/b.txt: HANDED too", "/tmp/a.key: Operation not permitted"], lines
    return None


def test_kill_a_program_before_its_first_instruction(setup):
    victim, other = setup.name + "-exec", setup.name + "-other-exec"
    nunchi = guard(setup, [("Kill", f"evt.type in (execve, execveat) and container.name = {victim} and "
                            "proc.exepath = /usr/bin/cat", "kill")])
    lines, _ = in_container(setup, victim, "sleep 1; " + CAT)
    assert lines == ["code 137", "what the paper reads"], lines
    lines, _ = in_container(setup, other, "sleep 1; " + CAT)
    assert lines == ["what the paper reads", "code 0", "what the paper reads"], lines
    wait_alert(nunchi, "Kill")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Kill") == [("kill", "before" if refuses_all() else "after")], nunchi.text()


def test_dry_run_says_what_it_would_do(setup):
    nunchi = guard(setup, [("Kill", "reads and container.id != host and fd.filename = test.txt", "kill")],
                   "--dry-run")
    lines, _ = in_container(setup, setup.name + "-dry", "head -n 1 /mnt/test.txt")
    assert lines == ["what the paper reads"], lines
    wait_alert(nunchi, "Kill")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Kill") == [("kill", "dry-run")], nunchi.text()


def test_blocking_ends_with_nunchi(setup):
    made = setup.runc.run(setup.name + "-long", ["/bin/sh", "-c", "while :; do sleep 1; done"])
    look = [*made.program, "exec", made.name, "head", "-n", "1", "/mnt/test.txt"]
    nunchi = guard(setup, [("Kill", "reads and container.id != host and fd.directory = /mnt and "
                            "proc.name = head and user.uid < 5", "kill")])
    assert subprocess.run(look, capture_output=True, check=False).returncode
    os.kill(nunchi.process.pid, 9)
    nunchi.process.wait()
    assert subprocess.run(look, capture_output=True, check=True).stdout == b"what the paper reads\n"
    made.stop()


def test_what_cannot_be_done_is_said(setup):
    if refuses_all():
        return Elsewhere("this kernel can deny")
    rules = [("Deny", "reads and container.id != host and fd.name = /mnt/test.txt", "deny")]
    nunchi = guard(setup, rules)
    assert "1 rule that denies can only alert" in nunchi.stderr(), nunchi.stderr()
    lines, _ = in_container(setup, setup.name + "-no-lsm", "head -n 1 /mnt/test.txt")
    assert lines == ["what the paper reads"], lines
    wait_alert(nunchi, "Deny")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Deny") == [("deny", "none")], nunchi.text()
    try:
        guard(setup, [(*rules[0], "on_unsupported: refuse")])
    except RuntimeError as error:
        assert "on_unsupported: refuse" in str(error), error
        return None
    raise AssertionError("guard has started")


def test_deny_some_opens(setup):
    reason = need_refusal()
    if reason:
        return reason
    victim, other = setup.name + "-deny", setup.name + "-let"
    nunchi = guard(setup, [
        ("Deny", f"reads and container.name = {victim} and fd.name = /mnt/test.txt", "deny"),
        ("Write", f"evt.type in (open, openat) and evt.is_open_write=true and container.name = {victim} and "
         "fd.directory = /tmp and not proc.name in (cp)", "deny")])
    # By its name, by a link, from a chroot, by another mount, to a place that is not meant, and from below another root.
    script = ("sleep 1; cd /mnt; head -n1 test.txt; ln -s /mnt/test.txt /tmp/l; head -n1 /tmp/l; "
              "chroot / head -n1 /mnt/test.txt; mkdir /tmp/by; mount --bind /mnt /tmp/by; head -n1 /tmp/by/test.txt; "
              "echo x > /tmp/y; cp /etc/passwd /tmp/z && head -n1 /tmp/z; ls -d /mnt; mkdir /tmp/p; mount -t tmpfs p /tmp/p; "
              "mkdir /tmp/p/o; cd /tmp/p; pivot_root . o; /o/bin/busybox head -n1 /o/mnt/test.txt")
    lines, _ = in_container(setup, victim, script, privileged=True)
    assert sum("Operation not permitted" in line for line in lines) == 6, lines
    assert [line for line in lines if "not permitted" not in line] == ["root:x:0:0:root:/root:/bin/sh", "/mnt"], lines
    lines, _ = in_container(setup, other, script, privileged=True)
    assert not any("Operation not permitted" in line for line in lines), lines
    assert lines.count("what the paper reads") == 5, lines
    wait_alert(nunchi, "Write")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Deny") == [("deny", "before")] * 5, nunchi.text()
    assert effects(nunchi, "Write") == [("deny", "before")], nunchi.text()
    assert {e["output_fields"]["container.name"] for e in nunchi.events()} == {victim}
    return None


def test_deny_opens_on_a_busy_cpu(setup):
    """
    Where the kernel preempts programs, who has come in between is denied all the same, or killed
    before it has what it opened.
    """
    reason = need_refusal()
    if reason:
        return reason
    nunchi = guard(setup, [("Deny", "reads and container.id != host and fd.name = /mnt/test.txt", "deny")],
                   "--fold", "60")
    tried = full_or(1000000, 600000)
    lines, _ = in_container(setup, setup.name + "-busy", f"/bin/denied /mnt/test.txt {tried}")
    opened, killed = map(int, lines[-1].split())
    wait_alert(nunchi, "Deny")
    assert nunchi.stop(60) == 0
    print(f"# {tried} tried, {opened} opened, {killed} killed", file=sys.stderr)
    assert not opened, lines
    # Each is in the account, or it is said that it is not known whose it was.
    said = re.findall(r"seen (\d+) =|(\d+) no task storage", nunchi.stderr().replace(",", ""))
    assert sum(int(seen or unseen) for seen, unseen in said) >= tried, nunchi.stderr()
    return None


OPENS = "evt.type in (open, openat, openat2) and container.id != host and "

# What is read in an automaton: ends, what is within, patterns, and what is not to be.
BY_TEXT = [
    ("Ends", OPENS + "fd.name endswith .key and not fd.name startswith /tmp/public/", "deny"),
    ("Within", OPENS + "fd.directory contains /vault and not fd.name contains /open/", "deny"),
    ("Glob", OPENS + "fd.name glob /tmp/home/*/.ssh/?? and proc.name glob h*", "deny"),
    ("Name", OPENS + "fd.filename icontains SECRET and not fd.filename in (no-secret)", "deny"),
]
# A command, and whether it is denied: by the file's own path, however it is asked for.
GAMES = [
    ("head -n1 /tmp/a.key", True), ("cd /tmp; head -n1 a.key", True), ("head -n1 /tmp/.././tmp//a.key", True),
    ("head -n1 /tmp/public/a.key", False), ("ln -s /tmp/a.key /tmp/link; head -n1 /tmp/link", True),
    ("ln -s /tmp/plain /tmp/link.key; head -n1 /tmp/link.key", False), ("cd /tmp/vault; head -n1 x", True),
    ("head -n1 /proc/self/cwd/../tmp/vault/deeper/x", True), ("head -n1 /tmp/vault/open/x", False),
    ("head -n1 /tmp/home/me/.ssh/id", True), ("cat /tmp/home/me/.ssh/id", False),
    ("head -n1 /tmp/home/me/.ssh/idx", False), ("head -n1 /tmp/xSeCrEt.txt", True), ("head -n1 /tmp/no-secret", False),
    # Another name of the same file is another path, by a link, but not by a mount: docs/actions.md says so.
    ("mv /tmp/a.key /tmp/a.txt; head -n1 /tmp/a.txt", False), ("ln /tmp/a.txt /tmp/b.key; head -n1 /tmp/b.key", True),
    ("mount --bind /tmp/vault /tmp/mounted && head -n1 /tmp/mounted/x", True),
    ("mount --bind /tmp/mounted2 /tmp/vault/in && head -n1 /tmp/vault/in/y", True),
    ("chroot /tmp /bin/head -n1 /b.key", True), ("exec 9< /tmp/plain; head -n1 /proc/self/fd/9", False),
]
SCENE = ("cd /tmp; mkdir -p public vault/open vault/deeper vault/in mounted mounted2 home/me/.ssh bin; cp /bin/busybox bin/head; "
         "for f in a.key public/a.key plain vault/x vault/deeper/x vault/open/x mounted2/y home/me/.ssh/id "
         "home/me/.ssh/idx xSeCrEt.txt no-secret; do echo text > w; mv w $f; done; ")


def test_deny_by_more_than_how_a_path_begins(setup):
    reason = need_refusal()
    if reason:
        return reason
    nunchi = guard(setup, BY_TEXT)
    script = SCENE + "".join(f"({command}) 2>&1 | sed 's/^/{i} /'; " for i, (command, _) in enumerate(GAMES))
    lines, _ = in_container(setup, setup.name + "-text", script, privileged=True)
    for i, (command, denied) in enumerate(GAMES):
        mine = [line for line in lines if line.startswith(f"{i} ")]
        assert len(mine) == 1 and ("not permitted" in mine[0]) == denied and ("text" in mine[0]) != denied, \
            (command, mine, lines)
    wait_alert(nunchi, "Name")
    assert nunchi.stop() == 0
    # The link that is asked for ends so, and what it leads to does not: that matches, and is let go.
    told = [(e["output_fields"]["fd.name"], e["effect"]) for e in nunchi.events()]
    assert [name for name, effect in told if effect != "before"] == ["/tmp/plain"], told
    assert len(told) == sum(denied for _, denied in GAMES) + 1, told
    return None


def test_deny_execs_by_a_pattern(setup):
    reason = need_refusal()
    if reason:
        return reason
    nunchi = guard(setup, [("Deny", "evt.type in (execve, execveat) and container.id != host and proc.exepath glob /tmp/*/run* "
                            "and not proc.pname endswith -never", "deny")])
    lines, _ = in_container(setup, setup.name + "-patterns",
                            "cd /tmp; mkdir d; cp /bin/busybox d/running; cp /bin/busybox runner; ln -s /tmp/d/running l; "
                            "for p in d/running ./l /tmp/runner; do $p true; echo $?; done 2>/dev/null")
    # The last knows no such applet.
    assert lines[:2] == ["126", "126"] and lines[2] != "126", lines
    wait_alert(nunchi, "Deny")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Deny") == [("deny", "before")] * 2, nunchi.text()
    return None


def test_kill_by_how_a_path_ends(setup):
    """Where there is no LSM, too: the same automaton, when the call has returned."""
    nunchi = guard(setup, [("Kill", OPENS + "fd.name endswith /test.txt and proc.name contains ead and "
                            "not fd.name glob /tmp/*/test.txt", "kill")])
    lines, _ = in_container(setup, setup.name + "-ends", CAT + "; echo code $?; mkdir /tmp/d; cp /mnt/test.txt /tmp/d; "
                            "head -n1 /tmp/d/test.txt")
    assert lines == ["what the paper reads", "code 0", "code 137", "what the paper reads"], lines
    wait_alert(nunchi, "Kill")
    assert nunchi.stop() == 0
    assert len(alerts(nunchi, "Kill")) == 1, nunchi.text()


def test_deny_what_is_deep_or_only_a_path(setup):
    """
    A path of 4 KiB is read to its end. One of more than 7.5 KiB is not, and is denied whatever it ends with: a rule is not
    evaded by directories that are deep enough.
    """
    reason = need_refusal()
    if reason:
        return reason
    nunchi = guard(setup, [("Deny", OPENS + "fd.name endswith .key and fd.name startswith /tmp/", "deny")])
    script = ("cd /tmp; touch a.key 2>/dev/null; openings path /tmp/a.key; mkdir 4; cd 4; openings deep 20 x.key; cd ../; mkdir 5; cd 5; "
              "openings deep 20 x.txt; cd ..; mkdir 8; cd 8; openings deep 45 x.txt; mount -t tmpfs none /var/tmp; mkdir /var/tmp/8; cd /var/tmp/8; "
              "openings deep 45 x.txt")
    lines, _ = in_container(setup, setup.name + "-deep", script, privileged=True)
    # What is made is denied when it has been: the file is there, and empty. An fd of O_PATH reads nothing.
    assert lines == ["O_PATH: 0", "again: 1", "made: 1", "deep: 1", "made: 0", "deep: 0", "made: 1", "deep: 1",
                     "made: 0", "deep: 0"], lines
    wait_alert(nunchi, "Deny")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Deny").count(("deny", "before")) >= 5, nunchi.text()
    return None


def test_deny_what_empties(setup):
    """O_RDONLY | O_TRUNC writes nothing and leaves nothing; the kernel asks for the right to write."""
    reason = need_refusal()
    if reason:
        return reason
    nunchi = guard(setup, [("Deny", OPENS + "evt.is_open_write = true and fd.name = /tmp/log", "deny")])
    lines, _ = in_container(setup, setup.name + "-empty", "cp /etc/passwd /tmp/other; mv /tmp/other /tmp/log; openings empty /tmp/log")
    assert lines[:4] == ["read: 0", "path: 0", "openat: 1", "openat2: 1"] and lines[4] != "left: 0", lines
    wait_alert(nunchi, "Deny")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Deny") == [("deny", "before")] * 2, nunchi.text()
    return None


TRUNCATE = """cp /etc/passwd /tmp/made; mv /tmp/made /tmp/log; cp /etc/passwd /tmp/other; ln /tmp/log /tmp/linked; ln -s /tmp/log /tmp/link
mkdir /tmp/seen; mount --bind /tmp /tmp/seen
for file in log link seen/log; do deed truncate /tmp/$file 2>/dev/null; echo $file $?; done
deed empty /tmp/log 2>/dev/null; echo open $?; deed truncate /tmp/other; echo other $?
wc -c </tmp/log; wc -c </tmp/other"""


def test_deny_what_truncates(setup):
    """By a path, a link, another mount; by a rule that names only opens, and by one of truncate's own."""
    reason = need_refusal()
    if reason:
        return reason
    writes = setup.name + "-writes"
    nunchi = guard(setup, [("Write", OPENS + f"container.name = {writes} and evt.is_open_write = true and fd.typechar = f and fd.name = /tmp/log", "deny"),
                           ("Truncate", f"evt.type = truncate and container.name = {writes}-not and fd.filename = log", "kill")])
    lines, made = in_container(setup, writes, "sleep 1; " + TRUNCATE, privileged=True)
    assert lines[:6] == ["log 1", "link 1", "seen/log 1", "open 1", "other 0", lines[5]] and lines[5] != "0" and lines[6] == "0", made.output()
    lines, made = in_container(setup, writes + "-not", "sleep 1; " + TRUNCATE, privileged=True)
    assert lines == ["log 137", "link 137", "seen/log 137", "open 0", "other 0", "0", "0"], made.output()
    wait_alert(nunchi, "Truncate")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Write") == [("deny", "before")] * 4, nunchi.text()
    told = [(e["output_fields"]["evt.type"], e["output_fields"]["fd.name"]) for e in alerts(nunchi, "Write")]
    assert told == [("truncate", "/tmp/log"), ("truncate", "/tmp/link"), ("truncate", "/tmp/seen/log"), ("openat", "/tmp/log")], told
    assert effects(nunchi, "Truncate") == [("kill", "before")] * 3, nunchi.text()
    return None


def test_deny_proc_by_another_mount(setup):
    """Its place is known, wherever it is mounted, be it below /proc; one of its directories, too."""
    reason = need_refusal()
    if reason:
        return reason
    nunchi = guard(setup, [("Deny", OPENS + "fd.name startswith /proc/sys/kernel/core_", "deny"),
                           ("Directory", OPENS + "fd.directory = /sys/kernel and fd.name endswith _seqnum", "deny")])
    script = ("cd /tmp; mkdir p s k; mount -t proc none p; mount -t sysfs none s; mount --bind /proc/sys/kernel k; "
              "for f in /proc p k/../p; do head -n1 $f/sys/kernel/core_pattern; done; head -n1 k/core_pattern; head -n1 k/hostname; "
              "head -n1 s/kernel/uevent_seqnum; ls -d p; mount -t proc none /proc/tty; head -n1 /proc/tty/sys/kernel/core_pattern; "
              "mount --bind /proc/sys/kernel /proc/tty; head -n1 /proc/tty/core_pattern; head -n1 /proc/tty/hostname")
    lines, _ = in_container(setup, setup.name + "-proc", script, privileged=True)
    assert sum("Operation not permitted" in line for line in lines) == 7 and len(lines) == 10, lines
    wait_alert(nunchi, "Directory")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Deny") == [("deny", "before")] * 6, nunchi.text()
    assert effects(nunchi, "Directory") == [("deny", "before")], nunchi.text()
    return None


def test_deny_opens_of_one_user_on_overlay(setup):
    """The file below is opened by whoever mounted it, which is root, and at a path of the layer's: nobody is judged by that."""
    reason = need_refusal()
    if reason:
        return reason
    name = setup.name + "-overlay"
    nunchi = guard(setup, [("Root", OPENS + f"container.name = {name} and fd.name = /tmp/m/secret and user.uid = 0", "deny"),
                           ("Layer", OPENS + f"container.name = {name} and fd.name = /secret", "deny")])
    made = setup.runc.run(name, ["/bin/sh", "-c", "cd /tmp; mkdir l u w m; echo it >l/secret; chmod 644 l/secret; "
                                 "mount -t overlay o -o lowerdir=l,upperdir=u,workdir=w m && echo there; sleep 600"], privileged=True)
    wait_until(lambda: "there" in made.output(), 10, "its mount")

    def read_by(user):
        return subprocess.run([*made.program, "exec", "--user", f"{user}:{user}", name, "cat", "/tmp/m/secret"], check=False,
                              capture_output=True, text=True, stdin=subprocess.DEVNULL)

    assert read_by(1000).stdout == "it\n", nunchi.text()
    assert "Operation not permitted" in read_by(0).stderr
    wait_alert(nunchi, "Root")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Root") == [("deny", "before")] and not effects(nunchi, "Layer"), nunchi.text()
    made.stop()
    return None


# What may be read, then what may not by a way past the mounts that the runtime has made; each is tried by itself.
MOVED = [
    ("head -n1 /data/secret", True), ("head -n1 /data/plain", False), ("head -n1 /dev/shm/secret", True),
    ("mkdir /tmp/a; mount --bind /data /tmp/a; head -n1 /tmp/a/secret", True),
    ("mkdir /tmp/b; mount --rbind / /tmp/b; head -n1 /tmp/b/data/secret", True),
    ("mkdir /tmp/c; mount --bind /data/in /tmp/c; head -n1 /tmp/c/deep", True),
    ("mkdir /tmp/d; touch /tmp/d/f; mount --bind /data/secret /tmp/d/f; head -n1 /tmp/d/f", True),
    ("mkdir /tmp/e; mount --bind /data /tmp/e; head -n1 /tmp/e/plain", False),
    ("mkdir /tmp/f; mount --bind /dev/shm /tmp/f; head -n1 /tmp/f/secret", True),
    ("mkdir /tmp/g; mount --bind /dev /tmp/g; head -c1 /tmp/g/zero | tr '\\0' x; echo", False),
    ("mkdir /tmp/i; unshare -m sh -c 'mount --move /data /tmp/i; head -n1 /tmp/i/secret'", True),
    ("mkdir /tmp/j; unshare -mpf sh -c 'mount --bind /data /tmp/j; umount -l /data; head -n1 /tmp/j/secret'", True),
    ("/bin/openings tree /data secret", True), ("/bin/openings tree /data plain", False),
]


def test_deny_files_of_a_volume_by_another_mount(setup):
    """What else is mounted than the root is known by where the runtime had mounted it, on a file system of its own or on the root's."""
    reason = need_refusal()
    if reason:
        return reason
    nunchi = guard(setup, moved_rules("deny"))
    lines = moved_lines(setup, "-moved")
    for i, (command, denied) in enumerate(MOVED):
        mine = [line for line in lines if line.startswith(f"{i} ")]
        assert len(mine) == 1 and ("not permitted" in mine[0]) == denied, (command, mine, lines)
    wait_alert(nunchi, "Deep")
    assert nunchi.stop() == 0
    told = [e["effect"] for e in nunchi.events()]
    assert told == ["before"] * sum(denied for _, denied in MOVED), nunchi.text()
    return None


def test_kill_who_reads_a_volume_by_another_mount(setup):
    """Without LSM, too."""
    nunchi = guard(setup, moved_rules("kill"))
    lines = moved_lines(setup, "-moved-kill")
    read = {int(line.split()[0]) for line in lines if line.endswith(("text", "x"))}
    assert read == {i for i, (_, denied) in enumerate(MOVED) if not denied}, lines
    wait_alert(nunchi, "Deep")
    assert nunchi.stop() == 0
    assert len(alerts(nunchi, "Read")) + len(alerts(nunchi, "Deep")) == sum(denied for _, denied in MOVED), nunchi.text()


def test_report_who_reads_a_volume_by_another_mount(setup):
    """By the same path; what is where it was has no other."""
    nunchi = guard(setup, moved_rules("alert") + [("Alias", OPENS + "fd.alias exists and evt.failed = false", "alert")])
    moved_lines(setup, "-moved-told")
    wait_alert(nunchi, "Deep")
    assert nunchi.stop() == 0
    assert len(alerts(nunchi, "Read")) + len(alerts(nunchi, "Deep")) == sum(denied for _, denied in MOVED), nunchi.text()
    moved = {e["output_fields"]["fd.name"] for e in alerts(nunchi, "Alias")}
    assert moved >= {"/tmp/a/secret", "/tmp/e/plain", "/tmp/g/zero", "/tmp/i/secret", "/tmp/j/secret"}, moved
    assert not any(path.startswith(("/data", "/dev")) for path in moved), moved


def test_report_cgroups_by_another_mount(setup):
    """The runtime has mounted a part of the hierarchy: what the rest has, as release_agent of v1, is above it."""
    is_v2 = os.path.exists("/sys/fs/cgroup/cgroup.controllers")
    top = "/sys/fs/cgroup" if is_v2 else "/sys/fs/cgroup/pids"
    agent = "cgroup.subtree_control" if is_v2 else "release_agent"
    group = os.path.join(top, setup.name)
    os.mkdir(group)
    try:
        nunchi = guard(setup, [("Own", OPENS + "fd.name = /sys/fs/cgroup/cgroup.procs", "alert"),
                               ("Agent", OPENS + f"fd.name = /sys/fs/cgroup/{agent}", "alert")])
        script = (f"mkdir /tmp/m; mount -t {'cgroup2' if is_v2 else 'cgroup -o pids'} none /tmp/m; "
                  f"head -n1 /tmp/m/{setup.name}/cgroup.procs; head -n1 /tmp/m/{agent}")
        in_container(setup, setup.name + "-cgroups", script, privileged=True, binds=[("/sys/fs/cgroup", group)])
        wait_alert(nunchi, "Agent")
        assert nunchi.stop() == 0
    finally:
        os.rmdir(group)
    assert len(alerts(nunchi, "Own")) == 1 and len(alerts(nunchi, "Agent")) == 1, nunchi.text()


def moved_rules(action):
    return [("Read", OPENS + "evt.is_open_read = true and fd.name in (/data/secret, /dev/shm/secret)", action),
            ("Deep", OPENS + "fd.directory = /data/in", action)]


def moved_lines(setup, name):
    for file in ("secret", "plain", "in/deep"):
        os.makedirs(os.path.dirname(setup.file("volume", file)), exist_ok=True)
        with open(setup.file("volume", file), "w", encoding="utf-8") as f:
            f.write("text\n")
    script = "echo text > /dev/shm/new; mv /dev/shm/new /dev/shm/secret; " + \
        "".join(f"({command}) 2>&1 | sed 's/^/{i} /'; " for i, (command, _) in enumerate(MOVED))
    lines, _ = in_container(setup, setup.name + name, script, privileged=True, binds=[("/data", setup.directory("volume"))])
    return lines


def test_kill_who_empties(setup):
    """Without LSM, too, when the flag is no more of the file but of the call."""
    nunchi = guard(setup, [("Kill", OPENS + "evt.is_open_write = true and fd.name = /tmp/log", "kill")])
    lines, made = in_container(setup, setup.name + "-emptied",
                               "cp /etc/passwd /tmp/other; mv /tmp/other /tmp/log; openings empty /tmp/log; echo code $?")
    assert "code 137" in lines and not any(line.startswith(("openat:", "left:")) for line in lines), made.output()
    wait_alert(nunchi, "Kill")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Kill") == [("kill", "before" if refuses_all() else "after")], nunchi.text()


def test_deny_opens_by_a_ring(setup):
    """io_uring has no system call to look at; the hook is the file's."""
    reason = need_refusal()
    if reason:
        return reason
    nunchi = guard(setup, [("Deny", "evt.type in (open, openat, openat2) and container.id != host and "
                            "fd.name = /tmp/ring-open2", "deny")])
    for how in ("plain", "sqpoll"):
        made = setup.runc.run(f"{setup.name}-ring-{how}", ["/bin/uring", how], privileged=True)
        made.wait()
        lines = [json.loads(line) for line in made.output().splitlines() if line.startswith("{")]
        if any("shut" in line for line in lines):
            return "no io_uring on this kernel"
        opens = {line["args"]["pathname"]: line["ret"] for line in lines if line.get("call") == "openat"}
        assert opens["/tmp/ring-open"] >= 0 and opens["/tmp/ring-open2"] == -1, opens
    wait_alert(nunchi, "Deny")
    assert nunchi.stop() == 0
    assert len(alerts(nunchi, "Deny")) == 2, nunchi.text()
    return None


def test_kill_who_opens_by_a_ring(setup):
    """Where no hook can refuse it, it is seen when the request is complete."""
    nunchi = guard(setup, [("Kill", "evt.type in (open, openat, openat2) and container.id != host and "
                            "fd.name = /tmp/ring-open2", "kill")])
    for how in ("plain", "sqpoll", "full"):
        made = setup.runc.run(f"{setup.name}-ring-kill-{how}", ["/bin/uring", how], privileged=True)
        code = made.wait()
        if '"shut"' in made.output():
            return "no io_uring on this kernel"
        assert code == 137, (code, made.output())
    wait_alert(nunchi, "Kill")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Kill") == [("kill", "before" if refuses_all() else "after")] * 3, nunchi.text()
    return None


def test_deny_execs_from_the_first(setup):
    """A rule that needs no name holds for the entrypoint itself; one that does, for no neighbour."""
    reason = need_refusal()
    if reason:
        return reason
    named = setup.name + "-named"
    nunchi = guard(setup, [
        ("Deny", "evt.type in (execve, execveat) and container.id != host and proc.name = cat", "deny"),
        ("Named", f"evt.type in (execve, execveat) and container.name = {named} and proc.name = bash", "deny")])
    made = setup.runc.run(setup.name + "-entry", ["/usr/bin/cat", "/mnt/test.txt"])
    assert made.wait() and "what the paper reads" not in made.output(), made.output()
    lines, _ = in_container(setup, setup.name + "-later", CAT)
    assert lines == ["code 126", "what the paper reads"], lines
    bash = "exec 2>/dev/null; sleep 1; bash -c 'echo started'; echo code $?"
    assert in_container(setup, named, bash)[0] == ["code 126"]
    assert in_container(setup, setup.name + "-beside", bash)[0] == ["started", "code 0"]
    assert subprocess.run(["cat", "/etc/passwd"], check=True, capture_output=True).stdout
    wait_alert(nunchi, "Deny")
    assert nunchi.stop() == 0
    assert set(effects(nunchi, "Deny")) == {("deny", "before")}, nunchi.text()
    assert set(effects(nunchi, "Named")) == {("deny", "before")}, nunchi.text()
    return None


def test_deny_an_exec_by_a_descriptor(setup):
    """Its name is the file's; on kernels without "exec: fix up /proc/pid/comm" it is the descriptor's number, which is not asked for."""
    reason = need_refusal()
    if reason:
        return reason
    nunchi = guard(setup, [("Deny", "evt.type in (execve, execveat) and container.id != host and "
                            "proc.name = memfd:nothing", "deny"),
                           ("End", "evt.type in (execve, execveat) and container.id != host and proc.name = true", "alert")])
    lines, _ = in_container(setup, setup.name + "-descriptor", "deed memory nothing 2>/tmp/said; echo code $?; /bin/true")
    wait_alert(nunchi, "End")
    assert nunchi.stop() == 0
    assert (lines[-1], effects(nunchi, "Deny")) in (("code 1", [("deny", "before")]), ("code 0", [])), (lines, nunchi.text())
    return None


def test_an_exec_after_one_that_was_denied(setup):
    """Of the same thread, and of the same image by a name that is let pass."""
    reason = need_refusal()
    if reason:
        return reason
    nunchi = guard(setup, [("Deny", "evt.type in (execve, execveat) and container.id != host and "
                            "proc.name = one and proc.exepath = /usr/bin/deed", "deny")])
    lines, _ = in_container(setup, setup.name + "-after", "cd /tmp; ln -s /usr/bin/deed one; ln -s /usr/bin/deed two; "
                            "bash -c 'shopt -s execfail; exec ./one nothing; exec ./two nothing; exit 9' 2>/dev/null; echo code $?")
    assert lines == ["code 0"], lines
    wait_alert(nunchi, "Deny")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Deny") == [("deny", "before")], nunchi.text()
    return None


def test_before_the_name_is_known(setup):
    """What a rule needs the name for is let pass until it is there, or not, as the rule says."""
    reason = need_refusal()
    if reason:
        return reason
    name = setup.name + "-pending"
    condition = f"evt.type in (execve, execveat) and not container.name startswith {name} and proc.name = true"
    # Nobody ever names it: the state is where nunchi does not look.
    state = setup.directory("elsewhere")
    for more, code in ((["on_pending: deny"], 126), ([], 0)):
        nunchi = guard(setup, [("Deny", condition, "deny", *more)], "--hold-ms", "20000")
        made = setup.runc.create(name + str(code), ["/bin/sh", "-c", "true; /bin/true; echo code $?"],
                                 state=state)
        made.start()
        made.wait()
        assert f"code {code}" in made.output().splitlines(), made.output()
        nunchi.stop()
    return None


def test_who_looks_like_another_container_inside(setup):
    """With a cgroup, mounts and PIDs of one's own one is a container in the container, and meant by what that is meant by."""
    name = setup.name + "-outer"
    nunchi = guard(setup, [("Kill", f"reads and container.name = {name} and fd.name = /mnt/test.txt", "kill")])
    for cgroup in ("own", "docker-" + "ab" * 32 + ".scope"):
        lines, _ = in_container(setup, name, f"sleep 1; nested {cgroup} /mnt/test.txt 3", privileged=True)
        assert lines == ["at once: killed", "later: killed"], (cgroup, lines)
    wait_alert(nunchi, "Kill")
    assert nunchi.stop() == 0
    assert len(effects(nunchi, "Kill")) == 4, nunchi.text()
