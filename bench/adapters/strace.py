# SPDX-License-Identifier: Apache-2.0
"""ptrace: each call stops the process twice."""

PROGRAM = "strace"


def command(calls, pid):
    return ["strace", "-f", "-e", "trace=" + ",".join("?" + call for call in calls), "-p", str(pid)]


def is_ready(_pid, said):
    return " attached" in said


def lost(_said):
    """The process waits for it."""
    return 0
