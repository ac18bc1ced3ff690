# SPDX-License-Identifier: Apache-2.0
"""
What an open costs in the kernel, with the requested path and the one that was opened: the time that
nunchi's programs take, by the kernel's own count. What an empty program takes by that count is the
cost of counting, and is taken off. The processor's speed shows in an unwatched getppid, which took
87 ns where the target was set.
"""

import os
import re
import statistics

from kit import load
from kit.table import Row
from kit.tracers import Floor

NAMES = ("path",)
NS, GETPPID_NS = 350, 87
SWITCH = "/proc/sys/kernel/bpf_stats_enabled"


def counted(pid):
    """Of all its programs: ns that they ran, and how often."""
    total = [0, 0]
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with open(f"/proc/{pid}/fdinfo/{fd}", encoding="utf-8") as f:
            text = f.read()
        if re.search(r"^prog_type:", text, re.M):  # an array of programs has owner_prog_type
            for i, name in enumerate(("run_time_ns", "run_cnt")):
                total[i] += int(re.search(name + r":\s*(\d+)", text)[1])
    return total


def of_a_round(rounds, pid):
    """ns, runs, and deeds."""
    before = counted(pid)
    deeds = rounds.round().deeds
    after = counted(pid)
    return after[0] - before[0], after[1] - before[1], deeds


def of_an_empty_program(bench, idle):
    """ns of each run, in rounds."""
    found = []
    for _ in range(bench.rounds):
        with Floor(bench) as floor:
            ns, runs, _ = of_a_round(idle, floor.process.pid)
        found.append(ns / runs)
    return found


def of_nunchi(deep, idle, pid, rounds):
    """ns of each open, and of each call that nobody wants, in rounds."""
    opens, others = [], []
    for _ in range(rounds):
        ns, runs, _ = of_a_round(idle, pid)
        others.append(ns / runs)
        ns, runs, made = of_a_round(deep, pid)
        # Each is closed again, and others are here too: calls that nobody wants.
        opens.append((ns - (runs - made) * others[-1]) / made)
    return opens, others


def measure(bench, name):
    deep = load.deed(bench, name, "deep", True)
    idle = load.deed(bench, name + "-idle", "getppid", True)
    with open(SWITCH, encoding="utf-8") as f:
        before = f.read()
    unwatched = statistics.median(idle.round().cpu for _ in range(bench.rounds))
    try:
        # Opened anew: the kernel takes what is written at the beginning only.
        with open(SWITCH, "w", encoding="utf-8") as f:
            f.write("1")
        empty = of_an_empty_program(bench, idle)
        nunchi = bench.nunchi("trace", "-e", "openat", "-o", "json", "proc.cmdline=/none")
        opens, others = of_nunchi(deep, idle, nunchi.process.pid, bench.rounds)
        nunchi.stop()
    finally:
        with open(SWITCH, "w", encoding="utf-8") as f:
            f.write(before)
    deep.end()
    idle.end()
    counting = statistics.median(empty)
    net = sorted(ns - counting for ns in opens)
    here = statistics.median(net)
    bench.add(Row("open, five components, one mount, in the kernel",
                  f"{here:.0f} ns ({net[0]:.0f} to {net[-1]:.0f})", f"<= {NS} ns", here <= NS,
                  f"and {counting:.0f} ns that an empty program takes by the same count; {here / unwatched:.1f} times an unwatched "
                  f"getppid ({unwatched:.0f} ns; where the target was set {NS / GETPPID_NS:.1f} times {GETPPID_NS} ns); a call "
                  f"that nobody wants {max(0, statistics.median(others) - counting):.0f} ns"))
