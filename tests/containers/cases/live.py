# SPDX-License-Identifier: Apache-2.0
"""What a user at the terminal sees: names, filters, starts and ends, captures, ps."""

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import time

from harness.nunchi import PROGRAM, parse, run
from harness.place import patient, wait_until
from harness.setup import IMAGE

LOOP = ["/bin/sh", "-c", "while :; do cat /mnt/test.txt /mnt/none >/dev/null; sleep 0.05; done"]


def ps(setup, *args, runtimes=()):
    options = [o for r in runtimes for o in ("--runtime", r.runtime_option())]
    shown = run("ps", *args, *options)
    assert shown.returncode == 0, shown.stderr
    return shown.stdout


def ps_json(setup, runtimes):
    return {c["container.full_id"]: c
            for c in parse(ps(setup, "-o", "json", runtimes=runtimes).encode())}


def test_what_runs_already(setup):
    made = setup.docker.run("already", IMAGE, LOOP, PidMode="host", labels={"tier": "back"})
    pod = setup.containerd.pod("already-pod", "shop")
    web = pod.create("web", IMAGE, LOOP)
    web.start()
    runc = setup.runc.run(setup.name + "-already", LOOP)
    both = [setup.docker, setup.containerd]
    try:
        wait_until(lambda: runc.process.poll() is None and runc.output() is not None, 5, "runc")
        time.sleep(0.3)
        nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat", runtimes=both)
        for made_id, name, runtime in ((made.id, "already", "docker"), (web.id, "web", "containerd"),
                                       (runc.id, runc.name, "runc")):
            event = nunchi.wait_event(lambda e, i=made_id: e.get("container.full_id") == i and
                                      e["proc.name"] == "cat")
            assert event["container.name"] == name, event
            assert event["container.runtime"] == runtime, event
            assert event["proc.pname"] == "sh", event
        pod_event = nunchi.wait_event(lambda e: e.get("container.full_id") == web.id)
        assert (pod_event["k8s.ns.name"], pod_event["k8s.pod.name"]) == ("shop", "already-pod")
        assert nunchi.stop() == 0
        assert " 4 containers" in nunchi.stderr() or " 3 containers" in nunchi.stderr(), nunchi.stderr()

        listed = ps_json(setup, both)
        assert "pid" in listed[made.id]["container.host_namespaces"], listed[made.id]
        assert listed[made.id]["container.privileged"] is False
        assert listed[made.id]["container.image.repository"].endswith("nunchi-test")
        assert listed[made.id]["container.image.tag"] == "1"
        assert listed[web.id]["k8s.pod.uid"] == pod.uid
        assert listed[web.id]["k8s.pod.full_sandbox_id"] == pod.id, listed[web.id]
        assert listed[runc.id]["container.mntns"] > 4026531840
        table = ps(setup, runtimes=both)
        assert "shop/already-pod" in table and "host pid" in table, table
        shown = run("trace", "-n", "3", "-o", "json", "-l", "tier=back", "--timeout", "10",
                    "--runtime", setup.docker.runtime_option())
        assert [e["container.name"] for e in parse(shown.stdout.encode())] == ["already"] * 3
    finally:
        made.remove()
        pod.remove()
        runc.remove()


def test_named_before_it_exists(setup):
    nunchi = setup.nunchi("trace", "-o", "json", "-c", "later*", "-e", "openat",
                          runtimes=[setup.docker])
    other = setup.docker.run("other", IMAGE, LOOP)
    later = setup.docker.run("later-1", IMAGE, LOOP)
    try:
        event = nunchi.wait_event(lambda e: e["evt.type"] == "openat")
        assert event["container.name"] == "later-1"
        time.sleep(0.3)
        assert nunchi.stop() == 0
        assert {e["container.name"] for e in nunchi.events()} == {"later-1"}
    finally:
        other.remove()
        later.remove()


