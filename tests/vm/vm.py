#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""
Runs a command on another kernel, in QEMU without KVM, with the root file system of this machine, or
one of another architecture.

    tests/vm/vm.py [-k KERNEL] [-c v2|hybrid|v1] [-a ARGUMENTS] [-o DIRECTORY] -- COMMAND...

KERNEL is a name from the table of fetch-kernel.sh, optionally with -arm64 (6.12-arm64). The root is
read-only with a tmpfs over it: everything that is installed here is available, and nothing that the
command changes stays. Output and exit code are the command's; files that it writes to $VM_OUT are
copied to DIRECTORY. If a machine dies or hangs, the run is repeated, at most twice; at most five
times if the command has not printed anything.
"""

import argparse
import collections
import contextlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(TOP, "tests/containers"))

from harness.place import end_by_signals  # pylint: disable=wrong-import-position

STORE = os.environ.get("NUNCHI_VM_DIR", "/var/tmp/nunchi-vm")
VIRTIOFSD = ("/usr/libexec/virtiofsd", "/usr/lib/qemu/virtiofsd", "/usr/lib/virtiofsd")

# One host thread for all processors: with more, a kernel that patches its own code (static keys) runs into its own temporary
# breakpoint and panics ("int3"); newer ones do every few minutes.
PLAIN = ("-accel", "tcg,thread=single")
# The clock counts instructions, one per nanosecond, and skips idle time.
COUNTED = ("-accel", "tcg,thread=single", "-icount", "shift=0,sleep=off")

# A boot takes about five.
BOOT_SECONDS = 120
RUNS, BOOTS = 3, 6  # at most: runs of a command that has started, and boots
# Each processor gives a sign of life every five seconds of its own time (guest/start). One that is silent for so long hangs.
BEAT_SECONDS = 120
REGISTERS = "info registers -a"
# Set when all machines are to stop.
STOPPING = threading.Event()
MAKING = threading.Lock()  # held to make what machines share

# code: the command's, or None if it ran out of time; then output ends with what the console said.
# seconds: by the clock of this machine.
Result = collections.namedtuple("Result", "code output seconds")


# program, package: QEMU's. machine: its arguments. console, output: the serial ports of the kernel and
# of the command. words: for the kernel's command line. own_root: it uses the root of this machine.
Architecture = collections.namedtuple("Architecture", "program package machine console output words own_root")

ARCHITECTURES = {
    "amd64": Architecture(
        "qemu-system-x86_64", "qemu-system-x86", ["-cpu", "max"], "ttyS0", "ttyS1",
        # Without the first, the clock would be the slow hpet with more than one CPU. The second: a busy
        # host must not be taken for a broken timer.
        ["tsc=reliable", "no_timer_check"], True),
    "arm64": Architecture(
        "qemu-system-aarch64", "qemu-system-arm", ["-M", "virt,gic-version=3", "-cpu", "cortex-a57"],
        "ttyAMA0", "ttyS0", [], False),
}


class VmError(Exception):
    """An error that is not the command's: no kernel, no QEMU, or a machine that died."""


class Died(VmError):
    """The machine died; another run may succeed."""


def fetch(script, *arguments):
    """Runs a fetch script. Returns the directory that it has filled."""
    done = subprocess.run([os.path.join(TOP, script), *arguments], capture_output=True, text=True,
                          check=False, stdin=subprocess.DEVNULL)
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise VmError(said[-1] if said else f"{script}: exit {done.returncode}")
    return done.stdout.strip()


def fetch_kernel(name):
    """The directory of a kernel from the table of fetch-kernel.sh, NAME or NAME-ARCHITECTURE."""
    name, _, architecture = name.partition("-")
    return fetch("tests/vm/fetch-kernel.sh", name, *([architecture] if architecture else []))


def fetch_root(architecture):
    """The root of a machine: that of this one if the architecture is the same."""
    return "/" if ARCHITECTURES[architecture].own_root else fetch("scripts/fetch-root.sh", architecture)


def architecture_of(kernel):
    """The architecture of a kernel, from the name of its directory."""
    return os.path.basename(kernel).rpartition("-")[2]


def version_of(kernel):
    """The release of a kernel, as `uname -r` prints it."""
    return os.listdir(os.path.join(kernel, "lib/modules"))[0]


def initramfs(kernel, root):
    """The initramfs of a kernel, made again when one of its scripts has changed."""
    path = os.path.join(kernel, "initramfs.gz")
    sources = [os.path.join(HERE, name) for name in ("make-initramfs.sh", "guest/init")]
    with MAKING:
        if not os.path.exists(path) or \
           any(os.path.getmtime(source) > os.path.getmtime(path) for source in sources):
            subprocess.run([sources[0], kernel, path, find_busybox(root)], check=True)
    return path


def find_busybox(root):
    """A static busybox of the root's architecture."""
    if root != "/":
        return os.path.join(root, "bin/busybox")
    return find_program(["busybox"], "busybox-static")


def find_program(names, package):
    for name in names:
        if shutil.which(name):
            return shutil.which(name)
    raise VmError(f"no {names[0]}: install {package}")


