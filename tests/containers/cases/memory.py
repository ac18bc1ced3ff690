# SPDX-License-Identifier: Apache-2.0
"""
--memory is the limit of all memory, however much there is to track: what does not fit is counted, and the count is
shown. account.py does the same for an output that nobody reads.
"""

import contextlib
import os
import signal
import subprocess
import time

from cases.account import Ledger, Read, own, seen_of, stats
from harness.many import full_or
from harness.place import patient, wait_until
from harness.resources import map_memory, own_memory

import harness.nunchi as harness_nunchi

SMALL = 20 << 20
CHILDREN = full_or(20000, 3000)
STOPPED = 0.5  # seconds
FORGOTTEN = "processes that were forgotten"
TASKS = "tasks past what --memory has room for"
ROOM = (SMALL - (13 << 20)) // 64 * 7 // 704  # tasks


def taken(nunchi):
    return own_memory(nunchi.process.pid) + map_memory(nunchi.process.pid)


def counted(nunchi, what):
    return stats().get(nunchi.process.pid, {}).get("reader", {}).get(what, 0)


def many(setup, name, children):
    """So many processes, each with some KiB of arguments, in a container of theirs."""
    made = setup.runc.create(f"{setup.name}-{name}", ["/bin/many", str(children), "3", *["x" * 100] * 30])
    made.start()
    wait_until(lambda: made.output().strip(), 60, "the processes")
    assert made.output().split() == [str(children)], made.output()
    return made


def test_many_processes(setup):
    """Growth stops: what of them does not fit is forgotten, counted, and known again by what it does."""
    with open(setup.file("many.json"), "wb") as out:
        nunchi = setup.nunchi("trace", "-o", "json", "--memory", "20M", *own(setup), stdout=out)
    first = many(setup, "many-1", CHILDREN)
    wait_until(lambda: counted(nunchi, FORGOTTEN) > CHILDREN / 4, 20, "processes to be forgotten")
    before = taken(nunchi)
    second = many(setup, "many-2", CHILDREN)
    wait_until(lambda: counted(nunchi, FORGOTTEN) > CHILDREN, 20, "more of them")
    after = taken(nunchi)
    assert counted(nunchi, TASKS) >= CHILDREN - ROOM, stats()
    for each in (first, second):
        each.wait()
    assert nunchi.stop(60) == 0, nunchi.stderr()
    print(f"# of {2 * CHILDREN} processes {counted_at_end(nunchi)} were forgotten: {before / 2**20:.1f} MiB, then "
          f"{after / 2**20:.1f} MiB")
    assert after < before + (1 << 20) and after <= SMALL, (before, after)
    read = Read(setup.file("many.json"), nunchi.stderr())
    lost = sum(read.lost(name) for name in list(read.losses)) + sum(read.counted.values())
    for kind in ("clone", "procexit"):
        shown = subprocess.run(["grep", "-c", f'"evt.type":"{kind}"', setup.file("many.json")],
                               capture_output=True, check=False)
        assert int(shown.stdout) + lost >= 2 * CHILDREN, (kind, shown.stdout, lost, nunchi.stderr())
    read.check_numbers()


def counted_at_end(nunchi):
    words = nunchi.stderr().split(" " + FORGOTTEN)[0].split()
    return words[-1] if FORGOTTEN in nunchi.stderr() else "none"


def test_what_overflows_is_told_within_a_second(setup):
    """Small rings overflow while the reader is stopped: a second after that, at most, the stream says so."""
    path = setup.file("late.json")
    with open(path, "wb") as out:
        nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat", "--memory", "16M", *own(setup), stdout=out)
    ledgers = [Ledger(setup, f"late{i}", 0, 1).ready() for i in range(4)]
    for ledger in ledgers:
        ledger.go()
    # However fast this machine is.
    time.sleep(0.3)
    os.kill(nunchi.process.pid, signal.SIGSTOP)
    time.sleep(STOPPED)
    os.kill(nunchi.process.pid, signal.SIGCONT)
    made = {ledger: ledger.made() for ledger in ledgers}
    for ledger, n in made.items():
        wait_until(lambda name=ledger.name, n=n: seen_of(nunchi, name) >= n, 10, "all to be seen")
    assert nunchi.stop(60) == 0, nunchi.stderr()
    read = Read(path, nunchi.stderr())
    lost = sum(read.check(ledger, n) for ledger, n in made.items())
    read.check_numbers()
    # It is counted, or where there was no room for that a loss.
    waited = [event["summary.seconds"] for event in read.summaries] + \
        [seconds(event["evt.time.iso8601"]) - seconds(event["lost.first"])
         for events in read.losses.values() for event in events]
    assert lost and waited, (made, nunchi.stderr())
    latest = max(waited)
    print(f"# {sum(made.values())} made, {lost} not told one by one, told {latest:.2f} s after the first of them at the latest")
    assert latest <= STOPPED + patient(1), latest


def seconds(text):
    """Of the day."""
    hours, minutes, rest = text.split("T")[1].rstrip("Z").split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(rest)


def test_more_places_than_there_is_room_for(setup):
    """Whoever is not seen for that is in nobody's account: it is said while it is so."""
    nunchi = setup.nunchi("trace", "--memory", "16M", *own(setup), stdout=subprocess.DEVNULL)
    with contextlib.ExitStack() as stack:
        for _ in range(400):
            process = subprocess.Popen(["unshare", "-m", "sleep", "1000"], stdin=subprocess.DEVNULL)
            stack.callback(process.wait)
            stack.callback(process.kill)
        wait_until(lambda: "more containers than there is room for" in nunchi.stderr(), 30, "the word on stderr")
    assert nunchi.stop() == 0 and "degraded: not seen" in nunchi.stderr(), nunchi.stderr()


def test_what_is_no_size(setup):
    for size in ("4M", "64", "lots", "64MB", "-1M", "99999999G", "18446744073709551616"):
        done = harness_nunchi.run("trace", "--memory", size)
        assert done.returncode == 2 and "expected a size from 16M to 64G" in done.stderr, (size, done.stderr)