def test_start_and_end_show_at_once(setup):
    nunchi = setup.nunchi("trace", "-o", "json", runtimes=[setup.docker])
    made = setup.docker.create("brief", IMAGE, ["/bin/true"])
    made.start()
    made.wait()
    nunchi.wait_event(lambda e: e["evt.type"] == "container_stopped", 5)
    nunchi.stop()
    types = [e["evt.type"] for e in nunchi.events() if e.get("container.full_id") == made.id]
    assert types == ["container_created", "container_started", "execve", "procexit",
                     "container_stopped"], types
    made.remove()


def test_setup_is_hidden(setup):
    for option, hidden in (([], True), (["--setup"], False)):
        nunchi = setup.nunchi("trace", "-o", "json", *option)
        made = setup.runc.run(f"{setup.name}-setup{len(option)}", ["/bin/true"])
        made.wait()
        nunchi.wait_event(lambda e: e["evt.type"] == "container_stopped")
        nunchi.stop()
        events = [e for e in nunchi.events() if e.get("container.full_id") == made.id]
        by_runc = [e for e in events if e.get("proc.name", "").startswith("runc:")]
        assert bool(by_runc) != hidden, by_runc[:3]


def test_filter(setup):
    made = setup.runc.run(setup.name + "-filter", LOOP)
    try:
        nunchi = setup.nunchi(
            "trace", "-o", "json", "-n", "5",
            f"container.name={made.name} and evt.type in (openat, connect) and evt.failed=true "
            "and not fd.name startswith /proc")
        nunchi.process.wait(10)
        nunchi.stop()
        events = nunchi.events()
        assert len(events) == 5
        assert all(e["evt.type"] == "openat" and e["evt.res"] == "ENOENT" and
                   e["fd.name"] == "/mnt/none" for e in events), events[0]
        shown = run("trace", "-n", "2", "-c", made.name, "-e", "openat", "--failed", "--format",
                    "%container.name %proc.name %fd.name")
        assert shown.stdout.splitlines() == [f"{made.name} cat /mnt/none"] * 2, shown.stdout
    finally:
        made.remove()


def test_capture_gives_the_same(setup):
    """Two instances watch the same run: one shows it, one records it."""
    capture = setup.file("same.cap")
    shown = setup.nunchi("trace", "-o", "json", runtimes=[setup.docker])
    recorded = setup.nunchi("record", "-w", capture, runtimes=[setup.docker])
    made = setup.docker.create("recorded", IMAGE, ["/bin/sh", "-c", "cat /mnt/test.txt; mkdir /tmp/x; "
                                                   "cd /tmp; echo a > b; rm b; kill -0 1; /bin/false"])
    made.start()
    made.wait()
    shown.wait_event(lambda e: e["evt.type"] == "container_stopped")
    assert shown.stop() == 0 and recorded.stop() == 0
    replayed = run("trace", "-r", capture, "-o", "json")
    assert replayed.returncode == 0, replayed.stderr

    def lines(events):
        # When which of the runtime's facts came is each instance's own; so is the number.
        own = ("evt.num", "evt.time", "evt.rawtime", "user.name", "container.image", "container.created", "container.start")
        return [{k: v for k, v in e.items() if not k.startswith(own)} for e in events
                if e.get("container.full_id") == made.id and
                not e["evt.type"].startswith("container_")]

    live, again = lines(shown.events()), lines(parse(replayed.stdout.encode()))
    assert live and live == again, [x for x in zip(live, again) if x[0] != x[1]][:2]
    listed = parse(run("ps", "-o", "json", "-a", "-r", capture).stdout.encode())
    assert made.id in [c["container.full_id"] for c in listed], listed


