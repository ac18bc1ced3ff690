# SPDX-License-Identifier: Apache-2.0
"""Bad input and bad conditions: hostile names, runtimes that hang, wrong arguments, no privileges."""

import http.server
import json
import os
import re
import socket
import socketserver
import subprocess
import sys
import threading
import time

from harness.nunchi import PROGRAM, run
from harness.place import wait_until

UNIT = os.path.join(os.path.dirname(__file__), "..", "..", "..", "data", "nunchi-guard.service.in")

# A file name, a program's name and an argument that try to forge a line or move the cursor.
NASTY = ("f=$(printf 'a\\n00:00:00.000 forged \\033[2J\\377\\342\\200\\256'); cp /bin/busybox \"/tmp/$f\";"
         " cat \"/tmp/$f\" >/dev/null; ln -s \"$f\" /tmp/l; \"/tmp/$f\" true; cat \"/tmp/none$f\"; true")


def test_names_cannot_forge(setup):
    name = setup.name + "-nasty"
    for form in ("json", "text", "block"):
        nunchi = setup.nunchi("trace", "-o", form)
        made = setup.runc.run(f"{name}-{form}", ["/bin/sh", "-c", NASTY])
        made.wait()
        time.sleep(0.5)
        assert nunchi.stop() == 0
        text = nunchi.text()
        assert b"forged" in text
        bad = [line for line in text.split(b"\n") if re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", line)]
        assert not bad, bad[:2]
        text.decode("utf-8")
        assert "\u202e" not in text.decode("utf-8") or form == "json"
        assert not re.search(rb"^00:00:00.000 forged", text, re.M)
        if form == "json":
            names = {e.get("fd.name") for e in nunchi.events()}
            assert any(n and "\n" in n and "forged" in n for n in names), names


# A process's own name, and what a runtime, which may be a user's own, says of itself.
FORGERY = "x\nnunchi: \x1b[2J"
UNSHARES = f"""
import ctypes, time
libc = ctypes.CDLL(None)
libc.prctl(15, {FORGERY.encode()!r}, 0, 0, 0)
libc.unshare(0x20020000)    # a namespace of mounts, one of PIDs
open("/etc/passwd").close()
time.sleep(0.5)
"""


class Liar(http.server.BaseHTTPRequestHandler):
    """A Docker Engine."""

    def do_GET(self):
        body = json.dumps({"Version": FORGERY} if self.path.endswith("/version") else []).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass

    def address_string(self):
        return "-"


def test_what_is_said_cannot_be_forged(setup):
    path = setup.file("liar.sock")
    with socketserver.ThreadingUnixStreamServer(path, Liar) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        nunchi = setup.nunchi("trace", "-v", "--runtime", f"docker={path}")
        subprocess.run([sys.executable, "-c", UNSHARES], check=True)
        wait_until(lambda: "docker x" in nunchi.stderr(), 5, "what the runtime says")
        assert nunchi.stop() == 0
        server.shutdown()
    said = nunchi.stderr()
    assert "opened by x\\nnunchi: \\x1b[2" in said and "docker x\\nnunchi: \\x1b[2J" in said, said
    assert "\x1b" not in said and not re.search(r"^nunchi: (\\x1b)?\[2", said, re.M), said


def test_a_hung_runtime_delays_nothing(setup):
    path = setup.file("hung.sock")
    server = socket.socket(socket.AF_UNIX)
    server.bind(path)
    server.listen(16)
    held = []

    def accept():
        while True:
            try:
                held.append(server.accept()[0])
            except OSError:
                return

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    try:
        nunchi = setup.nunchi("trace", "-o", "json", "--runtime", f"docker={path}", "--runtime",
                              f"cri={path}")
        assert nunchi.ready_after < 2, nunchi.ready_after
        made = setup.runc.run(setup.name + "-hung", ["/bin/true"])
        made.wait()
        nunchi.wait_event(lambda e: e["evt.type"] == "execve" and
                          e.get("container.full_id") == made.id, 3)
        began = time.monotonic()
        assert nunchi.stop() == 0
        assert time.monotonic() - began < 4
    finally:
        server.close()
        for connection in held:
            connection.close()


def test_without_privileges(setup):
    began = time.monotonic()
    done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                           PROGRAM, "trace"], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and time.monotonic() - began < 1
    assert "tracing needs root" in done.stderr and done.stderr.count("\n") <= 2, done.stderr
    for args in (["list", "calls"], ["--version"], ["trace", "--help"]):
        done = subprocess.run(["setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups",
                               PROGRAM, *args], capture_output=True, text=True, check=False)
        assert done.returncode == 0 and done.stdout, args


