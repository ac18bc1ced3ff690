# SPDX-License-Identifier: Apache-2.0
"""The two experiments of the paper (section 6, figures 12 and 13), with Docker and with a CRI pod."""

from harness.nunchi import run
from harness.setup import IMAGE

READ = ["/usr/bin/cat", "/mnt/test.txt"]
EXEC = ["/bin/bash", "-c", "/usr/bin/cat /mnt/test.txt; true"]


def container(setup, kind, name, command):
    if kind == "docker":
        return setup.docker.create("k8s-" + name, IMAGE, command)
    return setup.containerd.pod(name).create(name + "-c", IMAGE, command)


def watch(setup, kind, name, command, *args):
    """Runs the command in a new container and returns nunchi's events of it, and the container."""
    runtime = setup.docker if kind == "docker" else setup.containerd
    made = container(setup, kind, name, command)
    nunchi = setup.nunchi("trace", "-o", "json", *args, runtimes=[runtime])
    made.start()
    made.wait()
    nunchi.wait_event(lambda e: e.get("container.full_id") == made.id and
                      e["evt.type"] == "container_stopped")
    assert nunchi.stop() == 0, nunchi.stderr()
    return [e for e in nunchi.events() if e.get("container.full_id") == made.id], made


def one(events, **wanted):
    found = [e for e in events
             if all(e.get(key.replace("__", ".")) == value for key, value in wanted.items())]
    assert len(found) == 1, f"{wanted}: {len(found)} events of {len(events)}"
    return found[0]


def check_who(event, kind, made):
    assert event["container.id"] == made.id[:12]
    assert event["container.name"] == made.name, event["container.name"]
    assert event["container.image"] == IMAGE or IMAGE.endswith(event["container.image"])
    assert event["container.pidns"] > 4026531840 and event["container.mntns"] > 4026531840
    if kind == "cri":
        assert event["k8s.pod.name"] == made.pod.name
        assert event["k8s.ns.name"] == "default"
        assert event["k8s.pod.uid"] == made.pod.uid


def read_file(setup, kind):
    events, made = watch(setup, kind, f"paper-read-{kind}", READ)
    event = one(events, evt__type="openat", fd__name="/mnt/test.txt")
    check_who(event, kind, made)
    assert event["activity.category"] == "file" and event["activity.name"] == "File Open"
    assert event["fd.directory"] == "/mnt" and event["fd.filename"] == "test.txt"
    assert event["proc.exepath"] == "/usr/bin/cat" and event["proc.vpid"] == 1
    assert event["evt.res"] == "SUCCESS" and event["evt.rawres"] == event["fd.num"]


def execute(setup, kind):
    events, made = watch(setup, kind, f"paper-exec-{kind}", EXEC)
    event = one(events, evt__type="execve", proc__exepath="/usr/bin/cat")
    check_who(event, kind, made)
    assert event["activity.category"] == "process" and event["activity.name"] == "Process Create"
    assert event["proc.prev_name"] == "bash" and event["proc.name"] == "cat"
    assert event["proc.cmdline"] == "cat /mnt/test.txt"


def test_read_a_file_docker(setup):
    read_file(setup, "docker")


def test_read_a_file_cri(setup):
    read_file(setup, "cri")


def test_execute_docker(setup):
    execute(setup, "docker")


def test_execute_cri(setup):
    execute(setup, "cri")


def block(setup, kind, name, command, wanted):
    """-o block has the layout of the figures. Taken from a capture of a live run."""
    capture = setup.file(f"{name}.cap")
    runtime = setup.docker if kind == "docker" else setup.containerd
    made = container(setup, kind, name, command)
    nunchi = setup.nunchi("record", "-w", capture, runtimes=[runtime])
    made.start()
    made.wait()
    assert nunchi.stop() == 0, nunchi.stderr()
    shown = run("trace", "-r", capture, "-o", "block", "-c", made.id[:12])
    assert shown.returncode == 0, shown.stderr
    lines = shown.stdout
    for line in wanted:
        assert line in lines, f"no {line!r} in\n{lines}"
    assert "PidId: 402653" in lines and "MntId: 402653" in lines and "HostPpid: " in lines
    assert f"ContainerName: {made.name}, Namespace: " in lines


def test_figure_12(setup):
    block(setup, "cri", "figure-12", READ,
          ["Namespace: default", "Syscall: sys_openat, EventType: File Operation",
           "Activity: File Open, Dirname: /mnt, Filename: test.txt"])


def test_figure_13(setup):
    block(setup, "docker", "figure-13", EXEC,
          ["Syscall: sys_execve, EventType: Process Manage",
           "Activity: Process Create, Comm: bash, Execfile: /usr/bin/cat"])
