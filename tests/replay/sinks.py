#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Where alerts go, with real readers: tests/replay/sinks.py NUNCHI STREAMS. Prints TAP."""

import http.server
import json
import os
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

NUNCHI, STREAMS = sys.argv[1:3]
ALERTS = 0      # of nunchi's own rules for the stream; see main()


class Server:
    """Takes POSTs; answer(n) is the status of the n-th, None: it hangs until the end."""

    def __init__(self, answer, tls=None):
        self.bodies, self.n, self.hang = [], 0, threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                outer.n += 1
                status = answer(outer.n)
                if status is None:
                    outer.hang.wait(20)
                    return
                if status == 200:
                    assert self.headers["Content-Type"] == "application/json"
                    outer.bodies.append(json.loads(body))
                self.send_response(status)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *args):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.hang.set()
        self.server.shutdown()
        self.server.server_close()


def guard(*args, stdin=None):
    begin = time.monotonic()
    done = subprocess.run([NUNCHI, "guard", "-r", "attacks.cap", *args], capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr, time.monotonic() - begin


def expect(condition, *what):
    if not condition:
        raise AssertionError(what)


def account(stderr, name):
    """sent, lost, as they are said at the end; they must add up."""
    for line in stderr.splitlines():
        if f": {name}: alerts " in line and " = sent " in line:
            words = line.split(": alerts ")[1].replace(",", "").split()
            total, sent, lost = int(words[0]), int(words[3]), int(words[6])
            expect(total == sent + lost, line)
            return sent, lost
    raise AssertionError(f"no account of {name}: {stderr}")


def test_all_at_once():
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as log:
        log.bind("log")
        log.settimeout(20)
        lines = []
        # The kernel keeps only ten datagrams: they must be read meanwhile.
        reader = threading.Thread(target=lambda: lines.extend(log.recv(65536).decode()
                                                              for _ in range(ALERTS)))
        reader.start()
        code, out, err, _ = guard("--to", "stdout", "--to", "file:alerts", "--to", "program:cat >copy",
                                  "--to", "syslog:log")
        expect(code == 0, err)
        expect(out.count("\n") == ALERTS, out)
        expect(open("alerts").read() == out)
        expect(account(err, "syslog:log") == (ALERTS, 0), err)
        reader.join()
        # daemon.crit
        expect(any(line.startswith("<26>") and " nunchi[" in line and ": Critical " in line
                   for line in lines), lines[0])
        expect([line.split("]: ", 1)[1] for line in lines] == out.splitlines(), lines)
    for _ in range(100):
        if os.path.exists("copy") and open("copy").read() == out:
            return
        time.sleep(0.05)
    raise AssertionError("the program did not get all")


def test_http():
    server = Server(lambda n: 200)
    name = f"http://127.0.0.1:{server.port}/"
    code, _, err, _ = guard("-o", "json", "--to", name)
    server.close()
    expect(code == 0 and account(err, name) == (ALERTS, 0), err)
    expect(len(server.bodies) == ALERTS and
           {"Critical", "Warning"} <= {body["priority"] for body in server.bodies})


def test_http_fails_first():
    """500 and then well: nothing is lost, nothing comes twice, the order stays."""
    server = Server(lambda n: 500 if n in (1, 2, 9) else 200)
    name = f"http://127.0.0.1:{server.port}/"
    code, _, err, _ = guard("-o", "json", "--to", name)
    server.close()
    expect(code == 0 and account(err, name) == (ALERTS, 0), err)
    times = [b["time"] for b in server.bodies]
    expect(len(times) == ALERTS and times == sorted(times), times)
    expect("answers 500; it is tried again" in err, err)


def test_http_refuses():
    server = Server(lambda n: 400 if n == 3 else 200)
    name = f"http://127.0.0.1:{server.port}/"
    code, _, err, _ = guard("-o", "json", "--to", name)
    server.close()
    expect(code == 1 and account(err, name) == (ALERTS - 1, 1), err)
    expect("alerts are being lost: it answers 400" in err, err)


def test_http_has_moved():
    """For good, where nobody follows it: said at once, as an error, and not only when the queue is full."""
    server = Server(lambda n: 308)
    name = f"http://127.0.0.1:{server.port}/"
    code, _, err, _ = guard("-q", "-o", "json", "--to", name)
    server.close()
    expect(code == 1 and account(err, name) == (0, ALERTS), err)
    expect("alerts are being lost: it answers 308, that it has moved" in err and server.n == ALERTS, err)


def test_dead_delays_nothing():
    """One that hangs, one that is not there: the others have all, and the end comes."""
    server = Server(lambda n: None)
    hung, dead = f"http://127.0.0.1:{server.port}/", "http://127.0.0.1:1/"
    code, out, err, took = guard("-o", "json", "--to", hung, "--to", dead, "--to", "stdout",
                                 "--to", "syslog:nobody")
    server.close()
    expect(code == 1 and took < 20, code, took, err)
    expect(out.count("\n") == ALERTS, out)
    for name in (hung, dead, "syslog:nobody"):
        expect(account(err, name) == (0, ALERTS), err)
    expect(account(err, "stdout") == (ALERTS, 0), err)


def test_lost_is_known_whoever_starts_it():
    """One who ignores SIGCHLD hands that on, and with it that nobody hears how a child has ended."""
    done = subprocess.run([NUNCHI, "guard", "-r", "attacks.cap", "--to", "syslog:nobody"], capture_output=True, text=True,
                          timeout=60, check=False, preexec_fn=lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN))
    expect(done.returncode == 1 and account(done.stderr, "syslog:nobody") == (0, ALERTS), done.returncode, done.stderr)


