# SPDX-License-Identifier: Apache-2.0
"""Each call of the default set, made by progs/walk.c with known arguments, against its own log."""

import json

from harness.nunchi import run

# Known from elsewhere: how the child returns, or what cannot be made to succeed or fail safely.
NOT_WALKED = {
    "exit_group", "exit",  # do not return: procexit
}


def default_set():
    shown = run("list", "calls", "-o", "json")
    assert shown.returncode == 0, shown.stderr
    calls = [json.loads(line) for line in shown.stdout.splitlines()]
    return {c["name"]: c["arguments"] for c in calls if c["default"]}


def same_number(text, number):
    if text == "NULL":
        return number == 0
    try:
        return int(text, 8 if len(text) > 1 and text[0] == "0" and text.isdigit() else 0) == number
    except ValueError:
        return False


def agrees(text, wanted):
    if "t" in wanted:
        return text == wanted["t"] or \
            (text is not None and
             sorted(text.split("|")) == sorted(wanted["t"].replace(" ", "").split("|")))
    if "n" in wanted:
        return text is not None and same_number(text, wanted["n"])
    return True


def matches(event, line, names):
    if event["evt.rawres"] != line["ret"]:
        return False
    return all(agrees(event.get("evt.arg." + name), wanted)
               for name, wanted in zip(names, line["args"]))


def test_every_call(setup):
    calls = default_set()
    name = setup.name + "-walk"
    made = setup.runc.create(name, ["/bin/walk"], privileged=True)
    nunchi = setup.nunchi("trace", "-o", "json")
    made.start()
    code = made.wait()
    nunchi.wait_event(lambda e: e["evt.type"] == "container_stopped" and
                      e["container.full_id"] == name, 30)
    assert nunchi.stop() == 0, nunchi.stderr()
    assert code == 0, made.output()[-500:]
    events = {}
    for event in nunchi.events():
        if event.get("container.full_id") == name:
            events.setdefault(event["evt.type"], []).append(event)
    lines = [json.loads(line) for line in made.output().splitlines() if line.startswith("{")]
    walked = {line["call"] for line in lines}
    wrong = []
    for line in lines:
        names = calls.get(line["call"])
        if names is None:
            continue
        if not any(matches(e, line, names) for e in events.get(line["call"], [])):
            near = [{k[8:]: v for k, v in e.items() if k.startswith("evt.arg.")} |
                    {"ret": e["evt.rawres"]} for e in events.get(line["call"], [])][:2]
            wrong.append(f"{line} but {near}")
    missing = set(calls) - walked - NOT_WALKED
    assert not wrong, f"{len(wrong)} of {len(lines)}:\n" + "\n".join(wrong[:40])
    assert not missing, f"not walked: {sorted(missing)}"
