# SPDX-License-Identifier: Apache-2.0
"""perf trace: the kernel's own tracepoints, by a ring for each CPU."""

import os
import re

PROGRAM = "perf"


def command(calls, _pid):
    return ["perf", "trace", "-a", "-e", ",".join(calls)]


def is_ready(pid, _said):
    directory = f"/proc/{pid}/fd"
    return any(os.readlink(f"{directory}/{fd}") == "anon_inode:[perf_event]"
               for fd in os.listdir(directory))


def lost(said):
    return sum(int(number) for number in re.findall(r"LOST (\d+) events", said))
