# SPDX-License-Identifier: Apache-2.0
"""
Whether cost stays the same: ever more containers, and ever more processes in one, until there are as
many as there should be or the time is over.
"""

import json
import os
import subprocess
import time

from harness.many import in_turns
from harness.resources import map_memory, own_memory
from kit import load
from kit.table import Row
from kit.turns import Turns

NAMES = ("containers", "processes")
STEPS = {"containers": (1, 10, 100, 500, 2000), "processes": (1, 10, 100, 1000)}
QUICK = {"containers": (1, 10), "processes": (1, 100)}
SECONDS = 150
# No size may cost more than the smallest, but for noise.
SLOWER = 1.15
MIB = 1 << 20
MEMORY_MIB = 64


class Herd:
    """Containers of `runc run --detach`, which leaves no process of runc's own."""

    def __init__(self, bench):
        self.bench, self.names = bench, []
        bench.setup.stack.callback(self.end)

    def add(self, processes):
        runc, name = self.bench.setup.runc, f"{self.bench.setup.name}-herd{len(self.names)}"
        bundle = self.bench.setup.directory("herd", name)
        with open(os.path.join(bundle, "config.json"), "w", encoding="utf-8") as f:
            json.dump(runc.config(name, ["/opt/many", str(processes)], binds=[("/opt", self.bench.progs)]), f)
        self.names.append(name)
        return bundle, name

    @staticmethod
    def start(made):
        bundle, name = made
        with open(os.path.join(bundle, "output"), "wb") as out:
            subprocess.run(["runc", "run", "--detach", "--bundle", bundle, name], check=True,
                           stdin=subprocess.DEVNULL, stdout=out, stderr=out)

    def grow(self, number, processes):
        in_turns(self.start, [self.add(processes) for _ in range(number)], 2)

    def end(self):
        in_turns(lambda name: subprocess.run(["runc", "delete", "--force", name], check=False,
                                             capture_output=True), self.names, 2)
        self.names = []


def step(bench, rounds):
    """Of one size: ratio of an open and close that is traced, and the memory of nunchi then."""
    nunchi = bench.tracers("openat,close", None, "-o", "json", "proc.cmdline=/none")[0]
    turns = Turns(lambda: rounds.round().cpu, [nunchi], bench.rounds)
    with nunchi:
        pid = nunchi.running.process.pid
        return turns.of[nunchi.name], own_memory(pid) / MIB, map_memory(pid) / MIB, nunchi.lost


def measure(bench, name):
    steps = (QUICK if bench.quick else STEPS)[name]
    end = time.monotonic() + (30 if bench.quick else SECONDS)
    herd, rounds = Herd(bench), load.deed(bench, "growth-" + name, "open", True)
    size, first, worst, told, took, gone = 0, None, None, [], 0.0, 0
    for wanted in steps:
        began = time.monotonic()
        # The next is some times as long.
        if size and began + took * wanted / size > end:
            break
        if name == "containers":
            herd.grow(wanted - size, 1)
        else:
            herd.end()
            herd.grow(1, wanted)
        took, size = time.monotonic() - began, wanted
        ratio, own, maps, lost = step(bench, rounds)
        gone += lost
        told.append(f"{size:,}: {ratio.median:.2f}x, {own:.1f} + {maps:.1f} MiB, {lost:,} lost")
        first = first or ratio
        worst = max(worst or ratio, ratio)
    rounds.end()
    herd.end()
    good = not gone and worst.median <= SLOWER * first.median and own + maps <= MEMORY_MIB
    bench.add(Row(f"{size:,} {name}", f"{worst.median / first.median:.2f} times one, {own + maps:.1f} MiB",
                  f"<= {SLOWER:.2f}, {MEMORY_MIB} MiB", good,
                  "openat+close, its own and maps' memory at " + "; ".join(told)))
