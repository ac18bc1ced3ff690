# SPDX-License-Identifier: Apache-2.0
"""
runc on its own, or crun, which has the same command line: a bundle, and the state below /run/runc or
/run/crun, where nunchi looks for it.
"""

import contextlib
import json
import os
import shutil
import signal
import subprocess

from .place import patient

# By number, from CAP_CHOWN, 0.
CAPABILITIES = """CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP
LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE
SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME
SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG
WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE""".split()

MOUNTS = [("/proc", "proc", "proc", []),
          ("/dev", "tmpfs", "tmpfs", ["nosuid", "strictatime", "mode=755"]),
          ("/dev/pts", "devpts", "devpts", ["nosuid", "noexec", "newinstance", "ptmxmode=0666"]),
          ("/dev/shm", "tmpfs", "shm", ["nosuid", "noexec", "nodev", "mode=1777"]),
          ("/dev/mqueue", "mqueue", "mqueue", ["nosuid", "noexec", "nodev"]),
          ("/tmp", "tmpfs", "tmpfs", ["mode=1777"])]

NAMESPACES = ("pid", "mount", "ipc", "uts", "network")


def own_capabilities():
    """The capabilities of this process: runc cannot grant any others."""
    with open("/proc/self/status", encoding="utf-8") as f:
        mask = next(int(line.split()[1], 16) for line in f if line.startswith("CapEff"))
    return ["CAP_" + name for number, name in enumerate(CAPABILITIES) if mask >> number & 1]


class RuncContainer:
    def __init__(self, runc, name, state=None):
        self.runc, self.name, self.id = runc, name, name
        self.bundle = runc.place.directory("bundles", name)
        self.program = [runc.kind, "--root", state] if state else [runc.kind]
        self.process = None

    def start(self):
        """Starts it; this process stays its parent until wait()."""
        with open(os.path.join(self.bundle, "output"), "wb") as out:
            self.process = subprocess.Popen(
                [*self.program, "run", "--bundle", self.bundle, self.name], stdin=subprocess.DEVNULL,
                stdout=out, stderr=subprocess.STDOUT, start_new_session=True)

    def wait(self, seconds=120):
        return self.process.wait(patient(seconds))

    def output(self):
        with open(os.path.join(self.bundle, "output"), "rb") as f:
            return f.read().decode("utf-8", "surrogateescape")

    def pid(self):
        shown = subprocess.run([*self.program, "state", self.name], capture_output=True, check=True)
        return json.loads(shown.stdout)["pid"]

    def execute(self, command):
        subprocess.run([*self.program, "exec", self.name, *command], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def stop(self):
        """More than once, because one that is not created yet cannot be killed."""
        for left in reversed(range(60)):
            subprocess.run([*self.program, "kill", self.name, "KILL"], check=False,
                           capture_output=True)
            try:
                return self.wait(2)
            except subprocess.TimeoutExpired:
                if not left:
                    raise

    def remove(self):
        subprocess.run([*self.program, "delete", "--force", self.name], check=False,
                       capture_output=True)
        if self.process and self.process.poll() is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(patient(5))
            if self.process.poll() is None:
                os.kill(self.process.pid, signal.SIGKILL)
                self.process.wait()


class Runc:
    def __init__(self, place, root, kind="runc"):
        if not shutil.which(kind):
            raise FileNotFoundError(f"{kind} is not installed")
        self.place, self.root, self.kind = place, root, kind

    def config(self, name, command, privileged=False, namespaces=NAMESPACES, binds=(), env=(),
               root=None):
        """
        privileged: with all capabilities; else with runc's defaults. Never with seccomp. binds: pairs
        of a path inside and the path of the host that is mounted there.
        """
        if privileged:
            capabilities = own_capabilities()
        else:
            capabilities = ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
        return {
            "ociVersion": "1.0.2",
            "process": {
                "user": {"uid": 0, "gid": 0}, "args": command, "cwd": "/",
                "env": ["PATH=/usr/bin:/bin", *env], "noNewPrivileges": not privileged,
                "capabilities": {kind: capabilities
                                 for kind in ("bounding", "effective", "permitted")}},
            "root": {"path": root or self.root, "readonly": True}, "hostname": name[:64],
            "mounts": [{"destination": where, "type": kind, "source": source, "options": options}
                       for where, kind, source, options in
                       MOUNTS + [(where, "bind", source, ["rbind", "rw"])
                                 for where, source in binds]],
            "linux": {"namespaces": [{"type": kind} for kind in namespaces],
                      "resources": {"devices": [{"allow": privileged, "access": "rwm"}]}}}

    def create(self, name, command, privileged=False, state=None, **more):
        """state: runc's state directory (--root). more: see config()."""
        container = RuncContainer(self, name, state)
        config = self.config(name, command, privileged, **more)
        with open(os.path.join(container.bundle, "config.json"), "w", encoding="utf-8") as f:
            json.dump(config, f)
        self.place.stack.callback(container.remove)
        return container

    def is_running(self, name, program=None):
        shown = subprocess.run([*(program or [self.kind]), "state", name], capture_output=True, check=False)
        return shown.returncode == 0 and json.loads(shown.stdout)["status"] == "running"

    def run(self, name, command, privileged=False, **more):
        container = self.create(name, command, privileged, **more)
        container.start()
        return container
