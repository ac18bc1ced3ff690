# SPDX-License-Identifier: Apache-2.0
"""A container that is busy while the hooks are attached, and that never executes anything again."""

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
