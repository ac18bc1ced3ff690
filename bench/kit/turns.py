# SPDX-License-Identifier: Apache-2.0
"""
Ratios on a machine whose speed drifts: each watched round stands between two that nobody watches, and
is compared with the mean of these. The median ratio counts; the range is told.
"""

import collections
import statistics

Ratio = collections.namedtuple("Ratio", "median low high")


def middle(values):
    return Ratio(statistics.median(values), min(values), max(values))


class Turns:
    """
    one_round(): a number, the less the better. tracers: what watches in turn (kit/tracers.py).
    of: name -> Ratio. plain: Ratio of the rounds that nobody watched.
    """

    def __init__(self, one_round, tracers, rounds):
        ratios, plain = collections.defaultdict(list), []
        one_round()
        plain.append(one_round())
        for _ in range(rounds):
            for tracer in tracers:
                with tracer:
                    with_it = one_round()
                plain.append(one_round())
                ratios[tracer.name].append(2 * with_it / (plain[-2] + plain[-1]))
        self.of = {name: middle(values) for name, values in ratios.items()}
        self.plain = middle(plain)
