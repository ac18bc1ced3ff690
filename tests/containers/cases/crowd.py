# SPDX-License-Identifier: Apache-2.0
"""
Many containers with many busy processes, while others start and stop: every process has its container's
name and opens a path with it, and no event may say otherwise.
"""

import collections
import re
import threading
import time

from harness.many import Findings, ShortRunc, full_or, in_turns, mark
from harness.place import wait_until
from harness.setup import IMAGE

FORMAT = "%evt.type\t%container.name\t%proc.name\t%fd.name\t%proc.cmdline"


def label_of(label, kind, comm, path, cmdline):
    """Which container an event itself says that it is of; None: it does not say."""
    words = cmdline.split(" ")
    said = path[len("/tmp/"):].rpartition("-")[0] if kind == "openat" else ""
    for word in (said, comm, words[1] if len(words) > 1 else ""):
        if label.fullmatch(word):
            return word
    return None


def check(path, label_re, names, made, passing, said):
    """names: label -> container; made: label -> how many opens; passing: labels of short ones."""
    findings, opens = Findings(), collections.Counter()
    execs, exits = collections.Counter(), collections.Counter()
    total = 0
    with open(path, encoding="utf-8", errors="surrogateescape") as f:
        for line in f:
            kind, container, comm, fd_name, cmdline = line.rstrip("\n").split("\t")
            label = label_of(label_re, kind, comm, fd_name, cmdline)
            if kind == "events_lost":
                findings.add("losses", line)
            if label is None:
                if container in names.values() and kind in ("openat", "procexit"):
                    findings.add("events without a label", line)
                continue
            total += 1
            if container != names.get(label):
                findings.add("events with a wrong container", (names.get(label), line))
                continue
            if kind == "openat" and fd_name.startswith("/tmp/"):
                opens[label] += 1
            execs[label] += kind == "execve"
            exits[label] += kind == "procexit"
    for label, number in made.items():
        if opens[label] != number:
            findings.add("another number of opens", (label, f"made {number}", opens[label]))
    for label in passing:
        if (execs[label], exits[label]) != (1, 1):
            findings.add("passing containers without exactly one execve and end",
                         (label, execs[label], exits[label]))
    findings.check(f"{len(made)} containers, {len(passing)} passing ones, {total} events", said)
    return total


def test_nobody_is_mistaken(setup):
    n, workers, seconds = full_or(200, 20), full_or(50, 10), full_or(60, 6)
    key = mark(setup)
    label_re = re.compile(rf"(crowd|pass){key}-\d+(-\d+)?")
    names, made, passing = {}, {}, []
    short, docker = ShortRunc(setup.runc), setup.docker
    output = setup.file("crowd.out")
    with open(output, "wb") as out:
        nunchi = setup.nunchi("trace", "--format", FORMAT, "-e", "openat,execve,procexit",
                              stdout=out, runtimes=[docker])

    def one(i):
        # All at once is another test. Docker's first: on a machine so busy it takes minutes to start one.
        time.sleep(full_or(2 * min(i, n // 10) + 0.3 * max(i - n // 10, 0), 0.1 * i))
        label = f"crowd{key}-{i}"
        # Docker's have not the privileges for that.
        each, restless = (2, ["restless"]) if i % 10 == 9 and i >= n // 10 else (workers, [])
        lasts = seconds + full_or(2 * max(n // 10 - i, 0), 0)
        command = ["/bin/crowd", label, str(each), str(lasts), str(full_or(1, 2)), *restless]
        if i < n // 10:
            names[label] = f"docker-{label}"
            container = docker.create(names[label], IMAGE, command, Tmpfs={"/tmp": ""})
            container.start()
            assert container.wait() == 0, container.output()
            said = container.output()
            container.remove()
        else:
            names[label] = f"{setup.name}-{label}"
            said = short.run(names[label], command, privileged=bool(restless))
        made[label] = int(said)

    over = threading.Event()

    def pass_by(i):
        time.sleep(0.3 * i)
        for k in range(1000000):
            if over.is_set():
                return
            label = f"pass{key}-{i}-{k}"
            names[label] = f"{setup.name}-{label}"
            if i < 2:
                short.run(names[label], ["/bin/true", label])
                passing.append(label)
            else:  # in other namespaces before anybody knows its name
                made[label] = int(short.run(names[label], ["/bin/crowd", label, "1", "0.1", "50",
                                                           "restless"], privileged=True))
            time.sleep(0.1)

    passers = threading.Thread(target=in_turns, args=(pass_by, range(3)))
    passers.start()
    try:
        in_turns(one, range(n), n)
    finally:
        over.set()
        passers.join()
    time.sleep(3)  # longer than events wait for a name
    assert nunchi.stop() == 0, nunchi.stderr()
    assert len(passing) > 5, passing
    total = check(output, label_re, names, made, passing, nunchi.stderr())
    print(f"# {total} events of {n} containers, {len(passing)} others meanwhile")


def test_what_is_made_inside_takes_nobody_s_place(setup):
    """A program that makes what looks like a thousand containers, of which fewer can be known: the next one is known."""
    nunchi = setup.nunchi("trace", "-o", "json", "--memory", "24M")
    maker = setup.runc.create(setup.name + "-maker", ["/bin/nested", "own", "1200"], privileged=True)
    maker.start()
    wait_until(lambda: maker.output() == "all there\n", 60, "what is made inside")
    next_one = setup.runc.run(setup.name + "-next", ["/bin/cat", "/mnt/test.txt"])
    next_one.wait()
    nunchi.wait_event(lambda e: e.get("container.name") == setup.name + "-next" and
                      e.get("fd.name") == "/mnt/test.txt")
    maker.stop()
    assert nunchi.stop() == 0, nunchi.stderr()
    assert "no free slot" not in nunchi.stderr(), nunchi.stderr()
