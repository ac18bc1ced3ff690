# SPDX-License-Identifier: Apache-2.0
"""A containerd of our own with its CRI plugin, and the few CRI calls that the life of a pod needs.

A gRPC call is one HTTP/2 POST by curl with a five-byte frame. A protobuf message is encoded from a
nested dict, with the field numbers in FIELDS, which are those of runtime/v1/api.proto. Exec answers
with an address, where a WebSocket has the output of the command.
"""

import base64
import contextlib
import os
import shutil
import socket
import subprocess
import threading
import time
import urllib.parse
import uuid

from .place import wait_until

# message -> field -> (number, kind); kind: a message's name, "string", "int", "map", "*" repeated.
FIELDS = {
    "RunPodSandboxRequest": {"config": (1, "PodSandboxConfig")},
    "PodSandboxConfig": {"metadata": (1, "PodSandboxMetadata"), "hostname": (2, "string"),
                         "log_directory": (3, "string"), "labels": (6, "map"),
                         "annotations": (7, "map"), "linux": (8, "LinuxPodSandboxConfig")},
    "PodSandboxMetadata": {"name": (1, "string"), "uid": (2, "string"), "namespace": (3, "string"),
                           "attempt": (4, "int")},
    "LinuxPodSandboxConfig": {"cgroup_parent": (1, "string"),
                              "security_context": (2, "LinuxSandboxSecurityContext")},
    "LinuxSandboxSecurityContext": {"namespace_options": (1, "NamespaceOption"), "privileged": (6, "int")},
    "NamespaceOption": {"network": (1, "int"), "pid": (2, "int"), "ipc": (3, "int")},
    "CreateContainerRequest": {"pod_sandbox_id": (1, "string"), "config": (2, "ContainerConfig"),
                               "sandbox_config": (3, "PodSandboxConfig")},
    "ContainerConfig": {"metadata": (1, "ContainerMetadata"), "image": (2, "ImageSpec"),
                        "command": (3, "string*"), "args": (4, "string*"), "envs": (6, "map"),
                        "mounts": (7, "Mount*"), "labels": (9, "map"), "annotations": (10, "map"), "log_path": (11, "string"),
                        "linux": (15, "LinuxContainerConfig")},
    "ContainerMetadata": {"name": (1, "string"), "attempt": (2, "int")},
    "ImageSpec": {"image": (1, "string")},
    "Mount": {"container_path": (1, "string"), "host_path": (2, "string"), "readonly": (3, "int"),
              "propagation": (5, "int")},
    "LinuxContainerConfig": {"resources": (1, "LinuxContainerResources"),
                             "security_context": (2, "LinuxContainerSecurityContext")},
    "LinuxContainerResources": {"memory_limit_in_bytes": (4, "int")},
    "LinuxContainerSecurityContext": {"capabilities": (1, "Capability"), "privileged": (2, "int"),
                                      "namespace_options": (3, "NamespaceOption"),
                                      "run_as_user": (5, "Int64Value"), "readonly_rootfs": (7, "int"),
                                      "no_new_privs": (11, "int"), "seccomp": (15, "SecurityProfile"),
                                      "apparmor": (16, "SecurityProfile")},
    "Capability": {"add_capabilities": (1, "string*"), "drop_capabilities": (2, "string*")},
    "Int64Value": {"value": (1, "int")},
    "SecurityProfile": {"profile_type": (1, "int")},
    "ContainerId": {"container_id": (1, "string"), "timeout": (2, "int")},
    "PodId": {"pod_sandbox_id": (1, "string")},
    "ExecRequest": {"container_id": (1, "string"), "cmd": (2, "string*"), "tty": (3, "int"),
                    "stdin": (4, "int"), "stdout": (5, "int"), "stderr": (6, "int")},
    "ExecSyncRequest": {"container_id": (1, "string"), "cmd": (2, "string*"), "timeout": (3, "int")},
}

NODE, POD, CONTAINER = 2, 0, 1  # runtime.v1.NamespaceMode
HOST_TO_CONTAINER = 1  # runtime.v1.MountPropagation
RUNTIME_DEFAULT, UNCONFINED = 0, 1  # runtime.v1.SecurityProfile.ProfileType


def varint(n):
    out = bytearray()
    while n > 127:
        out.append(n & 127 | 128)
        n >>= 7
    out.append(n)
    return bytes(out)


