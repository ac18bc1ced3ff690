#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What nunchi costs, on this machine: run.py [--nunchi PROGRAM] [--rounds N] [MEASURE...]

Ratios compare rounds with and without nunchi, in turns, in one run of the same process; the median
round counts. The workload is pinned to the first CPU and nunchi to the second. A missed target is said in
the table; the exit code is 0 when everything could be measured.
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
# What an idle loop naps at most, and then some; how long an event waits for a name at most.
FLUSH_MS, HOLD_MS = 12, 2000
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


class Floor:
    """An empty program on the exit of system calls, attached while it lives."""

    def __init__(self, setup):
        here = os.path.dirname(os.path.abspath(__file__))
        self.program, self.object = setup.file("floor"), setup.file("floor.bpf.o")
        multiarch = subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True,
                                   check=True).stdout.strip()
        subprocess.run(["clang", "-g", "-O2", "-target", "bpf", f"-I/usr/include/{multiarch}", "-c",
                        os.path.join(here, "floor.bpf.c"), "-o", self.object], check=True)
        subprocess.run(["gcc", "-o", self.program, os.path.join(here, "floor.c"), "-lbpf"],
                       check=True)

    def __enter__(self):
        self.process = subprocess.Popen([self.program, self.object], stdout=subprocess.PIPE)
        if not self.process.stdout.readline():
            self.process.wait()
            raise RuntimeError("the empty program could not be attached")

    def __exit__(self, *exc):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()


def calls_for(setup, what, cpu):
    """As many as take a round's time on this machine."""
    flood = os.path.join(setup.root, "bin/flood")
    shown = subprocess.run([flood, what, "3", "50000", str(cpu)], capture_output=True, check=True,
                           text=True).stdout.split()
    return int(ROUND_SECONDS * 1e9 / min(float(ns) for ns in shown))


