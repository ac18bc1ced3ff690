# SPDX-License-Identifier: Apache-2.0
"""
One container floods, nine others serve requests: each of their opens must be told, with its own
container, and a request may take at most 3 % longer than beside the same flood unwatched. And: who
floods does one deed that is watched for.
"""

import collections
import os
import statistics
import subprocess
import time

from harness.nunchi import run
from kit.load import Gated
from kit.table import Row
from kit.tracers import lost
from kit.turns import middle

NAMES = ("fairness", "attack")
QUIET = 9
SLOWER = 1.03
WATCHED = "/etc/shadow"
ATTACK_MS = 200


def can_watch():
    """Whether this nunchi has --watch."""
    return "--watch" in run("trace", "--help").stdout


class Fair:
    """The ten, and rounds of the nine."""

    def __init__(self, bench):
        self.bench, self.requests = bench, 200 if bench.quick else 1000
        self.labels = [f"quiet{i}" for i in range(QUIET)]
        self.flooder = bench.setup.runc.run(bench.setup.name + "-flooder", [
            "/bin/flood", "rate", "1e9", "3600", "0", str(bench.cpu)])
        self.nine = [Gated(bench, label, ["/opt/quiet", label, str(self.requests)])
                     for label in self.labels]

    def round(self):
        for each in self.nine:
            each.begin()
        return statistics.mean(each.next().ns for each in self.nine)

    def watched_round(self):
        """ns a request, opens of the nine that were not told as theirs, and events lost of all."""
        path = self.bench.setup.file("fairness.out")
        with open(path, "wb") as out:
            nunchi = self.bench.nunchi("trace", "-e", "openat,close", "--format",
                                       "%container.name %fd.name", "fd.name startswith /tmp/quiet",
                                       stdout=out)
            ns = self.round()
            nunchi.stop()
        told = collections.Counter()
        with open(path, encoding="utf-8") as f:
            for line in f:
                container, name = line.split()
                label = name[len("/tmp/"):].split("-")[0]
                if container == f"{self.bench.setup.name}-{label}":
                    told[label] += 1
        return ns, sum(abs(self.requests - told[label]) for label in self.labels), lost(nunchi)

    def end(self):
        self.flooder.stop()
        for each in self.nine:
            each.end()


def fairness(bench):
    fair = Fair(bench)
    fair.round()
    ratios, missing, gone, plain = [], 0, 0, [fair.round()]
    for _ in range(bench.rounds):
        ns, less, flooder = fair.watched_round()
        plain.append(fair.round())
        ratios.append(2 * ns / (plain[-2] + plain[-1]))
        missing, gone = missing + less, gone + flooder
    fair.end()
    ratio = middle(ratios)
    bench.add(Row("nine beside a flood, a request",
                  f"{ratio.median:.2f}x ({ratio.low:.2f} to {ratio.high:.2f})", f"<= {SLOWER:.2f}x",
                  ratio.median <= SLOWER,
                  f"{statistics.median(plain) / 1e3:,.0f} us unwatched", {"nunchi": ratio}, SLOWER))
    bench.add(Row("nine beside a flood, events", f"{missing:,} of {QUIET * fair.requests * bench.rounds:,} "
                  "missing or another's", "0", missing == 0, f"{gone:,} lost, all containers together"))


def attack(bench):
    """The delay is from the kernel's time of the open to its line's arrival here."""
    times = 100 if bench.quick else 1000
    watch = ("--watch", f"fd.name={WATCHED}") if can_watch() else ()
    with open(os.path.join(bench.setup.root, WATCHED[1:]), "w", encoding="utf-8") as f:
        f.write("root:!::0:99999:7:::\n")
    nunchi = bench.nunchi("trace", "-e", "openat", *watch, "--format", "%fd.name %evt.rawtime",
                          f"fd.name={WATCHED}", stdout=subprocess.PIPE)
    epoch = time.time() - time.monotonic()
    made = bench.setup.runc.run(bench.setup.name + "-attack", ["/opt/attack", str(times), WATCHED],
                                binds=[("/opt", bench.progs)])
    made.wait()
    done, noise = (int(word) for word in made.output().split())
    time.sleep(0.5)
    nunchi.stop()
    delays = [(when + epoch) * 1e3 - int(line.split()[1]) / 1e6 for when, line in nunchi.lines
              if line.split()[0] == WATCHED.encode()]
    late = sum(delay > ATTACK_MS for delay in delays)
    bench.add(Row("attack amid its own flood", f"{len(delays):,} of {done:,} told, {late} after {ATTACK_MS} ms",
                  f"all, within {ATTACK_MS} ms", len(delays) == done and not late,
                  f"slowest {max(delays, default=0):.0f} ms; {noise:,} other opens, "
                  f"{lost(nunchi):,} lost" + ("" if watch else "; this nunchi has no --watch")))


def measure(bench, name):
    {"fairness": fairness, "attack": attack}[name](bench)
