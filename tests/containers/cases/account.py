# SPDX-License-Identifier: Apache-2.0
"""
The account is exact to the last event: what the workload has counted itself is what was shown plus
what was reported as lost, per container, whatever the state of the reader and of its output.
"""

import collections
import contextlib
import json
import os
import re
import signal
import struct
import subprocess
import sys
import time

from harness import nunchi as harness_nunchi
from harness.many import ShortRunc, full_or, in_turns, mark
from harness.place import patient, wait_until
from harness.resources import map_memory, own_memory

RATE = full_or(100000, 50000)
SECONDS = full_or(60, 1)
SMALL = ("--memory", "16M")  # rings of 512 KiB, which are full soon


class Ledger:
    """A container that opens /tmp/TAG-0 and so on, and knows how many it opened."""

    def __init__(self, setup, tag, rate, seconds=SECONDS):
        self.tag = f"{tag}{mark(setup)}"
        self.name = f"{setup.name}-{self.tag}"
        self.sign = os.path.join(setup.root, "go-" + self.tag)
        self.container = setup.runc.create(self.name, ["/bin/ledger", self.tag, str(rate), str(seconds)])

    def ready(self):
        """The container runs, and waits."""
        self.container.start()
        wait_until(lambda: "ready" in self.container.output(), 20, "the container " + self.name)
        return self

    def go(self):
        with open(self.sign, "wb"):
            pass
        return self

    def start(self):
        return self.ready().go()

    def stop(self):
        """Before its time is over."""
        with open(os.path.join(os.path.dirname(self.sign), "stop-" + self.tag), "wb"):
            pass
        return self

    def made(self):
        assert self.container.wait() == 0, self.container.output()
        return int(self.container.output().split()[-1])


def own(setup):
    """Of what else runs here nothing is asked for: a flood of somebody else's is not this test's."""
    return ("-c", setup.name + "-*")


class Run:
    """nunchi with JSON into a file, since no reader in Python is fast enough."""

    def __init__(self, setup, *args, command=("trace", "-o", "json", "-e", "openat")):
        self.path = setup.file(f"account-{len(os.listdir(setup.directory()))}.json")
        with open(self.path, "wb") as out:
            self.nunchi = setup.nunchi(*command, *own(setup), *args, stdout=out)

    def stop(self):
        assert self.nunchi.stop(60) == 0, self.nunchi.stderr()
        return Read(self.path, self.nunchi.stderr())


class Read:
    """What came out, and what the last words say."""

    def __init__(self, path, stderr):
        self.stderr, self.last, self.lines = stderr, 0, 0
        self.shown = collections.defaultdict(list)
        self.losses = collections.defaultdict(list)
        self.counted, self.summaries = collections.Counter(), []
        self.gap = 0
        with open(path, "rb") as f:
            for line in f:
                self.take(line)

    def take(self, line):
        self.lines += 1
        number = int(line[len(b'{"evt.num":'):line.index(b",")])
        self.gap += number - self.last - 1
        self.last = number
        if b'"evt.type":"events_lost"' in line:
            event = json.loads(line)
            event["gap"], self.gap = self.gap, 0
            self.losses[event.get("container.name")].append(event)
            return
        if b'"evt.type":"activity_summary"' in line:
            event = json.loads(line)
            self.counted[event.get("container.name")] += event["summary.count"]
            self.summaries.append(event)
            return
        found = re.search(rb'"fd.nameraw":"/tmp/([a-z0-9_]+)-(\d+)"', line)
        if found:
            self.shown[found.group(1).decode()].append(int(found.group(2)))

    def lost(self, name):
        return sum(event["lost.count"] for event in self.losses[name])

    def account(self, name):
        """A container's line: seen, delivered, filtered or counted only, lost."""
        rows = re.findall(r"(?:  (\S+): |s: )seen ([\d,]+) = delivered ([\d,]+) \+ filtered ([\d,]+) "
                          r"(?:\+ aggregated ([\d,]+) )?\+ lost ([\d,]+)", self.stderr)
        # Of the only one that did something the line of all says it.
        found = [row for row in rows if row[0] == name] or rows
        assert len(found) == 1, (name, self.stderr)
        seen, delivered, filtered, counted, lost = [int(n.replace(",", "") or 0) for n in found[0][1:]]
        return seen, delivered, filtered + counted, lost

    def check(self, ledger, made):
        """Every open of the container's is shown once, counted, or said to be lost: how many were not shown."""
        shown, lost, counted = self.shown[ledger.tag], self.lost(ledger.name), self.counted[ledger.name]
        said = f"made {made}, shown {len(shown)}, lost {lost}, counted {counted}; {self.stderr}"
        assert shown == sorted(set(shown)), said
        assert made == len(shown) + lost + counted, said
        seen, delivered, filtered, account_lost = self.account(ledger.name)
        assert account_lost == lost and seen == delivered + filtered + lost, said
        assert "does not add up" not in self.stderr and "not everything came" not in self.stderr, said
        return lost + counted

    def check_numbers(self):
        """A reader needs no more than the numbers: what is missing in them is what was lost."""
        events = [event for events in self.losses.values() for event in events]
        lost = sum(event["lost.count"] for event in events)
        assert self.last == self.lines + lost and self.gap == 0, (self.last, self.lines, lost, self.gap)
        assert sum(event["gap"] for event in events) == lost, (lost, events[:5])


