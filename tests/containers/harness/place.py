# SPDX-License-Identifier: Apache-2.0
"""A directory for everything of one test run, and the check that nothing is left of it.

Whatever is started is pushed on a stack and undone in reverse order, also after an exception or a
signal. What the runtimes create outside the directory (cgroups, /run/containerd, mounts) is found by
a comparison with what was there before.
"""

import contextlib
import glob
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time

# Directories that the runtimes create in any case, besides those that they are told to use.
OUTSIDE = ["/run/docker", "/run/containerd", "/run/runc", "/var/run/docker", "/opt/containerd"]

# How many times slower than usual this machine is, for example a virtual one.
SLOW = float(os.environ.get("NUNCHI_TEST_SLOW", "1"))


class Elsewhere(str):
    """What a test returns if it cannot run on this kernel: the reason. A row of tests/vm/run.py runs it."""


def patient(seconds):
    """A time to wait, adjusted to the speed of this machine."""
    return seconds * SLOW


ENDS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def end_by_signals():
    """Makes SIGTERM and SIGHUP end the program by an exception, as SIGINT does, so that everything is undone."""
    for number in ENDS[1:]:
        if signal.getsignal(number) != signal.SIG_IGN:  # as nohup has it
            signal.signal(number, lambda *_: sys.exit(143))


def cgroup_dirs():
    """The directories right below the root of each hierarchy, where runtimes put theirs."""
    return set(glob.glob("/sys/fs/cgroup/*/") + glob.glob("/sys/fs/cgroup/*/*/"))


def hierarchies():
    """The mount points of cgroup v2, and of the pids hierarchy of cgroup v1; None: not mounted."""
    top = "/sys/fs/cgroup"
    v2 = next((path for path in (top, top + "/unified")
               if os.path.exists(path + "/cgroup.procs")), None)
    return v2, next((path for path in (top + "/pids",) if os.path.isdir(path)), None)


def mounts():
    with open("/proc/self/mountinfo", encoding="utf-8", errors="replace") as f:
        return [line.split()[4] for line in f]


def wait_until(condition, seconds, what, step=0.02):
    """Waits for a true value of condition() and returns it; raises TimeoutError."""
    seconds = patient(seconds)
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise TimeoutError(f"{what}: not within {seconds} s")
        time.sleep(step)


def end_process(process, seconds=10):
    """Ends a process that this program started: SIGTERM, and SIGKILL after a while."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(patient(seconds))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def remove_cgroup(path):
    for directory, _, _ in os.walk(path, topdown=False):
        with contextlib.suppress(OSError):
            os.rmdir(directory)


class Place:
    def __init__(self):
        self.stack = contextlib.ExitStack()
        self.mounts_before = set(mounts())
        self.cgroups_before = cgroup_dirs()
        self.outside_before = {p for p in OUTSIDE if os.path.exists(p)}
        # Not a name by tempfile: containerd does not accept an underscore next to a hyphen.
        self.name = "nunchi-test-" + secrets.token_hex(4)
        self.path = os.path.join("/var/tmp", self.name)
        os.mkdir(self.path)
        os.chmod(self.path, 0o711)

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()

    def file(self, *parts):
        path = os.path.join(self.path, *parts)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        return path

    def directory(self, *parts):
        path = os.path.join(self.path, *parts)
        os.makedirs(path, exist_ok=True)
        return path

    def spawn(self, command, log, **kwargs):
        """Starts a daemon that the caller has to end; its output goes to the file log."""
        with open(self.file(log), "ab") as out:
            return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out,
                                    start_new_session=True, **kwargs)

    def start(self, command, log, **kwargs):
        """The same, but the daemon ends with the place."""
        process = self.spawn(command, log, **kwargs)
        self.stack.callback(end_process, process)
        return process

    def close(self):
        """Undoes everything. Returns sentences about what could not be undone."""
        previous = [signal.signal(number, signal.SIG_IGN) for number in ENDS]
        try:
            self.stack.close()
            for path in sorted(self._mounts_left(), reverse=True):
                subprocess.run(["umount", "-l", path], check=False, stderr=subprocess.DEVNULL)
            shutil.rmtree(self.path, ignore_errors=True)
            for path in cgroup_dirs() - self.cgroups_before:
                if self._ours(path):
                    remove_cgroup(path)
            for path in OUTSIDE:
                if path not in self.outside_before and os.path.isdir(path):
                    subprocess.run(["find", path, "-depth", "-type", "d", "-empty", "-delete"],
                                   check=False, stderr=subprocess.DEVNULL)
        finally:
            for number, handler in zip(ENDS, previous):
                signal.signal(number, handler)
        return self.left()

    def _ours(self, path):
        name = os.path.basename(path.rstrip("/"))
        return name in ("docker", "kubepods", "libpod_parent") or name.startswith(self.name)

    def _mounts_left(self):
        return [m for m in mounts() if m not in self.mounts_before and
                (m.startswith(self.path) or m.startswith("/run/docker/netns"))]

    def processes_left(self):
        found = []
        for directory in glob.glob("/proc/[0-9]*"):
            with contextlib.suppress(OSError):
                with open(directory + "/cmdline", "rb") as f:
                    if self.path.encode() in f.read():
                        found.append(int(os.path.basename(directory)))
        return [pid for pid in found if pid != os.getpid()]

    def left(self):
        found = [f"mount {m}" for m in self._mounts_left()]
        found += [f"cgroup {p}" for p in cgroup_dirs() - self.cgroups_before if self._ours(p)]
        found += [f"process {p}" for p in self.processes_left()]
        found += [f"directory {p}" for p in OUTSIDE
                  if p not in self.outside_before and os.path.exists(p)]
        if os.path.exists(self.path):
            found.append(f"directory {self.path}")
        return found