def test_a_lost_capability(setup):
    done = subprocess.run(["setpriv", "--bounding-set", "-bpf,-sys_admin", "--inh-caps",
                           "-bpf,-sys_admin", PROGRAM, "trace", "--timeout", "1"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "missing here: bpf" in done.stderr, done.stderr


def test_few_capabilities(setup):
    """Those that the README names, and those of the service: no CAP_SYS_ADMIN, without which libbpf may not look at modules."""
    with open(UNIT, encoding="utf-8") as f:
        unit = next(line for line in f if line.startswith("CapabilityBoundingSet="))
    ours = unit.split("=")[1].lower().replace("cap_", "").split()
    for few in (["bpf", "perfmon", "sys_ptrace", "dac_read_search"], ours):
        done = subprocess.run(["setpriv", "--inh-caps=-all", "--bounding-set=-all,+" + ",+".join(few),
                               PROGRAM, "trace", "--timeout", "0.5"], capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{few}: {done.stderr}"


def test_memlock_cannot_be_raised(setup):
    done = subprocess.run(["sh", "-c", f"ulimit -l 64; exec {PROGRAM} trace --timeout 0.5"],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_wrong_arguments(setup):
    for args, sentence in ((["trace", "-e", "openatt"], "Did you mean openat"),
                           (["trace", "-e", "@fil"], "Did you mean"),
                           (["trace", "fd.nam=x"], "Did you mean fd.name"),
                           (["trace", "evt.type=opnat"], "Did you mean openat"),
                           (["trace", "fd.num=abc"], "fd.num"),
                           (["trace", "fd.name startwith /etc"], "startswith"),
                           (["trace", "(fd.name=x"], "not closed"),
                           (["trace", "-o", "xml"], "xml"),
                           (["trace", "--format", "%fd.nam"], "fd.name"),
                           (["trace", "--runtime", "dokker=/x"], "docker"),
                           (["trace", "-n", "-3"], "-3"),
                           (["trace", "--no-such"], "--no-such"),
                           (["tracee"], "trace"),
                           (["record"], "-w")):
        done = run(*args)
        assert done.returncode == 2, (args, done.returncode, done.stderr)
        assert sentence in done.stderr, (args, done.stderr)
        assert not done.stdout, args


def test_damaged_captures(setup):
    path = setup.file("whole.cap")
    nunchi = setup.nunchi("record", "-w", path)
    setup.runc.run(setup.name + "-damage", ["/bin/sh", "-c", "cat /mnt/test.txt; true"]).wait()
    time.sleep(0.3)
    assert nunchi.stop() == 0
    assert os.stat(path).st_mode & 0o077 == 0
    with open(path, "rb") as f:
        whole = f.read()
    cut = setup.file("cut.cap")
    for size in (0, 5, len(whole) // 2, len(whole) - 1):
        with open(cut, "wb") as f:
            f.write(whole[:size])
        done = run("trace", "-r", cut, "-o", "json")
        assert done.returncode == 1 and cut in done.stderr, (size, done.stderr)
    done = run("trace", "-r", setup.file("no.cap"))
    assert done.returncode == 1 and "No such file" in done.stderr, done.stderr


def test_output_blocked_is_said(setup):
    """A reader that does not read: what is lost is in the account, and the stream says so."""
    read_end, write_end = os.pipe()
    nunchi = setup.nunchi("trace", "-o", "json", stdout=write_end)
    os.close(write_end)
    made = setup.runc.run(setup.name + "-blocked", ["/bin/flood", "open", "1", "200000"])
    made.wait()
    chunks = []
    reader = threading.Thread(target=lambda: [chunks.append(c) for c in
                                              iter(lambda: os.read(read_end, 65536), b"")])
    reader.start()
    time.sleep(1.5)
    nunchi.stop()
    reader.join(10)
    os.close(read_end)
    stderr = nunchi.stderr()
    assert "does not add up" not in stderr and " lost " in stderr, stderr
    if re.search(r"lost [1-9]", stderr):
        assert b'"evt.type":"events_lost"' in b"".join(chunks), stderr


def test_a_reader_that_pauses_loses_nothing(setup):
    """More than the writer queues: what the output does not take waits, in its order."""
    read_end, write_end = os.pipe()
    nunchi = setup.nunchi("trace", "--format", "%evt.type %fd.name %proc.cmdline %container.full_id "
                          "%container.name %proc.exepath %evt.time.iso8601 %evt.rawtime " * 4,
                          stdout=write_end)
    os.close(write_end)
    made = setup.runc.run(setup.name + "-paused", ["/bin/flood", "open", "1", "20000"])
    made.wait()
    time.sleep(1)
    chunks = []
    reader = threading.Thread(target=lambda: [chunks.append(c) for c in
                                              iter(lambda: os.read(read_end, 65536), b"")])
    reader.start()
    time.sleep(1)
    nunchi.stop()
    reader.join(10)
    os.close(read_end)
    text = b"".join(chunks)
    assert len(text) > 6 << 20, len(text)  # else nothing had to wait
    assert " lost 0" in nunchi.stderr(), nunchi.stderr()
    opens = [line for line in text.decode().splitlines() if line.startswith("openat /etc/passwd ") and
             setup.name + "-paused" in line]
    assert len(opens) == 20000, len(opens)
    times = [int(line.split()[-1]) for line in opens]
    assert times == sorted(times), "out of order"
