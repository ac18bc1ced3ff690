# SPDX-License-Identifier: Apache-2.0
"""
Names of addresses, which another process looks up, and datagrams, which can each have another peer.
"""

import os
import time

from harness.place import wait_until

from .reload import Rules

EXACT = ("--fold", "0", "--alert-limit", "0")


def processes_named(setup, name, nunchi):
    """Those that nunchi has made."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as f:
                text = f.read()
        except OSError:
            continue
        comm, rest = text[text.index("(") + 1:text.rindex(")")], text[text.rindex(")") + 2:].split()
        if comm == name and int(rest[1]) == nunchi.process.pid:
            found.append(int(pid))
    return found


def rule(setup, more):
    return f"evt.type in (connect, sendto) and container.name startswith {setup.name} and {more}"


def deed(setup, name, words):
    made = setup.runc.run(f"{setup.name}-{name}", ["/bin/sh", "-c", f"sleep 1; {words}"])
    made.wait(60)


def outputs(nunchi, name):
    return [line for line in nunchi.text().decode().splitlines() if f" {name} " in line]


def test_name_of_an_address(setup):
    rules = Rules(setup)
    rules.write(("named", rule(setup, "fd.sip.name = localhost"), "alert"),
                ("other", rule(setup, "fd.sip.name in (localhost, no-such-host.invalid) and fd.sport = 2"), "alert"))
    rules.nunchi = nunchi = setup.nunchi("guard", "-v", "-f", rules.path, *EXACT)
    wait_until(lambda: "localhost has" in nunchi.stderr(), 20, "localhost's address")
    ours = processes_named(setup, "nunchi-names", nunchi)
    assert len(ours) == 1, ours
    with open(f"/proc/{ours[0]}/status", encoding="utf-8") as f:
        status = dict(line.split(":", 1) for line in f.read().splitlines())
    assert int(status["CapEff"], 16) == 0 and status["NoNewPrivs"].strip() == "1", status
    assert sorted(os.listdir(f"/proc/{ours[0]}/fd"))[:4] == ["0", "1", "2", "3"]

    deed(setup, "one", "deed connect 127.0.0.1 1; deed connect 127.0.0.2 1; deed connect 127.0.0.1 2")
    wait_until(lambda: len(outputs(nunchi, "other")) == 1, 10, "the second port")
    assert len(outputs(nunchi, "named")) == 2, nunchi.text()

    # Others take their place while it runs.
    rules.write(("named", rule(setup, "fd.sip.name = no-such-host.invalid"), "alert"),
                ("any", rule(setup, "fd.sport = 7"), "alert"))
    rules.reload()
    deed(setup, "two", "deed connect 127.0.0.1 1; deed connect 127.0.0.1 7")
    wait_until(lambda: len(outputs(nunchi, "any")) == 1, 10, "the new rule")
    assert len(outputs(nunchi, "named")) == 2, nunchi.text()
    assert nunchi.stop() == 0, nunchi.stderr()
    wait_until(lambda: not os.path.exists(f"/proc/{ours[0]}"), 10, "the end of the process")


def test_no_names_no_process(setup):
    rules = Rules(setup)
    rules.write(("any", rule(setup, "fd.sport = 7"), "alert"))
    rules.nunchi = nunchi = setup.nunchi("guard", "-f", rules.path, *EXACT)
    assert not processes_named(setup, "nunchi-names", nunchi)
    rules.write(("named", rule(setup, "fd.sip.name = localhost"), "alert"))
    rules.reload()
    assert "which are not looked up: none did at the start" in nunchi.stderr(), nunchi.stderr()
    assert nunchi.stop() == 0, nunchi.stderr()


def test_more_names_than_there_is_room_for(setup):
    rules = Rules(setup)
    names = [f"name-{i:03}-{'x' * 40}.invalid" for i in range(600)]
    fit = (32 << 10) // (len(names[0]) + 1)
    rules.write(("few", rule(setup, f"fd.sip.name in ({', '.join(names[:fit])})"), "alert"))
    rules.nunchi = nunchi = setup.nunchi("guard", "-f", rules.path, *EXACT)
    assert "are not looked up" not in nunchi.stderr(), nunchi.stderr()
    rules.write(("many", rule(setup, f"fd.sip.name in ({', '.join(names)})"), "alert"))
    rules.reload()
    assert f"{600 - fit} of the names that addresses are compared with are not looked up" in nunchi.stderr(), nunchi.stderr()
    assert nunchi.stop() == 0, nunchi.stderr()


def test_a_datagram_to_another_peer(setup):
    rules = Rules(setup)
    rules.write(("peer", rule(setup, "fd.l4proto = udp and fd.connected = false and fd.name_changed = true"), "alert"),
                ("each", rule(setup, "fd.l4proto = udp"), "alert"))
    nunchi = setup.nunchi("guard", "-f", rules.path, *EXACT)
    deed(setup, "udp", "deed datagrams 71 71 71 72 72 71; deed datagrams 71; deed connect 127.0.0.1 71")
    wait_until(lambda: len(outputs(nunchi, "each")) == 7, 10, "all datagrams")
    time.sleep(0.3)
    assert nunchi.stop() == 0, nunchi.stderr()
    assert len(outputs(nunchi, "peer")) == 4, nunchi.text()