def test_interrupt_and_closed_pipe(setup):
    made = setup.runc.run(setup.name + "-pipe", LOOP)
    try:
        for end in (signal.SIGINT, signal.SIGTERM):
            nunchi = setup.nunchi("trace", "-o", "json")
            nunchi.wait_event(lambda e: True)
            nunchi.process.send_signal(end)
            assert nunchi.process.wait(5) == 0, nunchi.stderr()
            nunchi.stop()
            assert "seen " in nunchi.stderr() and "does not add up" not in nunchi.stderr()
            assert json.loads(nunchi.text().splitlines()[-1])
        done = subprocess.run(["sh", "-c", f"timeout 20 {PROGRAM} trace -o json | head -n 1; "
                               "exit 0"], capture_output=True, check=True, timeout=15)
        assert len(done.stdout.splitlines()) == 1
        done = subprocess.run(["bash", "-o", "pipefail", "-c", f"timeout 20 {PROGRAM} record -w - | head -c 40 >/dev/null"],
                              capture_output=True, text=True, check=False, timeout=30)
        assert done.returncode == 0 and "cannot" not in done.stderr, done
    finally:
        made.remove()


def has_maps(pid):
    """Whether it has begun to load its kernel side."""
    with contextlib.suppress(FileNotFoundError):
        return any("bpf-map" in os.readlink(entry.path) for entry in os.scandir(f"/proc/{pid}/fd"))
    return False


def test_interrupted_while_it_loads(setup):
    """Which can take long: it ends at once, and leaves no capture."""
    for end in (signal.SIGINT, signal.SIGTERM):
        capture = setup.file(f"loading-{end}.cap")
        with subprocess.Popen([PROGRAM, "record", "-w", capture], stderr=subprocess.PIPE, text=True) as nunchi:
            while not has_maps(nunchi.pid):
                assert nunchi.poll() is None
            nunchi.send_signal(end)
            said = nunchi.communicate(timeout=patient(20))[1]
        assert (nunchi.returncode, said, os.path.exists(capture)) == (-end, "", False), (nunchi.returncode, said)


def test_short_lives(setup):
    """Containers that live some ms, one after the other, so that kernel ids are used again."""
    nunchi = setup.nunchi("trace", "-o", "json")
    names = [f"{setup.name}-short{i}" for i in range(30)]
    for name in names:
        made = setup.runc.run(name, ["/bin/true"])
        assert made.wait() == 0, made.output()
    wait_until(lambda: len([1 for _, line in nunchi.lines
                            if b'"evt.type":"container_stopped"' in line]) >= len(names), 10,
               "the end of every container")
    assert nunchi.stop() == 0
    for name in names:
        # Whether the disk was looked at while its state stood there, made or over, is chance.
        types = [e["evt.type"] for e in nunchi.events() if e.get("container.full_id") == name and
                 e["evt.type"] not in ("container_created", "container_removed")]
        assert types == ["container_started", "execve", "procexit", "container_stopped"], (name, types)


ATTACH, SYSCALL, DETACH, SYSCALL_INFO, SETOPTIONS, TRACESYSGOOD = 16, 24, 17, 0x420e, 0x4200, 1
EPOLL_WAIT = {"x86_64": (232, 281), "aarch64": (22,)}[os.uname().machine]


@contextlib.contextmanager
def loop_stands(pid):
    """Its first thread, which reads the rings, stands where it would wait for something to do; the others go on."""
    libc, info = ctypes.CDLL(None, use_errno=True), (ctypes.c_uint64 * 11)()

    def trace(request, size=0, data=None):
        done = libc.ptrace(ctypes.c_long(request), pid, ctypes.c_long(size), data)
        assert done >= 0, os.strerror(ctypes.get_errno())

    trace(ATTACH)
    os.waitpid(pid, 0)
    trace(SETOPTIONS, 0, ctypes.c_void_p(TRACESYSGOOD))  # else PTRACE_GET_SYSCALL_INFO says nothing
    try:
        # op, architecture, where; then of a call that begins (1) its number.
        while info[0] & 0xff != 1 or info[3] not in EPOLL_WAIT:
            trace(SYSCALL)
            os.waitpid(pid, 0)
            trace(SYSCALL_INFO, ctypes.sizeof(info), info)
        yield
    finally:
        trace(DETACH)


