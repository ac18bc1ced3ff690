# SPDX-License-Identifier: Apache-2.0
"""--cpu-limit: above it the busiest are counted, all others are shown, and the account is exact."""

import os
import time

from cases.account import Ledger, Run, check_row, settled, stats
from harness import nunchi as harness_nunchi
from harness.many import full_or
from harness.place import wait_until

LIMIT = 10  # percent of a core
SECONDS = full_or(60, 6)
SETTLES = 2  # seconds


def cpu_seconds(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as f:
        fields = f.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def percent(pid, seconds):
    before, began = cpu_seconds(pid), time.monotonic()
    time.sleep(seconds)
    return 100 * (cpu_seconds(pid) - before) / (time.monotonic() - began)


def is_limited(nunchi):
    return stats()[nunchi.process.pid]["limited"]


def test_a_flood_under_a_limit(setup):
    run = Run(setup, "--cpu-limit", str(LIMIT))
    flood, quiet = Ledger(setup, "flood", 0, SECONDS), Ledger(setup, "quiet", 400, SECONDS)
    quiet.start()
    flood.start()
    time.sleep(SETTLES)
    used = percent(run.nunchi.process.pid, SECONDS - SETTLES - 1)
    limited, text = is_limited(run.nunchi), harness_nunchi.run("stats").stdout
    made = {ledger: ledger.made() for ledger in (flood, quiet)}
    for ledger, n in made.items():
        check_row(settled(run.nunchi, ledger.name, n))
    wait_until(lambda: not is_limited(run.nunchi), 10, "all to be told again")
    read = run.stop()
    told = {ledger.tag: read.check(ledger, n) for ledger, n in made.items()}
    read.check_numbers()
    print(f"# {used:.1f} % of a core; made {[*made.values()]}, not told one by one {[*told.values()]}")
    assert limited and f"at its --cpu-limit {LIMIT}" in text, text
    assert f"more than --cpu-limit {LIMIT}" in read.stderr and "under --cpu-limit" in read.stderr, read.stderr
    assert told[quiet.tag] == 0 and not any(read.losses.values()), (told, read.losses)
    assert told[flood.tag] > made[flood] / 10, (told, made)
    assert used <= 1.5 * LIMIT, used


def test_room_for_all(setup):
    """Who does little is told all of it: there is a limit, and it is not met."""
    run = Run(setup, "--cpu-limit", "100")
    ledger = Ledger(setup, "little", 200, 2).start()
    made = ledger.made()
    assert not is_limited(run.nunchi)
    read = run.stop()
    assert read.check(ledger, made) == 0 and "--cpu-limit" not in read.stderr, read.stderr


def test_what_is_no_limit(setup):
    for word in ("0", "-1", "half", "10%"):
        done = harness_nunchi.run("trace", "--cpu-limit", word)
        assert done.returncode == 2 and "--cpu-limit" in done.stderr, (word, done.stderr)