def stats():
    """nunchi stats -o json: PID -> what it says."""
    done = harness_nunchi.run("stats", "-o", "json")
    assert done.returncode == 0, done.stderr
    said = [json.loads(line) for line in done.stdout.splitlines()]
    return {each["pid"]: each for each in said}


def row_of(nunchi, name):
    mine = stats().get(nunchi.process.pid, {"accounts": []})
    return next((row for row in mine["accounts"] if row["name"] == name), None)


def seen_of(nunchi, name):
    """0: nobody has named it yet."""
    row = row_of(nunchi, name)
    return row["kernel"]["seen"] if row else 0


def settled(nunchi, name, told):
    """The row of a container of which so much was shown or lost, when nothing is held or under way."""
    def look():
        row = row_of(nunchi, name)
        quiet = row and row["reader"]["shown"] + row["lost"] + row["kernel"]["aggregated"] >= told and not row["in_flight"] and not row["reader"]["held"]
        return row if quiet else None
    return wait_until(look, 10, "a settled account of " + name)


def check_row(row):
    """Both equations, by the numbers themselves."""
    kernel, reader = row["kernel"], row["reader"]
    assert kernel["seen"] == sum(kernel["filtered"].values()) + kernel["aggregated"] + kernel["sent"] + \
        sum(kernel["dropped"].values()), row
    assert reader["received"] == reader["shown"] + reader["filtered"] + reader["held"] + \
        sum(reader["dropped"].values()), row
    assert row["adds_up"] and kernel["sent"] == reader["received"], row


def test_idle_and_busy(setup):
    """One container at its leisure, one at many calls a second; stats while they run, and at the end."""
    run = Run(setup)
    slow, fast = Ledger(setup, "slow", 200).ready(), Ledger(setup, "fast", RATE).ready()
    for ledger in (slow, fast):
        ledger.go()
    made = {ledger: ledger.made() for ledger in (slow, fast)}
    for ledger, n in made.items():
        row = settled(run.nunchi, ledger.name, n)
        check_row(row)
    read = run.stop()
    lost = {ledger.tag: read.check(ledger, n) for ledger, n in made.items()}
    read.check_numbers()
    assert lost[slow.tag] == 0, lost
    print(f"# made {[*made.values()]}, lost {lost}")


def overfill(run, ledger):
    """The rings run over, since nobody reads them for a while."""
    pid = run.nunchi.process.pid
    wait_until(lambda: row_of(run.nunchi, ledger.name), 10, "the container's account")
    ledger.go()
    os.kill(pid, signal.SIGSTOP)
    try:
        time.sleep(patient(SECONDS))
    finally:
        os.kill(pid, signal.SIGCONT)


