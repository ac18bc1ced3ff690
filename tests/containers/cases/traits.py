# SPDX-License-Identifier: Apache-2.0
"""What a process has after an exec: terminal, session, capabilities, and the layer that its file is from."""

import os
import time

from harness.nunchi import run
from harness.place import patient, wait_until
from harness.setup import IMAGE

FIELDS = ("proc.exepath proc.tty proc.vpgid proc.is_vpgid_leader proc.is_sid_leader proc.sname "
          "proc.is_exe_upper_layer proc.is_exe_lower_layer proc.is_exe_from_memfd proc.is_exe_writable "
          "proc.exe_ino.ctime thread.cap_effective proc.stdin.type proc.stdout.type proc.stderr.type").split()
DEEDS = ("cp /bin/deed /new; /new nothing; /bin/deed nothing; /bin/deed memory nothing; "
         "/bin/deed nobody run /new nothing; :")


def watch(setup, name, *args):
    return setup.nunchi("trace", "-e", "execve,execveat", "evt.rawres = 0 and container.name = " + name,
                        "--format", "\t".join("%" + field for field in FIELDS), *args)


def rows_of(nunchi):
    assert nunchi.stop() == 0, nunchi.stderr()
    return [dict(zip(FIELDS, line.split("\t"))) for line in nunchi.text().decode().splitlines()]


def of_file(rows, start):
    found = [row for row in rows if row["proc.exepath"].startswith(start)]
    assert found, (start, rows)
    return found


def run_by_docker(setup, what, tty):
    name = f"{setup.name}-traits-{what}"
    made = setup.docker.create(name, IMAGE, ["/bin/bash", "-c", DEEDS], tty=tty)
    nunchi = watch(setup, name, "--runtime", setup.docker.runtime_option())
    began = time.time_ns()
    made.start()
    made.wait()
    time.sleep(0.5)
    return began, rows_of(nunchi)


def test_layers(setup):
    """What the image brought is of the lower layer, what was written in the container of the upper."""
    began, rows = run_by_docker(setup, "layers", False)
    for start, upper, lower in (("/new", "true", "false"), ("/usr/bin/deed", "false", "true"),
                                ("memfd:", "false", "false")):
        for row in of_file(rows, start):
            layers = row["proc.is_exe_upper_layer"], row["proc.is_exe_lower_layer"]
            assert layers == (upper, lower), row
            assert row["proc.is_exe_from_memfd"] == ("true" if start == "memfd:" else "false"), row
    new, *_, by_nobody = of_file(rows, "/new")
    assert began < int(new["proc.exe_ino.ctime"]) < time.time_ns(), new
    assert int(of_file(rows, "/usr/bin/deed")[0]["proc.exe_ino.ctime"]) < began, rows
    assert (new["proc.is_exe_writable"], by_nobody["proc.is_exe_writable"]) == ("true", "false"), rows


OVERLAY = """mkdir /tmp/upper /tmp/work /tmp/m /tmp/upper/w; wrapped /tmp/upper/w; mount -t overlay overlay -o \
lowerdir=/,upperdir=/tmp/upper,workdir=/tmp/work /tmp/m && chroot /tmp/m /bin/wrapped /w; chroot /tmp/m /bin/bash -c :;
/bin/bash -c :; /bin/deed nothing"""


def test_interpreter(setup):
    """What runs first, as the overlay has it from whose layer it is mapped; of a program that is linked statically nothing."""
    name = setup.name + "-traits-interpreter"
    nunchi = setup.nunchi("trace", "-e", "execve", "evt.rawres = 0 and container.name = " + name, "--format",
                          "%proc.exepath %proc.interpreter %proc.is_interpreter_upper_layer")
    made = setup.runc.run(name, ["/bin/sh", "-c", OVERLAY], privileged=True)
    assert made.wait() == 0, made.output()
    assert nunchi.stop() == 0, nunchi.stderr()
    told = {exe: of for exe, *of in (line.split() for line in nunchi.text().decode().splitlines())}
    linker = told["/usr/bin/bash"][0]
    assert linker.rpartition("/")[2].startswith("ld-linux-"), told
    assert told["/usr/bin/bash"] == [linker, "false"] and told["/tmp/m/usr/bin/bash"] == ["/tmp/m" + linker, "false"], told
    assert told["/tmp/upper/w/wrapper"] == ["/tmp/upper/w/tool", "false"], told
    assert told["/tmp/m/w/wrapper"] == ["/tmp/m/w/tool", "true"], told
    assert told["/usr/bin/busybox"] == told["/tmp/m/w/tool"] == ["<NA>"] * 2, told