def lost(nunchi):
    """By its own account, over all containers."""
    found = re.search(r"lost ([\d,]+)", nunchi.stderr())
    if not found:
        raise ValueError("no account: " + nunchi.stderr())
    return int(found.group(1).replace(",", ""))


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

    def ratios(self, flood, *args):
        """With nunchi and with an empty program, each over without: medians over rounds in turns."""
        plain, empty, traced, gone, events = [], [], [], 0, 0
        empty_program = Floor(self.setup)
        flood.round()
        for _ in range(self.rounds):
            plain.append(flood.round())
            with empty_program:
                empty.append(flood.round())
            nunchi = self.nunchi(*args)
            began = time.monotonic()
            traced.append(flood.round())
            took = time.monotonic() - began
            nunchi.stop()
            gone += lost(nunchi)
            events = max(events, seen(nunchi) / took)
        # Within a round, since a shared machine's speed drifts from one to the next.
        ratio = statistics.median(with_it / without for with_it, without in zip(traced, plain))
        floor = statistics.median(with_it / without for with_it, without in zip(empty, plain))
        note = f"{statistics.median(plain):.0f} ns alone, {floor:.2f}x with an empty program"
        return ratio, floor, note, gone, events

    def uninteresting(self):
        calls = calls_for(self.setup, "getppid", self.cpu)
        for container, where in ((False, "host"), (True, "container")):
            flood = Flood(self.setup, "getppid", calls, self.cpu, container)
            ratio, _, note, _, _ = self.ratios(flood, "trace", "-o", "json")
            flood.end()
            self.row(f"uninteresting call, {where}", f"{ratio:.2f}x", "<= 1.35x", ratio <= 1.35,
                     note)

    def openat(self):
        flood = Flood(self.setup, "open", calls_for(self.setup, "open", self.cpu), self.cpu, True)
        ratio, _, note, gone, events = self.ratios(flood, *OPEN_CLOSE, NO_MATCH)
        flood.end()
        self.row("openat+close, traced", f"{ratio:.2f}x", "<= 1.80x", ratio <= 1.80,
                 f"{note}; {gone:,} lost at {events / 1e3:,.0f}k/s")

    def fill(self, per_second):
        """
        From how many CPUs, and how many getppid for each openat+close: none from one CPU, if this
        machine can make so many of those a second while it is traced, else the fewest that keep to
        three quarters of a CPU. Where none does, two CPUs make half of it each, nunchi's own among
        them; where that cannot be done either, what they reach is in the row.
        """
        pair = ROUND_SECONDS * 2 / calls_for(self.setup, "open", self.cpu)
        single = ROUND_SECONDS * 2.5 / calls_for(self.setup, "getppid", self.cpu)
        for cpus in ([self.cpu], [self.cpu, self.other]):
            for fill in range(0, 64, 2):
                if (pair + fill * single) * per_second / len(cpus) / (2 + fill) < 0.75:
                    return cpus, fill
        return [self.cpu, self.other], 64

    def rate(self, what, events, seconds, *filters):
        """At this many events a second, from one CPU if it can make them: what gets lost."""
        cpus, fill = self.fill(events)
        nunchi = self.nunchi("trace", "-e", "openat,close" + (",getppid" if fill else ""),
                             "-o", "json", *filters)
        each = events / (2 + fill) / len(cpus)
        makers = [self.setup.runc.run(f"{self.setup.name}-rate{events}-{cpu}", [
            "/bin/flood", "rate", str(each), str(seconds), str(fill), str(cpu)]) for cpu in cpus]
        reached = 0
        for maker in makers:
            maker.wait()
            rounds, took = maker.output().split()
            reached += (2 + fill) * int(rounds) / float(took)
        nunchi.stop()
        gone = lost(nunchi)
        notes = [f"{fill} getppid for each openat+close"] if fill else []
        if len(cpus) > 1:
            notes.append("one CPU cannot make so many: half each from two, of which one is nunchi's")
        if reached <= 0.95 * events:
            notes.append(f"no more than {reached / 1e3:,.0f}k/s could be made")
        self.row(what, f"{reached / 1e3:,.0f}k/s, {gone:,} lost", f"{events // 1000:,}k/s, 0 lost",
                 gone == 0 and reached > 0.95 * events, "; ".join(notes))

    def loss(self):
        self.rate("events without loss", 1000000, 5, NO_MATCH)

    def json(self):
        self.rate("as JSON to /dev/null", 500000, 5)

    def start(self):
        loop = self.setup.runc.run(self.setup.name + "-loop", [
            "/bin/flood", "rate", "2000", "600", "0", str(self.cpu)])
        firsts = []
        for _ in range(self.rounds):
            nunchi = self.setup.nunchi("trace", "-o", "json", "-e", "openat", wait=False)
            nunchi.wait_event(lambda event: event["evt.type"] == "openat", 30)
            firsts.append(nunchi.first_after(b'"openat"'))
            nunchi.stop()
        loop.stop()
        first = statistics.median(firsts)
        self.row("start to first event", f"{first:.2f} s", "< 0.50 s", first < 0.5)

    def delays(self, nunchi, names, seconds=None):
        """
        From the kernel's time of an event to its line's arrival here, in ms: of the containers of
        these names; with seconds only of events that are so young in the container's life.
        """
        epoch = time.time() - time.monotonic()
        begins, found = {}, []
        for when, line in nunchi.lines:
            name, raw = line.decode().split()[:2]
            if name not in names or not raw.isdigit():
                continue
            at = int(raw) / 1e9
            if seconds is None or at - begins.setdefault(name, at) <= seconds:
                found.append((when + epoch - at) * 1e3)
        return sorted(found)

    def delay_row(self, what, delays, target, note):
        if len(delays) < 100:
            raise ValueError(f"{what}: {len(delays)} events")
        p50, p99 = (delays[int(len(delays) * part)] for part in (0.5, 0.99))
        self.row(what, f"p50 {p50:.1f} ms, p99 {p99:.1f} ms", f"p99 <= {target} ms", p99 <= target,
                 note)

    def hold(self):
        """What waiting for a name adds: nothing once it is known."""
        args = ("trace", "-e", "openat", "--format", "%container.name %evt.rawtime")
        old = self.setup.runc.run(self.setup.name + "-old", [
            "/bin/flood", "rate", "500", "600", "0", str(self.cpu)])
        time.sleep(1)
        nunchi = self.setup.nunchi(*args)
        time.sleep(3)
        nunchi.stop()
        delays = self.delays(nunchi, {old.name})
        self.delay_row("delay, named for long", delays, FLUSH_MS,
                       f"{len(delays):,} events; up to {delays[-1]:.0f} ms")
        for runtime in (self.setup.runc, self.setup.docker):
            self.hold_new(runtime, args)
        old.stop()

    def hold_new(self, runtime, args):
        from harness.setup import IMAGE
        runtimes = [runtime] if runtime.kind == "docker" else []
        nunchi = self.setup.nunchi(*args, runtimes=runtimes)
        names = set()
        for i in range(2 * self.rounds):
            name = f"{self.setup.name}-new-{runtime.kind}{i}"
            names.add(name)
            command = ["/bin/flood", "rate", "500", "1.2", "0", str(self.cpu)]
            image = [IMAGE] if runtime.kind == "docker" else []
            runtime.run(name, *image, command).wait()
        time.sleep(3)
        nunchi.stop()
        delays = self.delays(nunchi, names, 1)
        self.delay_row(f"delay, first second, {runtime.kind}", delays, HOLD_MS,
                       f"{len(names)} containers, {len(delays):,} events; up to {delays[-1]:.0f} ms")

    def memory(self):
        for i in range(20):
            self.setup.runc.run(f"{self.setup.name}-idle{i}", ["/bin/pause"])
        nunchi = self.nunchi("trace", "-o", "json")
        load = self.setup.runc.run(f"{self.setup.name}-load", [
            "/bin/flood", "rate", "50000", "3", "0", str(self.cpu)])
        load.wait()
        from harness.resources import map_memory, own_memory
        own, maps = own_memory(nunchi.process.pid), map_memory(nunchi.process.pid)
        nunchi.stop()
        mib = 1 << 20
        self.row("memory, 20 containers", f"{(own + maps) / mib:.1f} MiB", "< 40 MiB",
                 own + maps < 40 * mib, f"{maps / mib:.1f} MiB of it BPF maps")
        self.row("of it the process's own", f"{own / mib:.1f} MiB", "< 12 MiB", own < 12 * mib)


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
    measures = ("uninteresting", "openat", "loss", "json", "start", "hold", "memory")
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
    return 0


if __name__ == "__main__":
    sys.exit(main())
