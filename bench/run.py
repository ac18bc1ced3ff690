#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What nunchi costs, on this machine: run.py [--nunchi PROGRAM] [--rounds N] [MEASURE...]

Ratios compare rounds with and without nunchi, in turns, in one run of the same process; the median
counts. The workload is pinned to the first CPU and nunchi to the second. Exit code 1: something
missed its target.
"""

import argparse
import functools
import os
import platform
import re
import statistics
import subprocess
import sys
import time

sys.dont_write_bytecode = True
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(TOP, "tests", "containers"))

ROUND_SECONDS = 0.5
# Everything is delivered and judged, nothing is shown.
NO_MATCH = "fd.name=/none"
OPEN_CLOSE = ("trace", "-e", "openat,close", "-o", "json")


def say(text):
    print(f"bench: {text}", file=sys.stderr)


class Flood:
    """tests/containers/progs/flood: a round for each byte written to its FIFO."""

    def __init__(self, setup, what, calls, cpu, container):
        self.lines = 0
        fifo = os.path.join(setup.root, "run", f"gate-{what}-{container}")
        os.mkfifo(fifo)
        program = ["gate", what, str(calls)]
        if container:
            made = setup.runc.create(f"{setup.name}-{what}",
                                     ["/bin/flood", *program, fifo[len(setup.root):], str(cpu)])
            self.output = os.path.join(made.bundle, "output")
            made.start()
        else:
            self.output = setup.file(f"flood-{what}")
            setup.start([os.path.join(setup.root, "bin/flood"), *program, fifo, str(cpu)],
                        f"flood-{what}")
        self.gate = os.open(fifo, os.O_WRONLY)

    def round(self):
        """ns per call."""
        os.write(self.gate, b"x")
        while True:
            with open(self.output, encoding="utf-8") as f:
                lines = f.read().split("\n")[:-1]
            if len(lines) > self.lines:
                self.lines = len(lines)
                return float(lines[-1])
            time.sleep(0.02)

    def end(self):
        os.close(self.gate)


def calls_for(setup, what, cpu):
    """As many as take a round's time on this machine."""
    flood = os.path.join(setup.root, "bin/flood")
    shown = subprocess.run([flood, what, "3", "50000", str(cpu)], capture_output=True, check=True,
                           text=True).stdout.split()
    return int(ROUND_SECONDS * 1e9 / min(float(ns) for ns in shown))


def lost(nunchi):
    """By its own account, over all containers."""
    found = re.search(r"lost ([\d,]+)", nunchi.stderr())
    return int(found.group(1).replace(",", "")) if found else None


def seen(nunchi):
    found = re.search(r"seen ([\d,]+)", nunchi.stderr())
    return int(found.group(1).replace(",", "")) if found else 0


