# SPDX-License-Identifier: Apache-2.0
"""Rules that kill and deny: what this kernel supports, a guard with such rules, and its alerts."""

import functools
import json

from .nunchi import run
from .place import Elsewhere

HEAD = """
- macro: reads
  condition: (evt.type in (open, openat, openat2) and evt.is_open_read=true and fd.typechar='f' and fd.num>=0)
"""
RULE = """
- rule: {name}
  desc: d
  condition: {condition}
  output: o call=%evt.type file=%fd.name by=%proc.name port=%fd.rport path=%fs.path.name
  priority: WARNING
  action: {action}
"""


@functools.cache
def runs(kind):
    done = run("doctor", "-o", "json")
    return any(p["name"] == kind and p["state"] == "runs" for p in json.loads(done.stdout)["programs"])


def refuses_all():
    """Whether every kind of call can be refused: by BPF LSM, or by fmod_ret on the security hooks."""
    return runs("lsm") or runs("fmod_ret")


def refuses_peers():
    """Whether connections can be refused: as above, or by cgroup programs."""
    return refuses_all() or runs("cgroup")


def need_refusal():
    if not refuses_all():
        return Elsewhere("this kernel asks no BPF programs before calls")
    return None


def guard(setup, rules, *args):
    path = setup.rules_file()
    with open(path, "w", encoding="utf-8") as f:
        f.write(HEAD)
        for name, condition, action, *more in rules:
            f.write(RULE.format(name=name, condition=condition, action=action) + "".join(
                f"  {line}\n" for line in more))
    return setup.nunchi("guard", "-f", path, "-o", "json", "--fold", "0", "--alert-limit", "0", *args)


def in_container(setup, name, script, **more):
    """Runs script in a container to its end. Returns the lines that it printed, and the container."""
    made = setup.runc.run(name, ["/bin/sh", "-c", script], **more)
    made.wait()
    return made.output().splitlines(), made


def alerts(nunchi, rule):
    return [e for e in nunchi.events() if e["rule"] == rule]


def effects(nunchi, rule):
    return [(e.get("action"), e.get("effect")) for e in alerts(nunchi, rule)]


def wait_alert(nunchi, rule):
    return nunchi.wait_event(lambda e: e["rule"] == rule)
