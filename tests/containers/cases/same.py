# SPDX-License-Identifier: Apache-2.0
"""The same workload under Docker, CRI and plain runc gives the same events, except for ids."""

from harness.setup import IMAGE

SCRIPT = ("echo x > /tmp/a; mkdir /tmp/d; mv /tmp/a /tmp/d/b; cat /tmp/d/b /tmp/none; ln -s b /tmp/d/l;"
          " chmod 600 /tmp/d/b; rm -r /tmp/d; nc -w 1 127.0.0.1 1; kill -0 1; /usr/bin/cat /mnt/test.txt")
COMMAND = ["/bin/bash", "-c", SCRIPT]
KEYS = ["evt.type", "evt.res", "proc.name", "proc.cmdline", "proc.exepath", "fd.name",
        "fd.nameraw", "proc.cwd", "activity.name", "evt.arg.flags", "evt.arg.mode", "user.uid"]


def events_of(setup, runtime, made):
    nunchi = setup.nunchi("trace", "-o", "json", runtimes=[runtime] if runtime else [])
    made.start()
    made.wait()
    nunchi.wait_event(lambda e: e["evt.type"] == "container_stopped" and
                      e["container.full_id"] == made.id)
    assert nunchi.stop() == 0, nunchi.stderr()
    events = [e for e in nunchi.events() if e.get("container.full_id") == made.id and
              not e["evt.type"].startswith("container_")]
    return [tuple(e.get(key) for key in KEYS) for e in events]


def test_three_runtimes(setup):
    docker = events_of(setup, setup.docker, setup.docker.create("same", IMAGE, COMMAND,
                                                                Tmpfs={"/tmp": ""}))
    cri = events_of(setup, setup.containerd,
                    setup.containerd.pod("same").create("same-c", IMAGE, COMMAND))
    runc = events_of(setup, None, setup.runc.create(setup.name + "-same", COMMAND))
    assert docker and docker[0][0] == "execve" and docker[-1][0] == "procexit", docker[:1]
    # What two processes do at the same time comes in any order; what is compared is each process's.
    for other, name in ((cri, "cri"), (runc, "runc")):
        missing = [e for e in docker if e not in other]
        more = [e for e in other if e not in docker]
        assert not missing and not more, f"{name}: missing {missing[:3]}, more {more[:3]}"
        assert len(other) == len(docker), f"{name}: {len(other)} of {len(docker)}"
