# SPDX-License-Identifier: Apache-2.0
"""
Records that no rule can match stay in the kernel, and no alert is lost by that: two guards with the same rules
watch the same container, one of them gets every record (--context), and both must give the same alerts. The workload
is random: files by links, from directories, through other roots and mounts, renamed and removed.
"""

import os
import random
import re

from harness.place import patient, wait_until

FULL = os.environ.get("NUNCHI_TEST_SIZE") == "full"
SEEDS = range(20) if FULL else (1,)
DEEDS = 250

WORDS = ("a", "b", "c", "ab", ".c")
OPENS = "evt.type in (open, openat, openat2, creat) and "

# W is a word, P an absolute path of words.
CONDITIONS = (
    OPENS + "fd.name startswith /tmp/P/",
    OPENS + "fd.num >= 0 and fd.name = /tmp/P",
    OPENS + "fd.name in (/tmp/P, /tmp/P, /P)",
    OPENS + "fd.name pmatch (/tmp/P, /m)",
    OPENS + "fd.filename = W and not fd.directory startswith /tmp/W",
    OPENS + "fd.filename startswith W and evt.is_open_write = true",
    OPENS + "fd.name endswith /P and not proc.name in (cat, W)",
    OPENS + "fd.directory endswith /W and fd.name contains /W/",
    OPENS + "fd.name contains P and fd.name endswith W and fd.num >= 0",
    OPENS + "fd.name glob /tmp/W/*W and evt.is_open_read = true",
    OPENS + "fd.nameraw startswith ../W",
    OPENS + "fd.nameraw glob /proc/*/root/*/W",
    OPENS + "fd.nameraw startswith /proc/self/ and fd.filename != W",
    OPENS + "(fd.name = /tmp/P or proc.name = W or fd.type = directory) and fd.name startswith /tmp",
    OPENS + "fd.name != /tmp/P and fd.directory = /tmp/W and evt.failed = false",
    OPENS + "evt.res = ENOENT and fd.name startswith /tmp/W/",
    OPENS + "fd.unreachable = true",
    OPENS + "not fd.unreachable = true and fd.filename = W",
    OPENS + "fd.unreachable != true and fd.name startswith /tmp/W",
    OPENS + "proc.exepath = /bin/busybox and fd.name startswith /tmp/W",
    OPENS + "not proc.exepath startswith /bin/ and evt.res = SUCCESS",
    OPENS + "(proc.exepath endswith /W.x or proc.name = W) and fd.filename != W",
    "evt.type in (unlink, unlinkat, rename, renameat, renameat2) and evt.res = SUCCESS and fd.filename = W",
    "evt.type in (mkdir, mkdirat) and fd.name startswith /tmp/P",
    "evt.type = connect and fd.rip in (127.0.0.1, 10.0.0.7)",
    "evt.type = connect and fd.rnet in (10.0.0.0/25, 127.0.0.2/31) and fd.rport < 200",
    "evt.type in (connect, sendto) and fd.sport in (80, 443) and not fd.sip = 127.0.0.1",
    "evt.type = connect and fd.rip != 10.0.0.7 and fd.type = ipv6",
    "evt.type in (connect, sendto, sendmsg, sendmmsg) and fd.rip = 127.0.0.1 and fd.rport > 4400",
    "evt.type in (sendto, sendmsg, sendmmsg) and not fd.sip = 127.0.0.1 and fd.type = ipv4",
    "evt.type in (sendto, sendmsg, sendmmsg) and fd.snet = 127.0.0.0/8 and fd.sport in (4447, 4449, 4453)",
)


def path(rng):
    return "/".join(rng.choice(WORDS) for _ in range(rng.randint(1, 3)))


def make_rules(rng):
    rules = []
    for n, condition in enumerate(CONDITIONS):
        text = re.sub(r"\bP\b", lambda _: path(rng), condition)
        text = re.sub(r"\bW\b|(?<=\*)W\b", lambda _: rng.choice(WORDS), text)
        rules.append(f"- rule: r{n}\n  desc: d\n  condition: {text}\n  priority: INFO\n"
                     "  output: '%fd.name %fd.nameraw %evt.type %evt.res %proc.name'\n")
    return "".join(rules)


