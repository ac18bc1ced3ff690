# SPDX-License-Identifier: Apache-2.0
"""The resources of a process: memory, file descriptors, threads, and the entries of its BPF maps."""

import contextlib
import json
import os
import re
import subprocess

PATH = os.environ.get("PATH", "") + ":/usr/sbin:/sbin"


def own_memory(pid):
    """Pss without the mapped rings: those are memory of the maps, and mapped twice."""
    total, own = 0, True
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as f:
        for line in f:
            if re.match(r"[0-9a-f]+-", line):
                own = "bpf-map" not in line
            elif own and line.startswith("Pss:"):
                total += int(line.split()[1]) << 10
    return total


def anonymous_memory(pid):
    """Memory that it has allocated. Pss also has libraries, and a larger share of them as other processes end."""
    with open(f"/proc/{pid}/smaps", encoding="utf-8") as f:
        return sum(int(line.split()[1]) << 10 for line in f if line.startswith("Anonymous:"))


def maps(pid):
    """id -> memory of every map that the process holds, as charged by the kernel."""
    found = {}
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="utf-8") as f:
                info = dict(line.split(":", 1) for line in f if ":" in line)
            if "map_id" in info:
                found[int(info["map_id"])] = int(info["memlock"])
    return found


def map_memory(pid):
    return sum(maps(pid).values())


def bpftool(*args):
    done = subprocess.run(["bpftool", "-j", *args], capture_output=True, check=True,
                          env={**os.environ, "PATH": PATH})
    return json.loads(done.stdout)


def map_dump(pid, name):
    """The entries of a map, formatted by bpftool with their types."""
    for number in maps(pid):
        if bpftool("map", "show", "id", str(number)).get("name") == name:
            return [entry.get("formatted", entry)
                    for entry in bpftool("map", "dump", "id", str(number))]
    return []


def map_entries(pid, names=("namespaces", "cgroups")):
    """name -> number of entries, for the hash maps of these names; and "slots": how many are in use."""
    counts = {}
    for number in maps(pid):
        shown = bpftool("map", "show", "id", str(number))
        if shown.get("name") in names:
            counts[shown["name"]] = len(bpftool("map", "dump", "id", str(number)))
        elif shown.get("name", "").endswith(".bss"):
            counts["slots"] = slots_used(bpftool("map", "dump", "id", str(number)))
    return counts


def slots_used(dump):
    """The number of slots that are in use, without the host's, from a dump of the globals."""
    rows = dump[0]["formatted"]["value"][".bss"]
    slots = next(variable["slots"] for variable in rows if "slots" in variable)
    return sum(1 for row in slots[1:] if row["state"])


def held(pid):
    """Everything that must not grow."""
    return {"fds": len(os.listdir(f"/proc/{pid}/fd")),
            "threads": len(os.listdir(f"/proc/{pid}/task")), **map_entries(pid)}
