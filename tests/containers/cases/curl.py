# SPDX-License-Identifier: Apache-2.0
"""libcurl is loaded when something needs HTTP: if it is missing nunchi says so, and everything else works."""

import os
import re
import socket
import subprocess

import harness.nunchi as harness_nunchi

# As if its files were empty.
HIDE = "for f in {}; do mount --bind /dev/null $f; done; exec timeout -s INT 3 {} {}"


def without(*arguments):
    cache = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=True).stdout
    files = {os.path.realpath(path) for path in re.findall(r"=> (.*/libcurl.*)", cache)}
    assert files, cache
    command = HIDE.format(" ".join(files), harness_nunchi.PROGRAM, " ".join(arguments))
    return subprocess.run(["unshare", "-m", "sh", "-c", command], capture_output=True, text=True, check=False, timeout=60)


def test_a_sink(setup):
    done = without("guard", "-o", "json", "--to", "https://127.0.0.1:1/")
    assert done.returncode == 1 and "--to https://127.0.0.1:1/: libcurl cannot be loaded: " in done.stderr, done


def test_a_runtime(setup):
    path = setup.file("nobody.sock")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind(path)
        s.listen()
        done = without("trace", "-v", "--runtime", "docker=" + path)
    assert done.returncode in (0, 124), done
    assert f"docker {path}: libcurl cannot be loaded: " in done.stderr, done.stderr
    assert "124 calls" in done.stderr, done.stderr
