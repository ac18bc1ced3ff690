# SPDX-License-Identifier: Apache-2.0
"""
Both ends of sockets, as in the kernel's objects: netlink, packet, vsock and unix sockets; and for
IP the address that the call names.
"""

import json
import os
import shutil
import subprocess

from harness.place import Elsewhere

CALLS = "bind,connect,listen,accept,sendto,setsockopt"


def watch(setup, family):
    """What the container said must be shown, and what was, a row each: call, result, name, what not to trust."""
    name = f"{setup.name}-ends-{family}"
    nunchi = setup.nunchi("trace", "-o", "json", "-e", CALLS, "-c", name, f"proc.name = ends and fd.type = {family}")
    made = setup.runc.run(name, ["/bin/ends", family], privileged=True)
    assert made.wait() == 0, made.output()
    assert nunchi.stop() == 0, nunchi.stderr()
    said = [json.loads(line) for line in made.output().splitlines()]
    shut = next((row["shut"] for row in said if "shut" in row), None)
    return shut, [(row["call"], row["res"], row["name"]) for row in said if "call" in row], nunchi.events()


def check(told, events):
    shown = [(e["evt.type"], e["evt.rawres"], e.get("fd.name")) for e in events]
    assert shown == told, f"shown {shown}, told {told}"


def of_the_socket(event):
    """Whether the name is not of the caller's memory."""
    return "fd.name" not in event.get("evt.untrusted", "").split(",")


def test_netlink(setup):
    """Protocol, port and groups, also those that no address ever said, and the other end."""
    shut, told, events = watch(setup, "netlink")
    assert not shut, shut
    check(told, events)
    assert all(res >= 0 or call == "sendto" for call, res, _ in told), told
    assert told[0][2] == "netlink:ROUTE" and told[2][2].endswith(":5"), told
    assert [of_the_socket(e) for e in events if e["evt.type"] != "sendto"] == [True] * 6, events


def test_packet(setup):
    """Interface and protocol."""
    shut, told, events = watch(setup, "packet")
    assert not shut, shut
    check(told, events)
    assert [name for _, _, name in told] == ["packet:0:3", "packet:1:2048", "packet:1:2048", "packet:0:0->1:2048"], told
    assert [of_the_socket(e) for e in events][:3] == [True] * 3, events


def test_vsock(setup):
    """CID and port of both ends: by the loopback, where there is one."""
    modprobe = shutil.which("modprobe", path=os.environ["PATH"] + ":/usr/sbin:/sbin")
    if modprobe:
        subprocess.run([modprobe, "-q", "vsock_loopback"], check=False)
    shut, told, events = watch(setup, "vsock")
    if shut:
        return Elsewhere(f"no vsock here: {shut}")
    check(told, events)
    assert told[0] == ("bind", 0, "vsock:*:4747"), told
    assert [of_the_socket(e) for e in events][:2] == [True] * 2, events
    connected = next(row for row in told if row[0] == "connect")
    if connected[1]:
        assert connected[2].startswith("vsock:*:") and connected[2].endswith("->1:4747"), told
        return None
    assert connected[2].endswith("->1:4747") and [row[0] for row in told[3:]] == ["sendto", "accept"], told
    assert told[4][2].startswith("vsock:1:4747->1:"), told
    assert all(of_the_socket(e) for e in events), events
    return None


def test_unix(setup):
    """By what the listener has bound, and a rule finds it by what was asked for, too."""
    name = setup.name + "-asked"
    asked = setup.nunchi("trace", "-o", "json", "-e", CALLS, "-c", name, "fd.name = /tmp/other.sock")
    shut, told, events = watch(setup, "unix")
    assert not shut, shut
    check(told, events)
    raw = [e.get("fd.nameraw") for e in events if e["evt.type"] == "connect"]
    assert raw == ["/tmp/bound.sock", "/tmp/other.sock", "./other.sock", "nobody.sock"], raw
    assert setup.runc.run(name, ["/bin/ends", "unix"]).wait() == 0
    assert asked.stop() == 0, asked.stderr()
    found = [(e["evt.type"], e["fd.name"], e["fd.nameraw"]) for e in asked.events()]
    assert found == [("connect", "/tmp/bound.sock", "/tmp/other.sock"), ("connect", "/tmp/bound.sock", "./other.sock")], found


