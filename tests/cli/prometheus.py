#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reads stdin as Prometheus reads its text format, 0.0.4. What it would not take, or promtool would blame, goes to stdout."""

import re
import sys

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"'
SAMPLE = re.compile(rf"({NAME})(?:\{{((?:{LABEL})(?:,{LABEL})*)?\}})? (-?[0-9]+(?:\.[0-9]+)?)")
TYPES = ("counter", "gauge")


def main():
    page = sys.stdin.buffer.read().decode()     # that it is UTF-8 is part of it
    if not page.endswith("\n"):
        print("the last line has no end")
    helps, types, order, seen = {}, {}, [], set()
    for number, line in enumerate(page.splitlines(), 1):
        about = re.fullmatch(rf"# (HELP|TYPE) ({NAME}) (.+)", line)
        if about:
            word, name, text = about.groups()
            known = helps if word == "HELP" else types
            if name in known or name in order:
                print(f"{number}: {word} of {name} twice, or after samples")
            if word == "TYPE" and text not in TYPES:
                print(f"{number}: no type: {text}")
            known[name] = text
            continue
        sample = SAMPLE.fullmatch(line)
        if not sample:
            print(f"{number}: no sample: {line}")
            continue
        name, labels, value = sample.group(1), sample.group(2) or "", float(sample.groups()[-1])
        if name not in helps or name not in types:
            print(f"{number}: {name} without HELP and TYPE")
        if (types.get(name) == "counter") != name.endswith("_total"):
            print(f"{number}: _total is a counter's, and a counter's name ends so: {name}")
        if types.get(name) == "counter" and value < 0:
            print(f"{number}: a counter below 0")
        if name in order[:-1]:
            print(f"{number}: samples of {name} are not together")
        if not order or order[-1] != name:
            order.append(name)
        pairs = re.findall(LABEL, labels)
        if len({key for key, _ in pairs}) != len(pairs):
            print(f"{number}: a label twice")
        if (name, frozenset(pairs)) in seen:
            print(f"{number}: the same sample twice")
        seen.add((name, frozenset(pairs)))
    for name in {*helps, *types} - set(order):
        print(f"{name} has no sample")
    if not order:
        print("nothing is told")


main()
