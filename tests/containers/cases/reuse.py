# SPDX-License-Identifier: Apache-2.0
"""
Process ids that are reused at once: neither a process nor its parent ever gets the name of an earlier
process with the same id. Every process opens a path with its own and its parent's name.
"""

import collections
import re

from harness.many import Findings, full_or
from harness.place import wait_until

FAMILY = 5
FORMAT = ("%evt.type\t%proc.pid\t%proc.vpid\t%proc.name\t%proc.pname\t%proc.cmdline\t%proc.exepath\t"
          "%fd.name")
SAID = re.compile(r"/tmp/([pc][\d-]+)\.(p\d+|reuse)")


def run(setup, name, families):
    output = setup.file(name + ".out")
    made = setup.runc.create(name, ["/bin/reuse", str(families)], privileged=True)
    with open(output, "wb") as out:
        nunchi = setup.nunchi("trace", "-c", name, "--format", FORMAT, stdout=out)
    made.start()
    assert made.process.wait(1200) == 0, made.output()
    wait_until(lambda: b"container_stopped" in tail(output), 30, "the container's end")
    assert nunchi.stop(60) == 0, nunchi.stderr()
    made.remove()
    return output, nunchi.stderr()


def tail(path):
    with open(path, "rb") as f:
        f.seek(0, 2)
        f.seek(max(0, f.tell() - 1000))
        return f.read()


def check(path, families, said):
    findings, wrote = Findings(), collections.Counter()
    pids, vpids = collections.Counter(), collections.Counter()
    names = {}  # vpid -> the last name in a path, until the process has ended
    with open(path, encoding="utf-8", errors="surrogateescape") as f:
        for line in f:
            kind, pid, vpid, comm, pcomm, cmdline, exe, fd_name = line.rstrip("\n").split("\t")
            if kind == "events_lost":
                findings.add("losses", line)
            if kind == "procexit" and names.pop(vpid, comm) != comm:
                findings.add("ends with another's name", line)
            found = SAID.fullmatch(fd_name)
            if kind != "openat" or not found:
                continue
            name, parent = found.groups()
            wrote[name] += 1
            pids[pid] += 1
            vpids[vpid] += 1
            names[vpid] = name
            by_exec = name.startswith("c") and name[-1] in "13"
            if comm != name:
                findings.add("wrong names", line)
            if pcomm != parent:
                findings.add("wrong parents' names", line)
            if cmdline.split(" ")[0] != name or ("child" in cmdline) != by_exec or \
                    (by_exec and cmdline.split(" ")[2] != name):
                findings.add("wrong command lines", line)
            if exe != "/bin/reuse" and exe != "/usr/bin/reuse":
                findings.add("wrong programs", line)
    wanted = {f"p{i}" for i in range(families)} | \
             {f"c{i}-{k}" for i in range(families) for k in range(FAMILY - 1)}
    for name in wanted - set(wrote):
        findings.add("processes that were not seen", name)
    for name, times in wrote.items():
        if times != 1:
            findings.add("processes seen more than once", (name, times))
    findings.check(f"{families * FAMILY} processes, {len(vpids)} ids of their own, {len(pids)} of "
                   "the host's", said)
    return len(vpids), len(pids)


def test_few_ids(setup):
    # At full size so many that the host's ids come again too, where there are 32,768.
    families = full_or(40000, 2000) // FAMILY
    output, said = run(setup, setup.name + "-reuse", families)
    own, host = check(output, families, said)
    assert own < 30, f"{own} ids: they were to come again"
    print(f"# {families * FAMILY} processes had {own} ids of their own and {host} of the host's")
