# SPDX-License-Identifier: Apache-2.0
"""How many events a second there may be before one is lost, and what is lost beyond that."""

from kit.load import Flow
from kit.table import Row
from kit.tracers import lost

NAMES = ("flood", "json")
# Delivered, decoded, named and judged, and nothing is shown.
# Of what the kernel side does not know, so that all of it leaves.
UNSHOWN = "proc.cmdline=/none"
RATES = [250000 * n for n in (1, 2, 3, 4, 6, 8, 12, 16, 24)]
# Less than this part of a rate was not made; where a higher one makes no more, the machine cannot.
MADE, MORE = 0.95, 1.05
# getppid has no strings, and is as good as the only one.
FILL = 62


def run(bench, name, rate, seconds, fill, cpus, *filters):
    """Calls made, calls a second, events lost."""
    nunchi = bench.nunchi("trace", "-e", "openat,close" + (",getppid" if fill else ""), "-o", "json",
                          *filters)
    made, reached = Flow(bench, f"{name}{rate}", rate, seconds, fill, cpus).wait()
    nunchi.stop()
    return made, reached, lost(nunchi)


def sweep(bench):
    """Adds the row of the first loss."""
    seconds = 2 if bench.quick else 10
    cpus, best, first = [bench.cpu], 0, None
    for rate in RATES:
        made, reached, gone = run(bench, "sweep", rate, seconds, FILL, cpus, UNSHOWN)
        if gone:
            first = (reached, gone / made)
            break
        if reached < min(MADE * rate, MORE * best):
            break
        best = max(best, reached)
    notes = ["getppid, one CPU makes them"]
    if first:
        made, reached, gone = run(bench, "twice", 2 * int(first[0]), seconds, FILL,
                                  [bench.cpu, bench.other], UNSHOWN)
        notes.append(f"at {first[0] / 1e3:,.0f}k/s {first[1]:.2%} lost")
        notes.append(f"asked for twice that, from both CPUs, {reached / 1e3:,.0f}k/s were made and "
                     f"{gone / made:.1%} lost")
    else:
        notes.append("no loss; one CPU can make no more while it is watched")
    bench.add(Row("events a second without loss", f"{best / 1e3:,.0f}k/s", ">= 2,000k/s",
                  best >= 2e6 * MADE, "; ".join(notes)))


def measure(bench, name):
    if name == "flood":
        sweep(bench)
        return
    made, reached, gone = run(bench, name, 500000, 2 if bench.quick else 5, FILL, [bench.cpu])
    bench.add(Row("as JSON to /dev/null", f"{reached / 1e3:,.0f}k/s, {gone:,} lost", "500k/s, 0 lost",
                  gone == 0 and reached > 500000 * MADE))
