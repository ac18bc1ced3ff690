# SPDX-License-Identifier: Apache-2.0
"""
data/kubernetes.yaml, requested from CRI as the kubelet does: its privileges are enough, and its
rules can change.
"""

import json
import os
import signal
import subprocess
import urllib.request

from harness.cri import HOST_TO_CONTAINER, NODE, RUNTIME_DEFAULT, UNCONFINED
from harness.image import make_archive
from harness.nunchi import TOP, run
from harness.place import Elsewhere, wait_until
from harness.resources import map_dump
from harness.setup import IMAGE

from .restart import PINS, bpf_file_system, unpin
from .subtree import let_go, script

PROFILES = {"Unconfined": UNCONFINED, "RuntimeDefault": RUNTIME_DEFAULT}
IMAGE_OF_NUNCHI = "docker.io/library/nunchi:latest"
LOOP = ["/bin/sh", "-c", "while :; do head -n1 /mnt/test.txt; sleep 0.2; done"]
RULE = """- rule: {name}
  desc: d
  condition: evt.type in (open, openat) and fd.name = /mnt/test.txt and k8s.pod.name = {pod}
  output: read %fd.name
  priority: WARNING
"""
MOVES = """- rule: Moved
  desc: d
  condition: evt.type = cgroup_moved
  output: moved to %cgroup.path
  priority: WARNING
- rule: Escaped
  desc: d
  condition: evt.type = container_escape_suspected
  output: moved to %cgroup.path
  priority: WARNING
- rule: Paused
  desc: d
  condition: evt.type = container_paused
  output: paused
  priority: WARNING
- rule: Pause
  desc: d
  condition: evt.type in (open, openat) and fd.nameraw = /etc/trigger
  output: read %fd.nameraw
  priority: WARNING
  action: pause-container
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
        if volume.get("hostPath", {}).get("type") == "DirectoryOrCreate":
            os.makedirs(volume["hostPath"]["path"], exist_ok=True)
    wants = {
        "mounts": [{"container_path": m["mountPath"], "host_path": paths[m["name"]], "readonly": int(m.get("readOnly", False)),
                    "propagation": propagation(m)}
                   for m in container["volumeMounts"]],
        "resources": {"memory_limit_in_bytes": int(container["resources"]["limits"]["memory"].removesuffix("Mi")) << 20},
        "security": {"run_as_user": {"value": context.pop("runAsUser")},
                     "no_new_privs": int(not context.pop("allowPrivilegeEscalation")),
                     "readonly_rootfs": int(context.pop("readOnlyRootFilesystem")),
                     "capabilities": {f"{kind}_capabilities": names
                                      for kind, names in context.pop("capabilities").items()}}}
    for field, name in (("seccompProfile", "seccomp"), ("appArmorProfile", "apparmor")):
        if field in context:
            wants["security"][name] = {"profile_type": PROFILES[context.pop(field)["type"]]}
    assert context.pop("seLinuxOptions") == {"type": "spc_t"}  # which is nothing where SELinux is not
    assert not context, context
    assert set(container) - {"ports"} == {"name", "image", "args", "securityContext", "resources", "volumeMounts"}, container
    return wants


def make_sensor(setup, configuration):
    """The DaemonSet's pod; what starts its container."""
    bpf_file_system(setup)
    setup.stack.callback(unpin)
    root, archive = setup.directory("image-of-nunchi"), setup.file("nunchi.tar")
    subprocess.run([os.path.join(TOP, "scripts/image.sh"), "--root", root], check=True, capture_output=True)
    make_archive(root, archive, IMAGE_OF_NUNCHI, ["/usr/bin/nunchi"])
    setup.containerd.load(archive)
    spec = read_manifest()["DaemonSet"]["spec"]["template"]["spec"]
    assert spec["hostPID"] is True
    volumes = [{**volume, "path": configuration} if "configMap" in volume else volume for volume in spec["volumes"]]
    pod = setup.containerd.pod(setup.name + "-sensor", "nunchi", pid=NODE)

    def start(name="nunchi"):
        container, = (c for c in spec["containers"] if c["name"] == name)
        made = pod.create(name, IMAGE_OF_NUNCHI, ["/usr/bin/nunchi", *container["args"]], **wants_of(container, volumes))
        made.start()
        return made

    return start


def configuration_of(setup, tag, **changes):
    """The files' texts, and the volume. It says where this containerd is; all else is as it stands there, but for changes."""
    data = {**read_manifest()["ConfigMap"]["data"], **changes}
    data["nunchi.yaml"] += f"  fold: 0\n  runtime: [{setup.containerd.runtime_option()}]\n"
    return data, ConfigMap(setup.directory(tag), data)


def alerts_of(sensor, name):
    lines = (line for line in sensor.output().splitlines() if line.startswith("{"))
    return [alert for alert in map(json.loads, lines) if alert["rule"] == name]


