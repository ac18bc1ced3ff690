# SPDX-License-Identifier: Apache-2.0
"""
Ways to slip away (progs/runaway/): a process that leaves its container still counts as the
container's, and that is reported.
"""

import collections
import json
import os
import shutil
import subprocess
import threading
import time
import uuid

from harness import image
from harness.place import hierarchies, patient, wait_until
from harness.setup import IMAGE, KINDS

PRIVATE = ("pid", "mount", "ipc", "uts", "network", "cgroup")
CGROUPS = "/sys/fs/cgroup"
SMALL = os.environ.get("NUNCHI_TEST_SIZE") == "small"
REPORTS = ("ns_changed", "cgroup_moved", "container_escape_suspected")
ALL = "mnt,pid,net,user,ipc,uts,cgroup,time"
ANY = "any"

# What is reported of each way. changed: namespaces that are others than before; host: those of them
# that are now the host's; moved: the cgroup it is in afterwards, of which AWAY and OTHER are the
# names; escape: texts that the reasons have in them. What is not named here must not be reported.
WAYS = {
    "nowhere": {},
    "unshare-mnt": {"changed": "mnt"},
    "unshare-pid": {"changed": "pid"},
    "unshare-net": {"changed": "net"},
    "unshare-user": {"changed": "user"},
    "unshare-ipc": {"changed": "ipc"},
    "unshare-uts": {"changed": "uts"},
    "unshare-cgroup": {"changed": "cgroup"},
    "unshare-time": {"changed": "time"},
    "unshare-all": {"changed": ALL},
    "unshare-loop": {"changed": "mnt"},
    "unshare-as-user": {"changed": ALL},
    "unshare-fs": {},
    "unshare-thread": {"changed": "mnt"},
    "unshare-storm": {"changed": "mnt,pid"},
    "clone-all": {"changed": "mnt,pid,net,user,ipc,uts,cgroup"},
    "deep": {"changed": "pid"},

    "host-mnt": {"changed": "mnt", "host": "mnt", "escape": ["mnt"]},
    "host-pid": {},
    "host-net": {"changed": "net", "host": "net", "escape": ["net"]},
    "host-uts": {"changed": "uts", "host": "uts", "escape": ["uts"]},
    "host-ipc": {"changed": "ipc", "host": "ipc", "escape": ["ipc"]},
    "host-cgroup": {"changed": "cgroup", "host": "cgroup", "escape": ["cgroup"]},
    "host-user": {},
    "host-time": {"changed": "time", "host": "time"},  # the container shares it: no escape
    "host-thread": {"changed": "net", "host": "net", "escape": ["net"]},
    "host-pidfd": {"changed": "mnt,net,uts,ipc,cgroup", "host": "mnt,net,uts,ipc,cgroup",
                   "escape": ["mnt", "net", "uts", "ipc", "cgroup"]},
    "other-mnt": {"changed": "mnt", "escape": ANY},
    "other-pid": {"changed": "pid", "escape": ANY},
    "other-net": {"changed": "net", "escape": ANY},
    "other-uts": {"changed": "uts", "escape": ANY},
    "other-ipc": {"changed": "ipc", "escape": ANY},
    "other-cgroup": {"changed": "cgroup", "escape": ANY},
    "other-all": {"changed": "mnt,net,uts,ipc,cgroup", "escape": ANY},
    "other-pidfd": {"changed": "mnt,pid,net,uts,ipc,cgroup", "escape": ANY},
    "other-adopted": {"changed": "pid", "escape": ANY},

    "cgroup-v2": {"moved": "/AWAY", "escape": ["cgroup"]},
    "cgroup-v1": {"moved": "/AWAY", "escape": ["cgroup"]},
    "cgroup-devices": {"moved": "/AWAY", "escape": ["cgroup"]},
    "cgroup-root": {"moved": "/", "escape": ["cgroup"]},
    "cgroup-other": {"moved": "/OTHER", "escape": ["cgroup"]},
    "cgroup-thread": {"moved": "/AWAY", "escape": ["cgroup"]},
    "cgroup-by-child": {"moved": "/AWAY", "escape": ["cgroup"]},
    "cgroup-by-host": {"moved": "/AWAY"},  # by nobody of the container: no escape
    "into-cgroup": {"moved": "/AWAY", "escape": ["cgroup"]},
    "into-cgroup-ns": {"moved": "/AWAY", "changed": "mnt,pid", "escape": ["cgroup"]},

    "into-other": {"moved": "/OTHER", "escape": ["cgroup"]},
    "into-other-ns": {"moved": "/OTHER", "changed": "mnt,pid", "escape": ["cgroup"]},
    "claim-docker": {"moved": "/AWAY/docker-CLAIM.scope,/AWAY", "changed": "mnt,pid",
                     "escape": ["cgroup"]},
    "claim-runc": {"moved": "/AWAY/OTHER,/AWAY", "changed": "mnt,pid", "escape": ["cgroup"]},
    "claim-inside": {"moved": "/OTHER/TAG,/AWAY", "changed": "mnt,pid", "escape": ["cgroup"]},

    "double-fork": {},
    "orphan": {},
    "grandchild": {},
    "subreaper": {},
    "clone-parent": {},
    "clone-parent-mnt": {"changed": "mnt"},
    "vfork": {},
    "clone-vm": {},
    "clone-vm-mnt": {"changed": "mnt"},
    "exec-thread": {},
    "same-pid": {},
    "daemon": {},
    "spawn-storm": {},
    "fork-storm": {},

    "chroot": {},
    "chroot-out": {},
    "pivot-root": {"changed": "mnt"},
    "mini-runtime": {"changed": "mnt,pid,net,ipc,uts,cgroup"},
    "nested-runc": {"changed": ANY, "moved": ANY, "escape": ANY},  # what runc does for it

    "memfd": {},
    "tmpfile": {},
    "deleted": {},

    "thread-names": {},
    "as-runtime": {"changed": "mnt,pid"},
    "argv": {},
    "setuid": {},
    "ptrace": {},
    "sqpoll": {},
}

