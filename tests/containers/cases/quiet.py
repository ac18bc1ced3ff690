# SPDX-License-Identifier: Apache-2.0
"""
What ordinary containers do, with nunchi's own rules in force: no alert is above notice. The container's
image is the host's own root (below an overlay), so that there is something to build, install and serve
with; it has the capabilities that Docker gives, and no network but its own.
"""

import json
import os
import subprocess

from harness.nunchi import TOP

RULES = os.path.join(TOP, "rules", "default.yaml")
CAPABILITIES = """CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP
NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE""".split()
ABOVE_NOTICE = ("Emergency", "Alert", "Critical", "Error", "Warning")

# Each is left out where the host has no such program. What it runs must end well.
WORK = {
    "shell": ("sh", """for i in $(seq 200); do echo $i > /srv/$i; done
        cat /srv/* | sort -n | uniq -c | awk '{ n += $2 } END { print n }' > /srv/sum
        find /srv -name '1*' -delete; mv /srv/sum /srv/total; rm -rf /srv/2*
        id; hostname; ps ax; df /; date; grep -c : /etc/passwd; sed -i s/1/2/ /srv/total"""),
    "archives": ("tar", """mkdir -p /srv/tree/a/b; cp /etc/hostname /etc/services /srv/tree/a/b
        tar -C /srv -czf /srv/tree.tgz tree; rm -r /srv/tree; tar -C /srv -xzf /srv/tree.tgz
        test -s /srv/tree/a/b/services"""),
    "build": ("gcc", """mkdir -p /srv/build/src; cd /srv/build
        printf '#include <stdio.h>\\nint main(void) { puts("built"); return 0; }\\n' > src/main.c
        printf 'main: src/main.c\\n\\tgcc -O1 -o $@ $<\\n' > Makefile
        printf 'install: main\\n\\tinstall main /usr/local/bin/built\\n' >> Makefile
        make main; ./main; make install; built; cp main /tmp/main; /tmp/main"""),
    "package": ("dpkg-deb", """mkdir /srv/deb; cd /srv/deb
        mkdir -p DEBIAN usr/bin etc/cron.d etc/profile.d
        printf 'Package: quiet\\nVersion: 1\\nArchitecture: all\\n' > DEBIAN/control
        printf 'Maintainer: n <n@x>\\nDescription: q\\n' >> DEBIAN/control
        printf '#!/bin/sh\\nset -e\\nchmod 4755 /usr/bin/quiet\\nquiet\\n' > DEBIAN/postinst
        echo 'echo true >> /etc/profile.d/quiet.sh' >> DEBIAN/postinst
        printf '#!/bin/sh\\ntrue\\n' > usr/bin/quiet; echo '#' > etc/cron.d/quiet
        touch etc/profile.d/quiet.sh; chmod 755 DEBIAN/postinst usr/bin/quiet
        dpkg-deb --build /srv/deb /srv/quiet.deb; dpkg -i /srv/quiet.deb; quiet; dpkg -r quiet"""),
    "package lists": ("apt-cache", "apt-cache policy; dpkg -l; dpkg -S /bin/sh || true; dpkg -V dash || true"),
    "accounts": ("useradd", """useradd -m -r worker; passwd -l worker; su worker -s /bin/sh -c id
        userdel -r worker || true"""),
    "source": ("git", """mkdir /srv/repo; cd /srv/repo; git init -q .; echo x > f; git add f
        git -c user.name=n -c user.email=n@x commit -qm one
        git clone -q /srv/repo /srv/clone; git -C /srv/clone log"""),
    "python": ("/usr/bin/python3", """cat > /srv/serve.py <<'END'
import sqlite3, subprocess, tempfile, threading, urllib.request
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
server = ThreadingHTTPServer(("127.0.0.1", 8080), SimpleHTTPRequestHandler)
threading.Thread(target=server.serve_forever, daemon=True).start()
for _ in range(20):
    urllib.request.urlopen("http://127.0.0.1:8080/etc/hostname").read()
with tempfile.NamedTemporaryFile() as f:
    db = sqlite3.connect(f.name)
    db.execute("create table t (n)")
    db.executemany("insert into t values (?)", [(n,) for n in range(1000)])
    db.commit()
subprocess.run(["sort", "/etc/services"], stdout=subprocess.DEVNULL, check=True)
END
        /usr/bin/python3 /srv/serve.py; /usr/bin/python3 -m venv --without-pip /srv/venv
        /srv/venv/bin/python -c 'print(1)'"""),
    "keys": ("openssl", """cd /srv
        openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=x -days 1
        openssl x509 -in /srv/cert.pem -noout -text"""),
    "health": ("bash", """bash -c 'exec 3<>/dev/tcp/127.0.0.1/8081' || true; env; ulimit -a
        cat /proc/meminfo; cat /proc/self/cgroup
        cat /sys/fs/cgroup/memory.max || true; kill -0 $$; sleep 0.1 & wait"""),
    "logs": ("sh", """mkdir -p /var/log/app
        for i in $(seq 100); do echo "line $i" >> /var/log/app/a.log; done
        mv /var/log/app/a.log /var/log/app/a.log.1; gzip /var/log/app/a.log.1
        echo next >> /var/log/app/a.log"""),
}


