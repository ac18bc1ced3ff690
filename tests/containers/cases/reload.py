# SPDX-License-Identifier: Apache-2.0
"""
Rules that change while events arrive: each event is matched once, with the rules of its time, and what
is blocked stays blocked. The counters of the workload are the oracle.
"""

import collections
import json
import os
import pty
import re
import shutil
import signal
import time

from harness.blocking import refuses_all
from harness.nunchi import PROGRAM
from harness.place import Elsewhere, wait_until
from .security import check_threads

# What count makes and nothing else does; the last is what only the new rules are about.
CALLS = ["mkdirat", "renameat2", "unlinkat", "socket", "tgkill"]
ADDED = "setresuid"
RULE = """
- rule: {name}
  desc: d
  condition: {condition}
  output: '{name} %evt.type %fd.name end'
  priority: WARNING
  action: {action}
"""
EXACT = ("--fold", "0", "--alert-limit", "0")


class Rules:
    """A file of rules that nunchi guard has read, and reads again."""

    def __init__(self, setup):
        self.path = setup.rules_file()
        self.nunchi = None
        self.changes = 0

    def write(self, *rules, more=""):
        """All at once, as whoever edits files in force does."""
        with open(self.path + ".new", "w", encoding="utf-8") as f:
            for name, condition, action in rules:
                f.write(RULE.format(name=name, condition=condition, action=action))
            f.write(more)
        os.rename(self.path + ".new", self.path)

    def count_said(self):
        return self.nunchi.stderr().count("rules are read anew")

    def reload(self):
        """By SIGHUP; the file's change may be noticed besides, which is the same."""
        before = self.count_said()
        self.nunchi.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.count_said() > before, 10, "new rules: " + self.nunchi.stderr())
        self.changes += 1

    def refused(self, *texts):
        before = self.nunchi.stderr().count("the rules stay what they were")
        self.nunchi.process.send_signal(signal.SIGHUP)
        wait_until(lambda: self.nunchi.stderr().count("the rules stay what they were") > before, 10, "a refusal")
        for text in texts:
            assert text in self.nunchi.stderr(), self.nunchi.stderr()


def condition(name, *more):
    return f"container.name = {name} and proc.name = count and evt.type in ({', '.join([*CALLS, *more])})"


def test_each_event_meets_one_of_them(setup):
    name, rules, path = setup.name + "-reload", Rules(setup), setup.file("alerts")
    rules.write(("old", condition(name), "alert"))
    with open(path, "wb") as out:
        rules.nunchi = nunchi = setup.nunchi("guard", "-f", rules.path, *EXACT, stdout=out)
    assert " 5 calls, " in nunchi.stderr(), nunchi.stderr()
    made = setup.runc.run(name, ["/bin/sh", "-c",
                                 "while [ ! -e /tmp/stop ]; do /bin/count 400; done"])

    def work():
        """A whole run of count, at least, by the rules that are in force."""
        before = made.output().count("{")
        wait_until(lambda: made.output().count("{") >= before + 2, 60, "work")

    for change in range(4):
        work()
        rules.write(("new" if change % 2 == 0 else "old",
                     condition(name, *([ADDED] if change % 2 == 0 else [])), "alert"))
        rules.reload()
        if change == 2:
            work()
            rules.write(("broken", "evt.typ = openat", "alert"))
            rules.refused(f"{os.path.basename(rules.path)}:4:14: error:", "evt.typ")
    work()
    made.execute(["touch", "/tmp/stop"])
    assert made.wait() == 0, made.output()
    runs = [json.loads(line) for line in made.output().splitlines() if line.startswith("{")]
    oracle = sum((collections.Counter({call: n for call, n in run.items() if call in [*CALLS, ADDED]})
                  for run in runs), collections.Counter())
    if os.uname().machine == "aarch64":
        # There count's marker, an unlink, is an unlinkat, too.
        oracle["unlinkat"] += len(runs)
    # The stream has come to its end: all of it has been judged.
    assert nunchi.stop(60) == 0, nunchi.stderr()
    with open(path, encoding="utf-8") as f:
        told = re.findall(r"Warning (old|new) (\w+) ", f.read())
    kinds = collections.Counter(call for _, call in told)
    added = kinds.pop(ADDED, 0)
    assert 0 < added < oracle.pop(ADDED), (added, oracle)
    assert kinds == oracle, f"told {kinds}, made {oracle}, {len(runs)} runs"
    assert all(which == "new" for which, call in told if call == ADDED)
    # Old, new, old, new, old; each of them had something to say.
    turns = [which for i, (which, _) in enumerate(told) if not i or told[i - 1][0] != which]
    assert turns == ["old", "new", "old", "new", "old"], turns
    assert "lost 0" in nunchi.stderr() and "does not add up" not in nunchi.stderr(), nunchi.stderr()


