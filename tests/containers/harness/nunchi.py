# SPDX-License-Identifier: Apache-2.0
"""build/nunchi as a child process: waits until its hooks are attached, collects lines, ends it by SIGINT."""

import json
import os
import signal
import subprocess
import threading
import time

from .place import patient, wait_until

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PROGRAM = os.environ.get("NUNCHI", os.path.join(TOP, "build", "nunchi"))


def is_ready_line(line):
    return line.startswith("nunchi: ") and " hooks, Linux " in line


def run(*args, **kwargs):
    """Runs nunchi to its end, for at most 30 s by default."""
    kwargs.setdefault("timeout", patient(30))
    return subprocess.run([PROGRAM, *args], capture_output=True, text=True, errors="surrogateescape",
                          stdin=subprocess.DEVNULL, check=False, **kwargs)


def has_trampolines():
    """What the doctor's own test program has found; it is independent of the hooks that need trampolines."""
    found = json.loads(run("doctor", "-o", "json", timeout=patient(30)).stdout)
    return any(p["name"] == "fexit" and p["state"] == "runs" for p in found["programs"])


class Nunchi:
    def __init__(self, place, *args, stdout=subprocess.PIPE, wait=True, **kwargs):
        self.lines, self.errors = [], []
        self.ready_after = None
        self.began = time.monotonic()
        # A session of its own, as for a service: then what the tests start does not share its priority.
        kwargs.setdefault("start_new_session", True)
        kwargs.setdefault("stdin", subprocess.DEVNULL)
        self.process = subprocess.Popen([PROGRAM, *args], stdout=stdout, stderr=subprocess.PIPE, **kwargs)
        self.threads = [threading.Thread(target=self._read_errors, daemon=True)]
        if stdout == subprocess.PIPE:
            self.threads.append(threading.Thread(target=self._read_lines, daemon=True))
        for thread in self.threads:
            thread.start()
        place.stack.callback(self.stop)
        if wait:
            wait_until(lambda: self.ready_after is not None or self.process.poll() is not None, 20,
                       "the line that says the hooks are live")
            if self.ready_after is None:
                self.threads[0].join(patient(2))
                raise RuntimeError("nunchi ended: " + self.stderr())

    def _read_lines(self):
        for line in self.process.stdout:
            self.lines.append((time.monotonic(), line))

    def _read_errors(self):
        for line in self.process.stderr:
            line = line.decode("utf-8", "surrogateescape")
            if self.ready_after is None and is_ready_line(line):
                self.ready_after = time.monotonic() - self.began
            self.errors.append(line)

    def first_after(self, text):
        """Seconds from the start to the first line of output with this text (bytes) in it."""
        return next(when for when, line in self.lines if text in line) - self.began

    def stderr(self):
        return "".join(self.errors)

    def stop(self, seconds=10):
        """SIGINT; the exit code. Its output has been read to the end."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(patient(seconds))
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise TimeoutError(f"nunchi did not end within {seconds} s of SIGINT") from None
        for thread in self.threads:
            thread.join(patient(10))
        return self.process.returncode

    def text(self):
        return b"".join(line for _, line in self.lines)

    def events(self):
        """For -o json: each line as a dict. A line that is not a JSON object is an error."""
        return parse(self.text())

    def wait_event(self, condition, seconds=10, what="the event"):
        """Waits for the first event for which the condition is true; each line is parsed once."""
        seen = [0]

        def look():
            while seen[0] < len(self.lines):
                event = json.loads(self.lines[seen[0]][1])
                seen[0] += 1
                if condition(event):
                    return event
            return None

        return wait_until(look, seconds, what)


def parse(text):
    """Parses JSON lines. Bytes that are not UTF-8 are an error, as is a line that is not an object."""
    events = []
    for line in text.decode("utf-8").split("\n"):
        if line:
            event = json.loads(line)
            if not isinstance(event, dict):
                raise ValueError(f"no object: {line[:100]}")
            events.append(event)
    return events
