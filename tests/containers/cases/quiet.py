# SPDX-License-Identifier: Apache-2.0
"""
What ordinary containers do, with nunchi's own rules in force: no alert is above notice. The image is
the host's root (below an overlay), so that there is something to build, install and serve with; the
container has the capabilities that Docker gives, and only its own network. The long form takes an hour,
with new containers, each of which first installs servers from the distribution's archive.
"""

import contextlib
import json
import os
import subprocess
import time

from harness.nunchi import TOP

FULL = os.environ.get("NUNCHI_TEST_SIZE") == "full"
SECONDS = 3600

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
        dpkg-deb --build /srv/deb /srv/quiet.deb; dpkg -i /srv/quiet.deb; quiet; dpkg -r quiet
        apt-get install -qq -y /srv/quiet.deb; apt-get purge -qq -y quiet"""),
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
    "nginx": ("nginx", """mkdir -p /srv/www /var/log/nginx; echo hello > /srv/www/index.html
        cat > /srv/nginx.conf <<'END'
worker_processes 2;
events { worker_connections 64; }
http {
    access_log /var/log/nginx/access.log;
    server { listen 127.0.0.1:8090; root /srv/www; }
}
END
        nginx -c /srv/nginx.conf
        for i in $(seq 30); do bash -c 'exec 3<>/dev/tcp/127.0.0.1/8090
            printf "GET / HTTP/1.0\\r\\n\\r\\n" >&3; grep -q hello <&3'; done
        mv /var/log/nginx/access.log /var/log/nginx/access.log.1; nginx -c /srv/nginx.conf -s reopen
        nginx -c /srv/nginx.conf -s reload; sleep 0.3; nginx -c /srv/nginx.conf -s quit"""),
    "redis": ("redis-server", """redis-server --port 6390 --dir /srv --daemonize yes --save '1 1' --appendonly yes
        until redis-cli -p 6390 ping; do sleep 0.1; done
        redis-benchmark -q -p 6390 -n 2000 -t get,set,lpush; redis-cli -p 6390 bgsave; sleep 0.5
        redis-cli -p 6390 shutdown"""),
    "postgres": ("/usr/lib/postgresql/*/bin/pg_ctl", """bin=$(ls -d /usr/lib/postgresql/*/bin | tail -n 1)
        mkdir -p /srv/pg; chown postgres: /srv/pg; su postgres -s /bin/sh -c "set -e; cd /srv/pg
        $bin/initdb -D data; $bin/pg_ctl -D data -w -l log -o '-k /srv/pg -h localhost' start
        $bin/pgbench -h /srv/pg -i postgres || true
        $bin/pgbench -h /srv/pg -c 2 -t 100 postgres || true
        $bin/psql -h /srv/pg -c 'vacuum full analyze' postgres
        $bin/pg_dump -h /srv/pg -f dump postgres; $bin/pg_ctl -D data -m fast stop" """),
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


INSTALL = """set -e; export DEBIAN_FRONTEND=noninteractive
apt-get update -qq
apt-get install -y -qq --no-install-recommends --reinstall nginx-light redis-server postgresql zip make gcc libc6-dev
apt-get purge -y -qq zip; echo installed
"""


def make_script():
    steps = []
    for name, (program, lines) in WORK.items():
        steps.append(f"if command -v {program} >/dev/null; then\n(set -e\n{lines}\n) && echo 'did {name}' "
                     f"|| echo 'failed {name}'\nelse echo 'without {name}'\nfi\n")
    return "cd /srv\n" + "".join(steps)


def make_root(setup, stack):
    """The host's root below, what is written in memory above it: it is to be no part of the host's."""
    top, merged = setup.directory("quiet", "memory"), setup.directory("quiet", "merged")
    mount = ["mount", "-t", "tmpfs", "-o", "mode=755", "tmpfs", top]
    subprocess.run(mount, check=True)
    stack.callback(subprocess.run, ["umount", "-l", top], check=False)
    for name in ("upper", "work"):
        os.mkdir(os.path.join(top, name))
    done = subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                           f"lowerdir=/,upperdir={top}/upper,workdir={top}/work", merged],
                          check=False, capture_output=True, text=True)
    if done.returncode:
        return None
    stack.callback(subprocess.run, ["umount", "-l", merged], check=False)
    return merged


def make_container(setup, name, script, root, network=None):
    """network: "host" to share that one."""
    path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    made = setup.runc.create(name, ["/bin/sh", "-c", script], root=root, env=[path, "HOME=/root"])
    config = os.path.join(made.bundle, "config.json")
    with open(config, encoding="utf-8") as f:
        spec = json.load(f)
    if network == "host":
        spec["linux"]["namespaces"] = [n for n in spec["linux"]["namespaces"] if n["type"] != "network"]
    spec["root"]["readonly"] = spec["process"]["noNewPrivileges"] = False
    caps = ["CAP_" + name for name in CAPABILITIES]
    spec["process"]["capabilities"] = {kind: caps for kind in ("bounding", "effective", "permitted")}
    spec["linux"]["resources"]["devices"].append({"allow": True, "type": "c", "access": "rwm"})
    with open(config, "w", encoding="utf-8") as f:
        json.dump(spec, f)
    return made


def run_to_end(made):
    made.start()
    made.wait(600)
    return made.output()


def one_pass(setup, name):
    """A root of its own each time. Returns what the work said of itself; None: there can be no such root."""
    with contextlib.ExitStack() as stack:
        root = make_root(setup, stack)
        if not root:
            return None
        if FULL:
            said = run_to_end(make_container(setup, f"{name}-install", INSTALL, root, network="host"))
            assert said.rstrip().endswith("installed"), said[-3000:]
        said = run_to_end(make_container(setup, name, make_script(), root))
    done = [line for line in said.splitlines() if line.split(" ")[0] in ("did", "failed", "without")]
    assert len(done) == len(WORK) and not any(line.startswith("failed") for line in done), said[-3000:]
    assert not FULL or all(f"did {server}" in done for server in ("nginx", "redis", "postgres", "build")), done
    assert sum(line.startswith("did") for line in done) >= 4, done
    return done


def test_ordinary_work_alerts_nobody(setup):
    start, passes = time.monotonic(), 0
    nunchi = setup.nunchi("guard", "-o", "json", "-f", RULES)
    while not passes or (FULL and time.monotonic() - start < SECONDS):
        if not one_pass(setup, f"{setup.name}-quiet{passes}"):
            return "the host's root cannot be the lower part of an overlay"
        passes += 1
    assert nunchi.stop() == 0, nunchi.stderr()
    alerts = [a for a in nunchi.events()
              if a["output_fields"]["container.name"].startswith(setup.name + "-quiet")]
    loud = [a["output"] for a in alerts if a["priority"] in ABOVE_NOTICE]
    assert not loud, f"{len(loud)} of {len(alerts)} alerts:\n" + "\n".join(sorted(set(loud)))
    if FULL:
        print(f"# {passes} containers in {time.monotonic() - start:.0f} s: {len(alerts)} alerts, none above notice")
    return None
