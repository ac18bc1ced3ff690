# SPDX-License-Identifier: Apache-2.0
"""
What people run, in a container, with the calls that nunchi shows by itself, each as a line of JSON.
Of a server it is its own CPU time for each request; who asks is on the host, on the same CPU.
"""

import os
import re
import socket
import statistics
import subprocess

from harness.place import wait_until
from kit.distribution import Distribution
from kit import load
from kit.turns import Turns

from .micro import ratio_row

SERVERS = {"redis": ("redis, GET and SET, 50 clients", 1.05), "nginx": ("nginx, wrk, 50 connections", 1.06)}
# name: the row, the command for full size and for a quick run
COMMANDS = {
    "build": ("build of a C project",
              "for f in /src/src/base/[{}]*.c; do gcc -std=gnu11 -D_GNU_SOURCE -DNUNCHI_VERSION=0 "
              "-I/src/include -I/src/src -O1 -c -o /tmp/o $f || exit 1; done", "a-z", "a-h"),
    "tar": ("tar of header files", "tar cf - -C /usr include/{} | cat >/dev/null", "", "linux"),
    "find": ("find by size", "find /usr/{} -size +1000k >/dev/null 2>&1 || [ $? = 1 ]", "share", "include"),
    "churn": ("small files come and go", "/opt/churn {}", "2000 40000", "500 4000"),
}
NAMES = (*SERVERS, *COMMANDS)

NGINX = """user root; daemon off; master_process off; error_log stderr; pid /tmp/pid;
events {{ worker_connections 256; }}
http {{ access_log off; client_body_temp_path /tmp/a; proxy_temp_path /tmp/b; fastcgi_temp_path /tmp/c;
uwsgi_temp_path /tmp/d; scgi_temp_path /tmp/e;
server {{ listen 127.0.0.1:{port}; root /run; location / {{ index page; }} }} }}
"""


def measure(bench, name):
    distribution = bench.distribution
    if name in COMMANDS:
        measure_command(bench, name, distribution)
    else:
        measure_server(bench, name, distribution)


def measure_command(bench, name, distribution):
    what, command, full, quick = COMMANDS[name]
    command = command.format(quick if bench.quick else full)
    rounds = load.command(bench, name, ["/bin/sh", "-c", command], binds=distribution.binds,
                          root=distribution.root)
    tracers = bench.tracers(None, rounds.pid(), "-o", "json")
    turns = Turns(lambda: rounds.round().cpu, tracers, bench.rounds)
    rounds.end()
    bench.add(ratio_row(what, turns, tracers, None, f"{turns.plain.median / 1e9:.2f} s of CPU unwatched"))


def free_port():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def listens(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


def wait_listening(made, port):
    wait_until(lambda: listens(port) or made.process.poll() is not None, 10, "a server that listens")
    if made.process.poll() is not None:
        raise RuntimeError("the server ended: " + made.output()[-300:])


def server_command(name, directory, port):
    """Its arguments in the container, which sees directory as /run."""
    if name == "redis":
        # redis-tools has the server too, by another name: what it is called decides what it is.
        os.symlink("/usr/bin/redis-check-rdb", os.path.join(directory, "redis-server"))
        return ["/run/redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "",
                "--daemonize", "no"]
    with open(os.path.join(directory, "nginx.conf"), "w", encoding="utf-8") as f:
        f.write(NGINX.format(port=port))
    with open(os.path.join(directory, "page"), "w", encoding="utf-8") as f:
        f.write("x" * 612)
    return ["/usr/sbin/nginx", "-c", "/run/nginx.conf", "-p", "/run"]


class Client:
    """round(): ns of the server's CPU for each request. rates: requests a second, of all rounds."""

    def __init__(self, bench, name, port, pid):
        self.bench, self.name, self.port, self.pid = bench, name, port, pid
        self.requests = 20000 if bench.quick else 100000
        self.rates = []

    def command(self):
        if self.name == "redis":
            return ["redis-benchmark", "-p", str(self.port), "-c", "50", "-n", str(self.requests),
                    "-t", "get,set", "-q", "--csv"]
        return ["wrk", "-t", "1", "-c", "50", "-d", "1" if self.bench.quick else "2",
                f"http://127.0.0.1:{self.port}/page"]

    def round(self):
        used = load.cpu_ns(self.pid)
        said = subprocess.run(self.command(), capture_output=True, text=True, check=True,
                              preexec_fn=self.bench.pin).stdout
        used = load.cpu_ns(self.pid) - used
        if self.name == "redis":
            rates = [float(rate) for rate in re.findall(r'^"(?:GET|SET)","([\d.]+)"', said, re.M)]
            self.rates.append(statistics.mean(rates))
            return used / (self.requests * len(rates))
        made, errors = re.search(r"(\d+) requests in", said), re.search(r"Non-2xx.*", said)
        if errors:
            raise RuntimeError("wrk: " + errors[0])
        self.rates.append(float(re.search(r"Requests/sec:\s*([\d.]+)", said)[1]))
        return used / int(made[1])


def measure_server(bench, name, distribution):
    what, limit = SERVERS[name]
    directory, port = bench.setup.directory("gates", name), free_port()
    made = bench.setup.runc.run(f"{bench.setup.name}-{name}", server_command(name, directory, port),
                                binds=[("/run", directory), *distribution.binds],
                                root=distribution.root, namespaces=("pid", "mount", "ipc", "uts"))
    wait_listening(made, port)
    pid = made.pid()
    os.sched_setaffinity(pid, {bench.cpu})
    client = Client(bench, name, port, pid)
    tracers = bench.tracers(None, pid, "-o", "json")
    turns = Turns(client.round, tracers, bench.rounds)
    made.stop()
    bench.add(ratio_row(what, turns, tracers, limit,
                        f"{turns.plain.median:,.0f} ns a request unwatched, at best "
                        f"{max(client.rates) / 1e3:,.0f}k/s"))