def test_a_flood_that_overfills(setup):
    """What the rings did not take: of whom, how many, of what kind, when."""
    run = Run(setup, *SMALL)
    flood, quiet = Ledger(setup, "flood", 0, 2 * SECONDS), Ledger(setup, "quiet", 20, 2 * SECONDS)
    flood.ready()
    quiet.start()
    overfill(run, flood)
    made = {ledger: ledger.made() for ledger in (flood, quiet)}
    check_row(settled(run.nunchi, flood.name, made[flood]))
    read = run.stop()
    lost = {ledger.tag: read.check(ledger, n) for ledger, n in made.items()}
    read.check_numbers()
    assert read.counted[flood.name] > 1000 and not read.counted[quiet.name], (lost, read.stderr)
    # The rings have lost nothing. When they are read at last, the disk can be too slow for the output's queue.
    reasons = {event["lost.reason"] for events in read.losses.values() for event in events}
    assert reasons <= {"output blocked"}, (lost, reasons)
    assert {event["summary.call"] for event in read.summaries} == {"openat"}, read.summaries[:3]
    print(f"# made {[*made.values()]}, lost {lost}")


def test_more_kinds_than_are_counted(setup):
    """Of what no ring and no summary has room for each container is told how many, of which types, and why."""
    path = setup.file("kinds.json")
    with open(path, "wb") as out:
        nunchi = setup.nunchi("trace", *own(setup), "-o", "json", "-e", "all", "--memory", "16M", stdout=out)
    cpus = os.sched_getaffinity(0)
    floods = " ".join(f"taskset {1 << cpu:x} /bin/lanes flood 20000 1 &" for cpu in cpus)  # each CPU has a ring of its own
    script = f"while [ ! -e /tmp/go ]; do sleep 0.1; done; {floods} wait; /bin/walk; :"
    made = setup.runc.run(setup.name + "-kinds", ["/bin/sh", "-c", script], privileged=True)
    wait_until(lambda: row_of(nunchi, made.name), 10, "the container's account")
    os.kill(nunchi.process.pid, signal.SIGSTOP)
    try:
        made.execute(["touch", "/tmp/go"])  # not before: what nunchi reads makes room
        made.wait()
    finally:
        os.kill(nunchi.process.pid, signal.SIGCONT)
    row = settled(nunchi, made.name, 40000 * len(cpus))
    assert nunchi.stop(60) == 0, nunchi.stderr()
    check_row(row)
    lost = row["kernel"]["dropped"].get("ring full", 0)
    with open(path, encoding="utf-8") as f:
        told = [event for event in map(json.loads, f) if event["evt.type"] == "events_lost" and
                event["lost.reason"] == "ring full"]
    assert lost and sum(event["lost.count"] for event in told) == lost, (row, told)
    assert all(event["container.name"] == made.name and event["lost.types"] for event in told), told
    print(f"# {lost} lost of {row['kernel']['seen']}: {told[0]['lost.types']}")


def test_a_daemon_in_mounts_of_its_own(setup):
    """On the host: who forks, and is left by the one that made its mounts, is not taken for a runtime at its set-up."""
    path, times = setup.file("opened"), 120
    with open(path, "wb"):
        pass
    nunchi = setup.nunchi("trace", "--host", "-o", "json", "-e", "openat", f"fd.name={path}")
    opens = f"for i in $(seq {times}); do true <{path}; sleep 0.05; done"
    subprocess.run(["unshare", "-m", "sh", "-c", f"({opens}; rm {path}) & exit 0"], check=True)
    wait_until(lambda: not os.path.exists(path), 60, "the daemon's end")
    assert nunchi.stop() == 0, nunchi.stderr()
    shown = sum(event["evt.type"] == "openat" for event in nunchi.events())
    assert shown == times, (shown, nunchi.stderr())


def read_late(setup, nunchi, reader, ledger):
    """What comes out of the pipe once somebody reads it, as a file, when nunchi has ended."""
    path = setup.file(ledger.tag + ".out")
    with open(path, "wb") as out:
        copy = subprocess.Popen(["cat"], stdin=reader, stdout=out)
    os.close(reader)
    wait_until(lambda: row_of(nunchi, ledger.name)["reader"]["held"] == 0, 20, "the output to be read")
    assert nunchi.stop(60) == 0, nunchi.stderr()
    assert copy.wait(patient(20)) == 0
    return path


