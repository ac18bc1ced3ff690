#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
How many instructions nunchi adds to a call, which is the same on every machine: insns.py
[--nunchi PROGRAM] [--record REASON]

In a virtual machine whose clock counts instructions, for each way of --hooks. Compared with insns.txt:
growth by more than a fiftieth, and what an unwatched call differs by from run to run (half a hundredth of
its own), is a failure, until --record writes the numbers anew, with the reason.
Prints "ok insns ROW", "not ok insns ROW" or "skip insns: REASON", and at the end "# done".
"""

import argparse
import datetime
import json
import os
import shlex
import subprocess
import sys
import tempfile
import time

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
sys.path[:0] = [HERE, os.path.join(TOP, "tests", "containers"), os.path.join(TOP, "tests", "vm")]

RECORD = os.path.join(HERE, "insns.txt")
# An unwatched call differs by that part of it from run to run, and by a few instructions.
GROWTH, UNSURE, FEW = 1.02, 0.005, 2
KERNEL = "6.1"
KINDS = ("tracepoint", "fentry", "kprobe")
UNWATCHED = "unwatched"
# Of virtual time, which is millions of instructions.
ROUND_SECONDS, ROUNDS = 0.02, 5
READ_ROUNDS = 5  # at a time, so that what the reader does whether it reads or not is little of it
SETTLE_SECONDS = 0.3  # until the reader has taken what a round made

# name: deed of progs/rounds.c, whether in a container, events that it makes
ROWS = {"getppid, host": ("getppid", False, 0), "getppid, container": ("getppid", True, 0),
        "openat+close, host": ("open", False, 0), "openat+close, container": ("open", True, 2),
        "read+write, container": ("byte", True, 2)}
# None that wakes the reader: how often that is done at once is not the same each time.
CALLS = "openat,close,read,write"
READER, READ = "the reader, an event", "openat+close, container"


class Inside:
    """In the machine: what a Bench (run.py) is to kit.load."""

    cpu, seconds = 0, ROUND_SECONDS

    def __init__(self, setup, progs):
        self.setup, self.progs = setup, progs

    def nunchi(self, kind):
        from harness.place import wait_until
        nunchi = self.setup.nunchi("trace", "-v", "--hooks", kind, "-e", CALLS, "-o", "json", "proc.cmdline=/none",
                                   stdout=subprocess.DEVNULL)
        wait_until(lambda: "all hooks are attached" in nunchi.stderr(), 60, "its hooks")
        return nunchi

    def reader(self, nunchi, load):
        """Instructions that the reader takes for an event of some rounds."""
        from kit.load import cpu_ns
        time.sleep(SETTLE_SECONDS)
        used = cpu_ns(nunchi.process.pid)
        deeds = sum(load.round().deeds for _ in range(READ_ROUNDS))
        time.sleep(SETTLE_SECONDS)
        return (cpu_ns(nunchi.process.pid) - used) / (deeds * ROWS[READ][2])

    def measure(self):
        """{row: {kind: instructions}}: of the call, unwatched, and what each kind adds to it."""
        from kit.load import deed
        found = {name: {} for name in (*ROWS, READER)}
        loads = {name: deed(self, name.replace(", ", "-").replace("+", "-"), what, container)
                 for name, (what, container, _) in ROWS.items()}
        # Unwatched last: by then all that is warmed up once has been.
        for kind in (*KINDS, UNWATCHED):
            nunchi = self.nunchi(kind) if kind != UNWATCHED else None
            for name, load in loads.items():
                load.round()
                # What disturbs adds instructions, and never takes any away.
                found[name][kind] = min(load.round().cpu for _ in range(ROUNDS))
            if nunchi:
                found[READER][kind] = min(self.reader(nunchi, loads[READ]) for _ in range(ROUNDS))
                nunchi.stop()
        for name, load in loads.items():
            load.end()
            for kind in KINDS:
                found[name][kind] = max(0.0, found[name][kind] - found[name][UNWATCHED])
        return found


def inside(progs, output):
    from harness.setup import Setup
    setup = Setup()
    try:
        found = Inside(setup, progs).measure()
    finally:
        setup.close()
    with open(output, "w", encoding="utf-8") as f:
        json.dump(found, f)


def run_machine(nunchi):
    import vm
    from harness.image import build_progs
    from kit import load
    with tempfile.TemporaryDirectory(prefix="insns-", dir=vm.STORE) as store:
        # Compiled here: a compiler takes long there.
        progs, tests = os.path.join(store, "bench"), os.path.join(store, "tests")
        os.mkdir(progs)
        load.build(progs)
        build_progs(tests)
        done = vm.run(vm.fetch_kernel(KERNEL),
                      f"python3 {shlex.quote(os.path.abspath(__file__))} --inside /.vm/share/bench "
                      "$VM_OUT/insns",
                      arguments="nokaslr", cpus=1, counted=True, files=[progs, tests], out=store,
                      environment={"NUNCHI": nunchi, "NUNCHI_TEST_PROGS": "/.vm/share/tests",
                                   "NUNCHI_TEST_SLOW": "8"})
        if done.code != 0:
            sys.exit(f"exit {done.code}: {done.output[-2000:]}")
        print(f"# Linux {vm.version_of(vm.fetch_kernel(KERNEL))}: {done.seconds:.0f} s", file=sys.stderr)
        with open(os.path.join(store, "insns"), encoding="utf-8") as f:
            return json.load(f)


def read_record():
    """{row: {kind: instructions}}, and the reasons."""
    if not os.path.exists(RECORD):
        return {}, []
    with open(RECORD, encoding="utf-8") as f:
        lines = f.read().splitlines()
    cells = [line.split("|") for line in lines if "|" in line]
    kinds = [cell.strip() for cell in cells[0][1:]]
    record = {row[0].strip(): {kind: float(cell) for kind, cell in zip(kinds, row[1:]) if cell.strip() != "-"}
              for row in cells[1:]}
    return record, [line for line in lines if line.startswith("# 2")]


def write_record(found, reasons):
    with open(RECORD, "w", encoding="utf-8") as f:
        f.write(f"# Instructions that --hooks KIND adds to a call, on Linux {KERNEL}, and the call's own.\n"
                "# Written by bench/insns.py --record REASON; growth by more than a fiftieth, and half a hundredth of the call's own, is a failure.\n")
        f.write("\n".join(reasons) + "\n")
        kinds = (*KINDS, UNWATCHED)
        for name, row in [("", {kind: kind for kind in kinds}), *found.items()]:
            cells = [row.get(kind, "-") for kind in kinds]
            f.write(name.ljust(26) + "".join(
                "|" + (cell if isinstance(cell, str) else f"{cell:.1f}").rjust(11) for cell in cells) + "\n")


def compare(found, record):
    good = True
    for name, row in found.items():
        wrong = []
        noise = row.get(UNWATCHED, 0) * UNSURE + FEW
        for kind in KINDS:
            recorded = record.get(name, {}).get(kind)
            if recorded is None or row[kind] > recorded * GROWTH + noise:
                wrong.append(f"{kind}: {row[kind]:.1f} instead of {recorded}")
        print(f"{'not ok' if wrong else 'ok'} insns {name}")
        for line in wrong:
            print("#   " + line)
        good = good and not wrong
    if not good:
        print("#   if that is meant: bench/insns.py --record 'WHY'")
    return good


def main():
    if sys.argv[1:2] == ["--inside"]:
        return inside(*sys.argv[2:])
    parser = argparse.ArgumentParser()
    parser.add_argument("--nunchi", default=os.path.join(TOP, "build", "nunchi"))
    parser.add_argument("--record", metavar="REASON")
    args = parser.parse_args()
    import vm
    vm.end_by_signals()
    os.makedirs(vm.STORE, exist_ok=True)
    try:
        found = run_machine(os.path.abspath(args.nunchi))
    except vm.VmError as error:
        in_ci = os.environ.get("CI") == "true"
        print(f"not ok insns\n#   not run: {error}" if in_ci else f"skip insns: {error}")
        print("# done")
        return 1 if in_ci else 0
    record, reasons = read_record()
    for name, row in found.items():
        print(f"# {name:26}" + "  ".join(f"{kind} {number:.1f}" for kind, number in row.items()),
              file=sys.stderr)
    good = True
    if args.record:
        write_record(found, [*reasons, f"# {datetime.date.today()}: {args.record}"])
    else:
        good = compare(found, record)
    print("# done")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
