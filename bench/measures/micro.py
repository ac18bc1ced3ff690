# SPDX-License-Identifier: Apache-2.0
"""
One call, or a few, over and over, as CPU time: what else runs on this machine is not in it, what
interrupts it is.
"""

from kit import load
from kit.table import Row
from kit.turns import Turns

# Everything is delivered and judged, nothing is shown.
# Of what the kernel side does not know, so that all of it leaves.
UNSHOWN = ("-o", "json", "proc.cmdline=/none")

# name: deed, whether in a container, what nunchi and others are asked for (None: what nunchi shows by
# itself), the row, the target as a ratio
MICRO = {
    "uninteresting": ("getppid", False, None, "uninteresting call, host", 1.33),
    "uninteresting-in": ("getppid", True, None, "uninteresting call, container", None),
    "open-host": ("open", False, "openat,close", "openat+close, host", 1.25),
    "open": ("open", True, "openat,close", "openat+close, container", 1.60),
    "connect": ("connect", True, None, "TCP connect+accept+close, container", 1.08),
    "exec": ("exec", True, None, "fork+exec, container", 1.03),
    "byte": ("byte", True, "read,write", "read+write of one byte, container", None),
}
NAMES = tuple(MICRO)


def ratio_row(what, turns, tracers, limit, unit):
    """The row of work that took turns; lossless, if it has a target."""
    nunchi = tracers[0]
    ratio = turns.of[nunchi.name]
    notes = [nunchi.note(), unit] + [
        f"{turns.of[t.name].median:.2f}x with {t.name}" + (f" ({t.note()})" if t.note() else "")
        for t in tracers[1:]]
    return Row(what, f"{ratio.median:.2f}x ({ratio.low:.2f} to {ratio.high:.2f})",
               f"<= {limit:.2f}x, 0 lost" if limit else "",
               ratio.median <= limit and not nunchi.lost if limit else None, "; ".join(notes),
               turns.of, limit)


def measure(bench, name):
    deed, container, calls, what, limit = MICRO[name]
    rounds = load.deed(bench, name, deed, container)
    tracers = bench.tracers(calls, rounds.pid(), *(UNSHOWN if calls else ("-o", "json")))
    turns = Turns(lambda: rounds.round().cpu, tracers, bench.rounds)
    rounds.end()
    bench.add(ratio_row(what, turns, tracers, limit, f"{turns.plain.median:,.0f} ns unwatched"))
