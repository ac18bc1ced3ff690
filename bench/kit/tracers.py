# SPDX-License-Identifier: Apache-2.0
"""What watches while a round is run: nunchi, an empty program, or a tool that an adapter knows."""

import functools
import importlib
import os
import pkgutil
import re
import shutil
import signal
import subprocess
import time

# bench/
HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
READY_SECONDS = 20
# From a tool's first sign of life to its last hook.
SETTLE_SECONDS = 0.3


def known_tools():
    """Name -> whether it is installed."""
    import adapters
    return {module.name: bool(shutil.which(importlib.import_module("adapters." + module.name).PROGRAM))
            for module in pkgutil.iter_modules(adapters.__path__)}


def _account(nunchi, word):
    """By its own account, over all containers."""
    found = re.search(word + r" ([\d,]+)", nunchi.stderr())
    if not found:
        raise ValueError("no account: " + nunchi.stderr())
    return int(found.group(1).replace(",", ""))


def lost(nunchi):
    """What was not told: lost, or counted only."""
    counted = _account(nunchi, "aggregated") if " aggregated " in nunchi.stderr() else 0
    return _account(nunchi, "lost") + counted


def seen(nunchi):
    return _account(nunchi, "seen")


class Nunchi:
    """Quiet but for its account, on a CPU of its own, its output to /dev/null."""

    name = "nunchi"

    def __init__(self, bench, *args):
        self.bench, self.args = bench, args
        self.lost, self.rate = 0, 0.0

    def __enter__(self):
        self.running = self.bench.nunchi(*self.args)
        self.began = time.monotonic()
        return self

    def __exit__(self, *exc):
        took = time.monotonic() - self.began
        self.running.stop()
        if exc[0] is None:
            self.lost += lost(self.running)
            self.rate = max(self.rate, seen(self.running) / took)

    def note(self):
        return f"{self.lost:,} lost" + (f" at {self.rate / 1e3:,.0f}k/s" if self.rate > 1e3 else "")


class Floor:
    """The least that a hook at the exit of every system call can cost: a program that returns."""

    name = "empty program"

    def __init__(self, bench):
        self.program, self.object = bench.setup.file("floor"), bench.setup.file("floor.bpf.o")
        if os.path.exists(self.program):
            return
        multiarch = subprocess.run(["gcc", "-print-multiarch"], capture_output=True, text=True,
                                   check=True).stdout.strip()
        subprocess.run(["clang", "-g", "-O2", "-target", "bpf", f"-I/usr/include/{multiarch}", "-c",
                        os.path.join(HERE, "floor.bpf.c"), "-o", self.object], check=True)
        subprocess.run(["gcc", "-o", self.program, os.path.join(HERE, "floor.c"), "-lbpf"], check=True)

    def __enter__(self):
        self.process = subprocess.Popen([self.program, self.object], stdout=subprocess.PIPE)
        if not self.process.stdout.readline():
            self.process.wait()
            raise RuntimeError("the empty program could not be attached")
        return self

    def __exit__(self, *exc):
        self.process.kill()
        self.process.wait()
        self.process.stdout.close()

    def note(self):
        return ""


class Tool:
    """Another tracer, by its adapter, watching these calls of that process."""

    def __init__(self, bench, name, calls, pid):
        self.name = name
        self.adapter = importlib.import_module("adapters." + name)
        self.calls, self.pid, self.cpu = calls, pid, bench.other
        self.said = bench.setup.file(name + ".out")
        self.lost = 0

    def __enter__(self):
        with open(self.said, "wb") as said:
            self.process = subprocess.Popen(
                self.adapter.command(self.calls, self.pid), stdin=subprocess.DEVNULL,
                stdout=said, stderr=said,
                preexec_fn=functools.partial(os.sched_setaffinity, 0, {self.cpu}))
        end = time.monotonic() + READY_SECONDS
        while not self.adapter.is_ready(self.process.pid, self._text()):
            if self.process.poll() is not None or time.monotonic() > end:
                self.process.kill()
                raise RuntimeError(f"{self.name} did not begin: {self._text()[-300:]}")
            time.sleep(0.05)
        time.sleep(SETTLE_SECONDS)
        return self

    def _text(self):
        with open(self.said, encoding="utf-8", errors="replace") as f:
            return f.read()

    def __exit__(self, *exc):
        self.process.send_signal(signal.SIGINT)
        try:
            self.process.wait(READY_SECONDS)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        lost_now = self.adapter.lost(self._text())
        self.lost = None if None in (self.lost, lost_now) else self.lost + lost_now

    def note(self):
        return "does not say what it lost" if self.lost is None else f"{self.lost:,} lost"
