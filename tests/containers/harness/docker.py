# SPDX-License-Identifier: Apache-2.0
"""A Docker Engine of our own, used through its API; no docker command is needed."""

import contextlib
import http.client
import json
import os
import shutil
import signal
import socket
import struct
import urllib.parse

from .place import end_process, wait_until


class UnixConnection(http.client.HTTPConnection):
    def __init__(self, path, timeout):
        super().__init__("localhost", timeout=timeout)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class DockerError(Exception):
    pass


class Container:
    """What the three runtimes have in common for a test: id, name, wait, output, remove."""

    def __init__(self, docker, container_id, name):
        self.docker, self.id, self.name = docker, container_id, name

    def start(self):
        self.docker.call("POST", f"/containers/{self.id}/start")

    def wait(self):
        return json.loads(self.docker.call("POST", f"/containers/{self.id}/wait",
                                           timeout=600))["StatusCode"]

    def output(self):
        data = self.docker.call("GET", f"/containers/{self.id}/logs?stdout=1&stderr=1")
        text = b""
        while len(data) >= 8:  # stdout and stderr, each piece with a head of eight bytes
            length = struct.unpack(">I", data[4:8])[0]
            text += data[8:8 + length]
            data = data[8 + length:]
        return text.decode("utf-8", "surrogateescape")

    def pid(self):
        return json.loads(self.docker.call("GET", f"/containers/{self.id}/json"))["State"]["Pid"]

    def execute(self, command):
        """Runs a command inside, to its end."""
        made = json.loads(self.docker.call("POST", f"/containers/{self.id}/exec", {"Cmd": command}))
        self.docker.call("POST", f"/exec/{made['Id']}/start", {"Detach": True})
        wait_until(lambda: not json.loads(self.docker.call("GET", f"/exec/{made['Id']}/json"))["Running"],
                   30, "docker exec")

    def stop(self):
        self.docker.call("POST", f"/containers/{self.id}/stop?t=0")

    def remove(self):
        with contextlib.suppress(DockerError):
            self.docker.call("DELETE", f"/containers/{self.id}?force=1&v=1")


class Docker:
    kind = "docker"

    def __init__(self, place, containerd):
        if not shutil.which("dockerd"):
            raise FileNotFoundError("dockerd is not installed")
        self.place = place
        self.socket = place.file("docker.sock")
        config = place.file("daemon.json")  # the host's own must not be read
        with open(config, "w", encoding="utf-8") as f:
            f.write("{}")
        self.command = [
            "dockerd", "--data-root", place.directory("docker"),
            "--exec-root", place.directory("docker-exec"), "--host", "unix://" + self.socket,
            "--pidfile", place.file("docker.pid"), "--containerd", containerd.socket,
            "--config-file", config,
            "--bridge=none", "--iptables=false", "--ip6tables=false"]
        # Pushed before the removal of any container, so that the daemon, also one started later, ends after them.
        self.process = None
        place.stack.callback(lambda: self.process and end_process(self.process))
        self.begin()

    def begin(self):
        """Starts the daemon, the first time and after kill()."""
        self.process = self.place.spawn(self.command, "dockerd.log")
        wait_until(self._answers, 60, "dockerd")

    def kill(self):
        """Kills the daemon; its containers keep running."""
        self.process.kill()
        self.process.wait()

    @contextlib.contextmanager
    def stopped(self):
        """A daemon that hangs: it accepts connections but does not answer."""
        os.kill(self.process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(self.process.pid, signal.SIGCONT)

    def _answers(self):
        if self.process.poll() is not None:
            with open(self.place.file("dockerd.log"), encoding="utf-8") as f:
                raise DockerError("dockerd ended: " + f.read()[-500:])
        with contextlib.suppress(OSError):
            self.call("GET", "/_ping")
            return True
        return False

    def call(self, method, path, body=None, content_type="application/json", timeout=120):
        connection = UnixConnection(self.socket, timeout)
        try:
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode() if isinstance(body, dict) else body
            connection.request(method, path, body, {"Content-Type": content_type} if body else {})
            answer = connection.getresponse()
            data = answer.read()
            if answer.status >= 400:
                raise DockerError(f"{method} {path}: {answer.status} {data.decode()[:300]}")
            return data
        finally:
            connection.close()

    def load(self, archive):
        with open(archive, "rb") as f:
            self.call("POST", "/images/load?quiet=1", f.read(), "application/x-tar")

    def create(self, name, image, command, **host_config):
        """Creates a container without starting it."""
        labels, tty, env = host_config.pop("labels", {}), host_config.pop("tty", False), host_config.pop("env", [])
        body = {"Image": image, "Entrypoint": command[:1], "Cmd": command[1:], "Labels": labels, "Tty": tty, "Env": env,
                "HostConfig": {"NetworkMode": "none", **host_config}}
        query = urllib.parse.urlencode({"name": name})
        answer = json.loads(self.call("POST", f"/containers/create?{query}", body))
        container = Container(self, answer["Id"], name)
        self.place.stack.callback(container.remove)
        return container

    def run(self, name, image, command, **host_config):
        container = self.create(name, image, command, **host_config)
        container.start()
        return container

    def runtime_option(self):
        return f"docker={self.socket}"

    def exists(self):
        return os.path.exists(self.socket)
