# SPDX-License-Identifier: Apache-2.0
"""What it takes while little happens: to start, to be there, and until a line comes."""

import statistics
import time

from harness.resources import map_memory, own_memory
from harness.setup import IMAGE
from kit.load import cpu_ns
from kit.table import Row

NAMES = ("start", "idle", "memory", "delay")
MIB = 1 << 20
# What a record is waited with, a nap, and then some; how long an event waits for a name at most.
FLUSH_MS, HOLD_MS = 12, 2000


def flood(bench, name, rate, seconds):
    return bench.setup.runc.run(f"{bench.setup.name}-{name}", [
        "/bin/flood", "rate", str(rate), str(seconds), "0", str(bench.cpu)])


def start(bench):
    loop = flood(bench, "loop", 2000, 600)
    firsts, used = [], []
    for _ in range(bench.rounds):
        nunchi = bench.setup.nunchi("trace", "-o", "json", "-e", "openat", wait=False)
        nunchi.wait_event(lambda event: event["evt.type"] == "openat", 30)
        used.append(cpu_ns(nunchi.process.pid) / 1e9)
        firsts.append(nunchi.first_after(b'"openat"'))
        nunchi.stop()
    loop.stop()
    first = statistics.median(firsts)
    bench.add(Row("start to first event", f"{first:.2f} s ({min(firsts):.2f} to {max(firsts):.2f})",
                  "<= 0.50 s", first <= 0.5, f"{statistics.median(used):.2f} s of CPU"))


def idle(bench):
    seconds = 3 if bench.quick else 20
    nunchi = bench.nunchi("trace", "-o", "json")
    time.sleep(2)
    pid = nunchi.process.pid
    used = cpu_ns(pid)
    time.sleep(seconds)
    share = (cpu_ns(pid) - used) / 1e9 / seconds
    nunchi.stop()
    bench.add(Row("idle", f"{share:.2%} of a core", "<= 0.20 %", share <= 0.002,
                  "what others do here is in it"))


def memory(bench):
    idle_ones = [bench.setup.runc.run(f"{bench.setup.name}-idle{i}", ["/bin/pause"]) for i in range(20)]
    nunchi = bench.nunchi("trace", "-o", "json")
    flood(bench, "load", 50000, 3).wait()
    own, maps = own_memory(nunchi.process.pid), map_memory(nunchi.process.pid)
    nunchi.stop()
    for each in idle_ones:
        each.stop()
    bench.add(Row("memory, 20 containers", f"{(own + maps) / MIB:.1f} MiB", "<= 40 MiB",
                  own + maps <= 40 * MIB, f"{maps / MIB:.1f} MiB of it BPF maps"))
    bench.add(Row("of it the process's own", f"{own / MIB:.1f} MiB", "<= 12 MiB", own <= 12 * MIB))


def delays(nunchi, names, seconds=None):
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


def delay_row(bench, what, found, target, note):
    if len(found) < 100:
        raise ValueError(f"{what}: {len(found)} events")
    p50, p99 = (found[int(len(found) * part)] for part in (0.5, 0.99))
    bench.add(Row(what, f"p50 {p50:.1f} ms, p99 {p99:.1f} ms", f"p99 <= {target} ms", p99 <= target,
                  f"{note}; up to {found[-1]:.0f} ms"))


def delay(bench):
    """What waiting for a name adds: nothing once it is known."""
    args = ("trace", "-e", "openat", "--format", "%container.name %evt.rawtime")
    old = flood(bench, "old", 500, 600)
    time.sleep(1)
    nunchi = bench.setup.nunchi(*args)
    time.sleep(3)
    nunchi.stop()
    found = delays(nunchi, {old.name})
    delay_row(bench, "delay, named for long", found, FLUSH_MS, f"{len(found):,} events")
    for runtime in (bench.setup.runc, bench.setup.docker):
        delay_new(bench, runtime, args)
    old.stop()


def delay_new(bench, runtime, args):
    runtimes = [runtime] if runtime.kind == "docker" else []
    nunchi = bench.setup.nunchi(*args, runtimes=runtimes)
    names = set()
    for i in range(2 * bench.rounds):
        name = f"{bench.setup.name}-new-{runtime.kind}{i}"
        names.add(name)
        command = ["/bin/flood", "rate", "500", "1.2", "0", str(bench.cpu)]
        image = [IMAGE] if runtime.kind == "docker" else []
        runtime.run(name, *image, command).wait()
    time.sleep(3)
    nunchi.stop()
    found = delays(nunchi, names, 1)
    delay_row(bench, f"delay, first second, {runtime.kind}", found, HOLD_MS,
              f"{len(names)} containers, {len(found):,} events")


def measure(bench, name):
    {"start": start, "idle": idle, "memory": memory, "delay": delay}[name](bench)
