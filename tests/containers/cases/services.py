# SPDX-License-Identifier: Apache-2.0
"""The units of data/, started by a real systemd: the service starts, keeps running, reloads and stops as they say."""

import os
import re
import signal
import subprocess

from harness.nunchi import PROGRAM, TOP
from harness.place import Elsewhere, wait_until

UNITS = "/run/systemd/system"
SAID = "/run/nunchi-units"
# Longer than guard's watchdog waits. What systemctl cannot do is in what it says.
TRIAL = f"""[Service]
Type=oneshot
ExecStart=/bin/sh -c '\\
    systemctl start nunchi-guard nunchi-metrics; \\
    sleep 35; \\
    echo; systemctl show -p Id -p ActiveState -p NRestarts nunchi-guard nunchi-metrics; echo; \\
    curl -s http://127.0.0.1:9420/metrics; \\
    systemctl reload nunchi-guard; \\
    sleep 2; \\
    systemctl stop nunchi-guard nunchi-metrics; \\
    echo; systemctl show -p Id -p Result -p ExecMainStatus nunchi-guard nunchi-metrics; echo; \\
    journalctl -o cat -u nunchi-guard -u nunchi-metrics; \\
    echo The end'
StandardOutput=file:{SAID}
StandardError=file:{SAID}
"""


def write_units():
    os.makedirs(UNITS, exist_ok=True)
    for name in ("nunchi-guard.service", "nunchi-metrics.service"):
        with open(os.path.join(TOP, "data", name + ".in"), encoding="utf-8") as f:
            text = f.read().replace("@bindir@/nunchi", PROGRAM).replace("@config_dir@", "/etc/nunchi")
        with open(os.path.join(UNITS, name), "w", encoding="utf-8") as f:
            f.write(text)
    with open(os.path.join(UNITS, "trial.service"), "w", encoding="utf-8") as f:
        f.write(TRIAL)


def said():
    if not os.path.exists(SAID):
        return ""
    with open(SAID, encoding="utf-8", errors="replace") as f:
        return f.read()


def properties(text, unit):
    """Of each time that they were shown."""
    blocks = [dict(line.split("=", 1) for line in block.splitlines() if "=" in line) for block in text.split("\n\n")]
    return [block for block in blocks if block.get("Id") == unit + ".service"]


def test_each_unit(_setup):
    if "NUNCHI_TEST_KERNEL" not in os.environ:
        return Elsewhere("an init of its own would take this machine's mounts and cgroups for its own")
    write_units()
    systemd = subprocess.Popen(["unshare", "--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "/lib/systemd/systemd",
                                "--unit=trial.service", "--show-status=false"], env={**os.environ, "container": "lxc"},
                               stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: "\nThe end\n" in said(), 40, "the end: " + said())
    finally:
        systemd.send_signal(signal.SIGKILL)
        systemd.wait()
    text = said()
    for unit in ("nunchi-guard", "nunchi-metrics"):
        up, ended = properties(text, unit)
        assert (up["ActiveState"], up["NRestarts"]) == ("active", "0"), text
        assert (ended["Result"], ended["ExecMainStatus"]) == ("success", "0"), text
    assert re.search(r'^nunchi_up\{command="guard",pid="\d+"\} 1$', text, re.M), text
    assert "rules are read anew" in text and "Operation not permitted" not in text, text
    return None