MARKS = """cp /bin/deed /new; /new nothing; chmod 4755 /new; /new nothing; chmod 2755 /new; /new nothing
exec 3</new; rm /new; /proc/self/fd/3 nothing; cat /proc/self/fd/3 >/dev/null; /bin/deed memory nothing; :"""


def test_marks(setup):
    """Set-uid, set-gid, deleted: of what is executed and what is opened. What is in memory only has lost no name."""
    name = setup.name + "-traits-marks"
    made = setup.docker.create(name, IMAGE, ["/bin/bash", "-c", MARKS])
    nunchi = setup.nunchi("trace", "-e", "execve,execveat,openat", "evt.rawres >= 0 and container.name = " + name, "--format",
                          "%evt.type %fd.is_deleted %proc.is_exe_setuid %proc.is_exe_setgid %proc.is_exe_deleted "
                          "%proc.exepath|%fd.name", "--runtime", setup.docker.runtime_option())
    made.start()
    made.wait()
    time.sleep(patient(0.5))
    assert nunchi.stop() == 0, nunchi.stderr()
    lines = nunchi.text().decode().splitlines()
    images = [line.split(" ", 1)[1].split("|")[0] for line in lines if line.startswith("execve")]
    assert [i for i in images if "/new" in i] == [
        "false false false false /new", "false true false false /new", "false false true false /new",
        "true false true true /new (deleted)"], images
    assert [i for i in images if "memfd" in i] == ["false false false false memfd:nothing"], images
    opened = [line.split(" ")[1] for line in lines if line.startswith("openat") and line.endswith("|/new (deleted)")]
    assert opened == ["true"], lines
    others = {line.split(" ")[1] for line in lines if line.startswith("openat") and line.endswith("|/new")}
    assert others == {"false"}, lines


def test_terminals(setup):
    """With docker run -t each process has one, and without it none."""
    for tty in (True, False):
        _, rows = run_by_docker(setup, f"tty-{tty}", tty)
        assert len(rows) > 4, rows
        ttys = {row["proc.tty"] for row in rows}
        assert len(ttys) == 1 and (ttys != {"0"}) == tty, ttys
        assert not tty or int(ttys.pop()) >> 8 == os.major(os.makedev(136, 0)), rows
        init = rows[0]
        assert init["proc.is_sid_leader"] == init["proc.is_vpgid_leader"] == "true", init
        assert init["proc.vpgid"] == "1" and init["proc.sname"] == "bash", init
        assert rows[-1]["proc.is_sid_leader"] == "false" and rows[-1]["proc.sname"] == "bash", rows[-1]


def test_capabilities(setup):
    name = setup.name + "-traits-caps"
    nunchi = watch(setup, name)
    setup.runc.run(name, ["/bin/sh", "-c", "/bin/deed nothing"]).wait()
    rows = rows_of(nunchi)
    assert len(rows) > 1, rows
    for row in rows:
        assert row["thread.cap_effective"] == "CAP_KILL CAP_NET_BIND_SERVICE CAP_AUDIT_WRITE", row


def test_capabilities_at_the_event(setup):
    """Of a thread that has put some aside, of another one that has given them up, in a user namespace: without an exec."""
    name, had = setup.name + "-traits-dropped", "CAP_KILL CAP_NET_BIND_SERVICE CAP_AUDIT_WRITE"
    nunchi = setup.nunchi("trace", "-e", "openat", "fd.nameraw startswith /caps- and container.name = " + name, "--format",
                          "%fd.nameraw\t%thread.cap_effective\t%thread.cap_permitted")
    made = setup.runc.run(name, ["/bin/caps"])
    assert made.wait() == 0, made.output()
    assert nunchi.stop() == 0, nunchi.stderr()
    found = {path[len("/caps-"):]: capabilities for path, *capabilities in
             (line.split("\t") for line in nunchi.text().decode().splitlines())}
    aside = had.replace("CAP_KILL ", "")
    everything = found.pop("namespace")
    assert found == {"exec": [had, had], "aside": [aside, had], "thread": ["", "CAP_AUDIT_WRITE"],
                     "first": [aside, had], "child": [aside, had]}, found
    assert everything[0] == everything[1] and "CAP_SYS_ADMIN" in everything[0], everything


