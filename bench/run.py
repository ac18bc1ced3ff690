#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
What nunchi costs, on this machine: run.py [OPTION]... [NAME]...

Ratios compare rounds with and without nunchi, in turns, in one run; the median counts. The work is on
the first CPU and what watches on the second. Prints a table: what was measured, the target, and whether
it is met; --json and --plot write the same into files. A missed target is no failure: the exit code is 0
when everything could be measured.
"""

import argparse
import functools
import importlib
import json
import os
import subprocess
import sys
import time
import traceback

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "containers")]

from kit import load, plot, table, tracers
from kit.machine import Machine, go_first

# Numbers of calls that came after Linux 6.1.
NEW_CALLS = 451

# In the order of the table.
GROUPS = ("micro", "path", "macro", "flood", "reader", "fairness", "rest", "growth")


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


class Bench:
    """What measures share. cpu: of the work; other: of what watches; seconds: of a round."""

    def __init__(self, setup, args):
        self.setup, self.top, self.quick = setup, TOP, args.quick
        self.rounds = args.rounds or (3 if args.quick else 5)
        self.seconds = 0.1 if args.quick else 0.4
        self.hooks, self.beside = args.hooks, args.beside
        cpus = sorted(os.sched_getaffinity(0))
        self.cpu, self.other = cpus[0], cpus[min(1, len(cpus) - 1)]
        self.rows = []

    @functools.cached_property
    def progs(self):
        directory = self.setup.directory("bench-progs")
        load.build(directory)
        return directory

    @functools.cached_property
    def distribution(self):
        from kit.distribution import Distribution
        return Distribution(self)

    @functools.cached_property
    def default_calls(self):
        """Those that nunchi shows unless it is told otherwise, and that tools of some years ago know."""
        from harness.nunchi import run
        calls = (json.loads(line) for line in run("list", "calls", "-o", "json").stdout.splitlines())
        return [call["name"] for call in calls if call["default"] and call["number"] < NEW_CALLS]

    def add(self, row):
        say(f"{row.what}: {row.here}")
        self.rows.append(row)

    def pin(self):
        os.sched_setaffinity(0, {self.cpu})

    def nunchi(self, command, *args, **kwargs):
        """On a CPU of its own, output to /dev/null."""
        kwargs.setdefault("stdout", subprocess.DEVNULL)
        return self.setup.nunchi(command, "--hooks", self.hooks, *args,
                                 preexec_fn=lambda: os.sched_setaffinity(0, {self.other}), **kwargs)

    def tracers(self, calls, pid, *args):
        """nunchi first. calls: names, comma-separated, or None: those of nunchi's default."""
        words = ("trace", *(("-e", calls) if calls else ()), *args)
        names = calls.split(",") if calls else self.default_calls
        return [tracers.Nunchi(self, *words), tracers.Floor(self),
                *(tracers.Tool(self, name, names, pid) for name in self.beside)]


def measures():
    """Name -> the module that measures it."""
    found = {}
    for group in GROUPS:
        module = importlib.import_module("measures." + group)
        found.update(dict.fromkeys(module.NAMES, module))
    return found


def parse_program():
    """First of all: what measures import takes it from the environment when it is imported."""
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--nunchi", default=os.path.join(TOP, "build", "nunchi"))
    os.environ["NUNCHI"] = os.path.abspath(parser.parse_known_args()[0].nunchi)
    return parser


def parse(known, program):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter,
                                     parents=[program])
    parser.add_argument("--quick", action="store_true", help="small sizes, three rounds")
    parser.add_argument("--rounds", type=int)
    parser.add_argument("--hooks", default="auto", help="as nunchi trace has it")
    parser.add_argument("--beside", type=lambda s: s.split(","), default=[], metavar="NAME,...",
                        help="other tools, in the same rounds: " + ", ".join(tracers.known_tools()))
    parser.add_argument("--json", metavar="FILE", default=os.path.join(TOP, "build", "bench.json"))
    parser.add_argument("--plot", metavar="FILE", default=os.path.join(TOP, "build", "bench.svg"))
    parser.add_argument("name", nargs="*", help=", ".join(known))
    args = parser.parse_args()
    for name in args.name:
        if name not in known:
            parser.error(f"no such measure: {name}. There are {', '.join(known)}.")
    for name in args.beside:
        if name not in tracers.known_tools():
            parser.error(f"no adapter for {name}: see bench/adapters")
        if not tracers.known_tools()[name]:
            parser.error(f"{name} is not installed")
    return args


def main():
    program = parse_program()
    known = measures()
    args = parse(known, program)
    if os.geteuid() != 0:
        sys.exit("bench: tracing needs root. Try: sudo make bench")
    subprocess.run([os.path.join(TOP, "scripts/deps.sh"), "bench"], check=True)
    from harness.place import end_by_signals
    from harness.setup import Setup
    end_by_signals()
    go_first()
    machine, began, failed = Machine(), time.monotonic(), False
    setup = Setup()
    try:
        bench = Bench(setup, args)
        for name in args.name or known:
            # What one cannot measure is no reason to lose what the others have.
            try:
                known[name].measure(bench, name)
            except Exception:
                print(f"bench: {name} could not be measured:\n{traceback.format_exc()}", file=sys.stderr)
                failed = True
    finally:
        setup.close()
    print(machine.line(f"{' '.join(args.name) or 'everything'}, {bench.rounds} rounds"
                       f"{', quick' if args.quick else ''}, {time.monotonic() - began:.0f} s"))
    table.print_table(bench.rows)
    table.write_json(args.json, {**machine.facts(), "rounds": bench.rounds, "quick": args.quick}, bench.rows)
    if any(row.bars for row in bench.rows):
        plot.write_plot(args.plot, machine.title(), bench.rows)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
