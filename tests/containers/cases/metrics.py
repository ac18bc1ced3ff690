# SPDX-License-Identifier: Apache-2.0
"""nunchi stats --listen: the account over HTTP, for Prometheus, from a process that can do nothing else."""

import contextlib
import http.client
import os
import re
import signal
import socket
import subprocess

from harness.nunchi import PROGRAM, TOP, run
from harness.place import patient, wait_until

from .account import own, seen_of, stats
from .reload import Rules

# src/cmd/serve.c
CONNECTIONS_MAX = 32
CONNECTIONS_EACH = 8    # of one address
TIMEOUT = 10            # seconds


@contextlib.contextmanager
def serving():
    """The process, and its port."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    served = subprocess.Popen([PROGRAM, "stats", "--listen", f"127.0.0.1:{port}"], stderr=subprocess.PIPE, text=True)
    try:
        line = served.stderr.readline()
        assert line == f"nunchi: metrics are at http://127.0.0.1:{port}/metrics\n", line
        yield served, port
    finally:
        served.kill()
        served.wait()
        served.stderr.close()


def ask(connection, path="/metrics", method="GET", body=None):
    """Status, type and text."""
    connection.request(method, path, body)
    answer = connection.getresponse()
    return answer.status, answer.getheader("Content-Type"), answer.read().decode()


def connect(port, source="127.0.0.1"):
    return contextlib.closing(http.client.HTTPConnection("127.0.0.1", port, patient(10), (source, 0)))


def names_of(page):
    return set(re.findall(r"^# TYPE (\S+) ", page, re.M))


def test_served(setup):
    """The page is that of stats -o prometheus, whole and as it is now."""
    nunchi = setup.nunchi("trace", *own(setup), stdout=subprocess.DEVNULL)
    made = f"{setup.name}-scraped"
    assert setup.runc.run(made, ["/bin/true"]).wait() == 0
    wait_until(lambda: seen_of(nunchi, made), 10, "its account")
    mine = f'nunchi_up{{command="trace",pid="{nunchi.process.pid}"}} 1\n'
    with serving() as (served, port), connect(port) as connection:
        status, kind, page = ask(connection)
        assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8"), (status, kind)
        assert mine in page and f'container="{made}"' in page, page
        parser = os.path.join(TOP, "tests/cli/prometheus.py")
        read = subprocess.run([parser], input=page, capture_output=True, text=True, check=False)
        assert not read.stdout and read.returncode == 0, read.stdout + read.stderr
        assert names_of(page) == names_of(run("stats", "-o", "prometheus").stdout)
        # On the same connection, for as long as a scraper likes.
        kept = connection.sock
        assert ask(connection, "/")[0] == 404 and ask(connection, "/metrics?x=y")[0] == 200
        assert ask(connection, "/metrics", "HEAD")[::2] == (200, "") and connection.sock is kept
        # A body is allowed, and means nothing.
        assert ask(connection, body=b"x" * 10000)[0] == 200 and connection.sock is kept
        # One that may have no end is not read to it.
        with contextlib.suppress(OSError, http.client.HTTPException):
            status = ask(connection, body=b"x" * 1000000)
            raise AssertionError(status)
        connection.close()
        assert nunchi.stop() == 0
        # A page is a second old at the most.
        wait_until(lambda: mine not in ask(connection)[2], 10, "a page without what has ended")
        served.send_signal(signal.SIGTERM)
        assert served.wait(patient(10)) == 0


def test_served_by_who_can_nothing(_setup):
    """Who serves has no capability and no way to one; and nobody keeps the others out."""
    with serving() as (served, port), contextlib.ExitStack() as stack:
        with open(f"/proc/{served.pid}/status", encoding="ascii") as f:
            said = dict(line.split(":\t", 1) for line in f.read().splitlines() if ":\t" in line)
        assert {int(said[name], 16) for name in ("CapEff", "CapPrm", "CapInh", "CapAmb")} == {0}, said
        assert (said["NoNewPrivs"], said["Seccomp"]) == ("1", "2"), said
        with connect(port) as connection:
            assert ask(connection, method="POST", body=b"x" * 100000)[0] == 405
        for _ in range(4 * CONNECTIONS_EACH):
            slow = stack.enter_context(socket.create_connection(("127.0.0.1", port), patient(10)))
            with contextlib.suppress(OSError):  # the ninth has been closed
                slow.sendall(b"GET /metrics HTTP/1.1\r\nX: ")
        with connect(port, "127.0.0.2") as connection:
            assert ask(connection)[0] == 200
    done = run("stats", "--listen", f"192.0.2.1:{port}")    # of the documentation's range
    assert (done.returncode, done.stderr) == \
        (1, f"nunchi: --listen 192.0.2.1:{port}: Cannot assign requested address\n"), done


def test_served_after_it_was_full(_setup):
    """As many connections as there may be, on which nothing comes: once they have timed out, all at once, others are heard."""
    with serving() as (_served, port), contextlib.ExitStack() as stack:
        silent = [stack.enter_context(socket.create_connection(("127.0.0.1", port), TIMEOUT + patient(10), (f"127.0.1.{1 + n // CONNECTIONS_EACH}", 0)))
                  for n in range(CONNECTIONS_MAX)]
        for connection in silent:
            assert connection.recv(1) == b"", "it was to time out"
        with connect(port, "127.0.0.2") as connection:
            assert ask(connection)[0] == 200


def test_how_often_a_rule_has_matched(setup):
    """Each match counts, told or folded into another; new rules go on with the count, whatever else changes in them."""
    name = f"{setup.name}-matched"
    command = ["/bin/sh", "-c", "sleep 1; for i in 1 2 3 4; do cat /etc/passwd; done >/dev/null; until [ -e /tmp/more ]; do sleep 0.1; done; cat /etc/passwd >/dev/null; sleep 100"]
    opens = f"container.name = {name} and evt.type in (open, openat) and fd.name = /etc/passwd"
    rules = Rules(setup)
    rules.write(("Opened", opens, "alert"), ("Never", f"{opens} and evt.res = ENOENT", "alert"))
    rules.nunchi = setup.nunchi("guard", "-o", "json", "-f", rules.path)

    def matches():
        return {rule["rule"]: rule["matches"] for rule in stats()[rules.nunchi.process.pid]["rules"]}

    made = setup.runc.run(name, command)
    try:
        wait_until(lambda: matches() == {"Opened": 4, "Never": 0}, 10, "four: " + str(matches()))
        text = run("stats").stdout
        assert re.search(r"^RULE +PRIORITY +MATCHES\nOpened +Warning +4$", text, re.M), text
        for change in ("and evt.num > 0", "and evt.num > 1", "and evt.num > 2"):
            rules.write(("Added", opens, "alert"), ("Opened", f"{opens} {change}", "alert"))
            rules.reload()
        wait_until(lambda: matches() == {"Added": 0, "Opened": 4}, 10, "the same: " + str(matches()))
        made.execute(["touch", "/tmp/more"])
        wait_until(lambda: matches() == {"Added": 1, "Opened": 5}, 10, "one more: " + str(matches()))
        page = run("stats", "-o", "prometheus").stdout
        mine = f'{{command="guard",pid="{rules.nunchi.process.pid}",rule="Opened",priority="Warning"}} 5\n'
        assert "nunchi_rule_matches_total" + mine in page, page
    finally:
        made.remove()
    assert rules.nunchi.stop() == 0
    assert len(rules.nunchi.events()) >= 2, rules.nunchi.text()
