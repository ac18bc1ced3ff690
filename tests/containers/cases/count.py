# SPDX-License-Identifier: Apache-2.0
"""Exactly the calls that were made are shown: the counters of the workload are the oracle."""

import collections
import json
import os
import re
import shutil
import subprocess
import sys

from harness.nunchi import TOP
from harness.place import wait_until
import harness.nunchi as harness_nunchi

FULL = os.environ.get("NUNCHI_TEST_SIZE") == "full"
UNSEEN = re.compile(r"not seen: (\d+) missed runs")
SELDOM = 3  # calls, of some thousand
ACCOUNT = re.compile(r"seen ([\d,]+) = delivered ([\d,]+) \+ filtered ([\d,]+)(?: \(unwanted [\d,]+\))? "
                     r"\+ lost ([\d,]+)")


def account(stderr):
    found = ACCOUNT.search(stderr)
    assert found, "no account in: " + stderr
    return [int(n.replace(",", "")) for n in found.groups()]


def count(setup, name, calls, before=()):
    """Runs count in a runc container; what it made, what was shown, and nunchi's last words."""
    made = setup.runc.create(name, [*before, "/bin/count", str(calls)])
    # Short lines: this reader must not be what loses events.
    nunchi = setup.nunchi("trace", "--format", "%evt.type %fd.name", "-c", name)
    made.start()
    assert made.wait() == 0, made.output()
    wait_until(lambda: any(line.startswith(b"container_stopped")
                           for _, line in nunchi.lines[-50:]), 60, "the container's end")
    assert nunchi.stop(60) == 0, nunchi.stderr()
    shown, counting = collections.Counter(), False
    for line in nunchi.text().decode("utf-8").splitlines():
        kind, _, path = line.partition(" ")
        if kind in ("unlink", "unlinkat") and path == "/tmp/start":
            counting = True
        elif counting and not kind.startswith("container_"):
            shown["clone" if kind == "clone3" else kind] += 1
    made_calls = json.loads(made.output().strip().splitlines()[-1])
    made_calls["procexit"] += 1  # its own, after it has written
    return made_calls, dict(shown), nunchi.stderr()


def check_account(stderr):
    seen, delivered, filtered, lost = account(stderr)
    assert lost == 0, stderr
    assert seen == delivered + filtered, stderr
    assert "does not add up" not in stderr and "not everything came" not in stderr, stderr


def test_exactly(setup):
    calls = 100000 if FULL else 10000
    made, shown, stderr = count(setup, setup.name + "-count", calls)
    assert sum(made.values()) >= calls
    assert made == shown, f"made {made}, shown {shown}"
    check_account(stderr)


def test_again_and_again(setup):
    for round_ in range(20 if FULL else 2):
        made, shown, stderr = count(setup, f"{setup.name}-count-{round_}", 2003)
        assert made == shown, f"round {round_}: made {made}, shown {shown}"
        check_account(stderr)


def test_many_on_one_cpu(setup):
    """
    Four busy threads, then children that are as busy, on one CPU: where the kernel may preempt one
    within a program of nunchi's, the others' calls must still be seen, or be said to be unseen.
    """
    made, shown, stderr = count(setup, setup.name + "-one-cpu", 20000, ["/bin/taskset", "1"])
    check_account(stderr)
    unseen = sum(int(n) for n in UNSEEN.findall(stderr))
    missing = sum(made.values()) - sum(shown.values())
    assert made == shown or 0 < missing <= unseen, \
        f"{missing} missing, {unseen} said: made {made}, shown {shown}"
    print(f"# {missing} of {sum(made.values())} calls missing, {unseen} runs said to be missed",
          file=sys.stderr)


BUSY = """i=0
while [ $i -lt ROUNDS ]; do /bin/busybox true; i=$((i + 1)); done &
"""


def test_many_lives_on_one_cpu(setup):
    """
    The same of processes: each birth, execution and end of four shells' children is seen. Calls can be missed, and are said to
    be, where the kernel preempts a map's bpf(): until that goes on it runs no program of the perf type on that CPU.
    """
    name, shells, rounds = setup.name + "-lives", 4, 400 if FULL else 100
    made = setup.runc.create(name, ["/bin/busybox", "taskset", "1", "/bin/sh", "-c",
                                    BUSY.replace("ROUNDS", str(rounds)) * shells + "wait"])
    nunchi = setup.nunchi("trace", "--format", "%evt.type %proc.cmdline", "-c", name)
    made.start()
    assert made.wait() == 0, made.output()
    wait_until(lambda: any(line.startswith(b"container_stopped")
                           for _, line in nunchi.lines[-50:]), 60, "the container's end")
    assert nunchi.stop(60) == 0, nunchi.stderr()
    lines = nunchi.text().decode("utf-8").splitlines()
    shown = {what: lines.count(what + " busybox true") for what in ("execve", "procexit")}
    assert shown == {"execve": shells * rounds, "procexit": shells * rounds}, \
        f"{shown}: {nunchi.stderr()}"
    unseen = {program: int(n) for n, program in re.findall(UNSEEN.pattern + r" of (\w+)", nunchi.stderr())}
    assert unseen.pop("sys_exit_perf", 0) <= SELDOM and not unseen, nunchi.stderr()


def test_a_missing_increment_is_noticed(setup):
    """The account can fail: a build in which one counter is not incremented does not add up."""
    tree = setup.directory("mutant")
    for name in ("bpf", "data", "docs", "include", "man", "rules", "scripts", "src", "meson.build",
                 "meson_options.txt", "README.md", "LICENSE"):
        source = os.path.join(TOP, name)
        target = os.path.join(tree, name)
        if os.path.isdir(source):
            shutil.copytree(source, target, dirs_exist_ok=True)
        else:
            shutil.copy(source, target)
    sending = os.path.join(tree, "bpf/lib/bulk.h")
    with open(sending, encoding="utf-8") as f:
        text = f.read()
    assert text.count("count(account->sent)") == 1
    with open(sending, "w", encoding="utf-8") as f:
        f.write(text.replace("count(account->sent)", "(void)0"))
    build = os.path.join(tree, "build")
    for command in (["meson", "setup", build, tree, "-Dtests=false", "-Doptimization=0", "-Ddebug=false"], ["ninja", "-C", build]):
        done = subprocess.run(command, capture_output=True, check=False, text=True,
                              env={**os.environ, "PATH": os.environ["PATH"] + ":/usr/sbin"})
        assert done.returncode == 0, done.stdout[-800:]
    program = harness_nunchi.PROGRAM
    harness_nunchi.PROGRAM = os.path.join(build, "nunchi")
    try:
        _, _, stderr = count(setup, setup.name + "-mutant", 1000)
    finally:
        harness_nunchi.PROGRAM = program
    try:
        check_account(stderr)
    except AssertionError:
        return
    raise AssertionError("the account of the mutant adds up: " + stderr)