def test_a_blocked_output(setup):
    """Nobody reads the pipe: so much memory and no more, and what is lost is told in its place."""
    reader, writer = os.pipe()
    nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat", "--memory", "20M", *own(setup), stdout=writer)
    os.close(writer)
    ledger = Ledger(setup, "blocked", RATE).start()
    made = ledger.made()
    row = settled_blocked(nunchi, ledger.name, made)
    most = own_memory(nunchi.process.pid) + map_memory(nunchi.process.pid)
    assert sum(row["reader"]["dropped"].values()) > 0, row
    assert "the output does not take" in nunchi.stderr(), nunchi.stderr()
    read = Read(read_late(setup, nunchi, reader, ledger), nunchi.stderr())
    lost = read.check(ledger, made)
    read.check_numbers()
    reasons = {event["lost.reason"] for event in read.losses[ledger.name]}
    assert lost and reasons <= {"output blocked", "ring full"} and "output blocked" in reasons, reasons
    for event in read.losses[ledger.name]:
        assert event["lost.types"] == "openat", event
        assert event["lost.first"] <= event["lost.last"] <= event["evt.time.iso8601"], event
    print(f"# {made} made, {lost} lost, {most / 2**20:.1f} MiB")
    assert most <= 20 << 20, most


def settled_blocked(nunchi, name, seen):
    """Nothing is under way, but the output's queue is full."""
    def look():
        row = row_of(nunchi, name)
        read = row and row["reader"]["shown"] + row["lost"] + row["reader"]["held"] + row["kernel"]["aggregated"] >= seen
        return row if read and not row["in_flight"] and row["adds_up"] else None
    return wait_until(look, 10, "all to be read of " + name)


def test_a_dead_output(setup):
    """Nobody ever reads the pipe: also what was counted, and cannot be told at the end either, is in the account."""
    reader, writer = os.pipe()
    nunchi = setup.nunchi("trace", *own(setup), "-o", "json", "-e", "openat", stdout=writer)
    os.close(writer)
    load = ["/bin/lanes", "attack", "5", "40000", "/etc/passwd"]  # names that are each another
    setup.runc.run(setup.name + "-first", load).wait()
    wait_until(lambda: "the output does not take" in nunchi.stderr(), 20, "a full output")
    os.kill(nunchi.process.pid, signal.SIGSTOP)
    try:
        setup.runc.run(setup.name + "-second", load).wait()
    finally:
        os.kill(nunchi.process.pid, signal.SIGCONT)
    assert nunchi.stop(60) == 1, nunchi.stderr()
    os.close(reader)
    said = nunchi.stderr()
    untold, counted = (int(re.search(pattern, said).group(1).replace(",", ""))
                       for pattern in (r"([\d,]+) counted calls that no summary tells", r"aggregated ([\d,]+)"))
    assert "the output failed" in said and "does not add up" not in said, said
    assert 0 < untold <= counted, said
    print(f"# {untold} of {counted} calls that were counted had no summary any more")


def test_a_dead_output_and_more_containers(setup):
    """Those that have ended wait for it with their slots, but not so that the next ones would be seen by nobody."""
    reader, writer = os.pipe()
    nunchi = setup.nunchi("trace", *own(setup), *SMALL, "-o", "json", "-e", "openat", stdout=writer)
    os.close(writer)
    ledger = Ledger(setup, "full", 0, 60).start()
    wait_until(lambda: "the output does not take" in nunchi.stderr(), 60, "a full output")
    ledger.stop().made()
    short = ShortRunc(setup.runc)
    # More than there are slots for, with 16M.
    in_turns(lambda i: short.run(f"{setup.name}-short{i}", ["/bin/ls", "/"]), range(300))
    last = Ledger(setup, "last", 1000, 1).start()
    made = last.made()
    wait_until(lambda: seen_of(nunchi, last.name) >= made, 10, "all of the last container")
    os.close(reader)
    assert nunchi.stop(60) == 0, nunchi.stderr()
    assert "does not add up" not in nunchi.stderr() and "no free slot" not in nunchi.stderr(), nunchi.stderr()


def test_across_sigint(setup):
    """It ends while the calls go on: all up to the last that it saw is there, and nothing twice."""
    run = Run(setup)
    ledger = Ledger(setup, "sigint", RATE, 1.5 * SECONDS).start()
    wait_until(lambda: seen_of(run.nunchi, ledger.name) > RATE / 4, 10, "some calls")
    read = run.stop()
    made = ledger.made()
    shown, lost = read.shown[ledger.tag], read.lost(ledger.name)
    assert 0 < len(shown) < made, (len(shown), made)
    assert shown == sorted(set(shown)) and shown[-1] + 1 == len(shown) + lost, \
        (len(shown), shown[-1], lost, read.stderr)
    seen, delivered, filtered, account_lost = read.account(ledger.name)
    assert account_lost == lost and seen == delivered + filtered + lost, read.stderr
    assert "does not add up" not in read.stderr, read.stderr
    read.check_numbers()