class Bench:
    def __init__(self, setup, rounds):
        self.setup, self.rounds = setup, rounds
        cpus = sorted(os.sched_getaffinity(0))
        self.cpu, self.other = cpus[0], cpus[min(1, len(cpus) - 1)]
        self.rows = []

    def row(self, what, value, target, met, note=""):
        say(f"{what}: {value}")
        self.rows.append((what, value, target, "ok" if met else "miss", note))

    def nunchi(self, *args, **kwargs):
        """Quiet but for its account, on a CPU of its own, output to /dev/null."""
        return self.setup.nunchi(*args, stdout=subprocess.DEVNULL,
                                 preexec_fn=functools.partial(os.sched_setaffinity, 0, {self.other}),
                                 **kwargs)

    def ratio(self, flood, *args):
        """Median with nunchi over median without, the loss, and what the median alone is."""
        plain, traced, gone, events = [], [], 0, 0
        flood.round()
        for _ in range(self.rounds):
            plain.append(flood.round())
            nunchi = self.nunchi(*args)
            began = time.monotonic()
            traced.append(flood.round())
            took = time.monotonic() - began
            nunchi.stop()
            gone += lost(nunchi) or 0
            events = max(events, seen(nunchi) / took)
        base = statistics.median(plain)
        return statistics.median(traced) / base, gone, base, events

    def uninteresting(self):
        calls = calls_for(self.setup, "getppid", self.cpu)
        for container, where in ((False, "host"), (True, "container")):
            flood = Flood(self.setup, "getppid", calls, self.cpu, container)
            ratio, _, base, _ = self.ratio(flood, "trace", "-o", "json")
            flood.end()
            self.row(f"uninteresting call, {where}", f"{ratio:.2f}x", "<= 1.35x", ratio <= 1.35,
                     f"getppid {base:.0f} ns")

    def openat(self):
        flood = Flood(self.setup, "open", calls_for(self.setup, "open", self.cpu), self.cpu, True)
        ratio, gone, base, events = self.ratio(flood, *OPEN_CLOSE, NO_MATCH)
        flood.end()
        self.row("openat+close, traced", f"{ratio:.2f}x", "<= 1.80x", ratio <= 1.80,
                 f"{base:.0f} ns, {gone:,} lost at up to {events:,.0f} events/s")

    def rate(self, what, events, seconds, *args):
        """Two events for each openat+close."""
        nunchi = self.nunchi(*args)
        made = self.setup.runc.run(f"{self.setup.name}-rate{events}", [
            "/bin/flood", "rate", str(events // 2), str(seconds), str(self.cpu)])
        made.wait()
        pairs, took = made.output().split()
        nunchi.stop()
        reached = 2 * int(pairs) / float(took)
        gone = lost(nunchi)
        self.row(what, f"{reached / 1e3:,.0f}k/s, {gone if gone is None else format(gone, ',')} lost",
                 f"{events // 1000:,}k/s, 0 lost", gone == 0 and reached > 0.95 * events)

    def loss(self):
        self.rate("events without loss", 1000000, 5, *OPEN_CLOSE, NO_MATCH)

    def json(self):
        self.rate("as JSON to /dev/null", 500000, 5, *OPEN_CLOSE)

    def start(self):
        loop = self.setup.runc.run(self.setup.name + "-loop", [
            "/bin/flood", "rate", "2000", "600", str(self.cpu)])
        firsts = []
        for _ in range(self.rounds):
            nunchi = self.setup.nunchi("trace", "-o", "json", "-e", "openat", wait=False)
            nunchi.wait_event(lambda event: event["evt.type"] == "openat", 30)
            firsts.append(nunchi.first_after(b'"openat"'))
            nunchi.stop()
        loop.stop()
        first = statistics.median(firsts)
        self.row("start to first event", f"{first:.2f} s", "< 0.50 s", first < 0.5)

    def memory(self):
        for i in range(20):
            self.setup.runc.run(f"{self.setup.name}-idle{i}", ["/bin/pause"])
        nunchi = self.nunchi("trace", "-o", "json")
        load = self.setup.runc.run(f"{self.setup.name}-load", [
            "/bin/flood", "rate", "50000", "3", str(self.cpu)])
        load.wait()
        own, maps = own_memory(nunchi.process.pid), map_memory(nunchi.process.pid)
        nunchi.stop()
        mib = 1 << 20
        self.row("memory, 20 containers", f"{(own + maps) / mib:.1f} MiB", "< 40 MiB",
                 own + maps < 40 * mib, f"{maps / mib:.1f} MiB of it BPF maps")
        self.row("of it the process's own", f"{own / mib:.1f} MiB", "< 12 MiB", own < 12 * mib)


def own_memory(pid):
    """Pss without the mapped rings, which are the maps' memory, and mapped twice."""
    total, own = 0, True
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as f:
        for line in f:
            if re.match(r"[0-9a-f]+-", line):
                own = "bpf-map" not in line
            elif own and line.startswith("Pss:"):
                total += int(line.split()[1]) << 10
    return total


def map_memory(pid):
    """Of every map the process holds, as the kernel charges it."""
    maps = {}
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with open(f"/proc/{pid}/fdinfo/{fd}", encoding="utf-8") as f:
            info = dict(line.split(":", 1) for line in f if ":" in line)
        if "map_id" in info:
            maps[info["map_id"]] = int(info["memlock"])
    return sum(maps.values())


def table(rows):
    heads = ("MEASURE", "HERE", "TARGET", "", "")
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(5)]
    for row in [heads, *rows]:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def main():
    measures = ("uninteresting", "openat", "loss", "json", "start", "memory")
    parser = argparse.ArgumentParser()
    parser.add_argument("--nunchi", default=os.path.join(TOP, "build", "nunchi"))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("measure", nargs="*", help=", ".join(measures))
    args = parser.parse_args()
    for name in args.measure:
        if name not in measures:
            parser.error(f"no such measure: {name}. There are {', '.join(measures)}.")
    if os.geteuid() != 0:
        sys.exit("bench: tracing needs root. Try: sudo make bench")
    os.environ["NUNCHI"] = os.path.abspath(args.nunchi)
    from harness.setup import Setup
    setup = Setup()
    try:
        bench = Bench(setup, args.rounds)
        for name in args.measure or measures:
            getattr(bench, name)()
    finally:
        setup.close()
    print(f"Linux {platform.release()}, {os.cpu_count()} CPUs, {cpu_model()}, "
          f"load {os.getloadavg()[0]:.1f}; medians of {args.rounds} rounds")
    table(bench.rows)
    return 1 if any(row[3] == "miss" for row in bench.rows) else 0


if __name__ == "__main__":
    sys.exit(main())
