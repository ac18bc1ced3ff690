# SPDX-License-Identifier: Apache-2.0
"""bpftrace: a line for each call, as one would write it."""

import os
import re

PROGRAM = "bpftrace"
TRACEPOINTS = "/sys/kernel/tracing/events/syscalls"


def command(calls, _pid):
    # Not every call has a tracepoint of its own on every kernel.
    probes = ",".join(f"tracepoint:syscalls:sys_exit_{call}" for call in calls
                      if os.path.isdir(f"{TRACEPOINTS}/sys_exit_{call}"))
    return ["bpftrace", "-B", "line", "-e",
            f'BEGIN {{ printf("ready\\n"); }} {probes} '
            '{ printf("%s %d %s %d\\n", comm, pid, probe, args->ret); }']


def is_ready(_pid, said):
    return "\nready\n" in said


def lost(said):
    return sum(int(number) for number in re.findall(r"Lost (\d+) events", said))
