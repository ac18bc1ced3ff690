# SPDX-License-Identifier: Apache-2.0
"""
What root in a container, or a failing machine, can do to nunchi itself: it continues, or it says in
the stream, by its exit code or at its next start that it could not.
"""

import contextlib
import os
import re
import select
import signal
import subprocess
import time

from harness.nunchi import PROGRAM, has_trampolines, run
from harness.place import Elsewhere, end_process, wait_until

# The host's processes are the container's too: hostPID.
HOST_PID = ("mount", "ipc", "uts", "network")
LOOP = ["/bin/sh", "-c", "while :; do cat /mnt/test.txt >/dev/null; sleep 0.05; done"]
FTRACE = "/proc/sys/kernel/ftrace_enabled"


def attacker(setup, tag, script):
    """Runs it, to its end, as root with all capabilities and the host's processes in sight."""
    made = setup.runc.create(f"{setup.name}-{tag}", ["/bin/sh", "-c", script], privileged=True,
                             namespaces=HOST_PID)
    made.start()
    code = made.wait()
    assert code == 0, made.output()
    return made.name


def of(events, name, kind):
    return [e for e in events if e.get("container.full_id") == name and e["evt.type"] == kind]


def test_killed_from_a_container(setup):
    victim = setup.nunchi("trace", "-o", "json")
    pid = victim.process.pid
    attacker(setup, "killer", f"kill -9 {pid}")
    assert victim.process.wait(10) == -9
    nunchi = setup.nunchi("trace", "-o", "json")
    assert nunchi.stop() == 0, nunchi.stderr()
    gaps = [e for e in nunchi.events() if e["evt.type"] == "sensor_gap"]
    assert len(gaps) == 1, nunchi.events()[:3]


def test_a_guard_is_told_that_one_was_killed(setup):
    """It shows alerts only: the gap is said on its stderr, once."""
    victim = setup.nunchi("guard", "-o", "json")
    victim.process.kill()
    assert victim.process.wait(10) == -9
    for gaps in (1, 0):
        guard = setup.nunchi("guard", "-o", "json")
        assert guard.stop() == 0, guard.stderr()
        assert guard.stderr().count("an earlier nunchi was killed") == gaps, guard.stderr()


def test_one_that_has_just_begun(setup):
    """Its file is there, and not yet what it writes into it: nobody takes it for one that was left behind."""
    path = f"/run/nunchi/{os.getpid()}"
    os.makedirs("/run/nunchi", exist_ok=True)
    with open(path, "x", encoding="ascii"):
        pass
    try:
        nunchi = setup.nunchi("trace", "-o", "json")
        assert nunchi.stop() == 0, nunchi.stderr()
        assert os.path.exists(path), nunchi.events()[:3]
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def test_stopped_from_a_container(setup):
    """While it is stopped, the kernel keeps what happens; when it goes on it tells that, and who it was."""
    nunchi = setup.nunchi("trace", "-o", "json")
    pid = nunchi.process.pid
    name = attacker(setup, "stopper",
                    f"kill -STOP {pid}; sleep 1; i=0; while [ $i -lt 200 ]; do i=$((i+1)); "
                    f"cat /mnt/test.txt >/dev/null; done; kill -CONT {pid}")
    nunchi.wait_event(lambda e: e.get("container.full_id") == name and e["evt.type"] == "procexit" and
                      e.get("proc.name") == "sh", 20)
    assert nunchi.stop() == 0, nunchi.stderr()
    events = nunchi.events()
    signals = [(e["evt.arg.sig"], e["evt.arg.pid"]) for e in of(events, name, "kill")]
    assert signals == [("SIGSTOP", str(pid)), ("SIGCONT", str(pid))], signals
    opened = [e for e in of(events, name, "openat") if e.get("fd.name") == "/mnt/test.txt"]
    lost = [e for e in events if e["evt.type"] == "events_lost"]
    assert len(opened) == 200 or lost, f"{len(opened)} of 200, and no word of it: {nunchi.stderr()}"


def test_its_maps_are_opened(setup):
    nunchi = setup.nunchi("trace", "-o", "json")
    name = attacker(setup, "thief", "/bin/evade_tamper --maps")
    nunchi.wait_event(lambda e: e.get("container.full_id") == name and e["evt.type"] == "procexit", 10)
    assert nunchi.stop() == 0, nunchi.stderr()
    commands = [e["evt.arg.cmd"] for e in of(nunchi.events(), name, "bpf")]
    assert "BPF_MAP_GET_FD_BY_ID" in commands and "BPF_PROG_GET_FD_BY_ID" in commands, commands
    assert "BPF_MAP_UPDATE_ELEM" in commands, commands


def full(setup):
    """A file system with room for nothing much."""
    path = setup.directory("full")
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "none", path], check=True)
    setup.stack.callback(subprocess.run, ["umount", "-l", path], check=True)
    return path


def test_disk_is_full(setup):
    made = setup.runc.run(setup.name + "-writer", LOOP)
    try:
        path = os.path.join(full(setup), "capture")
        done = run("record", "-w", path, "--timeout", "15")
        assert done.returncode == 1, (done.returncode, done.stderr)
        assert path in done.stderr and "No space left on device" in done.stderr, done.stderr
        with open("/dev/full", "wb") as out:
            nunchi = setup.nunchi("trace", "-o", "json", stdout=out)
            wait_until(lambda: nunchi.process.poll() is not None, 15, "its end: " + nunchi.stderr())
        assert nunchi.process.returncode == 1, nunchi.process.returncode
        nunchi.threads[0].join(5)
        assert "No space left on device" in nunchi.stderr(), nunchi.stderr()
    finally:
        made.stop()
        made.remove()


