# SPDX-License-Identifier: Apache-2.0
"""The distribution's own programs in a container, so that what people run is what is measured."""

import os
import shutil

# Merged or not, on all that are supported.
LINKS = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")


class Distribution:
    """root: for runc; binds: this machine's programs, which the container sees as its own."""

    def __init__(self, bench):
        self.root = bench.setup.directory("distribution")
        for name in ("usr", "etc", "proc", "sys", "dev", "tmp", "run", "src", "var/log/nginx",
                     "var/lib/nginx"):
            os.makedirs(os.path.join(self.root, name), exist_ok=True)
        for name in LINKS:
            if os.path.islink("/" + name):
                os.symlink(os.readlink("/" + name), os.path.join(self.root, name))
        self.binds = [("/usr", "/usr"), ("/src", bench.top), ("/etc", self._etc(bench))]

    @staticmethod
    def _etc(bench):
        """No more of this machine's than what programs need to start."""
        etc = bench.setup.directory("etc")
        for name, text in (("passwd", "root:x:0:0:root:/root:/bin/sh\n"), ("group", "root:x:0:\n")):
            with open(os.path.join(etc, name), "w", encoding="utf-8") as f:
                f.write(text)
        shutil.copy("/etc/ld.so.cache", etc)
        shutil.copytree("/etc/alternatives", os.path.join(etc, "alternatives"), symlinks=True)
        return etc