V2, V1 = hierarchies()
# Of version 1 one more than that by which nunchi knows cgroups.
DEVICES = next((path for path in (CGROUPS + "/devices",) if os.path.isdir(path)), None)
# What takes a hierarchy of that version, or a container of Docker's: what looks like one that nobody
# knows is one made inside.
NEEDS = {"cgroup-v2": V2, "cgroup-v1": V1, "cgroup-devices": DEVICES, "cgroup-thread": V1, "claim-docker": "docker" in KINDS,
         **dict.fromkeys(("into-cgroup", "into-cgroup-ns", "into-other", "into-other-ns"), V2)}
GONE = [way for way in WAYS if NEEDS.get(way, True)]

# With the host's PID namespace, where a pidfd of the host or of another container can be had.
HOST_PID = ["nowhere", "host-pidfd", "other-pid", "other-pidfd", "other-adopted", "orphan", "deep"]
NESTED = ["nested-runc"]
OWN = [way for way in GONE if way not in HOST_PID[1:5] + NESTED]
# Before it has a name; first what takes it to where others are.
EARLY = sorted(OWN, key=lambda way: not way.startswith(("other", "cgroup", "into", "claim", "host")))
DOCKER = ["unshare-mnt", "unshare-all", "clone-all", "double-fork", "vfork", "exec-thread",
          "pivot-root", "mini-runtime", "as-runtime", "memfd", "setuid", "sqpoll"]
# Docker's and CRI's own sets of capabilities: as anyone in a container, and what that is refused.
CONFINED = ["unshare-mnt", "unshare-user", "unshare-as-user", "double-fork", "orphan", "clone-parent",
            "vfork", "exec-thread", "chroot", "chroot-out", "memfd", "setuid", "daemon"]

# The steps that cannot be taken, by run and way. A PID namespace can be joined by who is in one
# above it only, and a user namespace not by who is in it.
IMPOSSIBLE = {
    ("own", "host-pid"): ("setns", "EINVAL"),
    ("own", "host-user"): ("setns", "EINVAL"),
    ("early", "host-pid"): ("setns", "EINVAL"),
    ("early", "host-user"): ("setns", "EINVAL"),
    ("cri", "unshare-mnt"): ("unshare", "EPERM"),
}


