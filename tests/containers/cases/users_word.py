# SPDX-License-Identifier: Apache-2.0
"""Files of a user cannot say anything about root's containers, whatever is in them."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import time

from harness.place import patient, wait_until

USER = 54321
LOOP = "while :; do head -c1 /etc/passwd >/dev/null; sleep 0.1; done"


@contextlib.contextmanager
def users_process():
    """In namespaces that he owns."""
    process = subprocess.Popen(["unshare", "--user", "--map-root-user", "--mount", "sleep", "300"],
                               user=USER, group=USER, extra_groups=[])
    try:
        wait_until(lambda: os.readlink(f"/proc/{process.pid}/exe").endswith("sleep"), 10, "the user's process")
        yield process.pid
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def start_of(pid):
    with open(f"/proc/{pid}/stat", encoding="utf-8") as f:
        return int(f.read().rpartition(")")[2].split()[19])


def write_state(place, name, pid):
    """As crun keeps it. It is his from the moment that it is there: what begins with a dot is none."""
    directory, made = os.path.join(place, name), os.path.join(place, "." + name)
    os.makedirs(made, exist_ok=True)
    files = {"config.json": {"ociVersion": "1.0", "annotations": {
                 "io.kubernetes.cri.container-name": "harmless", "io.kubernetes.cri.image-name": "docker.io/trusted:1"}},
             "status": {"pid": pid, "process-start-time": start_of(pid), "bundle": directory}}
    for file, text in files.items():
        with open(os.path.join(made, file), "w", encoding="utf-8") as f:
            json.dump(text, f)
    for path in (made, *(os.path.join(made, file) for file in files)):
        os.chown(path, USER, USER)
    os.rename(made, directory)
    return directory


def test_root_s_container_stays_what_it_is(setup):
    """It is not named anew by a user's word, not ended by it, and his own processes are not taken for its."""
    name, place = setup.name + "-victim", setup.directory("users-crun")
    made = setup.runc.run(name, ["/bin/sh", "-c", LOOP])
    nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat", "--runtime", f"crun={place}")
    nunchi.wait_event(lambda e: e.get("container.name") == name, 10, "the container")
    with users_process() as pid:
        own, his = (write_state(place, who, pid) for who in (name + "-of-his", name))
        nunchi.wait_event(lambda e: e.get("container.name") == "harmless" and
                          e.get("container.full_id", e.get("container.id")) == os.path.basename(own), 10, "the user's own")
        time.sleep(patient(1))
        shutil.rmtree(his)
        time.sleep(patient(1))
    shutil.rmtree(own)
    before = len(nunchi.lines)
    wait_until(lambda: any(name.encode() in line for _, line in nunchi.lines[before:]), 10, "what it goes on to do")
    assert nunchi.stop() == 0, nunchi.stderr()
    told = [e for e in nunchi.events() if name in (e.get("container.id"), e.get("container.full_id"))]
    assert {e["container.name"] for e in told} == {name}, told
    assert {e.get("container.image") for e in told} <= {None, ""}, told
    assert not [e for e in told if e["evt.type"] in ("container_stopped", "container_removed")], told
    made.stop()


@contextlib.contextmanager
def users_cgroup(setup, name):
    """What he has called so in a cgroup that was given to him."""
    mounts = [line.split() for line in open("/proc/mounts", encoding="utf-8")]
    top = next(fields[1] for fields in mounts if fields[2] == "cgroup2")
    given = os.path.join(top, setup.name + "-given")
    own = os.path.join(given, name)
    os.mkdir(given)
    try:
        os.chown(given, USER, USER)
        subprocess.run(["mkdir", own], user=USER, group=USER, extra_groups=[], check=True)
        yield own
    finally:
        for directory in (own, given):
            if os.path.isdir(directory):
                wait_until(lambda: not open(os.path.join(directory, "cgroup.procs"), encoding="utf-8").read(), 10,
                           "the end of who was in there")
                os.rmdir(directory)


def test_the_name_of_a_stopped_one(setup):
    """A user's process in a cgroup named after a container of root's that does not run has nothing of it."""
    place, full = setup.directory("users-storage"), os.urandom(32).hex()
    data = os.path.join(place, "overlay-containers", full, "userdata")
    os.makedirs(data)
    with open(os.path.join(data, "config.json"), "w", encoding="utf-8") as f:
        json.dump({"ociVersion": "1.0", "annotations": {
            "io.kubernetes.cri.container-name": "trusted", "io.kubernetes.cri.image-name": "docker.io/trusted:1"}}, f)
    nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat", "--host", "--runtime", f"storage={place}")
    sign = setup.name + "-stopped"
    with users_cgroup(setup, f"docker-{full}.scope") as cgroup:
        script = f"echo $$ >{cgroup}/cgroup.procs; exec setpriv --reuid {USER} --regid {USER} --clear-groups " \
                 f"unshare --user --map-root-user --mount sh -c 'cat /tmp/{sign}; sleep 1; cat /tmp/{sign}'"
        subprocess.run(["sh", "-c", script], stderr=subprocess.DEVNULL, check=False)
        nunchi.wait_event(lambda e: sign in (e.get("fd.nameraw") or e.get("fd.name") or ""), 20, "what he does")
        time.sleep(patient(1))
    assert nunchi.stop() == 0, nunchi.stderr()
    told = [e for e in nunchi.events() if sign in (e.get("fd.nameraw") or e.get("fd.name") or "")]
    assert len(told) == 2, told
    assert {e["container.id"] for e in told} == {"host"}, told
    assert not [e for e in told if e.get("container.image") or full in json.dumps(e)], told
