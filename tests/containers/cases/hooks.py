# SPDX-License-Identifier: Apache-2.0
"""
Three attachments, one result: a nunchi with each kind that the kernel supports watches the same
container, and their events have the same fields, except for the time.
"""

import collections
import json
import os
import platform
import re
import sys

from harness.place import Elsewhere, wait_until

KINDS = ("tracepoint", "fentry", "kprobe")
# When, and the order of what happens at the same time on several CPUs.
APART = ("evt.num", "evt.time", "evt.time.iso8601", "evt.rawtime", "evt.datetime", "evt.latency",
         "evt.cpu", "ts", "time")
# Of progs/numbers.c, and of progs/gates.c: more would take a kernel that is computed long to attach.
NUMBERS = "@namespace,truncate,openat,mkdirat,renameat2,openat2"
GATES = "accept,unshare,clone,clone3,clock_nanosleep" + (",fork,vfork" if platform.machine() == "x86_64" else "")


def start(setup, kind, *arguments):
    """None: this kernel has none of that kind."""
    try:
        nunchi = setup.nunchi("trace", "-v", "--hooks", kind, "-o", "json", *arguments)
    except RuntimeError as error:
        assert kind != "tracepoint" and "this kernel has none" in str(error), error
        return None
    wait_until(lambda: "all hooks are attached" in nunchi.stderr(), 60, "its hooks")
    return nunchi


def flat(event):
    return json.dumps({key: value for key, value in event.items() if key not in APART},
                      sort_keys=True)


def watch(setup, command, *arguments):
    """The events that each kind told of, as a Counter; and what each said."""
    name = setup.name + "-hooks"
    all_ = {kind: start(setup, kind, "-c", name, *arguments) for kind in KINDS}
    nunchis = {kind: nunchi for kind, nunchi in all_.items() if nunchi}
    # On x86-64 whoever configures kprobes has trampolines too.
    if platform.machine() == "x86_64" and os.path.exists("/sys/bus/event_source/devices/kprobe"):
        assert len(nunchis) == len(KINDS), list(nunchis)
    made = setup.runc.create(name, command, privileged=True)
    made.start()
    code = made.wait()
    for nunchi in nunchis.values():
        nunchi.wait_event(lambda e: e["evt.type"] == "procexit" and e["proc.vpid"] == 1, 60)
    for nunchi in nunchis.values():
        assert nunchi.stop(60) == 0, nunchi.stderr()
        assert " lost 0" in nunchi.stderr(), nunchi.stderr()
    assert code == 0, (code, made.output()[-500:])
    for kind, nunchi in nunchis.items():
        took = re.search(r"all hooks are attached ([\d.]+) ms", nunchi.stderr())[1]
        print(f"# {kind}: {took} ms to all hooks", file=sys.stderr)
    return ({kind: [e for e in nunchi.events() if e.get("container.full_id") == name]
             for kind, nunchi in nunchis.items()},
            {kind: nunchi.stderr() for kind, nunchi in nunchis.items()})


def test_beginnings_and_ends(setup):
    """--entry: what begins is told before what ends, with the same arguments and no result."""
    if not os.path.exists("/sys/bus/event_source/devices/kprobe"):
        print("# this kernel has no kprobes", file=sys.stderr)
        return
    name = setup.name + "-entry"
    nunchi = start(setup, "kprobe", "--entry", "-e", "openat,connect,clock_nanosleep,unshare,procexit",
                   "-c", name)
    made = setup.runc.create(name, ["/bin/gates", "20"], privileged=True)
    made.start()
    assert made.wait() == 0, made.output()
    nunchi.wait_event(lambda e: e["evt.type"] == "procexit" and e["proc.vpid"] == 1, 60)
    assert nunchi.stop(60) == 0 and " lost 0" in nunchi.stderr(), nunchi.stderr()
    begun, ends = collections.defaultdict(list), collections.Counter()
    for event in nunchi.events():
        if event["evt.type"] not in ("connect", "clock_nanosleep", "unshare"):
            continue
        called = (event["thread.tid"], event["evt.type"],
                  *(value for key, value in sorted(event.items()) if key.startswith("evt.arg.")))
        if event.get("evt.is_entry"):
            assert "evt.rawres" not in event and "evt.res" not in event, event
            begun[called].append(event)
        else:
            # What seccomp denies never came to its function.
            assert event["evt.res"] == "EXDEV" or begun[called].pop(0), event
            ends[event["evt.type"]] += 1
    assert ends["connect"] == 20 and ends["unshare"] == 4 and ends["clock_nanosleep"] > 3, ends
    assert not any(begun.values()), begun


def test_what_a_close_closes(setup):
    """It is there when the call begins; when it ends, the number may be another's already."""
    if not os.path.exists("/sys/bus/event_source/devices/kprobe"):
        print("# this kernel has no kprobes", file=sys.stderr)
        return
    name = setup.name + "-close"
    nunchi = start(setup, "kprobe", "--entry", "-e", "close,procexit", "-c", name)
    made = setup.runc.run(name, ["/bin/cat", "/etc/passwd"])
    assert made.wait() == 0, made.output()
    nunchi.wait_event(lambda e: e["evt.type"] == "procexit" and e["proc.vpid"] == 1, 60)
    assert nunchi.stop(60) == 0, nunchi.stderr()
    closes = [e for e in nunchi.events() if e["evt.type"] == "close" and e["proc.name"] == "cat"]
    begun = [e for e in closes if e.get("evt.is_entry")]
    assert any(e.get("fd.name") == "/etc/passwd" for e in begun), closes
    assert len(closes) > len(begun) and not any("fd.name" in e for e in closes if e not in begun), closes