def test_counted_by_the_other_end(setup):
    """Where repeats are counted, processes that talk to the same are one row, whatever ports they have themselves."""
    name = setup.name + "-ends-counted"
    nunchi = setup.nunchi("trace", "-o", "json", "--aggregate", "1", "-e", "connect", "-c", name, "fd.type = netlink")
    made = setup.runc.run(name, ["/bin/sh", "-c", "for i in 1 2 3 4; do /bin/ends netlink; done"], privileged=True)
    assert made.wait() == 0, made.output()
    assert nunchi.stop() == 0, nunchi.stderr()
    counted = {e["fd.name"]: e["summary.count"] for e in nunchi.events() if e["evt.type"] == "activity_summary"}
    assert counted == {"netlink:USERSOCK:0:0->7001:0": 3, "netlink:USERSOCK:0:0->0:16": 3}, nunchi.text()


PEER_CALLS = "connect,sendto,sendmsg,sendmmsg"
# Where peers.c sends, however it says so: by port.
ENDS = {4440: "127.0.0.1", 4441: "::1", 4442: "127.0.0.1", 4443: "127.0.0.1", 4444: "127.0.0.1", 4445: "::1",
        4446: "127.0.0.1", 4447: "127.0.0.1", 4448: "127.0.0.1", 4449: "127.0.0.1", 4450: "127.0.0.1",
        4451: "127.0.0.1", 4452: "127.0.0.1", 4453: "127.0.0.1", 4454: "127.0.0.1", 4455: "127.0.0.1", 4439: "127.0.0.1",
        4456: "127.0.0.1", 4457: "::1", 4458: "127.0.0.1", 4459: "127.0.0.1", 4460: "::1", 4461: "127.0.0.1",
        4462: "127.0.0.7"}


def test_ip_peers(setup):
    """However an address is written, and of several messages that of each."""
    name = setup.name + "-peers"
    nunchi = setup.nunchi("trace", "-o", "json", "-e", PEER_CALLS, "-c", name, "proc.name = peers and fd.rport > 4400")
    assert setup.runc.run(name, ["/bin/peers"]).wait() == 0
    assert nunchi.stop() == 0, nunchi.stderr()
    events = nunchi.events()
    told = {e["fd.rport"]: e["fd.rip"] for e in events}
    assert told == ENDS, (told, nunchi.text())
    assert all(e["fd.type"] == ("ipv6" if ":" in e["fd.rip"] else "ipv4") for e in events), events
    assert not [e for e in events if e["evt.type"] == "argument_mismatch"], events
    many = [(e["fd.rport"], e["evt.arg.vlen"], e["evt.arg.msgvec"]) for e in events if e["evt.type"] == "sendmmsg"]
    assert many == [(4449, "1", "127.0.0.1:4449"), (4439, "2", "127.0.0.1:4439"), (4452, "2", "127.0.0.1:4452")], many


def test_several_messages(setup):
    """Of those that one call sends each is told that names another peer than the one before it."""
    name = setup.name + "-several"
    nunchi = setup.nunchi("trace", "-o", "json", "-e", "sendmmsg", "-c", name)
    assert setup.runc.run(name, ["/bin/peers", "several"]).wait() == 0
    assert nunchi.stop() == 0 and "delivered 4 + " in nunchi.stderr(), nunchi.stderr()
    told = [(e["fd.rip"], e["fd.rport"], e["evt.arg.msgvec"], e["evt.rawres"]) for e in nunchi.events()]
    assert told == [("127.0.0.1", 4471, "127.0.0.1:4471", 6), ("127.0.0.1", 4472, "127.0.0.1:4472", 6),
                    ("127.0.0.2", 4472, "127.0.0.2:4472", 6), ("127.0.0.1", 4471, "127.0.0.1:4471", 6)], told
    # Only of the first is the kernel's own copy kept, where there is one.
    assert all("evt.arg.msgvec" in e["evt.untrusted"] for e in nunchi.events()[1:]), nunchi.text()