def test_who_is_at_the_other_end(setup):
    """Of a unix socket: who listened there, by the pid that the host knows."""
    name = setup.name + "-traits-peer"
    nunchi = setup.nunchi("trace", "-e", "connect", "-c", name, "--format", "%fd.peer.pid %proc.pid %proc.vpid",
                          "fd.name contains ev-abstract")
    assert setup.runc.run(name, ["/bin/evade_net", "abstract-socket"], privileged=True).wait() == 0
    time.sleep(0.5)
    assert nunchi.stop() == 0, nunchi.stderr()
    peer, pid, inside = nunchi.text().split()
    assert peer == pid != inside, (peer, pid, inside)


JAILED = """mkdir -p /jail/bin /jail/etc; cp /bin/flood /jail/bin; cp /etc/passwd /jail/etc
cd /jail; chroot . /bin/flood rate 50 600 0"""


def test_chroot(setup):
    """Paths are from the container's root whatever a process's own is, which is told apart: when it changes, in a capture, of what ran before."""
    name = setup.name + "-traits-chroot"
    what = ["-e", "openat", "container.name = " + name + " and fd.name endswith /etc/passwd",
            "--runtime", setup.docker.runtime_option()]
    capture = setup.file("chroot.cap")
    live, recorded = setup.nunchi("trace", "-o", "json", *what), setup.nunchi("record", "-w", capture, *what)
    made = setup.docker.run(name, IMAGE, ["/bin/bash", "-c", JAILED])
    jailed = live.wait_event(lambda e: e["proc.name"] == "flood", 10, "an open in the chroot")
    late = setup.nunchi("trace", "-o", "json", *what)
    found = late.wait_event(lambda e: e["proc.name"] == "flood", 10, "an open by what ran before")
    for event in jailed, found:
        shown = [event.get(f"proc.{field}") for field in ("chroot", "cwd", "exepath")]
        assert shown == ["/jail", "/jail", "/jail/bin/flood"], event
        assert event["fd.name"] == "/jail/etc/passwd" and event["fd.nameraw"] == "/etc/passwd", event
    made.remove()
    assert live.stop() == recorded.stop() == late.stop() == 0, live.stderr()
    replayed = run("trace", "-r", capture, "--format", "%proc.name %proc.chroot").stdout.splitlines()
    assert {line for line in replayed if "flood" in line} == {"flood /jail"}, replayed[:5]
    assert "cp <NA>" in replayed and "bash <NA>" in replayed, set(replayed)


STREAMS = """/bin/deed nothing </mnt/test.txt 2>&- | /bin/cat; /bin/deed nothing </mnt 2>/dev/udp/127.0.0.1/9
/bin/deed nothing </dev/null >/dev/udp/::1/9 2>/dev/udp/127.0.0.1/9; mkfifo /tmp/fifo; /bin/deed nothing <>/tmp/fifo; :"""


def test_streams(setup):
    name = setup.name + "-traits-streams"
    nunchi = watch(setup, name)
    setup.runc.run(name, ["/bin/bash", "-c", STREAMS]).wait()
    rows = of_file(rows_of(nunchi), "/usr/bin/deed")
    shown = [tuple(row[f"proc.{stream}.type"] for stream in ("stdin", "stdout", "stderr")) for row in rows]
    assert shown[0] == ("file", "pipe", "<NA>"), shown
    assert (shown[1][0], shown[1][2]) == ("directory", "ipv4"), shown
    assert shown[2] == ("char", "ipv6", "ipv4"), shown
    assert shown[3][0] == "fifo", shown


