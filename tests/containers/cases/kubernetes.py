# SPDX-License-Identifier: Apache-2.0
"""data/kubernetes.yaml, asked of CRI as the kubelet asks for it: what it grants is enough, and its rules can change."""

import json
import os
import subprocess

from harness.cri import HOST_TO_CONTAINER, NODE, UNCONFINED
from harness.image import make_archive
from harness.nunchi import TOP, run
from harness.place import wait_until
from harness.setup import IMAGE

IMAGE_OF_NUNCHI = "docker.io/library/nunchi:latest"
LOOP = ["/bin/sh", "-c", "while :; do head -n1 /mnt/test.txt; sleep 0.2; done"]
RULE = """- rule: {name}
  desc: d
  condition: evt.type in (open, openat) and fd.name = /mnt/test.txt and k8s.pod.name = {pod}
  output: read %fd.name
  priority: WARNING
"""
AS_JSON = "import json, sys, yaml; json.dump(list(yaml.safe_load_all(sys.stdin)), sys.stdout)"


def read_manifest():
    """By kind. The distribution's interpreter has the parser."""
    with open(os.path.join(TOP, "data/kubernetes.yaml"), encoding="utf-8") as f:
        done = subprocess.run(["/usr/bin/python3", "-c", AS_JSON], stdin=f, capture_output=True, check=True)
    return {document["kind"]: document for document in json.loads(done.stdout)}


class ConfigMap:
    """A volume as the kubelet writes it: each file a link through one that changes all of them at once."""

    def __init__(self, directory, data):
        self.directory, self.n = directory, 0
        self.write(data)
        for name in data:
            os.symlink(f"..data/{name}", os.path.join(directory, name))

    def write(self, data):
        self.n += 1
        os.makedirs(os.path.join(self.directory, f"..{self.n}"))
        for name, text in data.items():
            with open(os.path.join(self.directory, f"..{self.n}", name), "w", encoding="utf-8") as f:
                f.write(text)
        os.symlink(f"..{self.n}", os.path.join(self.directory, "..data_tmp"))
        os.rename(os.path.join(self.directory, "..data_tmp"), os.path.join(self.directory, "..data"))


def propagation(mount):
    """None where nobody (systemd does) has made mounts known to others: containerd refuses it there."""
    with open("/proc/self/mountinfo", encoding="utf-8") as f:
        is_known = any(line.split()[4] == "/" and (" shared:" in line or " master:" in line) for line in f)
    return HOST_TO_CONTAINER if is_known and mount.get("mountPropagation") == "HostToContainer" else 0


def wants_of(container, volumes):
    """What the kubelet makes of a container's description, for Pod.create(). Of what is not known here nothing is tested."""
    context, paths = dict(container["securityContext"]), {}
    for volume in volumes:
        paths[volume["name"]] = volume["path"] if "path" in volume else volume["hostPath"]["path"]
    wants = {
        "mounts": [{"container_path": m["mountPath"], "host_path": paths[m["name"]], "readonly": int(m["readOnly"]),
                    "propagation": propagation(m)}
                   for m in container["volumeMounts"]],
        "resources": {"memory_limit_in_bytes": int(container["resources"]["limits"]["memory"].removesuffix("Mi")) << 20},
        "security": {"run_as_user": {"value": context.pop("runAsUser")},
                     "no_new_privs": int(not context.pop("allowPrivilegeEscalation")),
                     "readonly_rootfs": int(context.pop("readOnlyRootFilesystem")),
                     "capabilities": {f"{kind}_capabilities": names
                                      for kind, names in context.pop("capabilities").items()}}}
    for field, name in (("seccompProfile", "seccomp"), ("appArmorProfile", "apparmor")):
        assert context.pop(field) == {"type": "Unconfined"}
        wants["security"][name] = {"profile_type": UNCONFINED}
    assert not context, context
    assert set(container) == {"name", "image", "args", "securityContext", "resources", "volumeMounts"}, container
    return wants


