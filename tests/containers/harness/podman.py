# SPDX-License-Identifier: Apache-2.0
"""podman with a storage of its own, used by its command line, with or without its API service.

It uses cgroupfs, runc and a file for events, since nothing here may depend on systemd or cgroup v2.
"""

import contextlib
import json
import os
import shutil
import subprocess

from .docker import UnixConnection
from .place import wait_until


class PodmanContainer:
    def __init__(self, podman, container_id, name):
        self.podman, self.id, self.name = podman, container_id, name

    def start(self):
        self.podman.call("start", self.id)

    def wait(self):
        return int(self.podman.call("wait", self.id))

    def execute(self, command):
        return self.podman.call("exec", self.id, *command)

    def pid(self):
        return int(self.podman.call("inspect", "--format", "{{.State.Pid}}", self.id))

    def stop(self):
        self.podman.call("stop", "--time", "0", self.id)

    def remove(self):
        self.podman.call("rm", "--force", "--time", "0", self.id, check=False)


class Podman:
    kind = "podman"

    def __init__(self, place):
        for program in ("podman", "conmon", "runc"):
            if not shutil.which(program):
                raise FileNotFoundError(f"{program} is not installed")
        self.place = place
        self.socket = place.file("podman.sock")
        self.storage = place.directory("podman", "storage")
        config = place.file("podman", "containers.conf")
        with open(config, "w", encoding="utf-8") as f:
            # Root may lack CAP_SYS_RESOURCE, and the cgroup of a pod need not have a fixed name.
            f.write('[containers]\ndefault_ulimits = []\n')
        self.environment = {**os.environ, "CONTAINERS_CONF": config}
        self.command = ["podman", "--root", self.storage,
                        "--runroot", place.directory("podman", "run"),
                        "--tmpdir", place.directory("podman", "tmp"), "--runtime", "runc",
                        "--cgroup-manager", "cgroupfs", "--events-backend", "file"]
        self.service = None

    def call(self, *args, check=True):
        done = subprocess.run([*self.command, *args], env=self.environment, capture_output=True,
                              text=True, check=False, stdin=subprocess.DEVNULL)
        if check and done.returncode != 0:
            raise RuntimeError(f"podman {' '.join(args)}: {done.stderr[-500:]}")
        return done.stdout.strip()

    def load(self, archive):
        self.call("load", "--input", archive)

    def start_service(self):
        """Starts the API service, which runs until stop_service() or the end of the place."""
        self.service = self.place.start(
            [*self.command, "system", "service", "--time", "0", "unix://" + self.socket],
            "podman.log", env=self.environment)
        wait_until(self._answers, 30, "podman's service")

    def _answers(self):
        with contextlib.suppress(OSError):
            connection = UnixConnection(self.socket, timeout=10)
            try:
                connection.request("GET", "/_ping")
                return connection.getresponse().status == 200
            finally:
                connection.close()
        return False

    def stop_service(self):
        self.service.terminate()
        self.service.wait(20)

    def create(self, name, image, command, *options):
        shared = [] if "--pod" in options else ["--network", "none"]
        container_id = self.call("create", "--name", name, *shared, *options,
                                 "--entrypoint", json.dumps(command[:1]), image, *command[1:])
        container = PodmanContainer(self, container_id, name)
        self.place.stack.callback(container.remove)
        return container

    def run(self, name, image, command, *options):
        container = self.create(name, image, command, *options)
        container.start()
        return container

    def pod(self, name, pause_image):
        """Creates a pod, returns its id. The infra container starts with the first of the others."""
        pod_id = self.call("pod", "create", "--name", name, "--network", "none",
                           "--infra-image", pause_image, "--infra-command", "/bin/pause")
        self.place.stack.callback(self.call, "pod", "rm", "--force", "--time", "0", name, check=False)
        return pod_id

    def runtime_option(self):
        return f"podman={self.socket}"


class PodmanStorage:
    """The same for a nunchi that has to find podman without a service."""

    def __init__(self, podman):
        self.podman = podman

    def runtime_option(self):
        return f"storage={self.podman.storage}"
