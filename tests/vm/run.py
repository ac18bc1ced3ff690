#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Tests on other kernels: run.py [--nunchi PROGRAM] [--record] [--list] [--beside | --rest] [ROW...]

Each row of the matrix is a kernel and a way to boot it, where cases of tests/containers run with real
containers. ROW: only rows with this text in their name; without it the rows for every day and those whose
turn it is today (NUNCHI_TEST_DAY, else the days since 1970, says which), or all if NUNCHI_TEST_SIZE=full. Prints "ok vm NAME", "not ok vm NAME" or "skip vm NAME: REASON", and at the end
"# done". --record writes the numbers of verified instructions of these rows to verified.txt, with which
they are compared otherwise, and the evasions that were seen to evasions.txt. A kernel without the BPF
LSM has other programs for rules that block, and so a column of its own.
A machine is often waiting: on two processors three rows run at a time, if there is enough memory.
--beside: only the rows that run beside other tests (BESIDE), one at a time; --rest: all but these.
"""

import argparse
import collections
import json
import os
import platform
import re
import shlex
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

sys.dont_write_bytecode = True

import vm

RECORD = os.path.join(vm.HERE, "verified.txt")
GROWTH = 1.2  # a number that is this many times the recorded one is too large
# An emulated processor is this much slower: tests wait that much longer.
SLOW = "8"
# For one row. Those of every day take one to eight minutes, beside others; the longest fifteen.
SECONDS, SECONDS_LONG = 900, 1800
# Memory that a machine can use, in MiB, and how many run at a time, at most.
MEMORY, AT_ONCE = 4096, 6
SHARE = "/.vm/share"

# Names of tests/containers, as its run.py takes them.
COUNT, LIVES, ENTER = ["count exactly"], ["short_life runc"], ["entering"]
SLIP = ["runaway each_way", "runaway who_", "runaway nobody", "runaway each_ends", "runaway leaving",
        "runaway nothing_was"]
ONE_CPU = ["count many_on_one_cpu", "count many_lives_on_one_cpu"]
CRUN = ["short_life crun"]
# Each attachment that --hooks can choose.
HOOKS = ["hooks", "blind"]
# The same with fewer calls, among them some that wait, are denied, or return twice.
SAME = ["hooks the_same"]
# Needs "bpf" in lsm=, which vm.py's machines have.
ASIDE = ["actions deny_opens_on"]  # programs that are pushed aside
ACTIONS = ["actions", "disguise", "keep"]
RELOAD = ["reload each", "reload what_is", "reload calls", "stop runc", "subtree"]
# A file, a program, a peer and a module: refused by each way, and with each way to kill.
BLOCKS = ["actions kill_who_reads", "actions kill_a_program", "actions deny_opens", "actions deny_some", "actions deny_execs_from",
          "actions deny_an", "actions an_exec", "actions_peers kill_before", "actions_peers deny_peers", "actions_peers deny_this_end",
          "actions_peers deny_sctp", "actions_calls kill_who_loads", "actions_calls deny_modules", "actions_calls deny_every",
          "actions_calls deny_by_another", "actions_calls deny_sockets", "actions_calls kill_who_makes", "actions_calls deny_changes",
          "actions deny_what_truncates", "actions_calls deny_another", "actions_peers deny_unix", "disguise"]
# Those that are refused elsewhere if there is no BPF LSM; "6.12 actions" has all of them.
PLACES = ["actions deny_opens", "actions deny_some", "actions deny_execs_from", "actions_peers kill_before", "actions_peers deny_peers",
          "actions_calls deny_modules", "actions_calls deny_every", "actions_calls deny_by_another", "actions_calls deny_sockets",
          "actions_calls deny_changes", "actions deny_what_truncates", "actions_calls deny_another", "actions_peers deny_unix",
          "disguise"]
# One of each kind: a file, a program, a peer, a module, and a process that is killed in the middle of its call.
REFUSES = ["actions deny_some_opens", "actions deny_what_truncates", "actions deny_execs_from", "actions_peers kill_before",
           "actions_peers deny_peers", "actions_peers deny_unix", "actions_calls deny_modules", "actions_calls deny_sockets",
           "actions_calls deny_changes"]
# Without CAP_SYS_ADMIN: 6.1 lacks functions that libbpf looks for in modules then.
FEW = ["hostile few"]
# Every call of the table.
WALK = ["walk"]
# Refused before the call, by whatever this kernel supports.
PEERS = ["actions_peers deny_peers", "actions_peers kill_before"]
# Records that no rule can match stay in the kernel.
PUSH = ["push"]
# Every way into the kernel; 32-bit calls are possible only here.
DOORS = ["doors"]
# Sockets without IP addresses, whose structs differ; only these kernels have vsock's loopback.
ENDS = ["ends netlink", "ends packet", "ends vsock", "ends counted"]
# The kernel's own copies of what calls point to, which need trampolines; and what is left after an exec.
KEPT = ["rules argument_changed", "traits capabilities_at_the_event", "traits interpreter"]
COPIES = ["swap"] + KEPT
# What monitors are known to miss, and attacks on nunchi itself.
ATTACKS = ["attacks"]

# The oldest verifier with the newest compiler: a case for each way to load programs.
LOADED = ["count exactly", "hooks beginnings", "actions_peers deny_peers"]
# Each hook is tried, and runs.
TRIED = ["doctor all_is_tried", "doctor the_screen_says_the_same"]
# Rooms whose unit tests depend on numbers and layouts of the architecture.
ROOMS = ["base", "syscalls", "event", "model", "out"]

# Calls on names are not checked again on return: nothing is left to check.
RETURNS = ["actions_calls deny_changes"]

# What is blocked by the number of a call, which differs on arm64.
NUMBERED = ["actions deny_what_truncates"]

# Since 6.7 anyone can be an interpreter of binfmt_misc.
HANDED = ["actions what_binfmt"]

# Without the BPF LSM: rules that block use other hooks.
NO_LSM = "lsm=lockdown"

# Rows of a day that have time: they run while other tests leave processors idle. Each is the only one of its column, if it has one.
BESIDE = ["6.12 arm64", "6.1 arm64", "6.1 preempt", "6.12 preempt", "newest preempt", "6.1 clang"]

# The longest rows start first, so that none runs alone at the end.
LONGEST = ["evasions", "arm64", "newest v2", "v1", "engines", "6.12 v2"]

Row = collections.namedtuple("Row", "name kernel cgroups arguments cases runtimes always program rooms turn")


def row(name, kernel, cgroups, cases, arguments="", runtimes="runc", always=False, program=None, rooms=(), turn=None):
    """
    program: instead of --nunchi's. rooms: their unit tests run too, on another architecture. turn: of the rows with the same,
    which do the same on other kernels, each day has one.
    """
    return Row(name, kernel, cgroups, arguments, cases, runtimes, always, program, rooms, turn)


MATRIX = [
    row("5.10", "5.10", "v2", None, always=True),  # must say that it is too old
    row("6.1 v1", "6.1", "v1", COUNT + LIVES + KEPT, NO_LSM, always=True),
    row("6.1 v1 ends", "6.1", "v1", ENTER + ENDS + DOORS, NO_LSM),
    row("6.1 hybrid", "6.1", "hybrid", COUNT + LIVES + ENTER),
    row("6.1 v2", "6.1", "v2", CRUN + SLIP + PUSH + WALK + ["swap"], runtimes="runc,crun"),
    row("6.1 evasions", "6.1", "v2", ["evasions"], turn="evasions"),
    row("6.1 attacks", "6.1", "v2", ATTACKS),
    row("6.1 same", "6.1", "v2", SAME, turn="same"),
    row("6.1 hooks", "6.1", "v2", HOOKS),
    row("6.1 clang", "6.1", "v2", LOADED, always=True, program="build-clang/nunchi"),
    row("6.1 clang, no lsm", "6.1", "v1", ["actions_peers deny_peers"], NO_LSM, always=True, program="build-clang/nunchi"),
    row("6.1 preempt", "6.1", "v2", ONE_CPU + ASIDE + RETURNS, "preempt=full", turn="preempt"),
    row("6.12 v1", "6.12", "v1", COUNT + LIVES + ENTER, NO_LSM),
    row("6.12 hybrid", "6.12", "hybrid", COUNT + LIVES + ENTER),
    row("6.12 v2", "6.12", "v2", CRUN + SAME + HANDED, runtimes="runc,crun", always=True),
    row("6.12 doors", "6.12", "v2", DOORS + COPIES + ["podman without"]),
    row("6.12 slip", "6.12", "v2", SLIP),
    row("6.12 kubernetes", "6.12", "v2", ["kubernetes cgroups", "services"], runtimes="runc,cri"),
    row("6.12 evasions", "6.12", "v2", ["evasions"], turn="evasions"),
    row("6.12 attacks", "6.12", "v2", ATTACKS + ["security"]),
    row("6.12 hooks", "6.12", "v2", HOOKS + WALK + ENDS + TRIED),
    row("6.1 refuses", "6.1", "v2", REFUSES + FEW, always=True),
    row("6.1 blocks", "6.1", "v2", BLOCKS + ["keep"]),
    row("6.1 actions", "6.1", "v2", ACTIONS),
    row("6.1 reload", "6.1", "v2", RELOAD),
    row("6.12 refuses", "6.12", "hybrid", REFUSES, NO_LSM),
    row("6.12 blocks", "6.12", "hybrid", PLACES + HANDED, NO_LSM),
    row("6.12 actions", "6.12", "hybrid", ACTIONS + RELOAD + PUSH),
    row("6.12 preempt", "6.12", "v2", ONE_CPU + LIVES + ASIDE + RETURNS, "preempt=full", turn="preempt"),
    row("newest hybrid", "newest", "hybrid", COUNT + LIVES + ENTER, NO_LSM),
    row("newest v2", "newest", "v2", ONE_CPU[:1] + DOORS, always=True),
    row("newest walk", "newest", "v2", COPIES + WALK + PEERS + ENDS + TRIED),
    row("newest evasions", "newest", "v2", ["evasions"], turn="evasions"),
    row("newest same", "newest", "v2", SAME, turn="same"),
    row("newest hooks", "newest", "v2", HOOKS + ENTER + ATTACKS),
    row("newest slip", "newest", "v2", COUNT + SLIP + PUSH),
    row("newest preempt", "newest", "v2", ONE_CPU + LIVES + ASIDE + RETURNS, "preempt=full", turn="preempt"),
    row("6.12 arm64", "6.12-arm64", "v2", COUNT + WALK + NUMBERED, rooms=ROOMS, turn="arm64"),
    row("6.12 arm64 ends", "6.12-arm64", "v2", KEPT + ENDS),
    row("6.1 arm64", "6.1-arm64", "v2", COUNT + LIVES + ENTER, rooms=ROOMS, turn="arm64"),
    row("6.1 arm64 doors", "6.1-arm64", "hybrid", DOORS + TRIED + ["swap"]),
    row("6.1 arm64 evasions", "6.1-arm64", "v2", ["evasions"], turn="evasions"),
    row("6.12 arm64 evasions", "6.12-arm64", "v2", ["evasions"], turn="evasions"),
    row("6.1 arm64 crun", "6.1-arm64", "v2", CRUN, runtimes="crun"),  # which refuses hybrid cgroups
    row("6.12 arm64 hooks", "6.12-arm64", "v2", HOOKS, NO_LSM),
    row("6.12 arm64 same", "6.12-arm64", "v2", SAME, NO_LSM, turn="same"),
    row("6.12 arm64 actions", "6.12-arm64", "v2", ["actions "]),
    row("6.12 arm64 calls", "6.12-arm64", "v2", ["actions_calls", "actions_peers", "disguise"]),
    row("6.12 arm64 reload", "6.12-arm64", "v2", ["keep"] + RELOAD),
    row("6.1 engines", "6.1", "v2", ["paper read_a_file", "rules each_with_docker"], runtimes="docker,cri", always=True),
]


# The cgroups with which a column of verified.txt is recorded, where these are not v2: what the verifier looks at depends on them.
CGROUPS_OF = {"6.1-nolsm": "v1", "6.12-nolsm": "hybrid", "newest-nolsm": "hybrid"}


def column(row):
    """
    The column in verified.txt; None: the row has another program, or kernel arguments or cgroups of its own; or it is the
    evasions', which take long, and other rows have their kernels.
    """
    if row.program or row.cases is None or row.arguments not in ("", NO_LSM) or row.turn == "evasions":
        return None
    name = row.kernel + ("-nolsm" if row.arguments else "")
    return name if row.cgroups == CGROUPS_OF.get(name, "v2") else None


SAYING = threading.Lock()


def say(text, to=None):
    """Prints text in one piece: rows run at the same time."""
    with SAYING:
        print(text, file=to or sys.stdout, flush=True)


def ok(name):
    say(f"ok vm {name}")
    return True


def fail(name, detail):
    lines = [line.encode("ascii", "backslashreplace").decode() for line in str(detail).splitlines()[-40:]]
    say("\n#   ".join([f"not ok vm {name}", *lines]))
    return False


def not_run(name, reason):
    """A row that did not run, which in CI is a failure."""
    if os.environ.get("CI") == "true":
        return fail(name, f"not run: {reason}")
    say(f"skip vm {name}: {reason}")
    return True


def results(text):
    """The output of tests/containers/run.py: name -> None if ok, else the lines that say why not."""
    found, current = {}, None
    for line in text.splitlines():
        match = re.match(r"(ok|not ok|skip) (?:containers|unit) ([^:]*)(?:: (.*))?$", line)
        if match:
            elsewhere = (match[3] or "").startswith("elsewhere: ")
            current = found.setdefault(match[2], None if match[1] == "ok" or elsewhere else [])
            if match[1] == "skip" and current is not None:
                current.append("skipped: " + match[3])
        elif line.startswith("#   ") and current is not None:
            current.append(line[4:])
        elif line == "# done":
            found["# done"] = None
    return found


class Record:
    """verified.txt: a line for each program, a column for each kernel."""

    def __init__(self):
        self.columns, self.numbers, self.changed = [], {}, False
        if os.path.exists(RECORD):
            with open(RECORD, encoding="utf-8") as f:
                lines = [line.split() for line in f if line.strip() and not line.startswith("#")]
            self.columns = lines[0][1:]
            self.numbers = {(words[0], where): int(number) for words in lines[1:]
                            for where, number in zip(self.columns, words[1:]) if number != "-"}

    def compare(self, where, numbers):
        """Sentences about numbers that have grown, and programs that are missing in the record or only there."""
        wrong = []
        for name, number in sorted(numbers.items()):
            recorded = self.numbers.get((name, where))
            if recorded is None:
                wrong.append(f"{name}: {number}, and the record has none")
            elif number > recorded * GROWTH:
                wrong.append(f"{name}: {number} instead of {recorded}")
        return wrong + [f"{name}: in the record, and not loaded" for name, column_ in sorted(self.numbers)
                        if column_ == where and name not in numbers]

    def take(self, where, numbers):
        self.numbers = {key: number for key, number in self.numbers.items() if key[1] != where}
        self.numbers.update({(name, where): number for name, number in numbers.items()})
        self.columns = [c for c in dict.fromkeys(column(r) for r in MATRIX) if c in self.columns or c == where]
        self.changed = True

    def write(self):
        programs = sorted({name for name, _ in self.numbers})
        width = max(len(name) for name in programs) + 2
        with open(RECORD, "w", encoding="utf-8") as f:
            f.write("# Instructions that the verifier looked at, by program and kernel; -nolsm: without BPF's LSM.\n"
                    "# Written by tests/vm/run.py --record; growth by more than a fifth is a failure, and so is a\n"
                    "# program that is not there any more.\n")
            for name in ["program", *programs]:
                cells = self.columns if name == "program" else \
                    [str(self.numbers.get((name, where), "-")) for where in self.columns]
                f.write(name.ljust(width) + "".join(cell.rjust(max(8, len(where) + 2))
                                                    for cell, where in zip(cells, self.columns)) + "\n")


class Matrix:
    def __init__(self, nunchi, recording):
        self.recording = recording
        self.lock = threading.Lock()  # guards what rows share
        self.record, self.verified = Record(), set()
        self.store = tempfile.TemporaryDirectory(prefix="matrix-", dir=vm.STORE)
        # Programs by architecture; build() adds those of others.
        self.nunchi, self.progs = {"amd64": nunchi}, {}
        from harness.evasions import Record as Evasions
        self.evasions = Evasions()

    def build(self, architecture):
        """Builds what a machine of that architecture runs, once."""
        from harness.image import build_progs
        if architecture in self.progs:
            return
        compiler = ["gcc"]
        if architecture not in self.nunchi:
            done = subprocess.run(["scripts/cross.sh", architecture], check=False, text=True,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
            if done.returncode:
                raise vm.VmError("no cross build: " + done.stdout[-1000:])
            self.nunchi[architecture] = os.path.join(vm.TOP, "build-" + architecture, "nunchi")
            compiler = ["aarch64-linux-gnu-gcc", "--sysroot=" + vm.fetch_root(architecture)]
        self.progs[architecture] = os.path.join(self.store.name, architecture, "progs")
        build_progs(self.progs[architecture], compiler)

    def close(self):
        self.store.cleanup()
        if self.record.changed:
            self.record.write()

    def run(self, row):
        """Runs a row. Returns whether everything was ok."""
        try:
            with self.lock:
                kernel = vm.fetch_kernel(row.kernel)
        except vm.VmError as error:
            return not_run(row.name, error)
        try:
            with self.lock:
                self.build(vm.architecture_of(kernel))
            if row.cases is None:
                return self.refuses(row, kernel)
            return self.cases(row, kernel)
        except vm.VmError as error:
            return fail(row.name, error)

    def refuses(self, row, kernel):
        """For a kernel that is too old: nunchi has to print one sentence, and exit with 1."""
        done = vm.run(kernel, f"{shlex.quote(self.nunchi['amd64'])} trace --timeout 1", row.cgroups)
        self.took(row, kernel, done)
        name = f"{row.name}: says that it is too old"
        if done.code == 1 and re.fullmatch(r"nunchi: Linux 5\.\S+ .*needs Linux .*\n", done.output):
            return ok(name)
        return fail(name, f"exit {done.code}\n{done.output}")

    def cases(self, row, kernel):
        out = tempfile.mkdtemp(dir=self.store.name)
        architecture = vm.architecture_of(kernel)
        nunchi = shlex.quote(os.path.abspath(row.program) if row.program else self.nunchi[architecture])
        recorded = self.claim(column(row))
        words = " ".join(shlex.quote(name) for name in row.cases)
        command = f"tests/vm/unit.sh build-{architecture} {' '.join(row.rooms)}\n" if row.rooms else ""
        command += f"python3 tests/containers/run.py --nunchi {nunchi} {words}\n"
        if recorded:
            rules = "--guard " if row.arguments == NO_LSM else ""  # all else is as it is with it
            command += f"python3 tests/vm/verified.py {rules}{nunchi} $VM_OUT/verified\n"
        done = vm.run(kernel, command, row.cgroups, row.arguments, files=[self.progs[architecture]], out=out,
                      environment={"NUNCHI_TEST_SLOW": SLOW, "NUNCHI_TEST_RUNTIMES": row.runtimes,
                                   "NUNCHI_TEST_SIZE": "small",
                                   "NUNCHI_TEST_KERNEL": row.kernel,
                                   "NUNCHI_TEST_EVASIONS": "/.vm/share/out/evasions",
                                   "NUNCHI_TEST_PROGS": SHARE + "/progs"}, timeout=SECONDS if row.always or row.turn else SECONDS_LONG)
        self.took(row, kernel, done)
        found = results(done.output)
        self.take_evasions(row.kernel, os.path.join(out, "evasions"))
        good = True
        for name, why in found.items():
            if name != "# done":
                full = f"{row.name}: {name}"
                good = (fail(full, "\n".join(why)) if why is not None else ok(full)) and good
        if "# done" not in found:
            over = "not over in time" if done.code is None else f"exit {done.code}"
            good = fail(f"{row.name}: runs to its end", f"{over}\n{done.output[-2000:]}")
        elif recorded:
            good = self.compare(recorded, os.path.join(out, "verified"), done.output) and good
        return good

    def claim(self, where):
        """Claims a column of verified.txt for one row. None: another row has claimed it, or there is none."""
        with self.lock:
            if where in self.verified:
                return None
            self.verified.add(where)
            return where

    def take_evasions(self, kernel, path):
        if self.recording and os.path.exists(path):
            with self.lock, open(path, encoding="utf-8") as f:
                self.evasions.take(kernel, json.load(f))
                self.evasions.write()

    def compare(self, where, path, output):
        name = f"{where}: verified instructions"
        if not os.path.exists(path):
            return fail(name, output[-1000:])
        with open(path, encoding="utf-8") as f:
            numbers = json.load(f)
        if self.recording:
            with self.lock:
                self.record.take(where, numbers)
        wrong = self.record.compare(where, numbers)
        return fail(name, "\n".join([*wrong, "if that is meant: tests/vm/run.py --record"])) \
            if wrong else ok(name)

    @staticmethod
    def took(row, kernel, done):
        counts = [line[2:] for line in done.output.splitlines() if re.match(r"# \d+ of ", line)]
        cases = re.findall(r"^# (.*): ([\d.]+) s$", done.output, re.M)
        longest = sorted(((float(seconds), case) for case, seconds in cases), reverse=True)[:4]
        counts.append(", ".join(f"{case} {seconds:.0f} s" for seconds, case in longest))
        say("\n#   ".join([f"# {row.name} (Linux {vm.version_of(kernel)}): {done.seconds:.0f} s", *counts]), sys.stderr)


def at_once():
    """How many machines can run at a time with the processors and memory here."""
    with open("/proc/meminfo", encoding="ascii") as f:
        memory = int(re.search(r"^MemAvailable: *(\d+) kB", f.read(), re.M)[1]) >> 10
    return max(1, min(len(os.sched_getaffinity(0)) * 3 // 2, memory // MEMORY, AT_ONCE))


def begins_with(row):
    return next((i for i, part in enumerate(LONGEST) if part in row.name), len(LONGEST))


def of_today():
    """The rows for every day, and those whose turn it is."""
    day = int(os.environ.get("NUNCHI_TEST_DAY") or time.time() // 86400)
    turns = collections.defaultdict(list)
    for r in MATRIX:
        turns[r.turn].append(r)
    return [r for r in MATRIX if r.always or (r.turn and turns[r.turn][day % len(turns[r.turn])] == r)]


def chosen(args):
    """The rows that are to run."""
    if args.rows:
        rows = [r for r in MATRIX if any(text in r.name for text in args.rows)]
    else:
        rows = MATRIX if os.environ.get("NUNCHI_TEST_SIZE") == "full" else of_today()
    if args.beside or args.rest:
        rows = [r for r in rows if (r.name in BESIDE) == args.beside]
    return rows


def run_all(matrix, rows, at_a_time):
    with ThreadPoolExecutor(at_a_time) as pool:
        try:
            return all(list(pool.map(matrix.run, sorted(rows, key=begins_with))))
        except BaseException:  # it is told to end
            vm.STOPPING.set()
            pool.shutdown(cancel_futures=True)
            raise


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--nunchi", default="build/nunchi")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--list", action="store_true")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--beside", action="store_true")
    which.add_argument("--rest", action="store_true")
    parser.add_argument("rows", nargs="*")
    args = parser.parse_args()
    vm.end_by_signals()
    rows = chosen(args)
    if args.list:
        for r in rows:
            say(f"{r.name}: {r.kernel}, cgroups {r.cgroups} {r.arguments}: "
                f"{', '.join(r.cases or ['refuses'])}")
        return 0
    nunchi = os.path.abspath(args.nunchi)
    os.chdir(vm.TOP)
    if platform.machine() != "x86_64":
        good = not_run("kernels", "the machines are x86-64")
        say("# done")
        return 0 if good else 1
    os.makedirs(vm.STORE, exist_ok=True)
    matrix = Matrix(nunchi, args.record)
    try:
        good = run_all(matrix, rows, 1 if args.beside else at_once())
    finally:
        matrix.close()
    say("# done")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
