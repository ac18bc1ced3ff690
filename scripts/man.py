#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A manual page from its template in man/: scripts/man.py TEMPLATE OPTIONS VERSION > PAGE

OPTIONS is what `nunchi list options -o json` writes: the one table. In a template

    @OPTIONS trace@     is the options of a command
    @KEYS@              all of them, as keys of the configuration file
    @VERSION@           the program's
"""
import json
import sys


def roff(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text.startswith((".", "'")) else text


def sentence(text):
    return roff(text[:1].upper() + text[1:] + ("" if text.endswith(".") else "."))


def options(rows, command):
    lines = []
    for row in rows:
        if row["command"] != command:
            continue
        names = ["\\fB" + roff("-" + row["letter"]) + "\\fR"] if "letter" in row else []
        names.append("\\fB" + roff("--" + row["name"]) + "\\fR")
        argument = f" \\fI{roff(row['argument'])}\\fR" if "argument" in row else ""
        lines += [".TP", ", ".join(names) + argument, sentence(row["doc"])]
        if row["many"]:
            lines.append("May be given more than once.")
    if not lines:
        sys.exit(f"man.py: no options of {command}")
    return lines


def keys(rows):
    lines, commands = [], {}
    for row in rows:
        if row["key"]:
            commands.setdefault(row["name"], []).append(row)
    for name in sorted(commands):
        row = commands[name][0]
        value = row.get("argument", "true|false") if len({r.get("argument") for r in commands[name]}) == 1 \
            else "|".join(dict.fromkeys(v for r in commands[name] for v in r["argument"].split("|")))
        value = f"[{value}, ...]" if row["many"] else value
        lines += [".TP", f"\\fB{roff(name)}\\fR: \\fI{roff(value)}\\fR", sentence(row["doc"]),
                  "In: " + roff(", ".join(r["command"] for r in commands[name])) + "."]
    return lines


def main():
    template, table, version = sys.argv[1:]
    with open(table) as f:
        rows = [json.loads(line) for line in f]
    with open(template) as f:
        for line in f.read().splitlines():
            if line.startswith("@OPTIONS "):
                print("\n".join(options(rows, line.split()[1].rstrip("@"))))
            elif line == "@KEYS@":
                print("\n".join(keys(rows)))
            else:
                print(line.replace("@VERSION@", version))


main()