def missed_runs(kind, said):
    """
    Runs that the kernel skipped, as nunchi says at its end. None may be but of programs on functions (fexit) where
    the kernel preempts itself: that they can be is in what those hooks do not see.
    """
    missed = [(int(n), program) for n, program in re.findall(r"not seen: (\d+) missed runs of (\S+)", said)]
    if missed:
        assert kind == "fentry" and "calls in preempted hooks (fexit)" in said, said
        print(f"# {kind}: missed {missed}", file=sys.stderr)
    return sum(n for n, _ in missed)


def compare(told, said):
    """Of every call that has a function: one that the kernel does not know has none."""
    told = {kind: [e for e in events if e.get("evt.res") != "ENOSYS"] for kind, events in told.items()}
    tracepoint = collections.Counter(flat(e) for e in told["tracepoint"])
    assert tracepoint, "no events"
    for kind, events in told.items():
        found = collections.Counter(flat(e) for e in events)
        more, less = found - tracepoint, tracepoint - found
        assert not more and sum(less.values()) <= missed_runs(kind, said[kind]), f"{kind}: {sum(more.values())} more, {sum(less.values())} less of " \
            f"{sum(tracepoint.values())}:\n+ " + "\n+ ".join(list(more)[:3]) + \
            "\n- " + "\n- ".join(list(less)[:3])
        print(f"# {kind}: {len(events)} events", file=sys.stderr)


def test_every_call_the_same(setup):
    told, said = watch(setup, ["/bin/walk"])
    compare(told, said)


def test_the_same_of_waiting_and_denied_calls(setup):
    """A thousand accepts that wait, what seccomp denies, a fork's two exits, a call that goes on."""
    told, said = watch(setup, ["/bin/gates", "1000"], "-e", GATES + ",procexit")
    for kind, events in told.items():
        of = collections.Counter((e["evt.type"], e.get("evt.res")) for e in events)
        missed = missed_runs(kind, said[kind])
        assert 1000 - missed <= of[("accept", "SUCCESS")] <= 1000, (kind, of, said[kind])
        assert missed or (of[("unshare", "SUCCESS")], of[("unshare", "EXDEV")]) == (1, 3), (kind, of)
        assert "no room" not in said[kind], said[kind]
    compare(told, said)


def attach_amid_calls(setup, kind):
    """
    A container's calls go on before, while and after hooks are attached one by one, each with the next number: of
    those that are told, from the first to the last, none is missing and none is told twice.
    """
    name = f"{setup.name}-numbers-{kind}"
    made = setup.runc.run(name, ["/bin/numbers", kind, "400"])
    wait_until(lambda: "goes on" in made.output(), 30, "the first calls")
    nunchi = start(setup, kind, "-c", name, "-e", NUMBERS + ",procexit")
    if not nunchi:
        made.remove()
        return Elsewhere(f"this kernel has no {kind}")
    amid = len(nunchi.lines)  # told until all hooks were attached
    wait_until(lambda: len(nunchi.lines) > amid + 500, 30, "events after the last hook")
    with open(os.path.join(setup.root, "stop-" + kind), "w", encoding="utf-8"):
        pass
    assert made.wait() == 0, made.output()
    wait_until(lambda: any(b'"procexit"' in line for _, line in nunchi.lines[-50:]), 60, "the container's end")
    assert nunchi.stop(60) == 0, nunchi.stderr()
    first, all_ = (re.search(what + r" ([\d.]+) ms", nunchi.stderr())[1]
                   for what in ("the first record came", "all hooks are attached"))
    print(f"# {kind}: {first} ms to the first event, {all_} ms to all hooks, {amid} events meanwhile", file=sys.stderr)
    assert amid > 100 and " lost 0" in nunchi.stderr(), (amid, nunchi.stderr())
    told = collections.defaultdict(collections.Counter)
    for _, line in nunchi.lines:
        found = re.search(rb"/none/(\d)-(\d+)", line)
        if found:
            told[int(found[1])][int(found[2])] += 1
    for thread, count in enumerate(int(n) for n in made.output().split()[-2:]):
        numbers = told[thread]
        missing = [n for n in range(min(numbers), count) if n not in numbers]
        twice = [n for n, times in numbers.items() if times > 1]
        assert not missing and not twice, \
            f"{len(missing)} missing, {len(twice)} told twice of {len(numbers)}: {missing[:9]}, {twice[:9]}"
    return None


def test_attached_by_fentry_amid_calls(setup):
    return attach_amid_calls(setup, "fentry")


def test_attached_by_kprobe_amid_calls(setup):
    return attach_amid_calls(setup, "kprobe")


def test_what_a_killed_one_has_left(setup):
    """kretprobes with room are events of tracefs, which outlive their maker until the next nunchi."""
    path = "/sys/kernel/tracing/kprobe_events"
    if not os.path.exists(path):
        print("# this kernel has no kprobes, or no tracefs", file=sys.stderr)
        return

    def groups():
        with open(path, encoding="utf-8") as f:
            return set(re.findall(r":(nunchi_\d+)/", f.read()))

    before = groups()
    first = start(setup, "kprobe", "-e", "openat")
    assert len(groups() - before) == 1, groups()
    first.process.kill()
    first.process.wait()
    assert len(groups() - before) == 1, groups()
    second = start(setup, "kprobe", "-e", "openat")
    assert groups() - before == {f"nunchi_{second.process.pid}"}, groups()
    assert second.stop(60) == 0, second.stderr()
    wait_until(lambda: not groups() - before, 10, "its events to go")