def one_connection(rng):
    where = rng.choice(("127.0.0.1", "127.0.0.3", "10.0.0.7", "10.0.0.200", "::1", "::ffff:127.0.0.1"))
    return f"(exec 3<>/dev/{rng.choice(('tcp', 'udp'))}/{where}/{rng.choice((53, 80, 443, 8080))})"


def one_deed(rng):
    def some():
        where = rng.choice(("", "", "./", "../", "/tmp/", "/tmp/", "/tmp//", "/tmp/./", "/proc/self/root/tmp/",
                            "/proc/1/root/tmp/", "/", "/tmp/a/../"))
        return where + path(rng)

    if not rng.randrange(8):
        return one_connection(rng)
    return rng.choice((
        f"cat {some()}", f"cat {some()}", f"cat {some()}", f"echo > {some()}", f"echo >> {some()}",
        f"mkdir -p /tmp/{path(rng)}", f"cd /tmp/{path(rng)}", "cd /tmp", f"ln -sf {some()} /tmp/{path(rng)}",
        f"ln -sf {some()} {some()}", f"mv {some()} {some()}", f"rm -f {some()}", f"ls {some()}",
        f"mount --bind /tmp/{path(rng)} /tmp/{path(rng)}", f"chroot /tmp/{rng.choice(WORDS)} /bin/cat {some()}",
        f"unshare -m cat /proc/self/fd/8/{path(rng)} 8< /tmp",  # of mounts that it has left
        f"(cd /proc/self/cwd; cat {some()})", f"cat < {some()}", f"rmdir {some()}",
        f"exec 9< {some()}; cat /proc/self/fd/9; cat /dev/fd/9; exec 9<&-",
        f"cp /bin/busybox /tmp/{rng.choice(WORDS)}.x; for i in {' '.join(WORDS)}; do /tmp/$i.x cat {some()}; done",
        f"cp /bin/cat /tmp/{rng.choice(WORDS)}.x && mv /tmp/{rng.choice(WORDS)}.x /tmp/{rng.choice(WORDS)}"))


def make_script(rng):
    roots = "".join(f"mkdir -p /tmp/{w}; " for w in WORDS[:3])
    roots += "".join(f"mkdir /tmp/{w}/bin; cp /bin/busybox /tmp/{w}/bin/cat; " for w in WORDS[:2])
    deeds = "\n".join(f"{{ {one_deed(rng)}; }} < /dev/null" for _ in range(DEEDS))
    return f"mkdir /m; cd /tmp; {roots}\n{deeds}\n/bin/peers\ncat /tmp/the-end; sleep 0.2\n"


def what_of(alert):
    """Each guard has a time of its own for the same event."""
    fields = {name: value for name, value in alert["output_fields"].items() if name != "evt.time"}
    return alert["rule"], str(fields)


def compare(setup, seed):
    rng = random.Random(seed)
    rules = setup.file(f"push-{seed}.yaml")
    with open(rules, "w", encoding="utf-8") as f:
        f.write(make_rules(rng))
        f.write("- rule: end\n  desc: d\n  condition: evt.type in (open, openat) and fd.nameraw = "
                "/tmp/the-end\n  priority: INFO\n  output: end\n")
    args = ("guard", "-o", "json", "--fold", "0", "--alert-limit", "0", "-f", rules, "-c",
            f"{setup.name}-push-{seed}")
    guards = [setup.nunchi(*args, *more) for more in ((), ("--context", "1"))]
    made = setup.runc.create(f"{setup.name}-push-{seed}", ["/bin/bash", "-c", make_script(rng)],
                             privileged=True)
    made.start()
    for guard in guards:
        guard.wait_event(lambda e: e["rule"] == "end", patient(60), f"the end: {made.output()[-500:]}")
    made.wait()
    said = []
    for guard in guards:
        assert guard.stop() == 0, guard.stderr()
        said.append(sorted(what_of(alert) for alert in guard.events()))
    stayed = re.search(r"unwanted ([\d,]+)", guards[0].stderr())
    assert stayed and not re.search("unwanted", guards[1].stderr()), \
        guards[0].stderr() + guards[1].stderr()
    missing = [alert for alert in said[1] if alert not in said[0]]
    assert said[0] == said[1], f"seed {seed}: {len(said[0])} alerts, not {len(said[1])}: {missing[:5]}"
    return len(said[0]), len({rule for rule, _ in said[0]}), int(stayed[1].replace(",", ""))