def test_two_at_once(setup):
    """A guard and a trace, of which one is stopped for a while: each has its own account, and its own losses."""
    run = Run(setup, *SMALL)
    guard = setup.nunchi("guard", *own(setup), stdout=subprocess.DEVNULL)
    ledger = Ledger(setup, "two", 0, 2 * SECONDS).ready()
    overfill(run, ledger)
    made = ledger.made()
    rows = [settled(nunchi, ledger.name, made if nunchi is run.nunchi else 0) for nunchi in (run.nunchi, guard)]
    assert {run.nunchi.process.pid, guard.process.pid} <= set(stats()), stats()
    for row in rows:
        check_row(row)
    read = run.stop()
    assert read.check(ledger, made) > 0
    assert rows[1]["kernel"]["aggregated"] < rows[0]["kernel"]["aggregated"], rows
    after = row_of(guard, ledger.name)
    check_row(after)
    assert guard.stop() == 0, guard.stderr()
    done = harness_nunchi.run("stats", "-o", "json")
    assert done.returncode == 1 or run.nunchi.process.pid not in stats(), done.stdout


def test_maps_are_let_alone(setup):
    """
    While one is at a map by bpf() the kernel runs no program of the perf type on that CPU, not even another task's if it
    preempts itself: one that starts does that seldom, and one that runs when containers come and go.
    """
    watcher = setup.nunchi("trace", "--host", "-o", "json", "-e", "bpf")
    ledger = Ledger(setup, "maps", 1000, 6)
    run = Run(setup, "-e", "openat")
    pid = run.nunchi.process.pid
    ledger.start()
    seconds = []
    for _ in range(6):
        time.sleep(1)
        seconds.append(len(watcher.lines))
    ledger.made()
    run.stop()
    assert watcher.stop() == 0 and " lost 0" in watcher.stderr(), watcher.stderr()
    calls = [(i, e["evt.arg.cmd"]) for i, e in enumerate(watcher.events())
             if e["evt.type"] == "bpf" and e["proc.pid"] == pid and e["evt.arg.cmd"].startswith("BPF_MAP_") and
             e["evt.arg.cmd"] not in ("BPF_MAP_CREATE", "BPF_MAP_FREEZE")]
    print(f"# {len(calls)} bpf() at maps", file=sys.stderr)
    assert 0 < len(calls) < 200, collections.Counter(what for _, what in calls)
    # Other tests' containers may come and go meanwhile.
    assert not all(any(begin <= i < end for i, _ in calls) for begin, end in zip(seconds, seconds[1:])), calls


def test_in_a_capture(setup):
    """record, then trace -r: the same numbers without a kernel."""
    path = setup.file("account.cap")
    nunchi = setup.nunchi("record", "-w", path, "-e", "openat", *own(setup))
    ledger = Ledger(setup, "capture", 1000, 1).start()
    made = ledger.made()
    settled(nunchi, ledger.name, made)
    assert nunchi.stop(60) == 0, nunchi.stderr()
    done = harness_nunchi.run("trace", "-r", path, "-o", "json")
    shown = [event for event in map(json.loads, done.stdout.splitlines())
             if (event.get("fd.nameraw") or "").startswith(f"/tmp/{ledger.tag}-")]
    assert len(shown) == made, (len(shown), made)
    live = re.search(r"s: (seen .*)", nunchi.stderr()).group(1)
    assert "recorded: " in done.stderr and live in done.stderr, (live, done.stderr)
    said = json.loads(harness_nunchi.run("stats", "-r", path, "-o", "json").stdout)
    row = next(row for row in said["accounts"] if row["name"] == ledger.name)
    check_row(row)
    assert row["kernel"]["seen"] >= made, row


