# SPDX-License-Identifier: Apache-2.0
"""
A user's podman has a mount namespace for itself, which its first process creates and leaves behind, and which later
ones enter. Here util-linux takes its part: a copy of unshare with that name, and nsenter.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import time

from harness.place import patient, wait_until


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as f:
        return [int(child) for child in f.read().split()]


@contextlib.contextmanager
def left_behind(setup):
    """The pid of who is in there when the maker has ended, and is known to have."""
    podman = os.path.join(setup.directory("users-engine"), "podman")
    shutil.copy(shutil.which("unshare"), podman)
    maker = subprocess.Popen([podman, "--mount", "--fork", "sleep", "300"])
    wait_until(lambda: children_of(maker.pid), 5, "who stays")
    stays = children_of(maker.pid)[0]
    maker.kill()
    maker.wait()
    try:
        time.sleep(patient(5))  # the hold, and a look at who is alive
        yield stays
    finally:
        os.kill(stays, signal.SIGKILL)


def test_set_up_is_not_the_container_s(setup):
    name = setup.name + "-users"
    nunchi = setup.nunchi("trace", "-o", "json", "-c", name)
    with left_behind(setup) as stays:
        made = setup.runc.create(name, ["/bin/cat", "/mnt/test.txt"])
        made.program = ["nsenter", "--mount", f"--target={stays}", *made.program]
        made.start()
        assert made.wait() == 0, made.output()
    assert nunchi.stop() == 0, nunchi.stderr()
    told = {e["proc.name"] for e in nunchi.events() if "proc.name" in e}
    assert "cat" in told and not any(who.startswith("runc") for who in told), told
