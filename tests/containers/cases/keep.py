# SPDX-License-Identifier: Apache-2.0
"""
guard --keep-blocking: what rules deny stays denied after guard has ended, however it ends, until
nunchi unblock.
"""

import json
import os
import signal
import subprocess

from harness.blocking import refuses_all, refuses_peers
from harness.nunchi import PROGRAM, run
from harness.place import Elsewhere, wait_until
from .reload import EXACT, RULE
from .restart import bpf_file_system, remove_pins

PATHS = {"test": "/mnt/test.txt", "shell": "/etc/passwd"}


def guard(setup, which, *args, wait=True):
    path = setup.file(which + ".yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(RULE.format(name="Keep", action="deny" if refuses_all() else "kill", condition=(
            "evt.type in (open, openat, openat2) and container.id != host and proc.name = head and "
            f"fd.name = {PATHS[which]}")))
    return setup.nunchi("guard", "-f", path, "-o", "json", *EXACT, *args, wait=wait)


def ready(setup):
    bpf_file_system(setup)
    kept = run("unblock", "--list")
    assert not kept.stdout, "somebody's rules are kept here: " + kept.stdout

    def clean():
        assert run("unblock").returncode == 0
        remove_pins()
    setup.stack.callback(clean)


def reads(made, which):
    """Whether what comes into the container from outside can."""
    done = subprocess.run([*made.program, "exec", made.name, "head", "-n1", PATHS[which]], check=False,
                          capture_output=True)
    return done.returncode == 0


def can_read(made, which):
    """The kernel lets go of what was pinned a little after the name is gone."""
    wait_until(lambda: reads(made, which), 5, f"that {which} can be read")


def test_killed(setup):
    ready(setup)
    loop = "cd /tmp; while :; do head -n1 /mnt/test.txt >got 2>/dev/null; [ -s got ] && echo read; sleep 0.2; done"
    nunchi = guard(setup, "test", "--keep-blocking")
    made = setup.runc.run(setup.name + "-keep", ["/bin/sh", "-c", loop])
    wait_until(lambda: nunchi.events(), 10, "the first alert")
    assert not reads(made, "test")
    listed = run("unblock", "--list")
    hook = "block_open" if refuses_all() else "block_sys_exit"
    assert hook in listed.stdout and "goes on blocking" in listed.stderr, listed
    os.kill(nunchi.process.pid, signal.SIGKILL)
    nunchi.process.wait()
    # Who was in there, who comes in, and a container that nobody has named; other files, and the host.
    for _ in range(3):
        assert not reads(made, "test")
    assert reads(made, "shell")
    assert "read" not in made.output(), made.output()
    other = setup.runc.run(setup.name + "-later", ["/bin/sh", "-c", "head -n1 /mnt/test.txt 2>/dev/null; mkdir /tmp/m; "
                                                   "mount --bind /mnt /tmp/m && head -n1 /tmp/m/test.txt 2>/dev/null; echo end"], privileged=True)
    other.wait()
    assert other.output().splitlines()[-1:] == ["end"] and "paper" not in other.output(), other.output()
    with open(os.path.join(setup.root, "mnt", "test.txt"), encoding="utf-8") as f:
        assert "what the paper reads" in f.read()
    trial = subprocess.run(["head", "-n1", os.path.join(setup.root, "mnt", "test.txt")], check=True,
                           capture_output=True)
    assert trial.stdout == b"what the paper reads\n"
    listed = run("unblock", "--list")
    assert hook in listed.stdout and not listed.stderr, listed
    # Who does not keep leaves alone what is kept, and says so.
    passing = guard(setup, "shell")
    assert "nunchi unblock ends that" in passing.stderr(), passing.stderr()
    assert passing.stop() == 0 and not reads(made, "test")
    nobody = subprocess.run(["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", PROGRAM, "unblock"],
                            check=False, capture_output=True, text=True)
    assert nobody.returncode == 1 and "Try: sudo nunchi unblock" in nobody.stderr, nobody
    assert not reads(made, "test")
    done = run("unblock")
    assert done.returncode == 0 and "taken away" in done.stderr, done
    can_read(made, "test")
    wait_until(lambda: "read" in made.output(), 10, "that who was in there can read")
    done = run("unblock")
    assert done.returncode == 0 and "nothing is kept" in done.stderr, done
    made.stop()


def test_peers_stay_denied(setup):
    if not refuses_peers():
        return Elsewhere("this kernel asks no BPF programs before calls")
    ready(setup)
    path = setup.file("peer.yaml")
    with open(path, "w", encoding="utf-8") as f:
        f.write(RULE.format(name="Keep", action="deny", condition=(
            "evt.type = connect and container.id != host and fd.rport = 4440")))
    made = setup.runc.run(setup.name + "-peers", ["/bin/sleep", "600"])

    def error():
        done = subprocess.run([*made.program, "exec", made.name, "/bin/peers"], check=True, capture_output=True)
        return {line["what"]: line["error"] for line in map(json.loads, done.stdout.splitlines())}["connect tcp"]
    nunchi = setup.nunchi("guard", "-f", path, "-o", "json", *EXACT, "--keep-blocking")
    wait_until(lambda: error() == "EPERM", 10, "that it is denied")
    os.kill(nunchi.process.pid, signal.SIGKILL)
    nunchi.process.wait()
    assert error() == "EPERM"
    assert run("unblock").returncode == 0
    wait_until(lambda: error() == "ECONNREFUSED", 5, "that it is denied no more")
    made.stop()
    return None


def test_the_next_takes_its_place(setup):
    ready(setup)
    made = setup.runc.run(setup.name + "-next", ["/bin/sleep", "600"])
    first = guard(setup, "test", "--keep-blocking")
    assert not reads(made, "test") and reads(made, "shell")
    second = guard(setup, "shell", "--keep-blocking", wait=False)
    assert second.process.wait(30) == 1
    second.stop()
    assert "another nunchi runs with --keep-blocking" in second.stderr(), second.stderr()
    assert first.stop() == 0, first.stderr()
    assert not reads(made, "test") and reads(made, "shell")
    second = guard(setup, "shell", "--keep-blocking")
    can_read(made, "test")
    assert not reads(made, "shell")
    assert second.stop() == 0, second.stderr()
    assert "does not add up" not in second.stderr(), second.stderr()
    assert not reads(made, "shell")
    assert run("unblock").returncode == 0
    can_read(made, "shell")
    made.stop()