def make_script():
    steps = []
    for name, (program, lines) in WORK.items():
        steps.append(f"if command -v {program} >/dev/null; then\n(set -e\n{lines}\n) && echo 'did {name}' "
                     f"|| echo 'failed {name}'\nelse echo 'without {name}'\nfi\n")
    return "cd /srv\n" + "".join(steps)


def make_root(setup):
    """The host's root below, what is written in memory above it: it is to be no part of the host's."""
    top, merged = setup.directory("quiet", "memory"), setup.directory("quiet", "merged")
    mount = ["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", top]
    subprocess.run(mount, check=True)
    setup.stack.callback(subprocess.run, ["umount", "-l", top], check=False)
    for name in ("upper", "work"):
        os.mkdir(os.path.join(top, name))
    done = subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                           f"lowerdir=/,upperdir={top}/upper,workdir={top}/work", merged],
                          check=False, capture_output=True, text=True)
    if done.returncode:
        return None
    setup.stack.callback(subprocess.run, ["umount", "-l", merged], check=False)
    return merged


def make_container(setup, root):
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    made = setup.runc.create(setup.name + "-quiet", ["/bin/sh", "-c", make_script()], root=root,
                             env=[path, "HOME=/root"])
    config = os.path.join(made.bundle, "config.json")
    with open(config, encoding="utf-8") as f:
        spec = json.load(f)
    spec["root"]["readonly"] = spec["process"]["noNewPrivileges"] = False
    caps = ["CAP_" + name for name in CAPABILITIES]
    spec["process"]["capabilities"] = {kind: caps for kind in ("bounding", "effective", "permitted")}
    spec["linux"]["resources"]["devices"].append({"allow": True, "type": "c", "access": "rwm"})
    with open(config, "w", encoding="utf-8") as f:
        json.dump(spec, f)
    return made


def test_ordinary_work_alerts_nobody(setup):
    root = make_root(setup)
    if not root:
        return "the host's root cannot be the lower part of an overlay"
    made, nunchi = make_container(setup, root), setup.nunchi("guard", "-o", "json", "-f", RULES)
    made.start()
    made.wait()
    assert nunchi.stop() == 0, nunchi.stderr()
    output, alerts = made.output(), [a for a in nunchi.events()
                                     if a["output_fields"]["container.name"] == made.name]
    done = [line for line in output.splitlines() if line.split(" ")[0] in ("did", "failed", "without")]
    assert len(done) == len(WORK) and not any(line.startswith("failed") for line in done), output[-3000:]
    assert sum(line.startswith("did") for line in done) >= 4, done
    loud = [a["output"] for a in alerts if a["priority"] in ABOVE_NOTICE]
    assert not loud, f"{len(loud)} of {len(alerts)} alerts:\n" + "\n".join(loud)
    return None
