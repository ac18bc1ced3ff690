# SPDX-License-Identifier: Apache-2.0
"""Rules that kill and deny by the address of the peer, or of this end."""

import errno
import json
import os
import socket
import subprocess

from harness.blocking import alerts, effects, guard, in_container, need_refusal, refuses_all, refuses_peers, wait_alert
from harness.place import Elsewhere


def test_kill_who_connects(setup):
    nunchi = guard(setup, [("Kill", "evt.type = connect and container.id != host and fd.sport = 4444 and "
                            "fd.snet in (127.0.0.0/8)", "kill")])
    script = ("exec 2>/dev/null; nc -l -p 4444 </dev/null & nc -l -p 4445 </dev/null & sleep 1; "
              "nc 127.0.0.1 4445 </dev/null; echo code $?; nc 127.0.0.1 4444 </dev/null; echo code $?")
    lines, _ = in_container(setup, setup.name + "-connect", script)
    assert lines == ["code 0", "code 137"], lines
    wait_alert(nunchi, "Kill")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Kill") == [("kill", "before" if refuses_peers() else "after")], nunchi.text()


# How peers.c names a peer, and what it does without a rule; each port is of its own.
PEERS = {"connect tcp": 4440, "connect tcp6": 4441, "connect mapped": 4442, "connect udp": 4443, "sendto udp": 4444,
         "sendto udp6": 4445, "sendto mapped": 4446, "sendto unspec": 4447, "sendmsg udp": 4448, "sendmmsg udp": 4449,
         "sendto ipv4 by ipv6": 4453, "sendmsg ipv4 by ipv6": 4454, "connect ipv4 by ipv6": 4455, "sendmmsg second": 4452, "sendto fastopen": 4450, "sendmsg fastopen": 4451,
         "connect nobody": 4456, "connect nobody6": 4457, "connect nobody mapped": 4458, "sendto nobody": 4459,
         "sendto nobody6": 4460, "sendto nobody mapped": 4461, "sendto nobody bound": 4462, "bind tcp": 6000, "bind tcp6": 6001, "bind unspec": 6002}


def peers(setup, name, more=""):
    """How each ended, by name; not before its container has one."""
    made = setup.runc.run(setup.name + name, ["/bin/sh", "-c", "sleep 1; exec /bin/peers " + more])
    assert made.wait() == 0, made.output()
    return {line["what"]: line["error"] for line in map(json.loads, made.output().splitlines())}


def test_deny_peers(setup):
    """Whatever call names it. Without LSM cgroup programs refuse what TCP and UDP are asked for."""
    if not refuses_peers():
        return Elsewhere("this kernel asks no BPF programs before calls")
    ports = ", ".join(str(port) for port in PEERS.values() if port < 6000)
    victim = f"container.name = {setup.name}-denied"
    nunchi = guard(setup, [
        ("Peer", f"evt.type in (connect, sendto) and {victim} and fd.rport in ({ports})", "deny"),
        ("Bind", f"evt.type = bind and {victim} and fd.lport >= 6000 and fd.lport < 6010", "deny")])
    assert refuses_all() or "2 rules that block connect, bind or sendto do so for TCP and UDP only" in nunchi.stderr()
    denied, other = peers(setup, "-denied"), peers(setup, "-other")
    assert set(denied) == set(other) == set(PEERS), denied
    # The first of its messages is sent, to where it may be: that is what it returns.
    assert denied.pop("sendmmsg second") == "" and set(denied.values()) == {"EPERM"}, denied
    assert "EPERM" not in other.values(), other
    wait_alert(nunchi, "Bind")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Peer") == [("deny", "before")] * 23, nunchi.text()
    told = sorted(e["output_fields"]["fd.rport"] for e in alerts(nunchi, "Peer"))
    assert told == sorted(port for port in PEERS.values() if port < 6000), told
    assert effects(nunchi, "Bind") == [("deny", "before")] * 3, nunchi.text()
    return None


def unix_sockets(setup, name):
    """A directory with a socket that takes connections, one that takes datagrams, and another of each."""
    directory = setup.directory(name)
    for file, kind in (("stream", socket.SOCK_STREAM), ("other", socket.SOCK_STREAM),
                       ("datagram", socket.SOCK_DGRAM), ("others", socket.SOCK_DGRAM)):
        made = setup.stack.enter_context(socket.socket(socket.AF_UNIX, kind))
        made.bind(os.path.join(directory, file))
        if kind == socket.SOCK_STREAM:
            made.listen(100)
    return directory


UNIX = """sleep 1; ln -s /sock/stream /tmp/link; mkdir /tmp/seen; mount --bind /sock /tmp/seen; cd /sock
unix stream /sock/stream /tmp/link /tmp/seen/stream stream /sock/other /no/socket
unix datagram /sock/datagram /tmp/seen/datagram /sock/others; unix send /sock/datagram datagram /sock/others"""
UNIX_DENIED = ["stream /sock/stream", "stream /tmp/link", "stream /tmp/seen/stream", "stream stream",
               "datagram /sock/datagram", "datagram /tmp/seen/datagram", "send /sock/datagram", "send datagram"]


