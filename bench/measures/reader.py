# SPDX-License-Identifier: Apache-2.0
"""
What one core reads a second, by its CPU time: live into a capture; from that capture decoding, names and
filter, and with JSON into a pipe that somebody reads. No core here makes as many events as another can read.
"""

import os
import statistics
import subprocess

from harness.nunchi import PROGRAM
from kit.load import Flow, cpu_ns
from kit.table import Row

NAMES = ("reader",)
# No event is of it, and only user space can know.
UNSHOWN = "proc.cmdline=/none"
# name of the row: how the capture is read, whether the output is a pipe, events a second
ROWS = {
    "read, named and judged": (["-o", "json", UNSHOWN], False, 2.5e6),
    "read, as JSON into a pipe": (["-o", "json"], True, 1e6),
}


def add_row(bench, what, rates, target, note):
    middle = statistics.median(rates)
    bench.add(Row(what, f"{middle / 1e3:,.0f}k/s ({min(rates) / 1e3:,.0f} to {max(rates) / 1e3:,.0f})",
                  f">= {target / 1e3:,.0f}k/s", middle >= target, note))


def record(bench, path, number):
    """Opens and closes in a container into the file; seconds of CPU."""
    nunchi = bench.nunchi("record", "-w", path, "-e", "openat,close")
    began = cpu_ns(nunchi.process.pid)
    Flow(bench, f"reader{number}", 100000, 1 if bench.quick else 5, 0, [bench.cpu]).wait()
    used = cpu_ns(nunchi.process.pid) - began
    nunchi.stop()
    return used / 1e9


def count(path):
    told = subprocess.run([PROGRAM, "trace", "-r", path, "--format", "%evt.type"], capture_output=True, check=True)
    return told.stdout.count(b"\n")


def read(bench, path, arguments, pipe):
    """Seconds of CPU; who reads the pipe is on the other one."""
    reader = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL) if pipe else None
    if reader:
        os.sched_setaffinity(reader.pid, {bench.other})
    process = subprocess.Popen([PROGRAM, "trace", "-r", path, *arguments], stdin=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL, stdout=reader.stdin if reader else subprocess.DEVNULL)
    os.sched_setaffinity(process.pid, {bench.cpu})
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if reader:
        reader.stdin.close()
        reader.wait()
    if process.returncode:
        raise ValueError(f"{arguments}: exit {process.returncode}")
    return used.ru_utime + used.ru_stime


def measure(bench, _name):
    path, rates = bench.setup.file("reader.cap"), []
    for number in range(bench.rounds):
        used = record(bench, path, number)
        events = count(path)
        rates.append(events / used)
    add_row(bench, "read live, into a capture", rates, 1.5e6, f"{events:,} events")
    for what, (arguments, pipe, target) in ROWS.items():
        add_row(bench, what, [events / read(bench, path, arguments, pipe) for _ in range(bench.rounds)], target,
                f"{events:,} events of the capture")
