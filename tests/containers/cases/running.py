# SPDX-License-Identifier: Apache-2.0
"""A container that is busy while the hooks are attached, and that never executes a program again."""

from harness.place import wait_until


def test_busy_before_the_start(setup):
    made = setup.runc.run(setup.name + "-busy", ["/bin/flood", "rate", "2000", "600", "0"])
    try:
        wait_until(lambda: made.runc.is_running(made.name), 5, "the container")
        for attempt in range(8):
            nunchi = setup.nunchi("trace", "-o", "json", "-c", made.name, "-e", "openat")
            event = nunchi.wait_event(lambda e: e["evt.type"] == "openat", 3,
                                      f"an event after start {attempt + 1}")
            assert event["fd.name"] == "/etc/passwd" and event["proc.name"] == "flood", event
            assert nunchi.stop() == 0
    finally:
        made.remove()


# Without a process more, and without a path that leads anywhere.
IN_A_CHROOT = """mkdir /tmp/jail; cp /bin/busybox /tmp/jail
exec chroot /tmp/jail /busybox sh -c 'while :; do true </nosuch; done' 2>&-"""


def test_in_a_chroot_before_the_start(setup):
    """What it names is told from the container's root from the first event on."""
    made = setup.runc.run(setup.name + "-chrooted", ["/bin/sh", "-c", IN_A_CHROOT], privileged=True)
    try:
        wait_until(lambda: made.runc.is_running(made.name), 5, "the container")
        for attempt in range(8):
            nunchi = setup.nunchi("trace", "-o", "json", "-c", made.name, "-e", "openat")
            nunchi.wait_event(lambda e: e["evt.type"] == "openat", 3, f"an event after start {attempt + 1}")
            assert nunchi.stop() == 0
            names = {e["fd.name"] for e in nunchi.events() if e["evt.type"] == "openat"}
            assert names == {"/tmp/jail/nosuch"}, (attempt, names)
    finally:
        made.remove()