def test_what_was_left_out_stays_so(setup):
    """Rules that come anew meet the same choice; a tag that they have no more disarms nothing."""
    rules, tagged = Rules(setup), "  tags: [wanted]\n"
    marker = setup.file("marker")
    opened = f"evt.type = openat and fd.nameraw = {marker}"
    rules.write(("other", f"evt.type = openat and fd.name = {marker}", "deny"), ("old", opened, "alert"), more=tagged)
    rules.nunchi = nunchi = setup.nunchi("guard", "--host", "-t", "wanted", "-f", rules.path, "-o", "json", *EXACT)
    assert "of 2 rules 1 is in force; left out by --tag 1 (of these 1 would do more than alert)" in nunchi.stderr()
    rules.write(("other", opened, "alert"), ("more", opened, "alert"), ("new", opened, "alert"), more=tagged)
    rules.reload()
    assert "of 3 rules 1 is in force; left out by --tag 2\n" in nunchi.stderr(), nunchi.stderr()
    rules.write(("other", opened, "alert"))
    rules.refused("--tag wanted: no rule has this tag")
    with open(marker, "wb"):
        pass
    with open(marker, "rb"):
        pass
    wait_until(nunchi.events, 10, "an alert")
    assert nunchi.stop() == 0
    assert {e["rule"] for e in nunchi.events()} == {"new"}, nunchi.events()


def test_changed_options_are_told(setup):
    rules, config = Rules(setup), setup.file("reload", "nunchi.yaml")
    rules.write(("first", condition("nobody"), "alert"))
    with open(config, "w", encoding="utf-8") as f:
        f.write("guard: {output: json}\n")
    rules.nunchi = nunchi = setup.nunchi("guard", "--config", config, "-f", rules.path)
    rules.reload()
    assert "has changed" not in nunchi.stderr(), nunchi.stderr()
    with open(config, "w", encoding="utf-8") as f:
        f.write("guard: {output: text}\n")
    rules.reload()
    assert f"{config} has changed: options are read at the start only" in nunchi.stderr(), nunchi.stderr()
    assert nunchi.stop() == 0, nunchi.stderr()


def test_a_change_of_the_file_is_enough(setup):
    rules = Rules(setup)
    marker = setup.file("marker")
    rules.write(("old", f"evt.type = openat and fd.nameraw = {marker}", "alert"))
    rules.nunchi = nunchi = setup.nunchi("guard", "--host", "-f", rules.path, "-o", "json", *EXACT)

    def told(name):
        def look():
            if os.path.exists(marker):
                with open(marker, "rb"):
                    pass
            return any(e["rule"] == name for e in nunchi.events())
        wait_until(look, 10, "an alert by " + name)

    with open(marker, "wb"):
        pass
    told("old")
    rules.write(("new", f"evt.type = openat and fd.nameraw = {marker}", "alert"))
    told("new")
    check_threads(nunchi)
    # Another file beside it is nothing to read rules for.
    said = rules.count_said()
    with open(setup.file("other.yaml"), "w", encoding="utf-8") as f:
        f.write("- rule: [")
    time.sleep(1)
    assert rules.count_said() == said, nunchi.stderr()
    os.unlink(rules.path)
    wait_until(lambda: "the rules stay what they were" in nunchi.stderr(), 10, "a refusal")
    assert nunchi.stop() == 0, nunchi.stderr()