class Run:
    """Some ways in one container."""

    def __init__(self, tag, container, ways):
        self.tag, self.container, self.ways = tag, container, ways
        self.reports = {}

    def take_output(self):
        text = self.container.output()
        lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        self.reports = {line["way"]: line for line in lines}
        assert set(self.reports) == set(self.ways), (self.tag, text[-500:])


class Table:
    """All of it: what was run, and the events."""

    def __init__(self):
        self.runs, self.events, self.stderr = [], [], ""
        self.by_mark = {}  # (tag, way) -> [(task, event)]
        self.names, self.others = {}, set()
        self.survivor = None


def tag_of(setup, run):
    """Of this run only: other tests of other runs may go on at the same time."""
    return f"{setup.name.rpartition('-')[2]}.{run}"


def command(setup, run, ways):
    return ["/usr/bin/env", "TAG=" + tag_of(setup, run), "/bin/runaway", "run", *ways]


class Mover(threading.Thread):
    """Moves the one process that waits for it."""

    def __init__(self, container, away):
        super().__init__(daemon=True)
        self.container, self.away = container, away
        self.ended = threading.Event()

    def look(self):
        with open(f"{V2 or V1}/{self.container}/cgroup.procs", encoding="ascii") as f:
            for pid in f.read().split():
                with open(f"/proc/{pid}/cmdline", "rb") as line:
                    if line.read() == b"runaway\0cgroup-by-host\0":
                        return pid
        return None

    def run(self):
        while not self.ended.wait(0.005):
            try:
                pid = self.look()
                for hierarchy in filter(None, (V1, V2) if pid else ()):
                    path = f"{hierarchy}/{self.away}/cgroup.procs"
                    with open(path, "w", encoding="ascii") as f:
                        f.write(pid)
            except OSError:
                continue  # it is not there yet, or no more


def root_with_runc(setup):
    """A root of its own: the one that all share is to have nothing of a runtime."""
    root = setup.directory("root-nested")
    image.make_root(root, image.build_progs(setup.directory("progs-nested")))
    image.copy_with_libraries(shutil.which("runc"), root)
    if shutil.which("runc") != "/usr/sbin/runc":
        os.symlink(shutil.which("runc"), os.path.join(root, "usr/sbin/runc"))
    for name in ("bundle", "inner", "sys/fs/cgroup"):
        os.makedirs(os.path.join(root, name))
    return root


def make_nested(setup, tag):
    name, inner = f"{setup.name}-{tag}", f"{setup.name}-inner"
    made = setup.runc.create(inner, ["/bin/runaway", "after", NESTED[0], "inner"], root="/inner",
                             env=["TAG=" + tag_of(setup, tag)])
    binds = [("/bundle", made.bundle), ("/inner", setup.root), ("/sys/fs/cgroup", "/sys/fs/cgroup")]
    return setup.runc.create(name, command(setup, tag, NESTED), privileged=True, binds=binds,
                             env=["INNER=" + inner], root=root_with_runc(setup))


