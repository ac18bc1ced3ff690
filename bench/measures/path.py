# SPDX-License-Identifier: Apache-2.0
"""
What an open is in the kernel, with the path asked for and the one that was opened: the time that
nunchi's programs take, by the kernel's own count, which adds some 20 ns.
"""

import os
import re
import statistics

from kit import load
from kit.table import Row

NAMES = ("path",)
NS = 350
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


def measure(bench, name):
    deep = load.deed(bench, name, "deep", True)
    idle = load.deed(bench, name + "-idle", "getppid", True)
    nunchi = bench.nunchi("trace", "-e", "openat", "-o", "json", "proc.cmdline=/none")
    opens, others = [], []
    with open(SWITCH, encoding="utf-8") as f:
        before = f.read()
    try:
        # Opened anew: the kernel takes what is written at the beginning only.
        with open(SWITCH, "w", encoding="utf-8") as f:
            f.write("1")
        for _ in range(bench.rounds):
            ns, runs, _ = of_a_round(idle, nunchi.process.pid)
            others.append(ns / runs)
            ns, runs, made = of_a_round(deep, nunchi.process.pid)
            # Each is closed again, and others are here too: calls that nobody wants.
            opens.append((ns - (runs - made) * others[-1]) / made)
    finally:
        with open(SWITCH, "w", encoding="utf-8") as f:
            f.write(before)
    nunchi.stop()
    deep.end()
    idle.end()
    here = statistics.median(opens)
    bench.add(Row("open, five components, one mount, in the kernel",
                  f"{here:.0f} ns ({min(opens):.0f} to {max(opens):.0f})", f"<= {NS} ns", here <= NS,
                  f"a call that nobody wants {statistics.median(others):.0f} ns"))