def test_daemonset(setup):
    data, configuration = configuration_of(setup, "configuration")
    watched = setup.containerd.pod(setup.name + "-watched", "shop").create("main", IMAGE, LOOP)
    watched.start()
    start = make_sensor(setup, configuration.directory)
    sensor, metrics = start(), start("metrics")

    def alerts(name):
        return alerts_of(sensor, name)

    def scraped():
        with urllib.request.urlopen("http://127.0.0.1:9420/metrics", timeout=10) as page:
            return page.read().decode()

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
        assert b"nunchi guard, PID " in sensor.execute(["/usr/bin/nunchi", "stats"])[1]
        assert f'nunchi_up{{command="guard",pid="{sensor.pid()}"}} 1\n' in scraped(), metrics.output()
        # Killed, and started anew as the kubelet does: nobody watched meanwhile, and identities go on.
        os.kill(sensor.pid(), signal.SIGKILL)
        sensor.wait()
        sensor.delete()
        sensor = start()
        wait_until(lambda: "nobody watched for " in sensor.output(), 30, "the gap: " + sensor.output())
        wait_until(lambda: sensor.output().count(" hooks, Linux ") == 2, 30, "its second start: " + sensor.output())
        assert "begin anew" not in sensor.output() and os.path.exists(PINS + "/keep_fork"), sensor.output()
        pid = sensor.pid()
        assert os.path.exists(f"/run/nunchi/{pid}")
        sensor.stop(10)
        assert not os.path.exists(f"/run/nunchi/{pid}"), sensor.output()
        # It is its container's first process, which a signal ends that it asks for alone.
        os.kill(metrics.pid(), signal.SIGTERM)
        assert metrics.wait() == 0, metrics.output()
    finally:
        for container in (sensor, metrics):
            container.stop(10)
        sensor.remove()
        watched.remove()


def test_cgroups_as_the_host_has_them(setup):
    """The pod has a cgroup namespace of its own, in which no path begins where the host's does, and may not enter the host's."""
    if not os.path.exists("/sys/fs/cgroup/cgroup.procs"):
        return Elsewhere("with cgroup v1 containerd gives the host's namespace")
    away, tmp = setup.name + "-away", setup.directory("moved")
    os.mkdir("/sys/fs/cgroup/" + away)
    _, configuration = configuration_of(setup, "moves", **{"changes.yaml": MOVES})
    own = 'own=$(sed "s/^0::.//" /proc/self/cgroup)\n'
    watched = setup.containerd.pod(setup.name + "-moved", "shop", privileged=True).create(
        "moved", IMAGE, ["/bin/sh", "-c", own + script("$own", away)],
        mounts=[{"container_path": "/tmp", "host_path": tmp}], security={"privileged": 1})
    watched.start()
    path = f"/kubepods/burstable/pod{watched.pod.uid}/{watched.id}"
    setup.stack.callback(let_go, path)
    wait_until(lambda: "." in watched.output(), 10, "that it has moved")
    sensor = make_sensor(setup, configuration.directory)()

    def paths(rule):
        return {alert["output_fields"]["cgroup.path"] for alert in alerts_of(sensor, rule)}

    def outcome():
        return {alert["effect"] for alert in alerts_of(sensor, "Pause")}

    def touch(name):
        """Nothing is executed in what may be frozen by then."""
        with open(os.path.join(tmp, name), "wb"):
            pass

    try:
        wait_until(lambda: " hooks, Linux " in sensor.output(), 30, "its start: " + sensor.output())
        assert f" {path}/init " in sensor.execute(["/usr/bin/nunchi", "ps", "-o", "wide"])[1].decode()
        known = str(map_dump(sensor.pid(), "cgroups"))
        assert str(os.stat(f"/sys/fs/cgroup{path}/init").st_ino) in known, known
        touch("to-service")
        wait_until(lambda: f"{path}/service" in paths("Moved"), 20, "a move inside: " + sensor.output())
        touch("to-" + away)
        wait_until(lambda: paths("Escaped"), 20, "a move out of it: " + sensor.output())
        assert paths("Escaped") == {"/" + away}, sensor.output()
        touch("go")
        wait_until(lambda: alerts_of(sensor, "Paused"), 20, "that it was paused: " + sensor.output())
        wait_until(lambda: outcome() != {"asked"}, 20, "what has come of it: " + sensor.output())
        assert outcome() == {"asked", "done"}, sensor.output()
        return None
    finally:
        let_go(path)
        sensor.stop(10)     # or the next nunchi tells of a gap
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
    # Of the documentation's range: no machine has that address.
    said = subprocess.run([*docker, "stats", "--listen", "192.0.2.1:9420"], check=False, capture_output=True, text=True, env=environment).stderr
    assert "--listen 192.0.2.1:9420: Cannot assign requested address" in said, said