def run_all(setup):
    table = Table()
    other, away = setup.name + "-other", setup.name + "-away"
    for hierarchy in filter(None, (V1, V2, DEVICES)):
        os.mkdir(f"{hierarchy}/{away}")
        for tag in ("own", "early"):
            os.mkdir(f"{hierarchy}/{away}/{tag}")
    others = [setup.runc.run(other, ["/bin/pause"], namespaces=PRIVATE)]
    wait_until(lambda: setup.runc.is_running(other), 10, other)
    if "docker" in KINDS:
        others.append(setup.docker.run(setup.name + "-claimed", IMAGE, ["/bin/pause"]))
    claimed = others[-1].id

    env = ["PROC=/tmp/host/proc", "CGROUPS=/tmp/host/cgroup", f"HOST_PID={os.getpid()}",
           f"OTHER_PID={others[0].pid()}", "OTHER=" + other, "CLAIM=" + claimed,
           *(f"CGROUP_V{version}={os.path.relpath(path, CGROUPS)}"
             for version, path in ((1, V1 or V2), (2, V2 or V1))), "CGROUP_DEVICES=devices"]
    binds = [("/tmp/host/proc", "/proc"), ("/tmp/host/cgroup", CGROUPS)]
    privileged = {"privileged": True, "binds": binds}
    of_host = [kind for kind in PRIVATE if kind != "pid"]
    table.runs = [
        Run("own", setup.runc.create(setup.name + "-own", command(setup, "own", OWN), namespaces=PRIVATE,
                                     env=[*env, f"AWAY={away}/own"], **privileged), OWN),
        Run("hostpid", setup.runc.create(setup.name + "-hostpid", command(setup, "hostpid", HOST_PID),
                                         namespaces=of_host, env=env, **privileged), HOST_PID),
        Run("nested", make_nested(setup, "nested"), NESTED)]
    pod = None
    if "docker" in KINDS:
        table.runs.append(
            Run("docker", setup.docker.create(setup.name + "-docker", IMAGE,
                                              command(setup, "docker", DOCKER), CapAdd=["SYS_ADMIN"],
                                              Tmpfs={"/tmp": "exec"},
                                              SecurityOpt=["seccomp=unconfined"]), DOCKER))
    if "cri" in KINDS:
        pod = setup.containerd.pod(setup.name + "-pod")
        table.runs.append(
            Run("cri", pod.create(setup.name + "-cri", IMAGE, command(setup, "cri", CONFINED)), CONFINED))
    # Where nobody looks for its name, so that all of it happens before it has one.
    if not SMALL:
        table.runs.append(
            Run("early", setup.runc.create(setup.name + "-early", command(setup, "early", EARLY),
                                           namespaces=PRIVATE, env=[*env, f"AWAY={away}/early"],
                                           state=setup.directory("runc-early"), **privileged), EARLY))
    survivor = setup.runc.create(setup.name + "-survivor",
                                 ["/usr/bin/env", "TAG=" + tag_of(setup, "survivor"),
                                  "/bin/runaway", "survive"],
                                 namespaces=of_host, env=env, **privileged)
    table.survivor = Run("survivor", survivor, ["survive"])

    nunchi = setup.nunchi("trace", "-o", "json", "--hold-ms", "20000",
                          runtimes=[*([setup.docker] if "docker" in KINDS else []),
                                    *([setup.containerd] if "cri" in KINDS else [])])
    movers = [Mover(f"{setup.name}-{tag}", f"{away}/{tag}") for tag in ("own", "early")]
    for mover in movers:
        mover.start()
    survivor.start()  # it takes seconds of its own
    try:
        for run in table.runs:
            run.container.start()
            run.container.wait()
            run.take_output()
        wait_until(lambda: any(b".survivor-survive-later-exec" in line
                               for _, line in nunchi.lines), 20, "", 0.1)
    except TimeoutError:
        pass  # that it was not seen is what is tested
    finally:
        for mover in movers:
            mover.ended.set()
    table.survivor.take_output()
    time.sleep(patient(0.5))
    assert nunchi.stop() == 0, nunchi.stderr()
    table.stderr = nunchi.stderr()
    table.events = nunchi.events()
    table.names = {"AWAY": away, "OTHER": other, "CLAIM": claimed,
                   "TAG": tag_of(setup, "")}
    table.others = {made.id for made in others}
    for event in table.events:
        name = event.get("fd.nameraw") or ""
        prefix = "/tmp/mark-" + tag_of(setup, "")
        if event["evt.type"] == "openat" and name.startswith(prefix):
            tag, way_and_task = name[len(prefix):].split("-", 1)
            way = max((w for w in [*WAYS, "survive"] if way_and_task.startswith(w + "-")), key=len,
                      default=name)
            table.by_mark.setdefault((tag, way), []).append((way_and_task[len(way) + 1:], event))
    for made in [run.container for run in table.runs] + [survivor, *others]:
        made.remove()
    if pod:
        pod.remove()
    return table


