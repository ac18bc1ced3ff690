# SPDX-License-Identifier: Apache-2.0
"""Hundreds of containers: a few at a time, and nothing is kept of those that have ended."""

import concurrent.futures
import json
import os
import shutil
import subprocess
import time

from .place import patient

AT_ONCE = 8


def full_or(full, tenth):
    """The size by NUNCHI_TEST_SIZE: full, a tenth by default, and for slow machines (small) a hundredth."""
    size = os.environ.get("NUNCHI_TEST_SIZE")
    return full if size == "full" else max(1, tenth // 10) if size == "small" else tenth


def mark(setup):
    """Four letters for labels, which tell two runs on one machine apart."""
    return setup.name[-4:]


def in_turns(function, items, at_once=AT_ONCE):
    """Calls function(item) for every item, at_once of them at a time; the first exception stops the rest."""
    with concurrent.futures.ThreadPoolExecutor(at_once) as pool:
        waiting = [pool.submit(function, item) for item in items]
        try:
            return [each.result() for each in waiting]
        except BaseException:
            for each in waiting:
                each.cancel()
            raise


class ShortRunc:
    """`runc run` (or crun) to its end, with a bundle that is then removed; Runc.run() keeps all until the tear-down."""

    def __init__(self, runc):
        self.runc = runc
        self.directory = runc.place.directory("short", runc.kind)
        self.running = set()
        runc.place.stack.callback(self.end)

    def start(self, name, command, **options):
        bundle = os.path.join(self.directory, name)
        os.mkdir(bundle)
        with open(os.path.join(bundle, "config.json"), "w", encoding="utf-8") as f:
            json.dump(self.runc.config(name, command, **options), f)
        self.running.add(name)
        return subprocess.Popen([self.runc.kind, "run", "--bundle", bundle, name], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                start_new_session=True)

    def finish(self, name, process):
        """Waits for it; raises an exception if it has failed."""
        said, _ = process.communicate(timeout=patient(300))
        self.running.discard(name)
        shutil.rmtree(os.path.join(self.directory, name), ignore_errors=True)
        if process.returncode:
            raise RuntimeError(f"{name} ended with {process.returncode}: {said[-300:]}")
        return said.decode("utf-8", "surrogateescape")

    def run(self, name, command, **options):
        return self.finish(name, self.start(name, command, **options))

    def end(self):
        for name in sorted(self.running):
            subprocess.run([self.runc.kind, "delete", "--force", name], check=False, capture_output=True)


class Parsed:
    """The lines of a nunchi, each parsed once, as they arrive."""

    def __init__(self, nunchi, parse=json.loads):
        self.nunchi, self.parse = nunchi, parse
        self.events, self.taken = [], 0

    def __call__(self):
        while self.taken < len(self.nunchi.lines):
            self.events.append(self.parse(self.nunchi.lines[self.taken][1]))
            self.taken += 1
        return self.events

    def until(self, condition, seconds, quiet=4):
        """
        Waits until condition(events), at most seconds, and only while events arrive: after quiet seconds
        without one it returns too, and the test has to report what is missing. Returns the events.
        """
        end, last = time.monotonic() + patient(seconds), (0, time.monotonic())
        while not condition(self()) and time.monotonic() < end:
            if len(self.events) != last[0]:
                last = (len(self.events), time.monotonic())
            elif time.monotonic() - last[1] > patient(quiet):
                break
            time.sleep(0.05)
        return self()


class Findings:
    """Failures by kind: how many, and the first few of each."""

    def __init__(self):
        self.found = {}

    def add(self, kind, what):
        self.found.setdefault(kind, []).append(what)

    def check(self, whole, said=""):
        if not self.found:
            return
        lines = [f"of {whole}:"]
        for kind, cases in self.found.items():
            lines.append(f"{kind}: {len(cases)}, such as")
            lines += [f"  {str(case)[:600]}" for case in cases[:3]]
        raise AssertionError("\n".join(lines + [said]))