class Beats:
    """Checks that a machine boots, and that each of its processors keeps giving signs of life."""

    def __init__(self, cpus):
        self.began = time.monotonic()
        self.counts, self.since = dict.fromkeys(cpus, 0), dict.fromkeys(cpus, self.began)

    def missing(self, console):
        """What has been silent for too long, or None. console: everything printed there."""
        now = time.monotonic()
        if "VM: up" not in console:
            self.since = dict.fromkeys(self.since, now)
            return f"not up after {BOOT_SECONDS} s" if now > self.began + BOOT_SECONDS else None
        for cpu, count in self.counts.items():
            heard = console.count(f"VM: beat {cpu} ")
            if heard != count:
                self.counts[cpu], self.since[cpu] = heard, now
            elif now > self.since[cpu] + BEAT_SECONDS:
                return f"processor {cpu} said nothing for {BEAT_SECONDS} s"
        return None


class Machine:
    """One run. directory: for its sockets, its console and the files shared with it."""

    def __init__(self, kernel, directory, cpus, memory, cgroups, arguments, counted):
        self.kernel, self.directory = kernel, directory
        architecture = architecture_of(kernel)
        self.kind, self.root = ARCHITECTURES[architecture], fetch_root(architecture)
        self.share = os.path.join(directory, "share")
        self.cpus, self.memory, self.cgroups, self.arguments = cpus, memory, cgroups, arguments
        self.counted = counted
        self.state = ""  # when the time was over
        self.stack = contextlib.ExitStack()

    def path(self, name):
        return os.path.join(self.directory, name)

    def write_command(self, command, environment):
        os.makedirs(os.path.join(self.share, "out"), exist_ok=True)
        shutil.copy(os.path.join(HERE, "guest/start"), self.share)
        given = {"PATH": os.environ["PATH"], "VM_OUT": "/.vm/share/out", **environment}
        lines = [f"export {name}={shlex.quote(value)}" for name, value in given.items()]
        lines += [f"cd {shlex.quote(os.getcwd())}", command]
        with open(os.path.join(self.share, "command"), "w", encoding="utf-8") as f:
            f.write("\n".join(lines) + "\n")

    def serve(self, tag, source):
        """Shares a directory by virtiofs. Returns the arguments for QEMU."""
        daemon = find_program(VIRTIOFSD, "qemu-system-common or virtiofsd")
        path = self.path(tag + ".sock")
        with open(self.path(tag + ".log"), "wb") as log:
            # The root's files do not change during the run; the share's do.
            process = subprocess.Popen(
                [daemon, f"--socket-path={path}", "-o", f"source={source}", "-o", "sandbox=chroot",
                 "-o", "cache=" + ("always" if tag == "root" else "auto"), "-o", "xattr",
                 "-o", "no_posix_lock", "-f"], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.stack.callback(self._end, process)
        end = time.monotonic() + 10
        while not os.path.exists(path):
            if process.poll() is not None or time.monotonic() > end:
                with open(self.path(tag + ".log"), encoding="utf-8", errors="replace") as f:
                    raise VmError("virtiofsd: " + f.read()[-300:])
            time.sleep(0.02)
        return ["-chardev", f"socket,id={tag},path={path}",
                "-device", f"vhost-user-fs-pci,chardev={tag},tag={tag},queue-size=1024"]

    @staticmethod
    def _end(process):
        if process.poll() is None:
            process.kill()
        process.wait()

    def run(self, timeout, show):
        """The exit code of the command, or None if it ran out of time; VmError if the machine died."""
        words = [f"console={self.kind.console}", "panic=-1", "quiet", *self.kind.words,
                 # With BPF, and without AppArmor, for which Docker would need another program.
                 "lsm=landlock,lockdown,yama,bpf",
                 f"vm.cgroups={self.cgroups}", f"vm.kernel={self.kernel}", f"vm.repository={TOP}",
                 f"vm.root={self.root}", f"vm.output={self.kind.output}",
                 f"vm.beats={','.join(self._beating())}", self.arguments]
        command = [find_program([self.kind.program], self.kind.package), *self.kind.machine,
                   *(COUNTED if self.counted else PLAIN), "-smp", str(self.cpus),
                   "-m", str(self.memory), "-nodefaults", "-no-user-config", "-display", "none",
                   "-no-reboot", "-monitor", f"unix:{self.path('monitor')},server=on,wait=off", "-object",
                   f"memory-backend-memfd,id=memory,size={self.memory}M,share=on",
                   "-numa", "node,memdev=memory",
                   "-kernel", os.path.join(self.kernel, "boot", "vmlinuz-" + version_of(self.kernel)),
                   "-initrd", initramfs(self.kernel, self.root), "-append", " ".join(words),
                   "-serial", "file:" + self.path("console"), *self._output()]
        with self.stack:
            command += self.serve("root", "/") + self.serve("share", self.share)
            open(self.path("output"), "wb").close()
            with open(self.path("qemu.log"), "wb") as log:
                process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
            self.stack.callback(self._end, process)
            if not self._follow(process, timeout, show):
                return None
        found = re.findall(r"^VM: (exit|cannot:) (.*?)(?: after .*)?$", self.read("console"), re.M)
        if found and found[-1][0] == "cannot:":
            raise VmError("the machine cannot " + found[-1][1])
        if not found:
            raise Died("the machine died: " + (self.read("console") + self.read("qemu.log"))[-3000:])
        return int(found[-1][1])

    def _output(self):
        """The second serial port: only PCs have more than one by default."""
        file = "file:" + self.path("output")
        if self.kind.output == "ttyS1":
            return ["-serial", file]
        return ["-chardev", f"file,id=output,path={self.path('output')}", "-device",
                "pci-serial,chardev=output"]

    def _beating(self):
        """The processors that give signs of life: none if instructions are counted, since these would count too."""
        return [] if self.counted else [str(cpu) for cpu in range(self.cpus)]

    def _follow(self, process, timeout, show):
        """Waits for the end; true if it has ended. show: a stream that gets the output as it arrives."""
        end, beats = time.monotonic() + timeout, Beats(self._beating())
        with open(self.path("output"), "rb") as output:
            while True:
                ended = process.poll() is not None
                text = output.read()
                if show and text:
                    show.write(text)
                    show.flush()
                if ended:
                    return True
                if STOPPING.is_set():
                    raise VmError("it is ended")
                if time.monotonic() > end:
                    self.state = self.read("console")[-2000:] + self.ask(REGISTERS)
                    return False
                why = beats.missing(self.read("console"))
                if why:
                    raise Died(f"{why}: {self.read('console')[-600:]}{self.ask(REGISTERS)}")
                time.sleep(0.1)

    def ask(self, question):
        """The answer of QEMU's monitor; of registers only the address that each processor executes."""
        with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as monitor:
            monitor.settimeout(5)
            monitor.connect(self.path("monitor"))
            monitor.sendall(question.encode() + b"\n")
            answer = b""
            while answer.count(b"(qemu)") < 2 and (more := monitor.recv(65536)):
                answer += more
            return "\n".join(re.findall(r"^(?:CPU#\d+|.*\b[RE]IP=.*|.*\bPC=.*)", answer.decode(errors="replace"), re.M))
        return "its monitor does not answer"

    def read(self, name):
        try:
            with open(self.path(name), encoding="utf-8", errors="replace") as f:
                return f.read()
        except FileNotFoundError:
            return ""


def run(kernel, command, cgroups="v2", arguments="", cpus=2, memory=3072, timeout=600, files=(),
        environment=None, out=None, show=None, counted=False):
    """
    command: for a shell, in this directory. files: what is to be in /.vm/share. environment: added
    to this one's PATH. out: a directory for the files of $VM_OUT. counted: its clock counts
    instructions, with one CPU. Raises VmError.
    """
    began = time.monotonic()
    os.makedirs(STORE, exist_ok=True)
    for attempt in range(1, BOOTS + 1):
        with tempfile.TemporaryDirectory(prefix="run-", dir=STORE) as directory:
            machine = Machine(kernel, directory, cpus, memory, cgroups, arguments, counted)
            machine.write_command(command, environment or {})
            for file in files:
                copy = shutil.copytree if os.path.isdir(file) else shutil.copy
                copy(file, os.path.join(machine.share, os.path.basename(file)))
            try:
                code = machine.run(timeout, show)
            except Died as error:
                if attempt == BOOTS or attempt >= RUNS and machine.read("output"):
                    raise
                print(f"nunchi: run {attempt} again: {error}", file=sys.stderr)
                continue
            if out:
                shutil.copytree(os.path.join(machine.share, "out"), out, dirs_exist_ok=True)
            output = machine.read("output")
            if code is None:
                output += machine.state
            return Result(code, output, time.monotonic() - began)
    return None


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("-k", "--kernel", default="6.1", help="of fetch-kernel.sh's table, as 6.1 or 6.12-arm64")
    parser.add_argument("-c", "--cgroups", default="v2", choices=("v2", "hybrid", "v1"))
    parser.add_argument("-a", "--arguments", default="", help="for the kernel")
    parser.add_argument("-s", "--cpus", type=int, default=2)
    parser.add_argument("-m", "--memory", type=int, default=3072, help="MiB")
    parser.add_argument("-o", "--out", help="where what the command puts into $VM_OUT is to come")
    parser.add_argument("-t", "--timeout", type=int, default=600, help="seconds")
    parser.add_argument("command", nargs="+", help="after --, for a shell")
    args = parser.parse_args()
    end_by_signals()
    try:
        result = run(fetch_kernel(args.kernel), " ".join(args.command), args.cgroups, args.arguments,
                     args.cpus, args.memory, args.timeout, out=args.out, show=sys.stdout.buffer)
    except VmError as error:
        sys.exit(f"nunchi: {error}")
    if result.code is None:
        sys.exit(f"nunchi: not over after {args.timeout} s")
    return result.code


if __name__ == "__main__":
    sys.exit(main())