def test_what_stays_is_missed_by_nobody(setup):
    for seed in SEEDS:
        alerts, rules, stayed = compare(setup, seed)
        assert alerts > 20 and rules > 4 and stayed > 20, (seed, alerts, rules, stayed)


SENDS = "evt.type in (connect, sendto, sendmsg, sendmmsg) and fd.rip = {} and fd.rport = {}"

# A deed that user space calls by another name than the record has, or that is known by the last byte only, and
# a condition that means it.
TOLD = {
    "a file that is gone": (OPENS + "fd.name endswith 'gone (deleted)'",
                            "echo > /tmp/gone; exec 9< /tmp/gone; rm /tmp/gone; cat /proc/self/fd/9; exec 9<&-"),
    "none in a chroot": (OPENS + "fd.name = /tmp/root/nosuch", "chroot /tmp/root /bin/busybox cat /nosuch"),
    "what its end says": (OPENS + "fd.name contains /by-its-end", "cat /tmp/by-its-end"),
    "by a program that is gone": (OPENS + "proc.exepath endswith '(deleted)' and fd.name startswith /tmp/",
                                  "cp /bin/busybox /tmp/cat; exec 9< /tmp/cat; rm /tmp/cat; "
                                  "(exec -a cat /proc/self/fd/9 /tmp/other); exec 9<&-"),
    "of mounts that were left": (OPENS + "fd.unreachable = true and fd.filename = far",
                                 "mkdir /tmp/late; mount -t tmpfs none /tmp/late; echo > /tmp/late/far; "
                                 "unshare -m cat /proc/self/fd/8/far 8< /tmp/late"),
    "by a mount of its directory": (OPENS + "fd.name = /tmp/real/x",
                                    "mkdir /tmp/real /tmp/second; echo > /tmp/real/x; "
                                    "mount --bind /tmp/real /tmp/second; cat /tmp/second/x"),
    # Of progs/peers.c, by its ports.
    "IPv4 in IPv6": (SENDS.format("127.0.0.1", 4446), ""),
    "without a family": (SENDS.format("127.0.0.1", 4447), ""),
    "IPv4 by IPv6": (SENDS.format("127.0.0.1", 4453), ""),
    "nobody": (SENDS.format("127.0.0.1", 4456), ""),
    "nobody, IPv6": (SENDS.format("::1", 4457), ""),
    "nobody, in IPv6": (SENDS.format("127.0.0.1", 4458), ""),
    "nobody, sent": (SENDS.format("127.0.0.1", 4459), ""),
    "nobody, IPv6, sent": (SENDS.format("::1", 4460), ""),
    "nobody, bound": (SENDS.format("127.0.0.7", 4462), ""),
}


def test_what_has_another_name_leaves(setup):
    name, rules = setup.name + "-told", setup.file("told.yaml")
    with open(rules, "w", encoding="utf-8") as f:
        for what, (condition, _) in TOLD.items():
            f.write(f"- rule: '{what}'\n  desc: d\n  condition: {condition}\n  priority: INFO\n  output: '%evt.type'\n")
    guard = setup.nunchi("guard", "-o", "json", "-f", rules, "-c", name)
    deeds = "\n".join(f"{{ {deed}; }} < /dev/null" for _, deed in TOLD.values() if deed)
    script = f"mkdir -p /tmp/root/bin; cp /bin/busybox /tmp/root/bin/\n{deeds}\n/bin/peers\nsleep 1\n"
    made = setup.runc.run(name, ["/bin/bash", "-c", script], privileged=True)
    assert made.wait() == 0, made.output()
    assert guard.stop() == 0, guard.stderr()
    silent = TOLD.keys() - {alert["rule"] for alert in guard.events()}
    assert not silent, f"{sorted(silent)}: {made.output()[-1000:]}"
    assert "unwanted" in guard.stderr(), guard.stderr()