def test_deny_unix_sockets(setup):
    """By where the socket is in the container, or for who owns it; whatever leads there. Others are spoken to."""
    reason = need_refusal()
    if reason:
        return reason
    directory, victim = unix_sockets(setup, "denied"), setup.name + "-unix"
    nunchi = guard(setup, [("Unix", f"evt.type in (connect, sendto) and container.name = {victim} and "
                            f"fd.name in (/sock/stream, {directory}/datagram)", "deny")])
    lines, made = in_container(setup, victim, UNIX, privileged=True, binds=[("/sock", directory)])
    free = ["stream /sock/other: done", "datagram /sock/others: done", "send /sock/others: done"]
    assert sorted(lines) == sorted([f"{way}: EPERM" for way in UNIX_DENIED] + ["stream /no/socket: ENOENT"] + free), made.output()
    lines, made = in_container(setup, setup.name + "-other-unix", UNIX, privileged=True, binds=[("/sock", directory)])
    assert sorted(lines) == sorted([f"{way}: done" for way in UNIX_DENIED] + ["stream /no/socket: ENOENT"] + free), made.output()
    wait_alert(nunchi, "Unix")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Unix") == [("deny", "before")] * len(UNIX_DENIED), nunchi.text()
    return None


def test_denied_unix_sockets_where_only_addresses_are_refused(setup):
    """Without LSM the start says that such a rule can only alert, not that it blocks TCP and UDP."""
    if refuses_all() or not refuses_peers():
        return Elsewhere("this kernel does not refuse addresses alone")
    nunchi = guard(setup, [("Unix", "evt.type = connect and container.id != host and fd.name = /run/docker.sock", "deny"),
                           ("Port", "evt.type = connect and container.id != host and fd.rport = 2375", "deny")])
    assert "1 rule that denies unix sockets can only alert, since cgroup programs refuse TCP and UDP alone" in nunchi.stderr()
    assert "1 rule that blocks connect, bind or sendto does so for TCP and UDP only" in nunchi.stderr()
    assert nunchi.stop() == 0
    return None


def test_kill_who_connects_to_a_unix_socket(setup):
    directory, victim = unix_sockets(setup, "killed"), setup.name + "-unix-kill"
    nunchi = guard(setup, [("Kill", f"evt.type = connect and container.name = {victim} and fd.name = /sock/stream", "kill")])
    script = "exec 2>/dev/null; sleep 1; ln -s /sock/stream /tmp/link; for file in /sock/other /tmp/link; do unix stream $file; echo code $?; done"
    lines, made = in_container(setup, victim, script, binds=[("/sock", directory)])
    assert lines == ["stream /sock/other: done", "code 0", "code 137"], made.output()
    wait_alert(nunchi, "Kill")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Kill") == [("kill", "before" if refuses_all() else "after")], nunchi.text()


def test_deny_one_of_several_messages(setup):
    """What is said of one is not said of the others that the same call sends; without --dry-run it ends there."""
    if not refuses_peers():
        return Elsewhere("this kernel asks no BPF programs before calls")
    for name, args, effect, ports in ("-many-dry", ["--dry-run"], "dry-run", [4472, 4472]), ("-many", [], "before", [4472]):
        nunchi = guard(setup, [("Peer", f"evt.type = sendmmsg and container.name = {setup.name}{name} and fd.rport = 4472",
                                "deny")], *args)
        assert peers(setup, name, "several") == {"several": ""}
        wait_alert(nunchi, "Peer")
        assert nunchi.stop() == 0, nunchi.stderr()
        told = [(e["output_fields"]["fd.rport"], e["effect"]) for e in alerts(nunchi, "Peer")]
        assert told == [(port, effect) for port in ports], nunchi.text()
    return None


def test_deny_this_end(setup):
    """By its address and what it is of, however it is written: mapped into IPv6, or as nobody's."""
    if not refuses_peers():
        return Elsewhere("this kernel asks no BPF programs before calls")
    victim = f"container.name = {setup.name}-this-end"
    nunchi = guard(setup, [
        ("Four", f"evt.type in (connect, sendto) and {victim} and fd.sip = 127.0.0.1 and fd.type = ipv4", "deny"),
        ("Six", f"evt.type in (connect, sendto) and {victim} and fd.sip = ::1 and fd.typechar = 6", "deny"),
        ("Bind", f"evt.type = bind and {victim} and fd.sip in (127.0.0.1, ::1)", "deny")])
    ended = peers(setup, "-this-end")
    allowed = {what for what, error in ended.items() if error != "EPERM"}
    assert allowed == {"bind tcp", "bind tcp6", "bind unspec"}, ended
    wait_alert(nunchi, "Six")
    assert nunchi.stop() == 0
    six = sum(what.endswith("6") and not what.startswith("bind") and "ipv4" not in what for what in PEERS)
    assert effects(nunchi, "Six") == [("deny", "before")] * six, nunchi.text()
    assert len(effects(nunchi, "Four")) == len(PEERS) - 3 - six, nunchi.text()
    return None