def test_a_reader_that_is_late(setup):
    """The disk tells of a container, and of its end, before what the kernel saw of it has been read."""
    nunchi = setup.nunchi("trace", "-o", "json")
    with loop_stands(nunchi.process.pid):
        made = setup.runc.run(setup.name + "-late", ["/bin/sleep", "0.3"])
        assert made.wait() == 0, made.output()
    nunchi.wait_event(lambda e: e["evt.type"] == "procexit" and e.get("container.full_id") == made.id)
    time.sleep(0.5)
    assert nunchi.stop() == 0, nunchi.stderr()
    types = [e["evt.type"] for e in nunchi.events() if e.get("container.full_id") == made.id and
             e["evt.type"] not in ("container_created", "container_removed")]
    assert types == ["container_started", "execve", "procexit", "container_stopped"], types


def ended(setup, name, command, memory=None):
    """The container_stopped event of a container that runs the command to its end."""
    made = setup.runc.create(setup.name + name, command)
    if memory:
        change(made, lambda config: config["linux"]["resources"].update(memory={"limit": memory}))
    nunchi = setup.nunchi("trace", "-o", "json", "-c", made.name)
    made.start()
    made.wait()
    event = nunchi.wait_event(lambda e: e["evt.type"] == "container_stopped")
    assert nunchi.stop() == 0
    return event


def change(made, function):
    """The configuration of a container that has not been started."""
    path = os.path.join(made.bundle, "config.json")
    with open(path, encoding="utf-8") as f:
        config = json.load(f)
    function(config)
    with open(path, "w", encoding="utf-8") as f:
        json.dump(config, f)


def test_how_it_ended(setup):
    event = ended(setup, "-three", ["/bin/sh", "-c", "exit 3"])
    assert (event["container.exit_code"], event["container.oom"]) == (3, False), event
    assert "container.exit_signal" not in event, event
    event = ended(setup, "-oom", ["/bin/sh", "-c", "tail /dev/zero; exit 4"], memory=16 << 20)
    assert (event["container.exit_code"], event["container.oom"]) == (4, True), event


def test_restarted_at_once(setup):
    """What Docker says of the end of the run before is none of the next, also where nobody knew that one's init."""
    name = setup.name + "-again"
    nunchi = setup.nunchi("trace", "-o", "json", "-c", name, runtimes=[setup.docker])
    script = "echo >>/tmp/runs; [ $(wc -l </tmp/runs) -gt 2 ] || exit 3; exec sleep 300"
    made = setup.docker.run(name, IMAGE, ["/bin/sh", "-c", script], RestartPolicy={"Name": "on-failure"})
    try:
        wait_until(lambda: nunchi.text().count(b"container_started") == 3, 20, "the third run")
        setup.docker.call("POST", f"/containers/{made.id}/restart?t=0")
        time.sleep(patient(2.5))
        assert nunchi.stop() == 0, nunchi.stderr()
    finally:
        made.remove()
    lives = [e["evt.type"] for e in nunchi.events() if e["evt.type"] in ("container_started", "container_stopped")]
    assert lives == ["container_started", "container_stopped"] * 3 + ["container_started"], lives


def test_one_pid_namespace_for_two(setup):
    """As in a pod with shareProcessNamespace: each event has the container whose mounts it has."""
    first = setup.runc.run(setup.name + "-pids-a", LOOP)
    wait_until(lambda: setup.runc.is_running(first.name), 10, first.name)
    second = setup.runc.create(setup.name + "-pids-b", LOOP)

    def share(config):
        for namespace in config["linux"]["namespaces"]:
            if namespace["type"] == "pid":
                namespace["path"] = f"/proc/{first.pid()}/ns/pid"

    change(second, share)
    nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat,execve")
    try:
        second.start()
        for made in (first, second):
            nunchi.wait_event(lambda e, m=made: e.get("container.full_id") == m.id and
                              e["evt.type"] == "openat")
        inits = {first.pid(): first.id, second.pid(): second.id}
        assert nunchi.stop() == 0
        ours = [e for e in nunchi.events() if e["proc.ppid"] in inits]
        wrong = [e for e in ours if e.get("container.full_id") != inits[e["proc.ppid"]]]
        assert not wrong, wrong[0]
        assert {e["container.full_id"] for e in ours} == {first.id, second.id}
    finally:
        second.remove()
        first.remove()