TABLES = {}  # by setup: run once for all tests; None if that failed


def table_of(setup):
    if setup not in TABLES:
        TABLES[setup] = None
        TABLES[setup] = run_all(setup)
    assert TABLES[setup], "the table could not be run: see the first test of it"
    return TABLES[setup]


def failed_steps(table):
    return {(run.tag, way): (report["failed"], report["errno"])
            for run in table.runs for way, report in run.reports.items() if report["failed"]}


def wrong_attributions(run, way, table):
    """Sentences on the marks of one way that are missing, or that carry what they should not."""
    id_ = run.container.id
    shown = table.by_mark.get((run.tag, way), [])
    made = collections.Counter(run.reports[way]["marks"])
    right = collections.Counter()
    wrong = []
    for task, event in shown:
        if event.get("container.full_id") == id_ or is_nested(task, event, id_):
            right[task] += 1
        elif task not in ("begin", "end"):
            wrong.append(f"{task} is {event.get('container.name')}'s "
                         f"({event.get('container.full_id')})")
    for task, number in made.items():
        if right[task] != number:
            wrong.append(f"{task}: {right[task]} of {number}")
    ends = {e["proc.pid"] for e in table.events if e["evt.type"] == "procexit" and
            e.get("container.full_id") == id_}
    wrong += [f"{task}: its end is not the container's" for task, event in shown
              if task not in ("begin", "end") and event["proc.pid"] not in ends and
              not is_nested(task, event, id_)]
    return [f"{run.tag} {way}: {w}" for w in wrong]


def is_nested(task, event, outer):
    """A container that was made inside is a container, and says in whom it is."""
    return task.startswith("inner") and event.get("container.name", "").endswith("-inner") and \
        event.get("container.parent.id") == outer[:12]


def test_each_way_is_gone(setup):
    """The table has no way that is not run, and each that is not possible is known to be so."""
    listed = subprocess.run([os.path.join(setup.root, "bin/runaway"), "list"], capture_output=True,
                            text=True, check=True).stdout
    names = [line.split("\t")[0] for line in listed.splitlines()]
    assert names == list(WAYS) and len(names) >= 30, set(names) ^ set(WAYS)
    table = table_of(setup)
    assert {way for run in table.runs for way in run.ways} == set(GONE)
    impossible = {step: how for step, how in IMPOSSIBLE.items()
                  if step[0] in {run.tag for run in table.runs}}
    assert failed_steps(table) == impossible, (failed_steps(table), impossible)


def test_who_gets_away_stays_its_container_s(setup):
    table = table_of(setup)
    wrong = [w for run in table.runs for way in run.ways for w in wrong_attributions(run, way, table)]
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong)


def test_nobody_else_s(setup):
    """The containers that were joined did nothing themselves: no event may be theirs."""
    table = table_of(setup)
    strange = [e for e in table.events if e.get("container.full_id") in table.others and
               not e["evt.type"].startswith("container_")]
    assert not strange, (len(strange), strange[:3])
    ours = {run.container.id for run in [*table.runs, table.survivor]}
    ours.update(e["container.full_id"] for e in table.events
                if e.get("container.name") == setup.name + "-inner")
    foreign = "nunchi-test-"  # of another run of these tests
    strange = [e for e in table.events if e.get("proc.exepath") == "/usr/bin/runaway" and
               e.get("container.full_id") not in ours and
               (e.get("container.name", "").startswith(setup.name) or
                not e.get("container.name", "").startswith(foreign))]
    assert not strange, (len(strange), strange[:3])


def test_who_outlives_its_container_stays_its_own(setup):
    table = table_of(setup)
    wrong = wrong_attributions(table.survivor, "survive", table)
    assert not wrong, wrong
    stopped = [e["evt.rawtime"] for e in table.events if e["evt.type"] == "container_stopped" and
               e.get("container.full_id") == table.survivor.container.id]
    marks = [e["evt.rawtime"] for _, e in table.by_mark[("survivor", "survive")]]
    assert len(stopped) == 1 and min(marks) > stopped[0], (stopped, marks)


