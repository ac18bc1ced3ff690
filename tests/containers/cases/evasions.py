# SPDX-License-Identifier: Apache-2.0
"""
What monitors are known to miss (harness/evasions.py), done in a container and looked for in the stream.
tests/vm/evasions.txt records what was seen on which kernel, and that must not become less.
NUNCHI_TEST_KERNEL names the column for this machine, and NUNCHI_TEST_EVASIONS a file for the results.
scripts/evasion-table makes docs/evasions.md from the record.
"""

import json
import os
import time

from harness.evasions import TABLE, Record
from harness.many import Parsed
from harness.nunchi import has_trampolines, run

# Of all the rows, how many must be seen; the others are not to be had on such a kernel.
AT_LEAST = 50
# The calls that no default shows, but these rows are about.
EVENTS = ("default,sendfile,splice,vmsplice,tee,copy_file_range,ioctl,mmap,mprotect,prctl,write,"
          "pread64,pwrite64,fanotify_mark,sendto,sendmsg,sendmmsg")
PROGRAMS = list(dict.fromkeys(row.program for row in TABLE))


def is_so(event, field, wanted, values):
    found = event.get(field)
    if callable(wanted):
        return wanted(found)
    if isinstance(wanted, str) and "{" in wanted:
        return str(found) == wanted.format(**values)
    return found == wanted


def meets(event, condition, values):
    return all(is_so(event, field, wanted, values) for field, wanted in condition.items()
               if field not in ("count", "copies"))


def missing(row, events, values, copies):
    """What is not there of what the row says must be, as a sentence; or None."""
    for condition in row.see:
        if condition.get("copies", copies) != copies:
            continue
        found = sum(meets(e, condition, values) for e in events)
        count = condition.get("count")
        count = values.get(count, count)
        if found == 0 or (count is not None and found != count):
            shown = {k: v for k, v in condition.items() if not callable(v)}
            return f"{found} events with {shown}" + (f", not {count}" if count is not None else "")
    return None


def run_program(setup, nunchi, parsed, program):
    """What it said, row by row, and the container's events."""
    name = f"{setup.name}-{program.replace('_', '-')}"
    before, init = len(parsed()), None
    made = setup.runc.create(name, ["/bin/" + program], privileged=True)
    made.start()
    made.wait()

    def is_over(events):
        nonlocal before, init
        new, before = events[before:], len(events)
        for e in new:
            # Others are the first of a PID namespace too, but not of the container's.
            if e["evt.type"] == "execve" and e["proc.vpid"] == 1 and e["container.full_id"] == name:
                init = init or e["proc.pid"]
        return init and any(e["evt.type"] == "procexit" and e["proc.pid"] == init for e in new)

    first = before
    parsed.until(is_over, 60)
    time.sleep(0.3)
    assert init and nunchi.process.poll() is None, nunchi.stderr()
    lines = [json.loads(line) for line in made.output().splitlines() if line.startswith("{")]
    assert lines and lines.pop() == {"done": True}, made.output()[-500:]
    events = [e for e in parsed()[first:] if e.get("container.full_id") == name]
    for line in lines:
        line.setdefault("values", {})["init"] = init
    return {line["row"]: line for line in lines}, events


def results_of(setup, nunchi, parsed, program, copies):
    """name -> "seen", "shut: why", "missing: what" or "failed: why", of the rows of one program."""
    said, events = run_program(setup, nunchi, parsed, program)
    results = {}
    for row in TABLE:
        if row.program != program:
            continue
        line = said.get(row.name, {"failed": "it said nothing"})
        if "shut" in line:
            results[row.name] = "shut: " + line["shut"]
        elif "failed" in line:
            results[row.name] = "failed: " + line["failed"]
        else:
            gap = missing(row, events, line["values"], copies)
            results[row.name] = "missing: " + gap if gap else "seen"
    return results


def attachment():
    """The hook of system calls, as the doctor knows it by name."""
    hooks = {h["name"] for h in json.loads(run("doctor", "-o", "json").stdout)["hooks"]}
    return next(name for name in ("sys_exit_perf", "sys_exit", "unknown") if name in hooks or
                name == "unknown")


def test_each(setup):
    results, copies = {}, has_trampolines()
    nunchi = setup.nunchi("trace", "-o", "json", "-e", EVENTS)
    parsed = Parsed(nunchi)
    for program in PROGRAMS:
        results |= results_of(setup, nunchi, parsed, program, copies)
    assert nunchi.stop() == 0, nunchi.stderr()
    assert "does not add up" not in nunchi.stderr(), nunchi.stderr()
    seen = sum(result == "seen" for result in results.values())
    print(f"# {seen} of {len(results)} evasions seen")
    for name, result in results.items():
        if result != "seen":
            print(f"# {name}: {result}")
    out = os.environ.get("NUNCHI_TEST_EVASIONS")
    if out:
        with open(out, "w", encoding="utf-8") as f:
            json.dump({"release": os.uname().release, "attachment": attachment(),
                       "copies": "kept" if copies else "none", "results": results}, f)
    wrong = [f"{name}: {result}" for name, result in results.items()
             if result.startswith(("missing", "failed"))]
    wrong += [f"{name}: the record says that it was seen, and now {results[name]}"
              for name in Record().seen_here()
              if results[name].startswith("shut")]
    assert not wrong, "\n".join(wrong)
    assert seen >= AT_LEAST, f"only {seen} seen"
