# SPDX-License-Identifier: Apache-2.0
"""
While nothing happens nunchi sleeps, and the next event wakes it: running it idle costs almost nothing, and no event
waits for a timer. The work of each second does not grow with the number of past containers.
"""

import contextlib
import glob
import os
import re
import time

from harness.many import full_or, mark
from harness.place import patient, wait_until

# A tick of the loop, and of a thread that looks after a runtime, is one a second each: 14; who looks every 10 ms has 400. The rest is
# room for what others do on this machine.
SWITCHES, WINDOW = 120, 4
# What fits into the pipe and the writer, about.
FULL = 6 << 20


def switches(pid):
    """How often its threads have gone to sleep."""
    n = 0
    for path in glob.glob(f"/proc/{pid}/task/*/status"):
        with contextlib.suppress(OSError), open(path, encoding="ascii", errors="replace") as f:
            n += sum(int(line.split()[1]) for line in f if line.startswith("voluntary_ctxt_switches"))
    return n


def quietest(pid, most):
    """Of so many windows, or until one is quiet: what others do on this machine wakes it, too."""
    least = None
    for _ in range(6):
        before = switches(pid)
        time.sleep(WINDOW)
        n = switches(pid) - before
        least = n if least is None else min(least, n)
        if least <= most:
            break
    return least


def test_quiet(setup):
    """Each of the two with an output that somebody reads, and one container that only waits."""
    setup.runc.run(f"{setup.name}-waits", ["/bin/pause"])
    started = [setup.nunchi(command, "-c", f"{setup.name}-none") for command in ("trace", "guard")]
    for nunchi in started:
        n = quietest(nunchi.process.pid, SWITCHES)
        print(f"# {nunchi.process.args[1]}: {n} switches in {WINDOW} s")
        assert n <= SWITCHES, n
    for nunchi in started:
        assert nunchi.stop() == 0, nunchi.stderr()


def read_all(fd, text, times, seconds):
    """What comes until the text was there so often, or it is too long."""
    os.set_blocking(fd, False)
    end, got = time.monotonic() + patient(seconds), b""
    while time.monotonic() < end:
        try:
            got += os.read(fd, 1 << 20)
        except BlockingIOError:
            if got.count(text) >= times:
                break
            time.sleep(0.05)
    return got


def test_quiet_with_a_full_pipe(setup):
    """Nobody reads: what waits for the output does so without looking whether it can go; then all of it goes at once."""
    ours, theirs = os.pipe()
    nunchi = setup.nunchi("trace", "-c", f"{setup.name}-*", "-e", "openat", "-o", "json", stdout=theirs)
    os.close(theirs)
    label = f"full{mark(setup)}"
    load = setup.runc.run(f"{setup.name}-full", ["/bin/lanes", "label", label, "2", "5000"])
    load.wait()
    time.sleep(patient(1))
    n = quietest(nunchi.process.pid, SWITCHES)
    began = time.monotonic()
    told = f'"fd.name":"/tmp/{label}-'.encode()
    text = read_all(ours, told, int(load.output()), 20)
    took = time.monotonic() - began
    os.close(ours)
    nunchi.stop()
    print(f"# {n} switches in {WINDOW} s; then {len(text) / 2**20:.1f} MiB in {took:.1f} s")
    assert len(text) > FULL, "it was not full"
    assert text.count(told) == int(load.output()), load.output()
    assert n <= SWITCHES, n


def delays_of(nunchi, text):
    epoch = time.time() - time.monotonic()
    return sorted((when + epoch - int(line.split()[-1]) / 1e9) * 1e3 for when, line in list(nunchi.lines)
                  if text in line)


def test_each_event_wakes(setup):
    """By the rings of the CPUs as by the critical one: it sleeps between two of them, and none waits for the next tick."""
    seconds, rate, label = full_or(60, 4), 25, f"wakes{mark(setup)}"
    nunchi = setup.nunchi("trace", "-c", f"{setup.name}-*", "-e", "openat", "--format", "%fd.name %evt.rawtime")
    setup.runc.run(f"{setup.name}-wakes", ["/bin/lanes", "label", label, str(seconds), str(rate)]).wait()
    time.sleep(patient(0.5))
    assert nunchi.stop() == 0, nunchi.stderr()
    delays = delays_of(nunchi, f"/tmp/{label}-".encode())
    assert len(delays) >= seconds * rate * 0.9, len(delays)
    p50, last = delays[len(delays) // 2], delays[-1]
    print(f"# {len(delays)} opens: p50 {p50:.1f} ms, at most {last:.1f} ms")
    assert p50 <= patient(8), p50
    assert last <= patient(500), last


def slots(nunchi):
    return re.findall(r"slot (\d+) opened", nunchi.stderr())


def test_slots_are_used_again(setup):
    """A container that comes takes a number that one has left: the tables are as long as there are containers at once."""
    nunchi = setup.nunchi("trace", "-v", "-c", f"{setup.name}-*", "-e", "execve")
    used = []
    for turn in range(full_or(10, 2)):
        for i in range(6):
            setup.runc.run(f"{setup.name}-again{turn}-{i}", ["/bin/true"]).wait()
        wait_until(lambda least=6 * (turn + 1): len(slots(nunchi)) >= least, 10, "all to be seen")
        # It is kept for two seconds.
        time.sleep(patient(3))
        used.append(slots(nunchi)[6 * turn:])
    assert nunchi.stop() == 0, nunchi.stderr()
    print(f"# slots {used}")
    assert set(used[-1]) & set(used[0]), used