def test_a_directory_that_is_replaced_is_watched(setup):
    """By another, at once or after a while: what is in that one counts, and so does what changes there later."""
    directory = setup.directory("rules.d")

    def write(where, name):
        with open(os.path.join(where, name + ".yaml"), "w", encoding="utf-8") as f:
            f.write(RULE.format(name=name, condition="evt.type = openat and fd.name = /nowhere", action="alert"))

    def read_anew(rules):
        wait_until(lambda: f"rules are read anew: {rules} rule" in nunchi.stderr(), 10, nunchi.stderr())

    write(directory, "one")
    nunchi = setup.nunchi("guard", "-f", directory, "-f", os.path.join(directory, "one.yaml"))
    other = setup.directory("other.d")
    for name in "one", "two", "three":
        write(other, name)
    os.rename(directory, directory + ".old")
    os.rename(other, directory)
    read_anew(3)
    write(directory, "four")
    read_anew(4)
    shutil.rmtree(directory)
    wait_until(lambda: "the rules stay what they were" in nunchi.stderr(), 10, nunchi.stderr())
    os.mkdir(directory)
    for name in "one", "five":
        write(directory, name)
    read_anew(2)
    write(directory, "six")
    write(directory, "seven")
    write(directory, "eight")
    read_anew(5)
    assert nunchi.stop() == 0, nunchi.stderr()


def test_standard_input_stays(setup):
    """It cannot be read again: its rules are what they were when those of a file change."""
    rules, marker = Rules(setup), setup.file("marker")
    opened = f"evt.type = openat and fd.nameraw = {marker}"
    rules.write(("once", opened, "alert"))
    once = setup.stack.enter_context(open(rules.path, encoding="utf-8"))
    rules.write(("old", opened, "alert"))
    rules.nunchi = nunchi = setup.nunchi("guard", "--host", "-f", rules.path, "-f", "-", "-o", "json", *EXACT, stdin=once)
    rules.write(("new", opened, "alert"))
    rules.reload()
    with open(marker, "wb"):
        pass
    wait_until(lambda: len(nunchi.events()) >= 2, 10, "two alerts")
    assert nunchi.stop() == 0, nunchi.stderr()
    assert {e["rule"] for e in nunchi.events()} == {"new", "once"}, nunchi.events()


def test_what_is_blocked_stays_blocked(setup):
    """Both the old and the new rules forbid it: there is no moment in which neither does."""
    name, rules, action = setup.name + "-stays", Rules(setup), "deny" if refuses_all() else "kill"
    reads = f"evt.type in (open, openat, openat2) and container.name = {name} and fd.name = "
    rules.write(("old", reads + "/mnt/test.txt", action))
    rules.nunchi = nunchi = setup.nunchi("guard", "-f", rules.path, "-o", "json", *EXACT)
    with open(setup.file("work", "other.txt"), "w", encoding="utf-8") as f:
        f.write("another\n")
    script = ("exec 2>/dev/null; sleep 1; head -n1 /other/other.txt; "
              "while [ ! -e /tmp/stop ]; do echo try; head -n1 /mnt/test.txt; done; head -n1 /other/other.txt; "
              "echo end")
    made = setup.runc.run(name, ["/bin/sh", "-c", script], binds=[("/other", setup.directory("work"))])
    wait_until(lambda: "try" in made.output(), 20, "the first try")
    for change in range(6):
        other = ("other", reads + "/other/other.txt", action)
        some = ("new" if change % 2 == 0 else "old", reads + "/mnt/test.txt", action)
        # Its clause is another one's by turns.
        rules.write(*([other, some] if change % 2 == 0 else [some]))
        rules.reload()
        time.sleep(0.2)
    rules.write(("new", reads + "/mnt/test.txt", action), ("other", reads + "/other/other.txt", action))
    rules.reload()
    made.execute(["touch", "/tmp/stop"])
    made.wait()
    lines = made.output().splitlines()
    tries = lines.count("try")
    assert lines.count("what the paper reads") == 0, (tries, lines.count("what the paper reads"))
    # Before the change it was allowed, and after it is not.
    assert lines.count("another") == 1 and lines[-1] == "end", lines[-5:]
    wait_until(lambda: any(e["rule"] == "other" for e in nunchi.events()), 10, "the last alert")
    assert nunchi.stop(30) == 0, nunchi.stderr()
    effects = collections.Counter((e["rule"], e["action"], e["effect"]) for e in nunchi.events())
    effect = "before" if refuses_all() else "after"
    assert set(effects) == {(rule, action, effect) for rule in ("old", "new", "other")}, effects
    assert effects["old", action, effect] + effects["new", action, effect] == tries, (effects, tries)
    assert effects["other", action, effect] == 1, effects


