# SPDX-License-Identifier: Apache-2.0
"""The rows that are ratios as bars, in SVG written by hand: docs/performance.svg."""

import xml.sax.saxutils

WIDTH, LEFT, RIGHT, BAR, GAP, TOP = 760, 230, 60, 14, 12, 44
COLOURS = {"nunchi": "#2b6cb0", "empty program": "#a0aec0"}
OTHER = "#c05621"
# What is longer is cut, with its number: strace's bars are.
LONGEST = 3.0


def write_plot(path, title, rows):
    rows = [row for row in rows if row.bars]
    scale = (WIDTH - LEFT - RIGHT) / LONGEST
    parts, y = [], TOP
    for row in rows:
        height = BAR * len(row.bars)
        parts.append(_text(LEFT - 8, y + height / 2 + 4, row.what, "end"))
        for name, ratio in sorted(row.bars.items(), key=lambda bar: bar[0] != "nunchi"):
            length = min(ratio.median, LONGEST) * scale
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 2}" '
                         f'fill="{COLOURS.get(name, OTHER)}"/>')
            low, high = (LEFT + min(end, LONGEST) * scale for end in (ratio.low, ratio.high))
            parts.append(f'<path d="M{low:.1f} {y + BAR / 2 - 1}H{high:.1f}" stroke="#000"/>')
            parts.append(_text(max(LEFT + length, high) + 5, y + BAR - 4,
                               f"{ratio.median:.2f}" + ("" if name == "nunchi" else f" {name}"), size=10))
            y += BAR
        if row.limit:
            x = LEFT + row.limit * scale
            parts.append(f'<path d="M{x:.1f} {y - height - 3}V{y + 2}" stroke="#c53030" '
                         'stroke-dasharray="3 2"/>')
        y += GAP
    one = LEFT + scale
    head = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y}" '
            'font-family="sans-serif" font-size="12">', '<rect width="100%" height="100%" fill="#fff"/>',
            _text(8, 16, title, size=11),
            _text(8, 32, "times as long as unwatched; black: range of rounds; red: target", size=11),
            f'<path d="M{one:.1f} {TOP - 6}V{y - GAP + 4}" stroke="#718096"/>']
    with open(path, "w", encoding="utf-8") as f:
        f.write("\n".join([*head, *parts, "</svg>"]) + "\n")


def _text(x, y, text, anchor="start", size=12):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">' \
           f"{xml.sax.saxutils.escape(text)}</text>"
