# SPDX-License-Identifier: Apache-2.0
"""nunchi itself in a privileged container, with the host's / at /host."""

import json
import os
import shutil

from harness import image
from harness.nunchi import PROGRAM, run
from harness.place import wait_until
from harness.setup import IMAGE

LOOP = ["/bin/sh", "-c", "while :; do cat /mnt/test.txt >/dev/null; sleep 0.05; done"]


def make_sensor(setup, tag, args, pids=()):
    """A container with the program, its libraries and nothing else of the host but /host and /sys."""
    root = setup.directory(tag + "-root")
    image.make_root(root, [])
    shutil.copy(PROGRAM, os.path.join(root, "usr/bin/nunchi"))
    image.copy_with_libraries(PROGRAM, root)
    image.copy_with_libraries(shutil.which("curl"), root)  # for libcurl, which is not linked but loaded
    os.makedirs(os.path.join(root, "host"))
    made = setup.runc.create(f"{setup.name}-{tag}", ["/bin/nunchi", *args], privileged=True)
    config = os.path.join(made.bundle, "config.json")
    with open(config, encoding="utf-8") as f:
        spec = json.load(f)
    spec["root"]["path"] = root
    # The host's processes; all else, cgroups too, of its own.
    spec["linux"]["namespaces"] = [{"type": kind} for kind in ("mount", "ipc", "uts", "network", "cgroup", *pids)]
    spec["linux"]["rootfsPropagation"] = "rslave"
    spec["mounts"] += [
        {"destination": "/sys", "type": "bind", "source": "/sys", "options": ["rbind", "ro"]},
        {"destination": "/host", "type": "bind", "source": "/", "options": ["rbind", "rslave"]}]
    with open(config, "w", encoding="utf-8") as f:
        json.dump(spec, f)
    return made


def test_sees_the_same(setup):
    by_docker = setup.docker.run("rooted", IMAGE, LOOP)
    plain = setup.runc.run(setup.name + "-rooted", LOOP)
    sensor = make_sensor(setup, "sees", ["trace", "-o", "json", "-e", "openat", "--timeout", "30",
                                         "--host-root", "/host",
                                         "--runtime", setup.docker.runtime_option()])
    try:
        sensor.start()

        def events(full_id):
            lines = sensor.output().splitlines()[:-1]
            return [e for e in map(json.loads, (l for l in lines if l.startswith("{")))
                    if e.get("container.full_id") == full_id and e["proc.name"] == "cat"]

        for made, runtime in ((by_docker, "docker"), (plain, "runc")):
            wait_until(lambda i=made.id: events(i), 20, "events of " + made.name + ": " +
                       sensor.output()[-500:])
            event = events(made.id)[-1]
            assert (event["container.name"], event["container.runtime"]) == (made.name, runtime), event
            assert event["proc.pname"] == "sh", event
        # What it reads itself, of /proc and of the runtimes, is no event of the container that it is in.
        own = [line for line in sensor.output().splitlines() if '"proc.name":"nunchi"' in line]
        assert not own, own[0]
    finally:
        sensor.stop()
        sensor.remove()
        by_docker.remove()
        plain.remove()


def test_what_runs_there(setup):
    """All kinds of programs that run on the host, those at the root of all cgroups too."""
    def programs(text):
        return {p["name"]: p["state"] for p in json.loads(text[text.index("{"):].splitlines()[0])["programs"]}
    sensor = make_sensor(setup, "doctor", ["doctor", "-o", "json", "--host-root", "/host"])
    sensor.start()
    sensor.wait()
    assert programs(sensor.output()) == programs(run("doctor", "-o", "json").stdout), sensor.output()


def test_pids_of_its_own(setup):
    """Without the host's PIDs it says what is missing, and how to get it; with them it does not."""
    for tag, pids in (("own-pids", ("pid",)), ("pids", ())):
        sensor = make_sensor(setup, tag, ["trace", "--timeout", "1", "--host-root", "/host"], pids)
        sensor.start()
        sensor.wait()
        assert ("hostPID: true" in sensor.output()) == bool(pids), sensor.output()
        sensor.remove()


def test_root_of_its_own(setup):
    """With the host's PIDs alone no name is found: it says what is missing; with the host's / it does not."""
    for tag, options in (("own-root", ()), ("root", ("--host-root", "/host"))):
        sensor = make_sensor(setup, tag, ["trace", "--timeout", "1", *options])
        sensor.start()
        sensor.wait()
        assert ("-v /:/host:rslave, and --host-root" in sensor.output()) == (not options), sensor.output()
        sensor.remove()
    assert "--host-root" not in run("trace", "--timeout", "0.5").stderr


def test_a_name_that_none_has(setup):
    """Said at the start, since nothing else will be; not where one has it, nor of what no name decides."""
    made = setup.runc.run(setup.name + "-meant", LOOP)
    wait_until(lambda: setup.runc.is_running(made.id), 10, "a container")
    for options, said in ((["-c", "no-such-name"], True), (["-c", made.name], False), (["proc.name = cat"], False),
                          (["-c", "no-such-name", "--host"], False)):
        told = run("trace", "--timeout", "0.5", *options).stderr
        assert ("none of them is what was asked for" in told) == said, (options, told)
    made.remove()
