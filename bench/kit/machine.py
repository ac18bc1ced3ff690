# SPDX-License-Identifier: Apache-2.0
"""What ran, on what, and how much it was disturbed."""

import datetime
import os
import platform
import statistics
import subprocess
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))


def cpu_model():
    with open("/proc/cpuinfo", encoding="utf-8") as f:
        for line in f:
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    return platform.machine()


def commit():
    try:
        done = subprocess.run(["git", "-C", TOP, "describe", "--always", "--dirty"], capture_output=True,
                              text=True, check=False)
    except FileNotFoundError:  # no git
        return "no commit"
    return done.stdout.strip() or "no commit"


def busy():
    """Seconds of CPU that all have used, those that another machine took included."""
    with open("/proc/stat", encoding="utf-8") as f:
        user, nice, system, _idle, _wait, irq, softirq, steal = \
            (int(word) for word in f.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) / os.sysconf("SC_CLK_TCK")


def jitter():
    """By how much the same loop takes longer at its worst tenth than in the middle: 0.1 is 10 %."""
    took = []
    for _ in range(100):
        began = time.perf_counter()
        for _ in range(50000):
            pass
        took.append(time.perf_counter() - began)
    took.sort()
    return took[90] / statistics.median(took) - 1


def others_programs():
    """BPF programs that other tracers have attached: they are in every figure."""
    from harness.resources import bpftool
    return sum(program["type"] in ("tracing", "raw_tracepoint", "tracepoint", "kprobe", "perf_event", "lsm")
               for program in bpftool("prog", "show"))


def go_first():
    """
    This session before all others, where the kernel groups by session (nice does not matter between
    groups): what watches is to have its CPU. The work is in containers, and measured by its own time.
    """
    try:
        with open("/proc/self/autogroup", "w", encoding="utf-8") as f:
            f.write("-20")
    except OSError:
        pass


class Machine:
    """Taken before the first measure."""

    def __init__(self):
        used, began = busy(), time.monotonic()
        time.sleep(1)
        self.others = (busy() - used) / (time.monotonic() - began)
        self.jitter, self.programs = jitter(), others_programs()
        self.when = datetime.datetime.now(datetime.timezone.utc)

    def facts(self):
        return {"date": self.when.isoformat(timespec="seconds"), "nunchi": commit(),
                "kernel": platform.release(), "machine": platform.machine(), "cpus": os.cpu_count(),
                "cpu": cpu_model(), "others_cpus": round(self.others, 2),
                "jitter": round(self.jitter, 3), "others_programs": self.programs}

    def title(self):
        return f"nunchi {commit()}, {self.when:%Y-%m-%d}, Linux {platform.release()}, {os.cpu_count()} CPUs"

    def line(self, what):
        return (f"{what}: {self.when:%Y-%m-%d}, nunchi {commit()}, Linux {platform.release()}, "
                f"{os.cpu_count()} CPUs ({cpu_model()}); noise: others had {self.others:.1f} CPUs, the "
                f"same loop {self.jitter:.0%} longer in its worst tenth"
                + (f", {self.programs} BPF programs of others" if self.programs else ""))
