# SPDX-License-Identifier: Apache-2.0
"""What a running nunchi still may do: see docs/security.md. It needs no container, but root."""

import glob
import os
import socket
import threading

from harness.place import wait_until

CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, CAP_SYS_PTRACE, CAP_SYS_ADMIN, CAP_BPF = 1, 2, 19, 21, 39
LOOK = 1 << CAP_DAC_OVERRIDE | 1 << CAP_DAC_READ_SEARCH | 1 << CAP_SYS_PTRACE
BPF = 1 << CAP_BPF | 1 << CAP_SYS_ADMIN


def status(path):
    with open(path + "/status", encoding="utf-8") as f:
        return dict(line.rstrip("\n").split(":\t", 1) for line in f if ":\t" in line)


def check_threads(nunchi):
    pid = nunchi.process.pid
    threads = glob.glob(f"/proc/{pid}/task/*")
    assert len(threads) > 2, threads
    for path in threads:
        found = status(path)
        is_loop = int(os.path.basename(path)) == pid
        for name in ("CapEff", "CapPrm", "CapInh", "CapAmb"):
            more = int(found[name], 16) & ~(BPF if is_loop else LOOK)
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