def test_what_needs_other_hooks_is_refused(setup):
    rules = Rules(setup)
    reads = "evt.type in (open, openat) and container.id != host and fd.name = /nowhere"
    rules.write(("old", reads, "kill"))
    rules.nunchi = nunchi = setup.nunchi("guard", "-f", rules.path)
    rules.write(("old", reads, "kill"),
                ("new", "evt.type = connect and container.id != host and fd.sport = 1", "kill"))
    rules.refused("kill or deny (connect)", "hooks for that are not there: restart nunchi", "from the start on")
    # The half that was filled in vain is clean: the next rules go into it.
    rules.write(("new", reads, "kill"))
    rules.reload()
    assert nunchi.stop() == 0, nunchi.stderr()


def forbid_later(setup, name, before, after, work, code):
    """What before lets do, again and again, ends with the code once after is in force: both are rules, as Rules.write has them."""
    rules = Rules(setup)
    rules.write(before)
    rules.nunchi = nunchi = setup.nunchi("guard", "-f", rules.path, "-o", "json", *EXACT)
    script = f"exec 2>/dev/null; echo >/tmp/log; while [ ! -e /tmp/stop ]; do {work}; echo code $?; sleep 0.1; done"
    made = setup.runc.run(name, ["/bin/sh", "-c", script])
    wait_until(lambda: "code 0" in made.output(), 20, "the first try")
    rules.write(after)
    rules.reload()
    wait_until(lambda: f"code {code}" in made.output(), 20, "the first that may not be")
    made.execute(["touch", "/tmp/stop"])
    made.wait()
    wait_until(lambda: nunchi.events(), 10, "an alert")
    assert nunchi.stop() == 0 and "lost 0" in nunchi.stderr(), nunchi.stderr()


def opens_of(name):
    return f"evt.type in (open, openat, openat2) and container.name = {name} and "


def test_what_is_prepared_can_be_forbidden_later(setup):
    """A rule that never holds has its hook attached: the first that does comes by a reload."""
    name = setup.name + "-later"
    forbid_later(setup, name, ("none", opens_of(name) + "fd.name = /there/is/none", "kill"),
                 ("first", opens_of(name) + "fd.name = /mnt/test.txt", "kill"), "head -n1 /mnt/test.txt >/tmp/got", 137)


def test_what_is_truncated_can_be_forbidden_later(setup):
    """Rules about opens to read have the hook of truncate attached, for those about opens to write."""
    if not refuses_all():
        return Elsewhere("this kernel asks no BPF programs before calls")
    name = setup.name + "-truncates"
    forbid_later(setup, name, ("old", opens_of(name) + "evt.is_open_read = true and fd.name = /there/is/none", "deny"),
                 ("new", opens_of(name) + "evt.is_open_write = true and fd.name = /tmp/log", "deny"), "deed truncate /tmp/log", 1)
    return None


def test_calls_without_a_hook_are_refused(setup):
    rules = Rules(setup)
    rules.write(("old", "evt.type in (mkdirat, rmdir)", "alert"))
    try:
        rules.nunchi = nunchi = setup.nunchi("guard", "-f", rules.path, "--hooks", "kprobe")
    except RuntimeError as error:
        assert "this kernel has none" in str(error), error
        return Elsewhere("this kernel has no kprobes")
    rules.write(("new", "evt.type = rmdir", "alert"))
    rules.reload()
    rules.write(("new", "evt.type in (mkdirat, rmdir, symlinkat)", "alert"))
    rules.refused("calls that have no hook")
    # What has one may come back.
    rules.write(("new", "evt.type in (mkdirat, rmdir)", "alert"))
    rules.reload()
    assert nunchi.stop() == 0, nunchi.stderr()
    return None


def test_a_terminal_that_hangs_up_is_the_end(setup):
    """It says so by SIGHUP, too; a service that is asked for other rules has no terminal."""
    pid, terminal = pty.fork()
    if not pid:
        os.execl(PROGRAM, PROGRAM, "guard")
    setup.stack.callback(lambda: ended[0] or os.kill(pid, signal.SIGKILL))
    ended, text = [False], b""
    while b" hooks, Linux " not in text:
        text += os.read(terminal, 4096)
    os.kill(pid, signal.SIGHUP)
    while b"rules are read anew" not in text:
        text += os.read(terminal, 4096)
    os.close(terminal)
    wait_until(lambda: os.waitpid(pid, os.WNOHANG)[0], 10, "its end")
    ended[0] = True