def read_varint(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        shift += 7
        if byte < 128:
            return value, at


def bytes_field(number, data):
    return varint(number << 3 | 2) + varint(len(data)) + data


def encode(message, values):
    out = b""
    for field, value in values.items():
        number, kind = FIELDS[message][field]
        if kind == "int":
            out += varint(number << 3) + varint(value)
        elif kind == "map":
            for key, text in value.items():
                out += bytes_field(number, bytes_field(1, key.encode()) +
                                   bytes_field(2, text.encode()))
        elif kind == "string":
            out += bytes_field(number, value.encode())
        elif kind == "string*":
            out += b"".join(bytes_field(number, item.encode()) for item in value)
        elif kind.endswith("*"):
            out += b"".join(bytes_field(number, encode(kind[:-1], item)) for item in value)
        else:
            out += bytes_field(number, encode(kind, value))
    return out


def decode(data):
    """field number -> the last value: an int, or bytes."""
    values, at = {}, 0
    while at < len(data):
        key, at = read_varint(data, at)
        if key & 7 == 0:
            values[key >> 3], at = read_varint(data, at)
        elif key & 7 == 2:
            length, at = read_varint(data, at)
            values[key >> 3] = data[at:at + length]
            at += length
        else:
            raise ValueError(f"wire type {key & 7}")
    return values


class CriError(Exception):
    pass


class CriContainer:
    def __init__(self, cri, container_id, name):
        self.cri, self.id, self.name = cri, container_id, name
        self.pod = None

    def start(self):
        self.cri.call("StartContainer", "ContainerId", {"container_id": self.id})

    def state(self):
        answer = decode(self.cri.call("ContainerStatus", "ContainerId", {"container_id": self.id}))
        return decode(answer[1])

    def pid(self):
        """The PID of its first process: the lowest whose cgroup has the container's id."""
        for pid in sorted(int(name) for name in os.listdir("/proc") if name.isdigit()):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/cgroup", encoding="utf-8") as f:
                if self.id in f.read():
                    return pid
        raise AssertionError("no process of " + self.name)

    def wait(self):
        """Waits until it has ended. Returns the exit code."""
        status = wait_until(lambda: (s := self.state()).get(3) == 2 and s, 120, "the CRI container")
        return status.get(7, 0)

    def output(self):
        """The log without the 'time stream F ' before each line."""
        with open(self.cri.place.file("logs", self.pod.name, self.name + ".log"), "rb") as f:
            lines = [line.split(b" ", 3) for line in f.read().split(b"\n") if line]
        return b"".join(text + (b"\n" if tag == b"F" else b"")
                        for _, _, tag, text in lines).decode("utf-8", "surrogateescape")

    def execute(self, command):
        """Runs a command to its end, by ExecSync."""
        return decode(self.cri.call("ExecSync", "ExecSyncRequest",
                                    {"container_id": self.id, "cmd": command, "timeout": 60}))

    def execute_streaming(self, command):
        """Runs a command to its end, by Exec, as kubectl exec does."""
        answer = decode(self.cri.call("Exec", "ExecRequest", {
            "container_id": self.id, "cmd": command, "stdout": 1, "stderr": 1}))
        url = urllib.parse.urlsplit(answer[1].decode())
        with socket.create_connection((url.hostname, url.port), timeout=60) as connection:
            connection.sendall((f"GET {url.path} HTTP/1.1\r\nHost: {url.netloc}\r\n"
                                "Connection: Upgrade\r\nUpgrade: websocket\r\n"
                                "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: "
                                f"{base64.b64encode(os.urandom(16)).decode()}\r\n"
                                "Sec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n").encode())
            data = b""
            while chunk := connection.recv(65536):
                data += chunk
                # Channel 3 has the exit status, which comes last.
                if b'"status":' in data:
                    break
        head, _, frames = data.partition(b"\r\n\r\n")
        if b" 101 " not in head or b'"Success"' not in frames:
            raise CriError(f"Exec: {data[-300:]!r}")

    def stop(self, seconds=0):
        """Stops it by SIGTERM, and by SIGKILL after this time."""
        self.cri.call("StopContainer", "ContainerId", {"container_id": self.id, "timeout": seconds})

    def delete(self):
        """Removes the container, but not its pod."""
        self.cri.call("RemoveContainer", "ContainerId", {"container_id": self.id})

    def remove(self):
        self.pod.remove()


class Pod:
    def __init__(self, cri, config, pod_id):
        self.cri, self.config, self.id = cri, config, pod_id
        self.name = config["metadata"]["name"]
        self.uid = config["metadata"]["uid"]

    def create(self, name, image, command, mounts=(), resources=None, security=None):
        """mounts, resources, security: what else CRI is to be told, as FIELDS names it."""
        labels = {**self.config["labels"], "io.kubernetes.container.name": name}
        answer = self.cri.call("CreateContainer", "CreateContainerRequest", {
            "pod_sandbox_id": self.id,
            "config": {"metadata": {"name": name}, "image": {"image": image},
                       "command": command[:1], "args": command[1:], "labels": labels,
                       "annotations": {"io.kubernetes.container.restartCount": "0"},
                       "log_path": name + ".log", "mounts": mounts,
                       "linux": {"resources": resources or {},
                                 "security_context": {"namespace_options": self.namespaces(), **(security or {})}}},
            "sandbox_config": self.config})
        container = CriContainer(self.cri, decode(answer)[1].decode(), name)
        container.pod = self
        return container

    def namespaces(self):
        return self.config["linux"]["security_context"]["namespace_options"]

    def remove(self):
        with contextlib.suppress(CriError):
            self.cri.call("StopPodSandbox", "PodId", {"pod_sandbox_id": self.id})
            self.cri.call("RemovePodSandbox", "PodId", {"pod_sandbox_id": self.id})


CONFIG = """version = 2
root = "{path}/containerd"
state = "{path}/containerd-state"
[grpc]
  address = "{socket}"
[plugins."io.containerd.internal.v1.opt"]
  path = "{path}/containerd-opt"
[plugins."io.containerd.grpc.v1.cri"]
  # Root may lack CAP_SYS_RESOURCE.
  restrict_oom_score_adj = true
  sandbox_image = "{pause}"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
"""


class Containerd:
    """The containerd daemon, which Docker uses too."""

    kind = "cri"

    def __init__(self, place, pause_image):
        if not shutil.which("containerd"):
            raise FileNotFoundError("containerd is not installed")
        self.place = place
        self.socket = place.file("containerd.sock")
        config = place.file("containerd.toml")
        with open(config, "w", encoding="utf-8") as f:
            f.write(CONFIG.format(path=place.path, socket=self.socket, pause=pause_image))
        self.process = place.start(["containerd", "--config", config], "containerd.log")
        wait_until(self._answers, 60, "containerd")

    def _answers(self):
        with contextlib.suppress(CriError):
            self.call("Status", "PodId", {})
            return True
        if self.process.poll() is not None:
            with open(self.place.file("containerd.log"), encoding="utf-8") as f:
                raise RuntimeError("containerd ended: " + f.read()[-500:])
        return False

    def call(self, method, message, values):
        body = encode(message, values)
        heads = self.place.file(f"grpc-heads-{threading.get_ident()}")
        done = subprocess.run(
            ["curl", "--silent", "--http2-prior-knowledge", "--unix-socket", self.socket,
             "--max-time", "120", "-H", "content-type: application/grpc", "-H", "te: trailers",
             "--data-binary", "@-", "--dump-header", heads,
             f"http://localhost/runtime.v1.RuntimeService/{method}"],
            input=b"\0" + len(body).to_bytes(4, "big") + body, capture_output=True, check=False)
        if done.returncode != 0:
            raise CriError(f"{method}: curl {done.returncode}")
        with open(heads, encoding="utf-8", errors="replace") as f:
            status = dict(line.strip().partition(": ")[::2] for line in f)
        if status.get("grpc-status", "0") != "0":
            raise CriError(f"{method}: {status.get('grpc-message', status['grpc-status'])}")
        return done.stdout[5:]

    def load(self, archive):
        subprocess.run(["ctr", "--address", self.socket, "--namespace", "k8s.io", "images", "import",
                        archive], check=True, stdout=subprocess.DEVNULL)

    def pod(self, name, namespace="default", pid=CONTAINER, privileged=False):
        uid = str(uuid.uuid4())
        labels = {"io.kubernetes.pod.name": name, "io.kubernetes.pod.namespace": namespace,
                  "io.kubernetes.pod.uid": uid, "app": name}
        config = {"metadata": {"name": name, "uid": uid, "namespace": namespace},
                  "log_directory": self.place.directory("logs", name), "labels": labels,
                  "linux": {"cgroup_parent": f"/kubepods/burstable/pod{uid}",
                            "security_context": {"namespace_options": {
                                "network": NODE, "pid": pid, "ipc": POD}, "privileged": int(privileged)}}}
        answer = self.call("RunPodSandbox", "RunPodSandboxRequest", {"config": config})
        pod = Pod(self, config, decode(answer)[1].decode())
        self.place.stack.callback(pod.remove)
        return pod

    def runtime_option(self):
        return f"cri={self.socket}"

    def exists(self):
        return os.path.exists(self.socket)


def settle():
    """Waits a moment, for what a runtime still does after its answer."""
    time.sleep(0.2)
