# SPDX-License-Identifier: Apache-2.0
"""What a running nunchi is still able to do: see docs/security.md. It needs root, but no container."""

import glob
import os
import signal
import socket
import threading

from harness.place import wait_until

CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_KILL, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_BPF = 1, 2, 5, 19, 21, 39
LOOK = 1 << CAP_DAC_OVERRIDE | 1 << CAP_DAC_READ_SEARCH | 1 << CAP_SYS_PTRACE
BPF = 1 << CAP_BPF | 1 << CAP_SYS_ADMIN


def status(path):
    with open(path + "/status", encoding="utf-8") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def check_threads(nunchi, more_than_look=0):
    pid = nunchi.process.pid
    threads = glob.glob(f"/proc/{pid}/task/*")
    assert len(threads) > 2, threads
    for path in threads:
        found = status(path)
        is_loop = int(os.path.basename(path)) == pid
        for name in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
            more = int(found[name], 16) & ~(BPF if is_loop else LOOK | more_than_look)
            assert not more, f"{'loop' if is_loop else 'another'} has {more:#x} in {name}"
        assert found["NoNewPrivs"] == "1", found
        assert found["Seccomp"] == "2", found
    # From 5.19 on the maps are there for whoever has them open.
    major, minor = (int(n) for n in os.uname().release.split(".")[:2])
    if (major, minor) >= (6, 0):
        assert int(status(f"/proc/{pid}")["CapPrm"], 16) == 0, "the loop keeps what it need not"


def test_trace_is_locked(setup):
    nunchi = setup.nunchi("trace", "--host", "-o", "json")
    check_threads(nunchi)
    with open("/proc/self/stat", "rb"):
        nunchi.wait_event(lambda e: e["evt.type"] == "openat" and
                          e.get("fd.nameraw") == "/proc/self/stat", 5)
    assert nunchi.stop() == 0, nunchi.stderr()
    assert "does not add up" not in nunchi.stderr(), nunchi.stderr()


def test_record_is_locked(setup):
    capture = setup.file("locked.cap")
    nunchi = setup.nunchi("record", "--host", "-w", capture)
    check_threads(nunchi)
    assert nunchi.stop() == 0, nunchi.stderr()
    assert os.path.getsize(capture) > 0


def test_a_runtime_that_comes_later_is_asked(setup):
    """A thread and a connection after the lock: the socket is there only then."""
    path, requests = setup.file("later", "docker.sock"), []
    nunchi = setup.nunchi("trace", "--runtime", "docker=" + path)
    check_threads(nunchi)

    def answer():
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                requests.append(connection.recv(4096))
                connection.sendall(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n")

    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen(8)
        threading.Thread(target=answer, daemon=True).start()
        wait_until(lambda: requests, 10, "a request")
        check_threads(nunchi)
    assert requests[0].startswith(b"GET /"), requests
    assert nunchi.stop() == 0, nunchi.stderr()


def sinks_process(nunchi):
    pid = nunchi.process.pid
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        children = f.read().split()
    assert len(children) == 1, children
    return int(children[0])


def test_sinks_are_locked_and_files_rotate(setup):
    """The process that serves sinks has nothing but its sinks; SIGUSR1 opens files anew."""
    rules, path = setup.rules_file(), setup.file("alerts")
    with open(rules, "w", encoding="ascii") as f:
        f.write("- rule: R\n  desc: d\n  priority: INFO\n  output: name=%fd.nameraw\n"
                "  condition: evt.type=openat and fd.nameraw startswith /proc/self/stat\n")
    nunchi = setup.nunchi("guard", "--host", "--fold", "0", "--alert-limit", "0", "-f", rules, "-o", "json",
                          "--to", "file:" + path, "--to", "http://127.0.0.1:1/")
    helper = sinks_process(nunchi)
    for task in glob.glob(f"/proc/{helper}/task/*"):
        found = status(task)
        assert int(found["CapPrm"], 16) == 0 and int(found["CapEff"], 16) == 0, found
        assert found["NoNewPrivs"] == "1" and found["Seccomp"] == "2", found
    for fd in os.listdir(f"/proc/{helper}/fd"):
        assert "bpf" not in os.readlink(f"/proc/{helper}/fd/{fd}")

    def told(name, where):
        with open(name, "rb"):
            pass
        wait_until(lambda: os.path.exists(where) and f'"output_fields":{{' in open(where).read() and
                   f"name={name}" in open(where).read(), 10, name + " in " + where)

    told("/proc/self/stat", path)
    os.rename(path, path + ".1")
    os.kill(nunchi.process.pid, signal.SIGUSR1)
    wait_until(lambda: os.path.exists(path), 10, "a new file")
    told("/proc/self/status", path)
    with open(path, encoding="utf-8") as f:
        assert all("/proc/self/status" in line or "/proc/self/stat" in line for line in f)
    check_threads(nunchi)
    assert nunchi.stop() == 1, nunchi.stderr()     # nobody listens at port 1: those were lost, and it says so
    assert "http://127.0.0.1:1/: alerts" in nunchi.stderr(), nunchi.stderr()
    assert not os.path.exists(f"/proc/{helper}")


ACTS = """
- rule: Refuse
  desc: d
  condition: evt.type = connect and container.name = nobody and fd.rport = 1
  output: refused
  priority: WARNING
  action: deny
- rule: End
  desc: d
  condition: evt.type = connect and container.name = nobody and fd.rport = 2
  output: ended
  priority: WARNING
  action: kill-container
"""


def test_a_guard_that_acts_is_locked(setup):
    """Refusing is done by what was loaded before; to command runtimes takes a signal more."""
    rules = setup.file("acts.yaml")
    with open(rules, "w", encoding="ascii") as f:
        f.write(ACTS)
    nunchi = setup.nunchi("guard", "-f", rules)
    check_threads(nunchi, 1 << CAP_KILL)
    assert nunchi.stop() == 0, nunchi.stderr()


def test_each_attachment_is_locked(setup):
    """Hooks of functions, which take seconds to attach: the lock comes after the last."""
    for kind in ("tracepoint", "fentry", "kprobe"):
        try:
            nunchi = setup.nunchi("trace", "--hooks", kind, "-v", "-e", "openat,execve,clone")
        except RuntimeError as error:
            assert kind != "tracepoint" and "this kernel has none" in str(error), error
            continue
        wait_until(lambda: "all hooks are attached" in nunchi.stderr(), 60, "all hooks")
        wait_until(lambda: status(f"/proc/{nunchi.process.pid}")["Seccomp"] == "2", 10, "the lock")
        check_threads(nunchi)
        assert nunchi.stop(60) == 0, nunchi.stderr()
