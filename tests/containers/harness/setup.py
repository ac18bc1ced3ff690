# SPDX-License-Identifier: Apache-2.0
"""A place with every runtime, each started when it is first used."""

import functools
import itertools
import os

from . import image
from .cri import Containerd
from .docker import Docker
from .nunchi import Nunchi
from .place import Place
from .podman import Podman
from .runc import Runc

IMAGE = "docker.io/library/nunchi-test:1"
PAUSE = "docker.io/library/nunchi-pause:1"


# NUNCHI_TEST_RUNTIMES=runc,docker: only these, in the tests that do not need all of them.
# crun can run where there is only cgroup v2.
KINDS = os.environ.get("NUNCHI_TEST_RUNTIMES", "runc,docker,cri,podman").split(",")


class Setup(Place):
    def __init__(self):
        super().__init__()
        self.rules_files = itertools.count(1)

    def rules_file(self):
        """A new file each time: a nunchi that a failed test has left running reloads only its own."""
        return self.file(f"rules-{next(self.rules_files)}.yaml")

    @functools.cached_property
    def root(self):
        """A root directory with busybox, bash, cat and the test programs."""
        root = self.directory("root")
        image.make_root(root, image.build_progs(self.directory("progs")))
        return root

    @functools.cached_property
    def archive(self):
        path = self.file("image.tar")
        image.make_archive(self.root, path, IMAGE, [])
        return path

    @functools.cached_property
    def pause_archive(self):
        path = self.file("pause.tar")
        image.make_archive(self.root, path, PAUSE, ["/bin/pause"])
        return path

    @functools.cached_property
    def containerd(self):
        containerd = Containerd(self, PAUSE)
        containerd.load(self.archive)
        containerd.load(self.pause_archive)
        return containerd

    @functools.cached_property
    def docker(self):
        docker = Docker(self, self.containerd)
        docker.load(self.archive)
        return docker

    @functools.cached_property
    def podman(self):
        podman = Podman(self)
        podman.load(self.archive)
        podman.load(self.pause_archive)
        return podman

    @functools.cached_property
    def runc(self):
        return Runc(self, self.root)

    @functools.cached_property
    def crun(self):
        return Runc(self, self.root, "crun")

    def nunchi(self, *args, runtimes=(), **kwargs):
        """Starts nunchi ARGS with the sockets of these runtimes."""
        for runtime in runtimes:
            args += ("--runtime", runtime.runtime_option())
        return Nunchi(self, *args, **kwargs)
