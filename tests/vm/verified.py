#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
How many instructions this kernel's verifier processed for each of nunchi's programs:
verified.py [--guard] PROGRAM OUTPUT. The numbers are those of the programs that a running nunchi holds.
It is started in several ways, which together load every program that this kernel supports; with
--guard also those for rules. Of a program that is loaded more than once, the largest number counts.
Writes {"name": number} as JSON. Kernels before 5.16 do not have the numbers.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"

# Needs every class of hooks; matches no container.
RULES = """
- rule: Whatever can be blocked
  desc: By each hook that there is.
  condition: >
    container.name = none and (evt.type in (openat, execve, connect, bind, init_module, mount, bpf, ptrace, socket, unlinkat, renameat2, linkat)
    or (evt.type = unshare and evt.arg.flags contains CLONE_NEWUSER))
  output: blocked
  priority: WARNING
  action: kill
"""
# What rules need, and the hooks of functions. Each has what a plain trace has.
GUARD = ["guard", "--keep-blocking", "-f"]
FENTRY = ["--hooks", "fentry"]
KPROBE = ["trace", "--hooks", "kprobe", "--entry", "-e", "openat"]
NONE = "this kernel has none"  # message when an attachment is not possible


def held(pid):
    """id -> instructions, for the programs among a process's file descriptors."""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="utf-8") as f:
                info = dict(line.split(":", 1) for line in f if ":" in line)
        except FileNotFoundError:  # closed meanwhile
            continue
        # A link has the id of its program too, but no number.
        if "prog_id" in info and "verified_insns" in info:
            found[int(info["prog_id"])] = int(info["verified_insns"])
    return found


def names():
    """id -> name, for all loaded programs."""
    shown = subprocess.run(["bpftool", "-j", "prog", "show"], check=True, capture_output=True,
                           env={**os.environ, "PATH": PATH})
    return {program["id"]: program.get("name", "") for program in json.loads(shown.stdout)}


def numbers_of(program, *arguments):
    """name -> instructions, for a nunchi with these arguments; None: this kernel does not support them."""
    nunchi = subprocess.Popen([program, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
    said = ""
    try:
        for line in nunchi.stderr:
            said += line
            if " hooks, Linux " in line:
                break
        else:
            if NONE in said:
                return None
            sys.exit(f"nunchi {' '.join(arguments)} ended without having been live: {said}")
        time.sleep(0.2)
        loaded = held(nunchi.pid)  # before the names: functions get their hooks one by one
        known, found = names(), {}
        for number, insns in loaded.items():
            found[known[number]] = max(insns, found.get(known[number], 0))
        return found
    finally:
        nunchi.kill()  # in order, it would wait for hooks to be gone, up to 16 s in a virtual machine
        nunchi.communicate()


def of_rules(program):
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as rules:
        rules.write(RULES)
        rules.flush()
        guard = [*GUARD, rules.name]
        found = numbers_of(program, *guard, *FENTRY) or numbers_of(program, *guard)
    subprocess.run([program, "unblock"], check=True, capture_output=True)
    return found


def of_kprobes(program):
    return numbers_of(program, *KPROBE) or {}


def main():
    began = time.monotonic()
    *options, program, output = sys.argv[1:]
    ways = [of_rules] if options == ["--guard"] else [of_rules, of_kprobes]
    with ThreadPoolExecutor() as pool:
        found = list(pool.map(lambda way: way(program), ways))
    numbers = {name: max(way.get(name, 0) for way in found) for way in found for name in way}
    if not numbers:
        sys.exit("no number of any program")
    with open(output, "w", encoding="utf-8") as f:
        json.dump(numbers, f)
    print(f"# {len(numbers)} programs in {time.monotonic() - began:.1f} s")


if __name__ == "__main__":
    main()