def make_many():
    """Rules that make more than a pipe holds."""
    with open("many.yaml", "w", encoding="ascii") as f:
        f.write("- rule: R\n  desc: d\n  priority: INFO\n  condition: evt.type in (execve, openat, procexit)\n"
                "  output: " + "o" * 4000 + "\n")


def test_program_dies():
    make_many()
    name = "program:sleep 1; exit 3"
    code, out, err, took = guard("-f", "many.yaml", "--fold", "0", "--to", name, "--to", "stdout")
    sent, lost = account(err, name)
    # What the pipe had taken is gone with the program; the rest, more than a pipe holds, is known to be.
    n = out.count("\n")
    expect(n > 30 and sent + lost == n and lost > 0 and code == 1, err)
    expect(f"{name}: alerts are being lost: it has ended, or reads no more" in err, err)
    expect(account(err, "stdout") == (n, 0) and took < 20, err)


def make_certificates():
    def run(*args):
        subprocess.run(["openssl", *args], check=True, capture_output=True)

    run("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "ca.key",
        "-out", "ca.pem", "-subj", "/CN=test authority", "-days", "2")
    for name, extension in (("server", "subjectAltName=IP:127.0.0.1"), ("client", "extendedKeyUsage=clientAuth")):
        with open("ext", "w", encoding="ascii") as f:
            f.write(extension)
        run("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", name + ".key",
            "-out", name + ".csr", "-subj", "/CN=" + name)
        run("x509", "-req", "-in", name + ".csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial",
            "-out", name + ".pem", "-days", "2", "-extfile", "ext")