def fill(pipe):
    """All room of a pipe, by an opening of one's own that does not wait; how many bytes that was."""
    fd, n = os.open(f"/proc/self/fd/{pipe}", os.O_WRONLY | os.O_NONBLOCK), 0
    try:
        while True:
            n += os.write(fd, b"." * 4096)
    except BlockingIOError:
        return n
    finally:
        os.close(fd)


def test_its_stderr_is_not_read(setup):
    """What it has to say is counted, and what it sees goes on."""
    path = setup.file("said.yaml")
    with open(path, "w", encoding="ascii") as f:
        f.write("- rule: Seen\n  desc: d\n  priority: INFO\n  output: name=%fd.nameraw\n"
                "  condition: evt.type = openat and fd.nameraw startswith /proc/self/said-\n")
    read, write = os.pipe()
    process = subprocess.Popen([PROGRAM, "guard", "--host", "-f", path, "-o", "json", "--fold", "0"], stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, stderr=write, start_new_session=True)
    setup.stack.callback(end_process, process)
    said = b""
    while b" hooks, Linux " not in said:
        said += os.read(read, 4096)
    n = fill(write)
    for i in range(3):
        process.send_signal(signal.SIGHUP)      # it says that it has read its rules
        time.sleep(0.3)
        with contextlib.suppress(OSError), open(f"/proc/self/said-{i}", "rb"):
            pass
        assert select.select([process.stdout], [], [], 10)[0], "it stands still"
        assert f"said-{i}".encode() in os.read(process.stdout.fileno(), 65536)
    while n > 0:
        n -= len(os.read(read, n))
    process.send_signal(signal.SIGINT)
    os.close(write)
    rest = b""
    while more := os.read(read, 4096):
        rest += more
    assert process.wait(10) == 0, rest
    assert re.search(rb"nunchi: \d+ lines before this one were not written", rest), rest


@contextlib.contextmanager
def clock_back(seconds):
    """The machine's clock, and back again: for a machine of our own only."""
    began, real = time.monotonic(), time.clock_gettime(time.CLOCK_REALTIME)
    time.clock_settime(time.CLOCK_REALTIME, real - seconds)
    try:
        yield
    finally:
        time.clock_settime(time.CLOCK_REALTIME, real + time.monotonic() - began)


def test_clock_is_set_back(setup):
    if not os.environ.get("NUNCHI_TEST_KERNEL"):
        return Elsewhere("the clock of this machine is not ours to set")
    nunchi = setup.nunchi("trace", "-o", "json")
    before = attacker(setup, "before", "cat /mnt/test.txt")
    with clock_back(3600):
        after = attacker(setup, "after", "cat /mnt/test.txt")
        nunchi.wait_event(lambda e: e.get("container.full_id") == after and
                          e["evt.type"] == "procexit" and e["proc.name"] == "cat", 10)
    assert nunchi.stop() == 0, nunchi.stderr()
    assert " lost 0" in nunchi.stderr() and "does not add up" not in nunchi.stderr(), nunchi.stderr()
    events = nunchi.events()
    last, first = (of(events, name, "openat")[-1] for name in (before, after))
    assert events.index(last) < events.index(first) and not first.get("evt.late"), (last, first)
    return None


def test_hooks_of_functions_are_switched_off(setup):
    """They see nothing then: it is said each second, as a gap, until it is over."""
    if not os.environ.get("NUNCHI_TEST_KERNEL") or not os.path.exists(FTRACE):
        return Elsewhere("no ftrace of our own to switch off")
    if not has_trampolines():
        return Elsewhere("no hooks of functions")
    nunchi = setup.nunchi("trace", "-v", "-o", "json", "-e", "openat", "--hooks", "fentry")
    wait_until(lambda: "all hooks are attached" in nunchi.stderr(), 60, "hooks")
    with open(FTRACE, "w", encoding="ascii") as f:
        f.write("0")
    try:
        gap = nunchi.wait_event(lambda e: e["evt.type"] == "sensor_gap", 10)
        assert gap["gap.from"] < gap["gap.to"], gap
    finally:
        with open(FTRACE, "w", encoding="ascii") as f:
            f.write("1")
    wait_until(lambda: "switched on again" in nunchi.stderr(), 10, "the end of the gap")
    name = attacker(setup, "ftrace-on", "cat /mnt/test.txt")
    nunchi.wait_event(lambda e: e.get("container.full_id") == name and e.get("fd.name") == "/mnt/test.txt", 10)
    assert nunchi.stop() == 0, nunchi.stderr()
    assert "seconds in which hooks of functions were switched off" in nunchi.stderr(), nunchi.stderr()
    return None


def test_ftrace_is_switched_off(setup):
    if not os.environ.get("NUNCHI_TEST_KERNEL") or not os.path.exists(FTRACE):
        return Elsewhere("no ftrace of our own to switch off")
    nunchi = setup.nunchi("trace", "-o", "json")
    with open(FTRACE, "w", encoding="ascii") as f:
        f.write("0")
    try:
        name = attacker(setup, "ftrace", "cat /mnt/test.txt")
        nunchi.wait_event(lambda e: e.get("container.full_id") == name and
                          e.get("fd.name") == "/mnt/test.txt", 10)
    finally:
        with open(FTRACE, "w", encoding="ascii") as f:
            f.write("1")
    assert nunchi.stop() == 0, nunchi.stderr()
    return None
