# SPDX-License-Identifier: Apache-2.0
"""
A short form of containers that start and stop for hours: memory ends where it was after the first tenth,
and nothing is left of those that are gone. Other containers on the machine count too.
"""

import time

from harness.many import ShortRunc, full_or, in_turns
from harness.place import wait_until
from harness.resources import anonymous_memory, held, map_dump

# At a tenth of the size the tables of what has ended (256 containers, 1,024 processes) are not
# full after the first tenth, and may still become so.
TABLES = 0 if full_or(True, False) else 1 << 20


def settle(pid, most=None):
    """What it holds when the slots of what has stopped are given back; at most what most says."""
    time.sleep(3)
    now = held(pid)
    if most:
        def small():
            nonlocal now
            now = held(pid)
            return all(now[what] <= most[what] for what in most)
        try:
            wait_until(small, full_or(120, 30), "less", step=1)
        except TimeoutError:
            pass
    return now


def test_nothing_is_left_over(setup):
    n = full_or(10000, 100)
    short = ShortRunc(setup.runc)
    output = setup.file("churn.out")
    with open(output, "wb") as out:
        nunchi = setup.nunchi("trace", "--format", "%evt.type %container.name", stdout=out)
    pid = nunchi.process.pid
    before = settle(pid)

    def make(i):
        short.run(f"{setup.name}-churn{i}", ["/bin/true"])

    began = time.monotonic()
    in_turns(make, range(n // 10))
    first, first_memory = settle(pid, before), anonymous_memory(pid)
    in_turns(make, range(n // 10, n))
    last, last_memory = settle(pid, first), anonymous_memory(pid)
    took = time.monotonic() - began
    left = map_dump(pid, "namespaces")[:3] + map_dump(pid, "cgroups")[:3]
    assert nunchi.stop(60) == 0, nunchi.stderr()
    said = f"before {before}, after {n // 10}: {first}, after {n}: {last}, such as {left}; {nunchi.stderr()}"
    print(f"# {n} containers in {took:.0f} s: {first_memory / 2**20:.2f} MiB after the first tenth, "
          f"{last_memory / 2**20:.2f} MiB at the end; {last}")
    for what, number in first.items():
        assert last[what] <= number, f"more {what}: {said}"
    assert last_memory <= first_memory * 1.1 + TABLES, \
        f"{first_memory} bytes after {n // 10} containers, {last_memory} after {n}; {said}"
    with open(output, encoding="utf-8") as f:
        lines = f.readlines()
    names = {f"{setup.name}-churn{i}" for i in range(n)}
    for kind in ("container_started", "container_stopped", "execve", "procexit"):
        shown = [line.split()[1] for line in lines if line.startswith(kind + " ")]
        shown = [name for name in shown if name in names]
        missing = names - set(shown)
        assert not missing, f"{len(missing)} without {kind}: {sorted(missing)[:3]}"
        assert len(shown) == n, f"{len(shown)} times {kind} of {n}"
