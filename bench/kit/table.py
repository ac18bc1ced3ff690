# SPDX-License-Identifier: Apache-2.0
"""Rows: what was measured, where, against which target; as a table and as JSON."""

import json


class Row:
    """
    here: what it was, in words. target: in words; met: None without one. note: what else there is to
    say. bars: name -> Ratio (kit/turns.py), for the plot; limit: the target there.
    """

    def __init__(self, what, here, target="", met=None, note="", bars=None, limit=None):
        self.what, self.here, self.target, self.met, self.note = what, here, target, met, note
        self.bars, self.limit = bars or {}, limit

    def cells(self):
        verdict = {None: "", True: "met", False: "missed"}[self.met]
        return self.what, self.here, self.target, verdict, self.note

    def as_dict(self):
        ratios = {name: {"median": round(r.median, 4), "low": round(r.low, 4), "high": round(r.high, 4)}
                  for name, r in self.bars.items()}
        return {"measure": self.what, "here": self.here, "target": self.target, "met": self.met,
                "note": self.note, **({"ratios": ratios} if ratios else {})}


def print_table(rows):
    cells = [("MEASURE", "HERE", "TARGET", "", "")] + [row.cells() for row in rows]
    widths = [max(len(row[i]) for row in cells) for i in range(4)]
    for row in cells:
        print("  ".join([*(cell.ljust(width) for cell, width in zip(row, widths)), row[4]]).rstrip())


def write_json(path, facts, rows):
    with open(path, "w", encoding="utf-8") as f:
        json.dump({**facts, "rows": [row.as_dict() for row in rows]}, f, indent=1)
        f.write("\n")