def test_mounts(setup):
    """As Docker has them: by its API, for the life of the container."""
    name, data = setup.name + "-traits-mounts", setup.directory("traits-data")
    made = setup.docker.create(name, IMAGE, ["/bin/true"], Binds=[f"{data}:/data:ro", "/etc:/host/etc"])
    nunchi = setup.nunchi("trace", "evt.type = execve and container.name = " + name, "--format",
                          f"%container.mount.dest[{data}] %container.mount.rdwr[{data}] %container.mounts",
                          "--runtime", setup.docker.runtime_option())
    made.start()
    made.wait()
    time.sleep(0.5)
    assert nunchi.stop() == 0, nunchi.stderr()
    shown = set(nunchi.text().decode().splitlines())
    assert len(shown) == 1, shown
    dest, writable, *mounts = shown.pop().split(" ")
    assert (dest, writable) == ("/data", "false"), (dest, writable)
    assert {m.split(":")[0] for m in mounts} == {data, "/etc"}, mounts


READS = """cat /host/etc/hostname /data/of-the-host /etc/passwd /mnt/test.txt; mkdir /data/etc; cp /etc/passwd /data/etc
cp /bin/flood /data; chroot /data /flood rate 10 0.2 0; ln -s /data/of-the-host /innocent; cat /innocent; rm /data/of-the-host; :"""


def test_host_paths(setup):
    """What a container opens of the host's, by a mount, has its path there: through links, and in a chroot, too."""
    name, data = setup.name + "-traits-host", setup.directory("traits-host")
    with open(os.path.join(data, "of-the-host"), "w", encoding="ascii") as f:
        f.write("x")
    made = setup.docker.create(name, IMAGE, ["/bin/bash", "-c", READS], Binds=[f"{data}:/data", "/etc:/host/etc:ro"])
    nunchi = setup.nunchi("trace", "-e", "openat", "evt.rawres >= 0 and container.name = " + name, "--format",
                          "%proc.name %fd.name %fd.host_path", "--runtime", setup.docker.runtime_option())
    made.start()
    made.wait()
    time.sleep(patient(0.5))
    assert nunchi.stop() == 0, nunchi.stderr()
    lines = nunchi.text().decode().splitlines()
    shown = {tuple(line.split(" ", 1)) for line in lines if not line.startswith(("<NA>", "runc"))}
    opened = {what for who, what in shown if who == "cat"}
    assert opened >= {"/host/etc/hostname /etc/hostname", f"/data/of-the-host {data}/of-the-host", "/etc/passwd <NA>",
                      "/mnt/test.txt <NA>"}, shown
    assert all(what.endswith(" <NA>") for what in opened if not what.startswith(("/host/", "/data/"))), shown
    assert {what for who, what in shown if who == "flood"} == {f"/data/etc/passwd {data}/etc/passwd"}, shown


def test_host_path_of_a_short_life(setup):
    name = setup.name + "-traits-short"
    nunchi = setup.nunchi("trace", "-o", "json", "-e", "openat", "fd.name = /host/etc/hostname and container.name = " + name,
                          "--runtime", setup.docker.runtime_option())
    setup.docker.run(name, IMAGE, ["/bin/cat", "/host/etc/hostname"], Binds=["/:/host:ro"]).wait()
    event = nunchi.wait_event(lambda e: True, 10, "an open by way of the mount")
    assert event["fd.host_path"] == "/etc/hostname", event
    assert nunchi.stop() == 0, nunchi.stderr()


def test_environment(setup):
    """Of what is executed and of what ran before; and nobody's where nobody asks."""
    name = setup.name + "-traits-env"
    loop = "while :; do cat /mnt/test.txt; NUMBER=2 /bin/true; sleep 0.05; done >/dev/null"
    made = setup.runc.run(name, ["/bin/bash", "-c", "exec 3</mnt/test.txt; " + loop], env=["NUMBER=1", "OTHER="])
    wait_until(lambda: setup.runc.is_running(name), 20, "the container")
    where = "container.name = " + name + " and evt.type in (execve, clone)"
    nunchi = setup.nunchi("trace", where, "--format", "%evt.type %proc.name %proc.env[NUMBER]|%proc.env[OTHER]")
    capture = setup.file("env.cap")
    silent = setup.nunchi("record", "-w", capture, where)
    time.sleep(patient(0.5))
    made.stop()
    assert nunchi.stop() == silent.stop() == 0, nunchi.stderr()
    shown = set(nunchi.text().decode().splitlines())
    assert shown == {"clone bash 1|", "execve cat 1|", "execve true 2|", "execve sleep 1|"}, shown
    replayed = run("trace", "-r", capture, "--format", "%proc.env")
    assert set(replayed.stdout.splitlines()) == {"<NA>"}, replayed.stdout[:300]
