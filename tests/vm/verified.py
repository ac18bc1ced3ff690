#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
How many instructions the verifier looked at for each of nunchi's programs, as this kernel has it of
the programs that a running nunchi holds: verified.py PROGRAM OUTPUT. Writes {"name": number} as
JSON. Kernels before 5.16 do not tell.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def held(pid):
    """id -> instructions, of the programs among a process's file descriptors."""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="utf-8") as f:
                info = dict(line.split(":", 1) for line in f if ":" in line)
        except FileNotFoundError:  # closed meanwhile
            continue
        # A link's has its program's id too, and no number.
        if "prog_id" in info and "verified_insns" in info:
            found[int(info["prog_id"])] = int(info["verified_insns"])
    return found


def name_of(number):
    shown = subprocess.run(["bpftool", "-j", "prog", "show", "id", str(number)], check=True,
                           capture_output=True, env={**os.environ, "PATH": PATH})
    return json.loads(shown.stdout)["name"]


def main():
    program, output = sys.argv[1:]
    nunchi = subprocess.Popen([program, "trace"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.PIPE, text=True)
    try:
        for line in nunchi.stderr:
            if re.search(r" hooks, Linux ", line):
                break
        else:
            sys.exit("nunchi ended without having been live")
        time.sleep(0.2)
        numbers = {name_of(number): insns for number, insns in held(nunchi.pid).items()}
    finally:
        nunchi.send_signal(signal.SIGINT)
        nunchi.wait()
    if not numbers:
        sys.exit("no number of any program")
    with open(output, "w", encoding="utf-8") as f:
        json.dump(numbers, f)


if __name__ == "__main__":
    main()
