# SPDX-License-Identifier: Apache-2.0
"""nunchi doctor on this kernel. It needs root, but no container."""

import glob
import json
import os
import re
import shutil
import signal
import socket
import subprocess

import harness.nunchi as harness
from harness.place import Elsewhere

AREAS = ["kernel", "capabilities", "security", "cgroups", "preemption", "programs", "hooks",
         "canary", "runtimes", "memory", "not seen", "limits"]
SLOW = 180  # seconds, in a VM without KVM; elsewhere it takes one
CODES = {"fine": 0, "degraded": 1, "unusable": 2}


def examine(*args):
    done = harness.run("doctor", "-o", "json", *args, timeout=SLOW)
    assert done.stdout.endswith("}\n") and done.stdout.count("\n") == 1, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert done.returncode == CODES[found["verdict"]], (done.returncode, found["verdict"])
    assert [row["area"] for row in found["areas"]] == AREAS, found["areas"]
    return found


def a_stranger(setup):
    """The program where a user without any capability can run it, and how."""
    program = setup.file("doctor", "nunchi")
    shutil.copy(harness.PROGRAM, program)
    os.chmod(os.path.dirname(program), 0o755)
    return ["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups", program]


def test_all_is_tried(setup):
    cgroups = set(glob.glob("/sys/fs/cgroup/*nunchi-doctor*") +
                  glob.glob("/sys/fs/cgroup/*/*nunchi-doctor*"))
    found = examine()
    assert found["kernel"] == os.uname().release and found["machine"] == os.uname().machine
    silent = [c for c in found["canaries"] if c["state"] not in ("runs", "not tried")]
    assert not silent, f"canaries that were not seen: {silent}"
    assert {"file", "network", "fork", "exec", "exit", "signal", "running"} <= {
        c["name"] for c in found["canaries"] if c["state"] == "runs"}, found["canaries"]
    bad = [hook for hook in found["hooks"] if hook["state"] not in ("runs", "attached")]
    assert found["hooks"] and not bad, f"hooks that do not run: {bad}"
    bad = [p for p in found["programs"] if p["needed"] and p["state"] != "runs"]
    assert not bad, f"needed, and do not run: {bad}"
    assert not [p for p in found["programs"] if p["state"] == "not tried"], found["programs"]
    assert found["memory"]["maps"] > found["memory"]["critical_ring"], found["memory"]
    left = set(glob.glob("/sys/fs/cgroup/*nunchi-doctor*") +
               glob.glob("/sys/fs/cgroup/*/*nunchi-doctor*")) - cgroups
    assert not left, f"left behind: {left}"


def test_interrupted_it_leaves_nothing(setup):
    """Its cgroup is there for some tens of ms: that is when it is interrupted."""
    del setup
    doctor = subprocess.Popen([harness.PROGRAM, "doctor"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    pattern, found = f"nunchi-doctor-{doctor.pid}", []
    while not found and doctor.poll() is None:
        found = glob.glob("/sys/fs/cgroup/" + pattern) + glob.glob("/sys/fs/cgroup/*/" + pattern)
    doctor.send_signal(signal.SIGINT)
    doctor.wait(SLOW)
    left = [path for path in found if os.path.isdir(path)]
    for path in left:
        os.rmdir(path)
    assert not left, left
    return None if found else Elsewhere("no cgroup of the doctor's was seen")


def test_limits(setup):
    """What falls short without anything being wrong: it is said, and no verdict."""
    del setup
    found = examine()
    told = [row["what"] for row in found["limits"]]
    copies = any(h["name"].startswith("copied_path") and h["state"] in ("runs", "attached") for h in found["hooks"])
    assert ("paths and addresses as a call had them" in told) == (not copies), found["limits"]
    rings = any(h["name"].startswith("uring_complete") for h in found["hooks"])
    assert not any("io_uring" in what for what in told) or rings, found["limits"]
    row = next(row for row in found["areas"] if row["area"] == "limits")
    assert row["verdict"] == "fine" and row["notes"].count("\n") == len(told), row


def test_the_screen_says_the_same(setup):
    found = examine()
    done = harness.run("doctor", timeout=SLOW)
    areas = re.findall(r"^([a-z].{13})(ok|degraded|unusable|-) +", done.stdout, re.MULTILINE)
    shown = [(area.strip(), verdict) for area, verdict in areas]
    told = [(row["area"], row["verdict"].replace("fine", "ok")) for row in found["areas"]]
    assert shown == told, done.stdout
    assert done.stdout.splitlines()[-1].startswith(found["verdict"] + ": "), done.stdout
    assert max(len(line) for line in done.stdout.splitlines()) <= 100, done.stdout


def test_trace_says_what_is_not_seen(setup):
    found = examine()
    names = ", ".join(row["what"] for row in found["not_seen"])
    nunchi = setup.nunchi("trace")
    assert nunchi.stop() == 0, nunchi.stderr()
    lines = [line for line in nunchi.errors if "not seen on this kernel" in line]
    assert len(lines) == (1 if names else 0), nunchi.stderr()
    assert not names or f": {names} (" in lines[0], nunchi.stderr()


def test_a_stranger_is_told(setup):
    command = a_stranger(setup)
    done = subprocess.run([*command, "doctor", "-o", "json"], capture_output=True, text=True,
                          check=False, timeout=SLOW)
    assert done.returncode == 2, (done.returncode, done.stderr)
    found = json.loads(done.stdout)
    assert found["verdict"] == "unusable" and "needs root" in found["summary"], found["summary"]
    unchecked = [row["area"] for row in found["areas"] if row["verdict"] == "not checked"]
    assert unchecked == ["programs", "hooks", "canary", "memory", "limits"], found["areas"]
    assert "hooks" not in found and found["btf"], found
    assert "bpf" in found["capabilities_missing"], found

    done = subprocess.run([*command, "doctor"], capture_output=True, text=True, check=False,
                          timeout=SLOW)
    assert done.returncode == 2 and "sudo nunchi doctor" in done.stdout, done.stdout


def test_root_of_a_user_namespace_is_told(setup):
    del setup
    if subprocess.run(["unshare", "-Ur", "true"], check=False, capture_output=True).returncode:
        return "user namespaces cannot be made here"
    for args, code in (["doctor"], 2), (["trace"], 1):
        done = subprocess.run(["unshare", "-Ur", harness.PROGRAM, *args], capture_output=True,
                              text=True, check=False, timeout=SLOW)
        assert done.returncode == code, (args, done.returncode)
        assert "user namespace" in done.stdout + done.stderr, done.stdout + done.stderr
    return None


def test_without_sysfs_it_is_told(setup):
    """How many CPUs there are is not known either, and must not be taken for four billion."""
    del setup
    for args, code in (["doctor"], 2), (["trace"], 1):
        done = subprocess.run(["unshare", "-m", "sh", "-c", 'umount -l /sys && exec "$@"', "sh",
                               harness.PROGRAM, *args], capture_output=True, text=True,
                              check=False, timeout=SLOW)
        assert done.returncode == code, (args, done.returncode)
        said = done.stdout + done.stderr
        assert "mount sysfs on /sys" in said and "--memory" not in said, said


def test_a_runtime_that_does_not_answer(setup):
    """A socket that nobody listens on: told as that, and worse than fine."""
    path = setup.file("doctor", "docker.sock")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(path)
    found = examine("--runtime", "docker=" + path)
    told = [r["answers"] for r in found["runtimes"] if path in r["text"]]
    assert told == [False], found["runtimes"]
    verdict = next(row["verdict"] for row in found["areas"] if row["area"] == "runtimes")
    assert verdict == "degraded", found["areas"]