def recording_into_a_pipe(setup, tag):
    """What is recorded goes into a pipe that nobody reads, until some is lost: the end to read, and what was opened."""
    reader, writer = os.pipe()
    # Small, so that what waits is soon more than may.
    nunchi = setup.nunchi("record", "-w", "-", *SMALL, "-e", "openat", *own(setup), stdout=writer)
    os.close(writer)
    ledger = Ledger(setup, tag, 0, 60).start()
    wait_until(lambda: (row_of(nunchi, ledger.name) or {"lost": 0})["lost"], 60, "losses")
    made = ledger.stop().made()
    settled_blocked(nunchi, ledger.name, made)
    return nunchi, reader, ledger, made


def test_a_blocked_capture(setup):
    """A pipe that is read late: as of any output, what did not fit is told in its place, in the capture itself."""
    nunchi, reader, ledger, made = recording_into_a_pipe(setup, "late")
    # Whose the events of one are that begins meanwhile is not among what has no room.
    other = Ledger(setup, "meanwhile", 100, 1).start()
    others = other.made()
    wait_until(lambda: seen_of(nunchi, other.name) >= others, 10, "the other container")
    done = harness_nunchi.run("trace", "-r", read_late(setup, nunchi, reader, ledger), "-o", "json", "--host")
    assert done.returncode == 0, done.stderr
    events = [json.loads(line) for line in done.stdout.splitlines()]
    whose = {event.get("container.name") for event in events if event["evt.type"] == "openat"
             and event["fd.nameraw"].startswith(f"/tmp/{other.tag}-")}
    said = sum(event["lost.count"] for event in events if event["evt.type"] == "events_lost" and
               event.get("container.name") == other.name)
    assert whose | ({other.name} if said else set()) == {other.name}, (whose, said, others)
    assert "events of containers that were not told" not in nunchi.stderr(), nunchi.stderr()
    told = sum(event["evt.type"] == "openat" and event["fd.nameraw"].startswith(f"/tmp/{ledger.tag}-") for event in events)
    counted = sum(event["summary.count"] for event in events if event["evt.type"] == "activity_summary"
                  and event["summary.call"] == "openat" and event.get("container.name") == ledger.name)
    lost = sum(event["lost.count"] for event in events if event["evt.type"] == "events_lost" and
               event.get("container.name") == ledger.name)
    assert told and lost and told + counted + lost == made, (made, told, counted, lost, done.stderr)
    print(f"# {made} made, {told} in the capture, {counted} counted, {lost} lost")


def test_a_killed_capture(setup):
    """Of a recording that is killed all is there but its last second."""
    path = setup.file("killed.cap")
    nunchi = setup.nunchi("record", "-w", path, "-e", "openat", *own(setup))
    ledger = Ledger(setup, "killed", 1000, 1).start()
    made = ledger.made()
    settled(nunchi, ledger.name, made)
    time.sleep(patient(2))
    nunchi.process.kill()
    nunchi.process.wait()
    done = harness_nunchi.run("trace", "-r", path, "-o", "json")
    shown = sum((event.get("fd.nameraw") or "").startswith(f"/tmp/{ledger.tag}-") for event in map(json.loads, done.stdout.splitlines()))
    assert done.returncode == 1 and "ends early" in done.stderr and shown == made, (shown, made, done.stderr)


def test_a_dead_capture(setup):
    """A pipe that nobody ever reads does not keep it from its end."""
    nunchi, reader, *_ = recording_into_a_pipe(setup, "dead")
    assert nunchi.stop(20) == 1, nunchi.stderr()
    os.close(reader)
    assert "cannot be written" in nunchi.stderr() and "does not add up" not in nunchi.stderr(), nunchi.stderr()


HEAD = "8sQQQQII16s"  # struct instance_head


def leave(stack, account):
    """A process that is no nunchi, and the files of one that has its PID: account(PID, start)."""
    process = subprocess.Popen(["sleep", "1000"])
    stack.callback(process.wait)
    stack.callback(process.kill)
    with open(f"/proc/{process.pid}/stat", encoding="ascii") as f:
        start = int(f.read().rpartition(")")[2].split()[19])
    for suffix, text in (("", f"{start}\n".encode()), (".account", account(process.pid, start))):
        path = f"/run/nunchi/{process.pid}{suffix}"
        stack.callback(os.unlink, path)
        with open(path, "wb") as f:
            f.write(text)
    return process.pid