def test_other_peers_stay(setup):
    """The port is asked for, and the address: what has only one of them stays."""
    name, rules = setup.name + "-peers", setup.file("peers.yaml")
    with open(rules, "w", encoding="utf-8") as f:
        f.write("- rule: peer\n  desc: d\n  condition: evt.type = connect and fd.rip = 127.0.0.2 and fd.rport = 81\n"
                "  priority: INFO\n  output: '%fd.name'\n")
    guard = setup.nunchi("guard", "-o", "json", "--fold", "0", "-f", rules, "-c", name)
    script = ("for i in {1..100}; do for to in 127.0.0.2/82 127.0.0.3/81; do (exec 3<>/dev/udp/$to); done; done\n"
              "exec 3<>/dev/udp/127.0.0.2/81; /bin/busybox sleep 1")
    assert setup.runc.run(name, ["/bin/bash", "-c", script], privileged=True).wait() == 0
    assert guard.stop() == 0, guard.stderr()
    assert len(guard.events()) == 1, guard.text()
    stayed = re.search(r"unwanted ([\d,]+)", guard.stderr())
    assert stayed and int(stayed[1].replace(",", "")) >= 200, guard.stderr()


def stays(setup, name, before=":"):
    """A thousand opens of a file that nunchi's own rules do not mean."""
    guard = setup.nunchi("guard", "-o", "json", "-c", name)
    script = f"/bin/busybox sleep 1; {before}; for i in $(/bin/busybox seq 1000); do : < /mnt/test.txt; done"
    assert setup.runc.run(name, ["/bin/bash", "-c", script], privileged=True).wait() == 0
    assert guard.stop() == 0, guard.stderr()
    stayed = re.search(r"unwanted ([\d,]+)", guard.stderr())
    assert stayed and int(stayed[1].replace(",", "")) >= 1000, guard.stderr()


def test_ordinary_opens_stay(setup):
    """Of nunchi's own rules, however many they are, none means these, and so none of them leaves."""
    stays(setup, setup.name + "-ordinary")


def test_a_chroot_is_its_own_business(setup):
    """That some process is in one makes nobody else's paths start elsewhere, nor leave for that."""
    stays(setup, setup.name + "-chroot", "(/bin/busybox chroot /mnt /nothing)")


OF_IMAGES = """opens() { for i in $(/bin/busybox seq 100); do { true < /tmp/$1-$i; } 2>/dev/null; done; }
/bin/busybox sleep 0.2; opens bash; (opens child); cp /bin/bash /tmp/other
/tmp/other -c "$(declare -f opens); opens other; exec /bin/bash -c '$(declare -f opens); opens again; true'"
"""


def test_what_another_image_does_stays(setup):
    """Bash and its child, a copy of it under another path, and bash once more by an exec of that."""
    rules = setup.file("images.yaml")
    with open(rules, "w", encoding="utf-8") as f:
        f.write("- rule: bash\n  desc: d\n  condition: evt.type in (open, openat) and fd.name glob /tmp/*-* and "
                "proc.exepath = /usr/bin/bash\n  priority: INFO\n  output: '%fd.name'\n")
    guard = setup.nunchi("guard", "-o", "json", "--fold", "0", "--alert-limit", "0", "-f", rules, "-c", setup.name + "-i")
    assert setup.runc.run(setup.name + "-i", ["/bin/bash", "-c", OF_IMAGES]).wait() == 0
    assert guard.stop() == 0, guard.stderr()
    told = [re.search("/tmp/([a-z]+)-", alert["output"])[1] for alert in guard.events()]
    assert sorted(told) == ["again"] * 100 + ["bash"] * 100 + ["child"] * 100, told
    stayed = re.search(r"unwanted ([\d,]+)", guard.stderr())
    assert stayed and int(stayed[1].replace(",", "")) >= 100, guard.stderr()