def start_sensor(setup, configuration):
    """The DaemonSet's pod."""
    root, archive = setup.directory("image-of-nunchi"), setup.file("nunchi.tar")
    subprocess.run([os.path.join(TOP, "scripts/image.sh"), "--root", root], check=True, capture_output=True)
    make_archive(root, archive, IMAGE_OF_NUNCHI, ["/usr/bin/nunchi"])
    setup.containerd.load(archive)
    spec = read_manifest()["DaemonSet"]["spec"]["template"]["spec"]
    assert spec["hostPID"] is True
    container, = spec["containers"]
    volumes = [{**volume, "path": configuration} if "configMap" in volume else volume for volume in spec["volumes"]]
    pod = setup.containerd.pod(setup.name + "-sensor", "nunchi", pid=NODE)
    sensor = pod.create(container["name"], IMAGE_OF_NUNCHI, ["/usr/bin/nunchi", *container["args"]],
                        **wants_of(container, volumes))
    sensor.start()
    return sensor


def test_daemonset(setup):
    data = dict(read_manifest()["ConfigMap"]["data"])
    # Where this containerd is; and all else as it stands there.
    data["nunchi.yaml"] += f"  fold: 0\n  runtime: [{setup.containerd.runtime_option()}]\n"
    configuration = ConfigMap(setup.directory("configuration"), data)
    watched = setup.containerd.pod(setup.name + "-watched", "shop").create("main", IMAGE, LOOP)
    watched.start()
    sensor = start_sensor(setup, configuration.directory)

    def alerts(name):
        lines = sensor.output().splitlines()
        return [a for a in map(json.loads, (line for line in lines if line.startswith("{"))) if a["rule"] == name]

    try:
        wait_until(lambda: " hooks, Linux " in sensor.output(), 30, "its start: " + sensor.output())
        watched.execute(["/bin/nc", "-l", "-p", "1", "-w", "1", "-e", "/bin/sh"])
        wait_until(lambda: alerts("Netcat runs a program"), 20, "one of nunchi's own rules: " + sensor.output())
        for name in ("First", "Second"):
            configuration.write({**data, "changes.yaml": RULE.format(name=name, pod=watched.pod.name)})
            wait_until(lambda n=name: alerts(n), 20, "a rule that has come later: " + sensor.output())
        fields = alerts("Second")[-1]
        assert (fields["output_fields"]["k8s.ns.name"], fields["output_fields"]["k8s.pod.name"]) == \
            ("shop", watched.pod.name), fields
        with open("/etc/hostname", encoding="utf-8") as f:
            assert fields["hostname"] == (f.read().strip() or os.uname().nodename), fields
        assert watched.id.encode() in sensor.execute(["/usr/bin/nunchi", "ps", "-o", "json"])[1]
        # All is as well as it is on the node itself.
        assert sensor.execute(["/usr/bin/nunchi", "doctor"]).get(3, 0) == run("doctor").returncode
    finally:
        sensor.remove()
        watched.remove()


def test_image(setup):
    """As who has built it makes one: all that the program takes is in it."""
    name = "nunchi-test-of-image:1"
    environment = {**os.environ, "DOCKER_HOST": f"unix://{setup.docker.socket}"}
    subprocess.run([os.path.join(TOP, "scripts/image.sh"), name], check=True, capture_output=True, env=environment)
    docker = ["docker", "run", "--rm", "--network", "none", "--read-only", name]
    said = subprocess.run([*docker, "list", "calls"], check=True, capture_output=True, text=True, env=environment).stdout
    assert said == run("list", "calls").stdout, said
    # libcurl, which is loaded.
    said = subprocess.run([*docker, "guard", "-o", "json", "-r", "/none", "--to", "http://127.0.0.1:1/"], check=False, capture_output=True,
                          text=True, env=environment).stderr
    assert "/none" in said and "libcurl" not in said, said