def check_metrics():
    """The page that Prometheus gets, which a parser of its format has read."""
    done = harness_nunchi.run("stats", "-o", "prometheus")
    assert done.returncode == 0, done.stderr
    parser = os.path.join(os.path.dirname(__file__), "..", "..", "cli", "prometheus.py")
    read = subprocess.run([parser], input=done.stdout, capture_output=True, text=True, check=False)
    assert not read.stdout and read.returncode == 0, read.stdout + read.stderr
    return done.stdout


def test_what_is_damaged_or_old(setup):
    """A file that is damaged hides nobody else's; one that the dead have left is nobody's; an old one says so."""
    nunchi = setup.nunchi("trace", *own(setup), stdout=subprocess.DEVNULL)
    assert setup.runc.run(f"{setup.name}-file", ["/bin/true"]).wait() == 0
    wait_until(lambda: seen_of(nunchi, f"{setup.name}-file"), 10, "its account")
    with open(f"/run/nunchi/{nunchi.process.pid}.account", "rb") as f:
        account = f.read()
    magic, _, began, now, _, limit, limited, command = struct.unpack_from(HEAD, account)
    size = struct.calcsize(HEAD)

    def of(pid, start):
        return struct.pack(HEAD, magic, pid, began, now, start, limit, limited, command) + account[size:]

    with contextlib.ExitStack() as stack:
        whole = leave(stack, of)
        damaged = [leave(stack, lambda *_: b"what is this?"), leave(stack, lambda *who: of(*who)[:-10])]
        dead = [leave(stack, lambda pid, start: of(pid, start - 1)), leave(stack, lambda *_: account)]
        said, text = stats(), harness_nunchi.run("stats")
        metrics = check_metrics()
    assert said[nunchi.process.pid]["age"] < patient(3) and said[nunchi.process.pid]["accounts"], said
    assert said[whole]["accounts"] and not set(dead) & set(said), said
    assert text.returncode == 0, text.stderr
    for pid in damaged:
        assert said[pid]["error"] and f"PID {pid}: its account cannot be read" in text.stdout, (said, text.stdout)
        assert f'nunchi_up{{pid="{pid}"}} 0\n' in metrics, metrics
    assert f'nunchi_up{{command="trace",pid="{nunchi.process.pid}"}} 1\n' in metrics, metrics
    assert re.search(rf'nunchi_events_seen_total{{command="trace",pid="{whole}",container="{setup.name}-file",'
                     r'container_id="[^"]*"} [1-9]', metrics), metrics
    assert not any(f'pid="{pid}"' in metrics for pid in dead), metrics
    assert f"PID {nunchi.process.pid}, for " in text.stdout, text.stdout
    assert not any(f"PID {pid}" in text.stdout for pid in dead), text.stdout
    os.kill(nunchi.process.pid, signal.SIGSTOP)
    try:
        time.sleep(4)
        text, metrics = harness_nunchi.run("stats"), check_metrics()
    finally:
        os.kill(nunchi.process.pid, signal.SIGCONT)
    mine = next(line for line in text.stdout.splitlines() if f"PID {nunchi.process.pid}" in line)
    assert "s ago: it has said nothing since" in mine, mine
    assert f'nunchi_up{{command="trace",pid="{nunchi.process.pid}"}} 0\n' in metrics, metrics
    # Nobody's but a damaged one, unless somebody else has a nunchi here: a page all the same.
    assert nunchi.stop() == 0
    with contextlib.ExitStack() as stack:
        pid = leave(stack, lambda *_: b"what is this?")
        assert f'nunchi_up{{pid="{pid}"}} 0\n' in check_metrics()


def test_another_boot_clock(_setup):
    """In a time namespace nothing would meet: neither containers and their starts, nor what is due and what has come."""
    done = subprocess.run(["unshare", "--time", "--boottime", "1000", harness_nunchi.PROGRAM, "trace", "--timeout", "1"],
                          capture_output=True, text=True, timeout=patient(30), check=False)
    assert done.returncode == 1 and "a time namespace" in done.stderr, done.stderr


def test_none_runs(setup):
    """Unless somebody else's does."""
    done = harness_nunchi.run("stats")
    if done.returncode == 0:
        assert "PID" in done.stdout and "SEEN" in done.stdout, done.stdout
    else:
        assert "no nunchi runs here" in done.stderr, done.stderr
    # To who alerts by metrics that is an answer, not an error.
    assert "\nnunchi_instances " in check_metrics()