def test_deny_sctp(setup):
    """Not by cgroup programs: a stream of it goes to whom a send names, without a connect, and options name peers, too."""
    reason = need_refusal()
    if reason:
        return reason
    if subprocess.run(["modprobe", "sctp"], check=False, capture_output=True).returncode:
        return Elsewhere("this kernel has no SCTP")
    victim = f"container.name = {setup.name}-sctp"
    nunchi = guard(setup, [("Peer", f"evt.type in (connect, sendto) and {victim} and fd.rport = 4470", "deny"),
                           ("Bind", f"evt.type = bind and {victim} and fd.lport = 6003", "deny")])
    denied, other = peers(setup, "-sctp", "sctp"), peers(setup, "-sctp-other", "sctp")
    assert len(denied) == 11 and set(denied.values()) == {"EPERM"}, denied
    assert "EPERM" not in other.values(), other
    assert nunchi.stop() == 0, nunchi.stderr()
    assert effects(nunchi, "Peer") == [("deny", "before")] * 8, nunchi.text()
    assert effects(nunchi, "Bind") == [("deny", "before")] * 3, nunchi.text()
    return None


def test_deny_what_carries_another(setup):
    """The address that counts is within another one, or says no family; MPTCP's is what it seems."""
    reason = need_refusal()
    if reason:
        return reason
    for module in ("rxrpc", "l2tp_ip6"):
        subprocess.run(["modprobe", module], check=False, capture_output=True)
    victim = f"container.name = {setup.name}-carried"
    nunchi = guard(setup, [("Peer", f"evt.type in (connect, sendto) and {victim} and (fd.rport = 4473 or fd.rip = ::1)", "deny"),
                           ("Bind", f"evt.type = bind and {victim} and fd.lport = 6004", "deny")])
    denied, other = peers(setup, "-carried", "carriers"), peers(setup, "-carried-other", "carriers")
    if not denied:
        return Elsewhere("this kernel has none of them")
    assert set(denied.values()) == {"EPERM"} and "EPERM" not in other.values(), (denied, other)
    assert nunchi.stop() == 0, nunchi.stderr()
    told = len(effects(nunchi, "Peer")) + len(effects(nunchi, "Bind"))
    assert told == len(denied), (denied, nunchi.text())
    return None


def test_deny_peers_of_a_ring(setup):
    """By the address that the kernel had copied; the requester has another one in its place by then."""
    if not refuses_peers():
        return Elsewhere("this kernel asks no BPF programs before calls")
    nunchi = guard(setup, [("Peer", "evt.type in (connect, sendto) and container.id != host and fd.rport = 4723", "deny"),
                           ("Bind", "evt.type = bind and container.id != host and fd.lport = 4723", "deny")])
    made = setup.runc.run(setup.name + "-ring-peers", ["/bin/uring", "swap"], privileged=True,
                          namespaces=("pid", "mount", "ipc", "uts", "network", "cgroup"))
    assert made.wait() == 0, made.output()
    lines = [json.loads(line) for line in made.output().splitlines()]
    if {"shut": "io_uring"} in lines:
        return Elsewhere("no io_uring on this kernel")
    asked = [(line["call"], line["ret"]) for line in lines if "used" in line]
    # A send of before 6.10 has no address.
    denied = [call for call, ret in asked if ret == -errno.EPERM]
    assert [call for call, ret in asked if ret >= 0] == [] and {"connect", "sendmsg"} <= set(denied), asked
    wait_alert(nunchi, "Peer")
    assert nunchi.stop() == 0
    told = effects(nunchi, "Peer") + effects(nunchi, "Bind")
    assert told == [("deny", "before")] * len(denied), (denied, nunchi.text())
    return None


def test_kill_before_it_connects(setup):
    """Where something can refuse: nobody is connected to, and who asked for it is gone."""
    if not refuses_peers():
        return Elsewhere("this kernel asks no BPF programs before calls")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        nunchi = guard(setup, [("Kill", f"evt.type = connect and container.id != host and fd.rport = {port}", "kill")])
        lines, _ = in_container(setup, setup.name + "-connects", f"nc 127.0.0.1 {port} </dev/null; echo code $?")
        assert "code 137" in lines, lines
        server.settimeout(1)
        try:
            server.accept()
            raise AssertionError("it was connected")
        except TimeoutError:
            pass
    wait_alert(nunchi, "Kill")
    assert nunchi.stop() == 0
    assert effects(nunchi, "Kill") == [("kill", "before")], nunchi.text()
    return None
