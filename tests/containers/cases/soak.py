# SPDX-License-Identifier: Apache-2.0
"""
A long run: many events a second, and containers that come and go all the time. nunchi's resources stay constant, and
the account is exact for every container, by the load's own counters. An hour with NUNCHI_TEST_SIZE=full,
else five minutes (NUNCHI_TEST_SOAK: seconds). It can run beside other work: nothing is timed.
"""

import concurrent.futures
import os
import random
import statistics
import subprocess
import time

from harness.many import ShortRunc, full_or, mark
from harness.place import patient
from harness.resources import anonymous_memory, map_memory, own_memory

SECONDS = int(os.environ.get("NUNCHI_TEST_SOAK", full_or(3600, 300)))
RATE = full_or(200000, 100000)  # events a second, of all that run together
AT_ONCE = 4
LIVES = (1, 4)  # seconds
SAMPLES = 60
MEMORY = 64 << 20  # what --memory is by default
# Of 256 containers and 1,024 processes that have ended is remembered who they were: that many have not been, in the
# first third of five minutes.
GROWTH = full_or(1 << 20, 2 << 20)
FORMAT = "\t".join(("%evt.type", "%container.name", "%fd.nameraw", "%summary.call", "%summary.count", "%lost.count"))


class Load:
    """Containers, one after the other in each of some threads, each of which knows what it did."""

    def __init__(self, setup, end):
        self.setup, self.short, self.end = setup, ShortRunc(setup.runc), end
        self.made, self.number = {}, 0

    def one(self):
        self.number += 1
        tag = f"soak{mark(self.setup)}{self.number}"
        sign = os.path.join(self.setup.root, "go-" + tag)
        with open(sign, "wb"):
            pass
        name = f"{self.setup.name}-{tag}"
        said = self.short.run(name, ["/bin/ledger", tag, str(RATE / AT_ONCE), f"{random.uniform(*LIVES):.1f}"])
        os.unlink(sign)
        self.made[name] = int(said.split()[-1])

    def turns(self):
        while time.monotonic() < self.end:
            self.one()


def sample(pid):
    # Who looks at all of a process's memory keeps it from its work: this is for bounds that are far away.
    return {"anonymous": anonymous_memory(pid), "maps": map_memory(pid), "all": own_memory(pid) + map_memory(pid),
            "fds": len(os.listdir(f"/proc/{pid}/fd")), "threads": len(os.listdir(f"/proc/{pid}/task"))}


def watch(pid, end):
    samples = []
    while time.monotonic() < end:
        samples.append(sample(pid))
        time.sleep(SECONDS / SAMPLES)
    return samples


def check_flat(samples):
    third = len(samples) // 3
    first, last = samples[:third], samples[-third:]
    said = []
    for what in ("anonymous", "maps", "fds", "threads"):
        before, after = (statistics.median(each[what] for each in part) for part in (first, last))
        said.append(f"{what} {before:.0f} -> {after:.0f}")
        assert after <= before + (GROWTH if what in ("anonymous", "maps") else 0), "\n".join(said)
    most = max(each["all"] for each in samples)
    print(f"# {', '.join(said)}, at most {most / 2**20:.1f} MiB")
    assert most <= MEMORY, most


def check_account(tally, made, said):
    """All that each container did is told, counted or said to be lost."""
    told = {line.split()[0]: [int(n) for n in line.split()[1:]] for line in tally.splitlines()}
    wrong = {name: (n, told.get(name)) for name, n in made.items()
             if name not in told or sum(told[name][:3]) != n or told[name][3]}
    assert not wrong, (len(wrong), list(wrong.items())[:5], said)
    assert "does not add up" not in said and "not everything came" not in said and "of them told" not in said, said
    assert "never came" not in said and "not seen" not in said, said
    return [sum(told[name][i] for name in made) for i in range(3)]


def test_soak(setup):
    tally = subprocess.Popen([os.path.join(setup.root, "bin/tally")], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    setup.stack.callback(tally.kill)
    nunchi = setup.nunchi("trace", "-c", f"{setup.name}-*", "-e", "openat", "--format", FORMAT, stdout=tally.stdin)
    tally.stdin.close()
    began = time.monotonic()
    load = Load(setup, began + SECONDS)
    with concurrent.futures.ThreadPoolExecutor(AT_ONCE) as pool:
        turns = [pool.submit(load.turns) for _ in range(AT_ONCE)]
        try:
            samples = watch(nunchi.process.pid, began + SECONDS)
        finally:
            load.end = 0  # whoever ends this test does not wait for the rest
        for each in turns:
            each.result()
    took = time.monotonic() - began
    assert nunchi.stop(60) == 0, nunchi.stderr()
    tally.stdin = None
    lines = tally.communicate(timeout=patient(60))[0].decode()
    told, counted, lost = check_account(lines, load.made, nunchi.stderr())
    made = sum(load.made.values())
    print(f"# {len(load.made)} containers, {made} opens in {took:.0f} s, {made / took:.0f} a second: {told} told, "
          f"{counted} counted, {lost} lost")
    check_flat(samples)
    assert len(load.made) > took / LIVES[1], "they did not come and go"
