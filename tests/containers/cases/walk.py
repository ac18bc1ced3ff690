# SPDX-License-Identifier: Apache-2.0
"""Each call of the whole table, made by progs/walk with known arguments, compared with its own log."""

import errno
import json
import sys

from harness.nunchi import run

# Of the table, at least so much is walked; what is not is here, with the reason.
SHARE = 0.9
NOT_WALKED = {
    "exit": "does not return: its end is a procexit",
    "exit_group": "does not return: its end is a procexit",
    "restart_syscall": "the kernel's own way to go on with a call, and told as the end of that one",
    "rt_sigreturn": "what it returns is the register of whatever was interrupted",
    "sync": "would make the whole host write what it has in memory",
}
# Calls from this number on are newer than the oldest kernel, or may be left out of one.
NEW = 424


def table():
    shown = run("list", "calls", "-o", "json")
    assert shown.returncode == 0, shown.stderr
    return {c["name"]: c for c in map(json.loads, shown.stdout.splitlines())}


def same_number(text, number):
    if text == "NULL":
        return number == 0
    try:
        return int(text, 8 if len(text) > 1 and text[0] == "0" and text.isdigit() else 0) == number
    except ValueError:
        return False


def agrees(text, wanted):
    if text is None:
        return False
    if "n" in wanted:
        return same_number(text, wanted["n"])
    return text == wanted["t"] or \
        sorted(text.split("|")) == sorted(wanted["t"].replace(" ", "").split("|"))


# Errors with two names: the kernel's.
NAMES = errno.errorcode | {errno.EOPNOTSUPP: "EOPNOTSUPP", errno.EAGAIN: "EAGAIN",
                           errno.EDEADLK: "EDEADLK"}


def result(ret):
    """evt.res of what a call returned."""
    return NAMES.get(-ret) if -4096 < ret < 0 else "SUCCESS"


def matches(event, line, names):
    return event["evt.rawres"] == line["ret"] and event["evt.res"] == result(line["ret"]) and \
        event["proc.vpid"] == line["pid"] and \
        all(agrees(event.get("evt.arg." + name), wanted)
            for name, wanted in zip(names, line["args"]))


def follow(lines, events, calls):
    """
    Each line takes the next event of its call that says the same, so that none stands for two and
    the order is that of the calls. Returns the pairs, and sentences on lines that have none.
    """
    at, pairs, wrong = {}, [], []
    for line in lines:
        name = line["call"]
        of = events.get(name, [])
        begin = at.get(name, 0)
        names = calls[name]["arguments"]
        assert len(names) == len(line["args"]), f"arguments are missing: {line}"
        found = next((i for i in range(begin, len(of)) if matches(of[i], line, names)), None)
        if found is None:
            near = [{k[8:]: v for k, v in e.items() if k.startswith("evt.arg.")} |
                    {"ret": e["evt.rawres"], "pid": e["proc.vpid"]} for e in of[begin:begin + 2]]
            wrong.append(f"{line} but {near}")
        else:
            at[name] = found + 1
            pairs.append((line, of[found]))
    return pairs, wrong


def unexpected(lines, calls):
    """Lines whose result is not one that the program takes for right."""
    return [line for line in lines if line["want"] is not None and
            (-line["ret"] if -4096 < line["ret"] < 0 else 0) not in line["want"] and
            not (line["ret"] == -errno.ENOSYS and calls[line["call"]]["number"] >= NEW)]


def one_to_one(pairs, pid):
    """A task is one task on the host, and the first of the container is the runtime's."""
    tasks = {}
    for line, event in pairs:
        host = (event["proc.pid"], event["thread.tid"])
        assert tasks.setdefault((line["pid"], line["tid"]), host) == host, (line, event)
    assert tasks[(1, 1)] == (pid, pid), tasks
    assert len(set(tasks.values())) == len(tasks), tasks


def test_every_call(setup):
    calls = table()
    name = setup.name + "-walk"
    made = setup.runc.create(name, ["/bin/walk"], privileged=True)
    nunchi = setup.nunchi("trace", "-e", "all", "-c", name, "-o", "json")
    made.start()
    code = made.wait()
    nunchi.wait_event(lambda e: e["evt.type"] == "procexit" and e["proc.vpid"] == 1, 30)
    assert nunchi.stop() == 0, nunchi.stderr()
    assert code == 0, made.output()[-500:]
    events = {}
    for event in nunchi.events():
        events.setdefault(event["evt.type"], []).append(event)
    lines = [json.loads(line) for line in made.output().splitlines() if line.startswith("{")]
    pairs, wrong = follow(lines, events, calls)
    assert not wrong, f"{len(wrong)} of {len(lines)}:\n" + "\n".join(wrong[:60])
    bad = unexpected(lines, calls)
    assert not bad, "\n".join(map(str, bad))
    one_to_one(pairs, events["procexit"][-1]["proc.pid"])
    walked = {line["call"] for line in lines}
    assert not walked & set(NOT_WALKED), walked & set(NOT_WALKED)
    missing = set(calls) - walked - set(NOT_WALKED)
    assert not missing, f"not walked: {sorted(missing)}"
    assert len(walked) >= SHARE * len(calls), f"{len(walked)} of {len(calls)}"
    print(f"# {len(walked)} of {len(calls)} calls, {len(lines)} times", file=sys.stderr)
