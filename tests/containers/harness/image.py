# SPDX-License-Identifier: Apache-2.0
"""An image made by hand, without a network: busybox, bash, cat and the test programs."""

import glob
import hashlib
import io
import json
import os
import platform
import re
import shutil
import subprocess
import tarfile

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}
PROGS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "progs")


def find_busybox():
    """The static one: /bin/busybox of the package busybox cannot run in an empty root."""
    for path in ("/bin/busybox", "/usr/bin/busybox"):
        if os.path.exists(path):
            shown = subprocess.run(["ldd", path], capture_output=True, text=True, check=False)
            if shown.returncode != 0:
                return path
    raise FileNotFoundError("no static busybox: install busybox-static")


def copy_with_libraries(path, root):
    """Copies a dynamic program of the host to the same place below root, and what it loads."""
    shown = subprocess.run(["ldd", path], capture_output=True, text=True, check=True).stdout
    for source in [path] + re.findall(r"(/\S+) \(0x", shown):
        target = root + source
        if not os.path.exists(target):
            os.makedirs(os.path.dirname(target), exist_ok=True)
            shutil.copy(os.path.realpath(source), target)


def build_progs(directory, compiler=("gcc",)):
    """
    Compiles the test programs, static, so that they run in any root: each file is one, and all files of a
    directory are one. compiler: with the arguments that it always needs. NUNCHI_TEST_PROGS: where they have been compiled already, by a faster machine.
    """
    there = os.environ.get("NUNCHI_TEST_PROGS")
    if there:
        return [os.path.join(there, name) for name in sorted(os.listdir(there))]
    os.makedirs(directory, exist_ok=True)
    made = []
    for name in sorted(os.listdir(PROGS)):
        path = os.path.join(PROGS, name)
        if not os.path.isdir(path) and not name.endswith(".c"):
            continue
        sources = sorted(glob.glob(os.path.join(path, "*.c"))) if os.path.isdir(path) else [path]
        target = os.path.join(directory, os.path.splitext(name)[0])
        subprocess.run([*compiler, "-std=gnu11", "-D_GNU_SOURCE", "-O2", "-Wall", "-Wextra", "-static",
                        "-pthread", "-o", target, *sources], check=True)
        made.append(target)
    return made


def make_root(root, progs):
    """A root directory: /bin/sh and its applets, /bin/bash, /usr/bin/cat, /mnt/test.txt."""
    # /bin and /lib are links into /usr, as in the distributions.
    for name in ("usr/bin", "usr/lib", "usr/lib64", "etc", "proc", "sys", "dev", "tmp", "mnt", "run",
                 "var/tmp", "root"):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    for name in ("bin", "lib", "lib64"):
        os.symlink("usr/" + name, os.path.join(root, name))
    os.chmod(os.path.join(root, "tmp"), 0o1777)
    busybox = os.path.join(root, "bin/busybox")
    shutil.copy(find_busybox(), busybox)
    applets = subprocess.run([busybox, "--list"], capture_output=True, text=True, check=True)
    for applet in applets.stdout.split():
        target = os.path.join(root, "bin", applet)
        if applet not in ("bash", "cat") and not os.path.lexists(target):
            os.symlink("busybox", target)
    for program in ("/usr/bin/bash", "/usr/bin/cat"):
        copy_with_libraries(program, root)
    for prog in progs:
        shutil.copy(prog, os.path.join(root, "bin"))
    for name, text in (("etc/passwd", "root:x:0:0:root:/root:/bin/sh\nweb:x:101:101::/:/bin/sh\n"),
                       ("etc/group", "root:x:0:\nweb:x:101:\n"),
                       ("mnt/test.txt", "what the paper reads\n")):
        with open(os.path.join(root, name), "w", encoding="utf-8") as f:
            f.write(text)


def make_archive(root, out, name, entrypoint):
    """A docker-archive: `docker load` and `ctr images import` both take it."""
    layer = io.BytesIO()

    def plain(info):
        info.mtime = info.uid = info.gid = 0
        info.uname = info.gname = ""
        return info

    with tarfile.open(fileobj=layer, mode="w") as tar:
        tar.add(root, ".", filter=plain)
    data = layer.getvalue()
    layer_id = hashlib.sha256(data).hexdigest()
    created = "1970-01-01T00:00:00Z"
    config = json.dumps({
        "architecture": ARCHITECTURES.get(platform.machine(), platform.machine()),
        "os": "linux", "created": created,
        "config": {"Entrypoint": entrypoint or None, "Env": ["PATH=/usr/bin:/bin"]},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + layer_id]},
        "history": [{"created": created}]}).encode()
    config_name = hashlib.sha256(config).hexdigest() + ".json"
    manifest = json.dumps([{"Config": config_name, "RepoTags": [name],
                            "Layers": [layer_id + "/layer.tar"]}]).encode()
    with tarfile.open(out, "w") as tar:
        for member, content in ((config_name, config), (layer_id + "/layer.tar", data),
                                ("manifest.json", manifest)):
            info = tarfile.TarInfo(member)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