def test_each_ends_when_its_init_did(setup):
    """Also if it had no name until later: what is told late has the time at which it was."""
    table = table_of(setup)
    for run in [*table.runs, table.survivor]:
        mine = [e for e in table.events if e.get("container.full_id") == run.container.id]
        started = [e["evt.rawtime"] for e in mine if e["evt.type"] == "container_started"]
        stopped = [e["evt.rawtime"] for e in mine if e["evt.type"] == "container_stopped"]
        init = next(e for e in mine if e["evt.type"] == "execve")
        end = next((e["evt.rawtime"] for e in mine if e["evt.type"] == "procexit" and
                    e["proc.pid"] == init["proc.pid"]), 0)
        assert len(started) == len(stopped) == 1 and end, (run.tag, started, stopped, end)
        assert abs(started[0] - init["evt.rawtime"]) < 1e9, (run.tag, started, init)
        assert abs(stopped[0] - end) < 1e9, (run.tag, stopped, end)


def names_in(events, field):
    return {name for e in events for name in (e.get(field) or "").split(",") if name}


def compare(what, wanted, seen):
    if wanted == ANY or set(wanted) == set(seen):
        return []
    return [f"{what} {','.join(sorted(seen)) or 'nothing'}, not {','.join(sorted(wanted)) or 'any'}"]


def wrong_reports(run, way, table):
    wanted = WAYS[way]
    if run.reports[way]["failed"]:
        wanted = {}  # what is refused changes nothing
    marks = table.by_mark.get((run.tag, way), [])
    begin = next((e["evt.rawtime"] for task, e in marks if task == "begin"), 0)
    end = next((e["evt.rawtime"] for task, e in marks if task == "end"), 0)
    events = [e for e in table.events if e["evt.type"] in REPORTS and
              begin <= e["evt.rawtime"] <= end and
              e.get("container.full_id") == run.container.id]
    kinds = {kind: [e for e in events if e["evt.type"] == kind] for kind in REPORTS}
    split = {field: wanted.get(field, "") if wanted.get(field) == ANY else
             wanted.get(field, "").split(",") if wanted.get(field) else []
             for field in ("changed", "host")}
    wrong = compare("changed", split["changed"], names_in(kinds["ns_changed"], "ns.changed"))
    wrong += compare("of the host", split["host"], names_in(kinds["ns_changed"], "ns.host"))
    moved = wanted.get("moved", "")
    if moved != ANY:
        for name, value in {**table.names, "AWAY": f"{table.names['AWAY']}/{run.tag}",
                            "TAG": table.names["TAG"] + run.tag}.items():
            moved = moved.replace(name, value)
        moved = moved.split(",") if moved else []
    wrong += compare("moved to", moved, {e.get("cgroup.path") for e in kinds["cgroup_moved"]})
    reasons = [e.get("escape.reason", "") for e in kinds["container_escape_suspected"]]
    escape = wanted.get("escape", [])
    if escape != ANY:
        wrong += [f"no escape with {text!r} in {reasons}" for text in escape
                  if not any(text in reason for reason in reasons)]
        wrong += [f"no escape, but {reason!r}" for reason in reasons if not escape]
    if way == "cgroup-by-host":
        movers = {e.get("cgroup.mover.pid") for e in kinds["cgroup_moved"]}
        wrong += [] if movers == {os.getpid()} else [f"moved by {movers}"]
    return [f"{run.tag} {way}: {w}" for w in wrong]


def test_leaving_is_reported(setup):
    table = table_of(setup)
    wrong = [w for run in table.runs for way in run.ways for w in wrong_reports(run, way, table)]
    assert not wrong, f"{len(wrong)} wrong:\n" + "\n".join(wrong)


def test_nothing_was_used_up(setup):
    table = table_of(setup)
    assert "no free slot" not in table.stderr and " lost 0" in table.stderr, table.stderr


def marks_then(setup, nunchi, made):
    """The tasks of a container that was run last, and is named."""
    prefix = f"/tmp/mark-{tag_of(setup, 'then')}-unshare-mnt-"
    return {e["fd.nameraw"][len(prefix):] for e in nunchi.events()
            if (e.get("fd.nameraw") or "").startswith(prefix) and
            e.get("container.full_id") == made.id}


