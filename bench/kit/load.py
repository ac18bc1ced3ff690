# SPDX-License-Identifier: Apache-2.0
"""Work to be measured: the programs of bench/progs, on the host or in a container, in rounds."""

import os
import subprocess
import time

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGS = os.path.join(HERE, "progs")


def cpu_ns(pid):
    """What the threads of a process have had."""
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/schedstat", encoding="utf-8") as f:
            total += int(f.read().split()[0])
    return total


def build(directory):
    """Static, so that they run in any root: they are in /opt of each container."""
    for name in sorted(os.listdir(PROGS)):
        target = os.path.join(directory, os.path.splitext(name)[0])
        subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-static",
                        "-pthread", "-o", target, os.path.join(PROGS, name)], check=True)


class Round:
    """One: ns and ns of CPU for each deed, and how many there were."""

    def __init__(self, line):
        self.ns, self.cpu, self.deeds = (float(word) for word in line.split())


class Gated:
    """
    A program that does a round for each byte that comes by a FIFO, and prints a Round's line after it.
    words: it (in /opt) and its arguments, without the FIFO and those after it. more: for runc's run().
    """

    def __init__(self, bench, name, words, container=True, after=(), binds=(), **more):
        self.lines = 0
        directory = bench.setup.directory("gates", name)
        fifo = os.path.join(directory, "gate")
        os.mkfifo(fifo)
        if container:
            made = bench.setup.runc.run(f"{bench.setup.name}-{name}", [*words, "/run/gate", *after],
                                        binds=[("/opt", bench.progs), ("/run", directory), *binds],
                                        **more)
            self.output = os.path.join(made.bundle, "output")
            self.process, self.pid = made.process, made.pid
        else:
            self.output = bench.setup.file("out-" + name)
            program = words[0].replace("/opt", bench.progs)
            self.process = bench.setup.start([program, *words[1:], fifo, *after], "out-" + name)
            self.pid = lambda: self.process.pid
        self.gate = os.open(fifo, os.O_WRONLY)
        self.next()

    def begin(self):
        os.write(self.gate, b"x")

    def next(self):
        """Waits for the line of a round."""
        while True:
            with open(self.output, encoding="utf-8") as f:
                lines = f.read().split("\n")
            if len(lines) - 1 > self.lines:
                self.lines += 1
                return Round(lines[self.lines - 1])
            if self.process.poll() is not None:
                raise RuntimeError("the work ended: " + "\n".join(lines)[-300:])
            time.sleep(0.01)

    def round(self):
        self.begin()
        return self.next()

    def end(self):
        os.close(self.gate)
        self.process.wait()


def deed(bench, name, what, container):
    """progs/rounds.c: what, over and over."""
    return Gated(bench, name, ["/opt/rounds", what, str(bench.seconds)], container, [str(bench.cpu)])


def command(bench, name, words, **more):
    """progs/rounds.c: a command, once a round, in a container."""
    return Gated(bench, name, ["/opt/rounds", "run"], True, [str(bench.cpu), *words], **more)


class Flow:
    """flood rate, from each of some CPUs at once: openat, close and fill times getppid."""

    def __init__(self, bench, name, per_second, seconds, fill, cpus):
        self.fill = fill
        each = per_second / (2 + fill) / len(cpus)
        self.makers = [bench.setup.runc.run(f"{bench.setup.name}-{name}-{cpu}", [
            "/bin/flood", "rate", f"{each:.0f}", str(seconds), str(fill), str(cpu)]) for cpu in cpus]

    def wait(self):
        """Calls, and calls a second."""
        made, rate = 0, 0.0
        for maker in self.makers:
            maker.wait()
            rounds, took = maker.output().split()
            made += (2 + self.fill) * int(rounds)
            rate += (2 + self.fill) * int(rounds) / float(took)
        return made, rate