def test_https():
    make_certificates()
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain("server.pem", "server.key")
    tls.load_verify_locations("ca.pem")
    tls.verify_mode = ssl.CERT_REQUIRED
    server = Server(lambda n: 200, tls)
    name = f"https://127.0.0.1:{server.port}/"
    full = ("--http-ca", "ca.pem", "--http-cert", "client.pem", "--http-key", "client.key")
    code, _, err, _ = guard("-o", "json", "--to", name, *full)
    expect(code == 0 and account(err, name) == (ALERTS, 0), err)
    # Without the authority the server is not believed, without a certificate it does not believe us.
    for args in (full[2:], full[:2]):
        server.bodies.clear()
        code, _, err, _ = guard("-o", "json", "--to", name, *args)
        expect(code == 1 and account(err, name) == (0, ALERTS) and not server.bodies, err)
    server.close()
    # What cannot be read, or is no pair, will not get better by asking again.
    for option, file in (("--http-cert", "ext"), ("--http-key", "ca.key"), ("--http-key", "client.csr"),
                         ("--http-ca", "ext")):
        code, out, err, took = guard("-o", "json", "--to", name, "--to", "stdout", *full, option, file)
        expect(code == 1 and not out and f"--to {name}: " in err and took < 5, option, file, code, err)


def test_ends_while_it_opens():
    """Its process for sinks, which hangs in an open, ends with it."""
    os.mkfifo("hangs")
    with subprocess.Popen([NUNCHI, "guard", "-q", "-r", "attacks.cap", "-o", "json", "--to", "https://127.0.0.1:1/", "--http-cert",
                           "client.pem", "--http-key", "hangs"], stderr=subprocess.PIPE) as p:
        time.sleep(1)
        p.terminate()
        p.wait(20)
        # Whoever is left has it open.
        ready, _, _ = select.select([p.stderr], [], [], 5)
        left = not ready
        if left:
            os.close(os.open("hangs", os.O_WRONLY | os.O_NONBLOCK))
    expect(not left)


def test_fifo():
    """One that somebody reads, later than it is written: all of it, and more than it has room for."""
    make_many()
    os.mkfifo("read")
    fifo = os.open("read", os.O_RDONLY | os.O_NONBLOCK)
    os.set_blocking(fifo, True)
    got = []

    def read():
        select.select([fifo], [], [], 20)
        time.sleep(1)
        with os.fdopen(fifo) as f:
            got.append(f.read())

    reader = threading.Thread(target=read)
    reader.start()
    code, out, err, _ = guard("-f", "many.yaml", "--fold", "0", "--to", "file:read", "--to", "stdout")
    reader.join(20)
    expect(code == 0 and len(out) > 1 << 16 and got == [out], err)


def test_errors():
    os.mkfifo("fifo")
    for args, wanted, text in ((("--to", "mail:me"), 2, "mail:me: no such place for alerts"),
                               (("--to", "https://x/"), 2, "-o json is missing"),
                               (("--to", "file:no/such/place"), 1, "file:no/such/place: No such file"),
                               (("--to", "file:fifo"), 1, "file:fifo: nobody reads this FIFO"),
                               (("-o", "json", "--to", "http://[::1"), 1, "--to http://[::1: "),
                               (("-o", "json", "--to", "https://x:y/"), 1, "--to https://x:y/: "),
                               (("--to", "file:"), 2, "no such place")):
        code, out, err, _ = guard(*args)
        expect(code == wanted and not out and text in err, code, out, err)


def main():
    global ALERTS
    failed = 0
    tests = [(n, f) for n, f in globals().items() if n.startswith("test_")]
    subprocess.run([STREAMS, "attacks", "attacks.cap"], check=True)
    ALERTS = guard()[1].count("\n")
    expect(ALERTS > 30, ALERTS)
    for i, (name, test) in enumerate(tests, 1):
        try:
            test()
            print(f"ok {i} - {name}", flush=True)
        except (AssertionError, OSError, subprocess.SubprocessError) as e:
            failed = 1
            print(f"not ok {i} - {name}\n# {e!r}", flush=True)
    print(f"1..{len(tests)}")
    return failed


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_IGN)
    NUNCHI, STREAMS = os.path.abspath(NUNCHI), os.path.abspath(STREAMS)
    with tempfile.TemporaryDirectory() as place:
        os.chdir(place)
        result = main()
        os.chdir("/")
    sys.exit(result)