THEN = {"begin", "after", "after-child", "after-exec", "end"}


def test_sandboxes_of_the_host_use_up_nothing(setup):
    """Mount namespaces that are no containers', made and left by thousands."""
    nunchi = setup.nunchi("trace", "-o", "json")
    subprocess.run([os.path.join(setup.root, "bin/runaway"), "sandboxes", "4500", "mnt"],
                   check=True)
    made = setup.runc.run(setup.name + "-then", command(setup, "then", ["unshare-mnt"]), privileged=True)
    made.wait()
    time.sleep(patient(0.5))
    assert nunchi.stop() == 0
    assert "no free slot" not in nunchi.stderr(), nunchi.stderr()
    assert marks_then(setup, nunchi, made) == THEN, marks_then(setup, nunchi, made)


def test_sandboxes_of_a_container_use_up_nothing(setup):
    """The same by a container, and another one starts while it goes on."""
    nunchi = setup.nunchi("trace", "-o", "json")
    busy = setup.runc.run(setup.name + "-busy", ["/bin/runaway", "sandboxes", "4500", "pid"],
                          privileged=True)
    time.sleep(2)
    then = setup.runc.run(setup.name + "-then-2", command(setup, "then", ["unshare-mnt"]), privileged=True)
    then.wait()
    assert busy.wait() == 0, busy.output()
    time.sleep(patient(0.5))
    assert nunchi.stop() == 0
    assert "no free slot" not in nunchi.stderr(), nunchi.stderr()
    assert marks_then(setup, nunchi, then) == THEN, marks_then(setup, nunchi, then)
    unnamed = [e for e in nunchi.events() if e.get("proc.exepath") == "/usr/bin/runaway" and
               not e.get("container.name", "").startswith("nunchi-test-")]
    assert not unnamed, (len(unnamed), unnamed[:2])


# In namespaces and a cgroup of its own, which has the name that is given.
CALLED = """for h in $HIERARCHIES; do mkdir $h/docker-$1.scope; echo $$ >$h/docker-$1.scope/cgroup.procs; done
busybox unshare -m -p -f /bin/busybox true $2
for h in $HIERARCHIES; do echo $$ >$h/cgroup.procs; rmdir $h/docker-$1.scope; done"""


def test_what_is_made_inside_is_not_called_like_another(setup):
    """Neither as a container that has stopped, nor by an id of which another has the digits that are shown."""
    victim, away = uuid.uuid4().hex * 2, setup.name + "-away-2"
    twin = victim[:12] + uuid.uuid4().hex + victim[44:]
    for hierarchy in filter(None, (V1, V2)):
        os.mkdir(f"{hierarchy}/{away}")
    more = {"privileged": True, "binds": [("/tmp/cgroup", CGROUPS)],
            "env": ["HIERARCHIES=" + " ".join(f"/tmp/cgroup/{os.path.relpath(path, CGROUPS)}/{away}"
                                              for path in (V1, V2) if path)]}
    nunchi = setup.nunchi("trace", "-o", "json", "-e", "execve")
    made = setup.runc.run(victim, ["/bin/pause"])
    wait_until(lambda: setup.runc.is_running(victim), 10, victim)
    script = f"set -- {twin} twin\n{CALLED}\n"
    inside = setup.runc.run(setup.name + "-called", ["/bin/bash", "-c", script], **more)
    inside.wait()
    made.stop()
    script = f"set -- {victim} stopped\n{CALLED}\n"
    then = setup.runc.run(setup.name + "-called-2", ["/bin/bash", "-c", script], **more)
    then.wait()
    time.sleep(patient(0.5))
    assert nunchi.stop() == 0
    whose = {e["proc.cmdline"]: e["container.full_id"] for e in nunchi.events()
             if e.get("proc.cmdline") in ("busybox true twin", "busybox true stopped")}
    assert whose == {"busybox true twin": inside.id, "busybox true stopped": then.id}, (whose, inside.output(), then.output())