def test_what_empties_leaves(setup):
    """The kernel side and user space have the same of O_TRUNC and O_PATH; openat2 is user space's alone."""
    rules = setup.file("empties.yaml")
    with open(rules, "w", encoding="utf-8") as f:
        f.write("- rule: written\n  desc: d\n  condition: evt.type in (open, openat, openat2) and evt.is_open_write = true and "
                "fd.name startswith /tmp/log\n  priority: INFO\n  output: '%evt.type %evt.is_open_read %evt.is_open_write'\n")
    guard = setup.nunchi("guard", "-o", "json", "--fold", "0", "--alert-limit", "0", "-f", rules, "-c", setup.name + "-empties")
    made = setup.runc.run(setup.name + "-empties", ["/bin/bash", "-c", "/bin/busybox touch /tmp/l; /bin/busybox mv /tmp/l /tmp/log; openings empty /tmp/log"])
    assert made.wait() == 0, made.output()
    assert guard.stop() == 0, guard.stderr()
    told = [alert["output"] for alert in guard.events()]
    assert [" ".join(output.split()[2:5]) for output in told] == ["openat true true", "openat2 true true"], told


OPENER = """opens() { for i in $(/bin/busybox seq 100); do { true < /tmp/$1-$i; } 2>/dev/null; done; }
opens first; { true < /tmp/first-end; } 2>/dev/null
while [ ! -e /go/on ]; do /bin/busybox sleep 0.05; done
opens second; { true < /tmp/second-end; } 2>/dev/null; exit 0
"""


def write_rules(path, wanted):
    with open(path + ".new", "w", encoding="utf-8") as f:
        f.write(f"""
- rule: wanted
  desc: d
  condition: evt.type in (open, openat) and fd.name startswith /tmp/ and container.name = {wanted}
  priority: INFO
  output: '%fd.name'
- rule: end
  desc: d
  condition: evt.type in (open, openat) and fd.name endswith -end
  priority: INFO
  output: '%fd.name'
""")
    os.rename(path + ".new", path)


def test_what_is_of_another_container_stays(setup):
    """Two do the same, and a rule means one of them, then the other: what the other does stays in the kernel."""
    names = [f"{setup.name}-{which}" for which in ("one", "two")]
    rules, go = setup.file("whose", "rules.yaml"), setup.directory("go")
    write_rules(rules, names[0])
    guard = setup.nunchi("guard", "-o", "json", "--fold", "0", "--alert-limit", "0", "-f", rules)
    made = [setup.runc.run(name, ["/bin/sh", "-c", OPENER], binds=[("/go", go)]) for name in names]

    def ends():
        return sum(alert["rule"] == "end" for alert in guard.events())

    wait_until(lambda: ends() == 2, 20, "the end of the first half")
    write_rules(rules, names[1])
    wait_until(lambda: "read anew" in guard.stderr(), 10, "the other rules")
    with open(os.path.join(go, "on"), "w", encoding="utf-8"):
        pass
    wait_until(lambda: ends() == 4, 20, "the end of the second half")
    for each in made:
        assert each.wait() == 0
    assert guard.stop() == 0, guard.stderr()
    alerts = [alert for alert in guard.events() if alert["rule"] == "wanted"]
    for name, half in zip(names, ("first", "second")):
        told = [alert["output"] for alert in alerts if alert["output_fields"]["container.name"] == name]
        assert len(told) == 101 and all(f"/tmp/{half}-" in output for output in told), (name, told)
        stayed = re.search(rf"  {name}: seen .*unwanted ([\d,]+)", guard.stderr())
        assert stayed and int(stayed[1].replace(",", "")) >= 100, guard.stderr()
