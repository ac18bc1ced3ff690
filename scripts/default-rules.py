#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""docs/default-rules.md from what the program says of its own rules: scripts/default-rules.py NUNCHI [RULES]

    scripts/default-rules.py build/nunchi > docs/default-rules.md
"""
import json
import re
import subprocess
import sys


def say(nunchi, *words):
    return subprocess.run([nunchi, *words, "--config", "/dev/null"], check=True, capture_output=True, text=True).stdout


def cell(text):
    return text.replace("|", "\\|")


def techniques(tags):
    return [t for t in tags if re.fullmatch(r"T\d{4}(\.\d{3})?", t)]


def link(technique):
    return f"[{technique}](https://attack.mitre.org/techniques/{technique.replace('.', '/')}/)"


def anchor(name):
    return re.sub(r"[^\w\- ]", "", name.lower()).replace(" ", "-")


def unfolded(text):
    """Of what explain says the condition and the events, without what is said above."""
    return text[text.index("\ncondition:\n") + 1:text.index("\noutput:\n")]


def main():
    nunchi = sys.argv[1]
    rules = [json.loads(line) for line in say(nunchi, "rules", "list", "-o", "json").splitlines()]
    print("# The default rules\n")
    print("Made from `rules/default.yaml` by `scripts/default-rules.py`; do not edit. docs/rules.md says how to change a rule.\n")
    print(f"{len(rules)} rules, in force when `nunchi guard` is given none.\n")
    print("| rule | priority | ATT&CK |\n|---|---|---|")
    for rule in rules:
        print(f"| [{cell(rule['rule'])}](#{anchor(rule['rule'])}) | {rule['priority']} "
              f"| {', '.join(map(link, techniques(rule['tags'])))} |")
    for rule in rules:
        print(f"\n## {rule['rule']}\n\n{' '.join(rule['desc'].split())}\n")
        facts = [rule["priority"]] + [link(t) for t in techniques(rule["tags"])]
        if not rule["enabled"]:
            facts.append("not enabled")
        print(", ".join(facts) + "\n")
        print("```\n" + unfolded(say(nunchi, "rules", "explain", rule["rule"])) + "\n```")


main()
