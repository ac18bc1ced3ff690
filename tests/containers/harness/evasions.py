# SPDX-License-Identifier: Apache-2.0
"""
The table of evasions: what the programs evade_* do, by the names that they print, and what a monitor
must show. cases/evasions.py runs it; scripts/evasion-table makes docs/evasions.md from it.
"""

import collections
import os

RECORD = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../vm/evasions.txt")

# see: conditions on events, each of which some event must meet. A condition is a dict of field ->
# value: a string with {name} is filled with what the program said, a function is asked, None is
# "not there"; {init} is the container's first process, as the host sees it. "count" is how many events
# must meet it, where that is known. "copies": only where the kernel's own copies of paths,
# addresses and opened files are kept (docs/evidence.md), or False: only where they are not.
# how: what is seen, for the docs.
Row = collections.namedtuple("Row", "program name what how see")


def below(directory):
    return lambda text: text is not None and text.startswith(directory)


def has(part):
    return lambda text: text is not None and part in text


def size(length, begin=""):
    return lambda text: text is not None and len(text) == length and text.startswith(begin)


def cut(begin, end, at_least):
    return lambda text: text is not None and text.startswith(begin) and text.endswith(end) and \
        len(text) >= at_least


def told(used, found):
    """An event that says: the memory no longer holds what the kernel has used."""
    return {"evt.type": "argument_mismatch", "mismatch.used": used, "mismatch.found": found,
            "copies": True}


def opened(path, **more):
    return {"evt.type": "openat", "fd.name": path} | more


def call(kind, /, **arguments):
    return {"evt.type": kind} | {"evt.arg." + key: value for key, value in arguments.items()}


def executed(path, **more):
    return {"evt.type": "execve", "proc.exepath": path, "evt.rawres": 0} | \
        {"proc." + key: value for key, value in more.items()}


FILES = [
    ("openat2", "open by openat2", "path of the opened file",
     [{"evt.type": "openat2", "fd.name": "/tmp/ev-openat2"}]),
    ("symlink", "open through a symbolic link", "resolved path, and the one asked for",
     [opened("/etc/passwd", **{"fd.nameraw": "/tmp/ev-innocent"}),
      {"evt.type": "symlinkat", "fd.name": "/tmp/ev-innocent"}]),
    ("symlink-race", "a link that another thread changes all the time", "each open has the file that it got",
     [opened("/tmp/ev-race-a", **{"fd.nameraw": "/tmp/ev-race", "count": "a"}),
      opened("/tmp/ev-race-b", **{"fd.nameraw": "/tmp/ev-race", "count": "b"})]),
    ("proc-self-root", "/proc/self/root/PATH", "resolved path",
     [opened("/tmp/ev-root-file", **{"fd.nameraw": "/proc/self/root/tmp/ev-root-file"})]),
    ("proc-self-fd", "a descriptor opened anew by /proc/self/fd/N, for writing", "resolved path",
     [opened("/tmp/ev-fd-file", **{"fd.nameraw": below("/proc/self/fd/")})]),
    ("proc-self-cwd", "/proc/self/cwd/PATH", "resolved path",
     [opened("/tmp/ev-cwd/file", **{"fd.nameraw": "/proc/self/cwd/file"})]),
    ("dots", "a path of dots and slashes", "resolved path",
     [opened("/tmp/ev-dots", **{"fd.nameraw": "//tmp/./../tmp//../../../tmp/ev-dots"})]),
    ("dirfd-moved", "relative to a directory that was moved away", "where the file is now",
     [opened("/tmp/ev-moved/file", **{"fd.nameraw": "file"})]),
    ("tmpfile-linked", "O_TMPFILE, and a name later by linkat", "both calls, and the new name",
     [{"evt.type": "openat", "evt.arg.flags": has("O_TMPFILE"), "fd.nameraw": "/tmp"},
      call("linkat", newpath="/tmp/ev-tmpfile")]),
    ("hard-link", "written by another hard link", "link of both names, and the alias",
     [call("linkat", oldpath="/tmp/ev-victim", newpath="/tmp/ev-alias"),
      opened("/tmp/ev-alias")]),
    ("emptied", "a file emptied by O_RDONLY|O_TRUNC: no write, and not opened for one", "path and flags (`evt.is_open_write` is true)",
     [opened("/tmp/ev-emptied", **{"evt.arg.flags": has("O_RDONLY|O_TRUNC")})]),
    ("core-dump", "a file that the kernel writes: abort in a directory where files are executed", "the working directory, the end and that it dumped",
     [{"evt.type": "procexit", "evt.arg.sig": "SIGABRT", "evt.arg.core": "1", "proc.cwd": "/tmp/ev-cron.d"}]),
    ("rename-over", "replaced by a rename, never opened", "both names",
     [call("renameat", oldpath="/tmp/ev-over.new", newpath="/tmp/ev-over")]),
    ("rename-exchange", "RENAME_EXCHANGE", "both names, and the flag",
     [call("renameat2", oldpath="/tmp/ev-ex-a", newpath="/tmp/ev-ex-b", flags="RENAME_EXCHANGE")]),
    ("chroot", "a path in a chroot that looks like the container's own", "the path from the container's root, and the chroot",
     [call("chroot", path="/tmp/ev-jail"),
      opened("/tmp/ev-jail/etc/shadow", **{"fd.nameraw": "/etc/shadow", "proc.chroot": "/tmp/ev-jail"})]),
    ("chroot-below", "a directory as root, so that what lies in it has another path", "the same, also of calls by path alone",
     [opened("/tmp/ev-cell/key", **{"fd.nameraw": "/key"}), {"evt.type": "unlinkat", "fd.name": "/tmp/ev-cell/old"}]),
    ("longest-path", "a path of 4,095 bytes", "the file, and the whole path asked for",
     [opened("/tmp/ev-long", **{"fd.nameraw": size(4095)})]),
    ("path-too-long", "a path of 6,000 bytes", "the failure, its first 4,095 bytes, and how many there were",
     [{"evt.type": "openat", "evt.res": "ENAMETOOLONG", "fd.nameraw": size(4095, "/tmp/ev-too-xxx"),
       "evt.arg.pathname": has("(5999 bytes)")}]),
    ("deeper-than-a-path", "a file whose path has more than 4,096 bytes",
     "the end of its path, of more than 4,000 bytes, marked as cut",
     [{"evt.type": "openat", "fd.nameraw": "ev-bottom", "fd.name": cut(".../ddd", "ddd/ev-bottom", 4000),
       "evt.res": "SUCCESS"}]),
    ("strange-name", "a name with a newline, an escape and no UTF-8", 
     "the name in one line of JSON, with U+FFFD for what is no UTF-8",
     [opened("/tmp/ev-\n\x1b[2J\ufffd\"\\", **{"fd.nameraw": "/tmp/ev-\n\x1b[2J\ufffd\"\\"})]),
    ("cold-page", "a path in a page that was never touched", "path",
     [opened("/tmp/ev-names", **{"fd.nameraw": "/tmp/ev-names", "evt.arg.flags": has("O_RDWR")})]),
    ("no-page", "a path at an address where nothing is", "the failure, without a path",
     [{"evt.type": "openat", "evt.res": "EFAULT", "evt.arg.flags": has("O_NOATIME")}]),
    ("file-handle", "open_by_handle_at (Shocker)", "path of the opened file",
     [{"evt.type": "open_by_handle_at", "fd.name": "/tmp/ev-handle"}]),
    ("sendfile", "copied by sendfile: no read, no write", "call, file and size",
     [{"evt.type": "sendfile", "evt.rawres": 11, "fd.name": "/tmp/ev-sendfile"}]),
    ("splice", "copied by splice through a pipe", "call, file and size",
     [{"evt.type": "splice", "evt.rawres": 12, "fd.name": "/etc/passwd"}]),
    ("vmsplice-tee", "vmsplice and tee", "both calls",
     [{"evt.type": "vmsplice", "evt.rawres": 8}, {"evt.type": "tee", "evt.rawres": 8}]),
    ("copy-file-range", "copied by copy_file_range", "call, file and size",
     [{"evt.type": "copy_file_range", "evt.rawres": 13, "fd.name": "/tmp/ev-copy-in"}]),
    ("reflink", "FICLONE: one file becomes another's blocks", "ioctl and its request",
     [{"evt.type": "ioctl", "evt.arg.request": "FICLONE", "fd.name": "/tmp/ev-clone-out"}]),
    ("shared-mapping", "written through a shared mapping: no write", "mmap, its file and flags",
     [{"evt.type": "mmap", "fd.name": "/tmp/ev-shared", "evt.arg.flags": has("MAP_SHARED"),
       "evt.arg.prot": has("PROT_WRITE")}]),
    ("unlinked-inherited", "read by an inherited descriptor of a deleted file", "read, and the path it had",
     [{"evt.type": "pread64", "fd.name": below("/tmp/ev-unlinked")}]),
    ("device-node", "a disk's device node made by mknod", "node, type and numbers",
     [call("mknodat", pathname="/tmp/ev-disk", mode="S_IFBLK|0600", dev="259:77")]),
    ("fd-swap", "another thread puts a decoy under the new descriptor (dup2)",
     "path of what was opened; without copies the path asked for, and that the other was looked at late",
     [opened("/tmp/ev-secret", **{"fd.nameraw": "/tmp/ev-secret", "evt.arg.flags": "O_RDONLY", "evt.late": None,
                                  "count": 50, "copies": True}),
      {"evt.type": "openat", "fd.nameraw": "/tmp/ev-secret", "evt.arg.flags": "O_RDONLY",
       "fd.name": below("/tmp/ev-"), "evt.late": has("fd.name"), "count": 50, "copies": False}]),
    ("fanotify", "read by a descriptor that fanotify gives: never opened by who reads", "both calls, and the path by the read",
     [{"evt.type": "fanotify_init"}, call("fanotify_mark", pathname="/tmp/ev-watched"),
      {"evt.type": "pread64", "fd.name": "/tmp/ev-watched"}]),
    ("own-program", "/proc/self/exe opened for writing (CVE-2019-5736)",
     "the failure, and the path asked for",
     [{"evt.type": "openat", "evt.res": "ETXTBSY", "fd.nameraw": "/proc/self/exe"}]),
    ("link-loop", "two links that point at each other", "the failure",
     [{"evt.type": "openat", "evt.res": "ELOOP", "fd.nameraw": "/tmp/ev-loop-a"}]),
]

SWAPS = [
    ("swap-path", "the path rewritten while the call sleeps (Phantom v3)",
     "path of the opened file; with copies, `argument_mismatch`",
     [opened("/tmp/ev-fifo"), told("/tmp/ev-fifo", "/tmp/ev-lies")]),
    ("swap-path-userfaultfd", "userfaultfd gives the path to the kernel's copy only (Phantom v1)",
     "path of the opened file; with copies, the path asked for",
     [opened("/tmp/ev-uffd-fifo"),
      opened("/tmp/ev-uffd-fifo", **{"fd.nameraw": "/tmp/ev-uffd-fifo", "evt.untrusted": None,
                                     "copies": True})]),
    ("swap-address", "the address rewritten while connect sleeps",
     "peer of the socket; with copies, `argument_mismatch`",
     [{"evt.type": "connect", "fd.rip": "127.0.0.1", "fd.rport": 4731, "count": 2},
      told("127.0.0.1:4731", "127.9.9.9:4799")]),
    ("swap-address-userfaultfd", "userfaultfd gives the address to the kernel's copy only",
     "peer of the socket; with copies, the address asked for",
     [{"evt.type": "connect", "fd.name": has("/tmp/ev-real.sock"), "count": 2},
      {"evt.type": "connect", "evt.arg.addr": "unix:/tmp/ev-real.sock", "evt.untrusted": None,
       "copies": True, "count": 2}]),
]

EXECS = [
    ("execveat", "execveat relative to a directory", "path of the image",
     [{"evt.type": "execveat", "proc.exepath": "/tmp/ev-execveat", "evt.rawres": 0}]),
    ("fexecve", "execveat of a descriptor, without a path", "path of the image",
     [{"evt.type": "execveat", "proc.exepath": "/tmp/ev-fexecve", "evt.rawres": 0}]),
    ("memfd", "a program in a memfd", "image, by its name in memory",
     [{"evt.type": "execveat", "proc.exepath": "memfd:ev-memfd"}]),
    ("tmpfile-executed", "a program in a file that never had a name", "image, without a name",
     [{"evt.type": "execveat", "evt.rawres": 0, "proc.exepath": below("/tmp/#")}]),
    ("deleted-executed", "a program that is deleted, by /proc/self/fd/N", "path it had",
     [executed(below("/tmp/ev-deleted"))]),
    ("exec-by-thread", "exec by a thread that is not the first", "image, under the process's id",
     [executed("/tmp/ev-thread", cmdline="ev-thread true two words")]),
    ("false-argv0", "argv[0] of a kernel thread", "path of the image beside argv[0]",
     [executed("/tmp/ev-argv0") | {"evt.arg.argv": "[kworker/0:1] nothing"}]),
    ("exec-by-link", "a link with an innocent name", "path of the image",
     [executed("/usr/bin/busybox", cmdline="true ev-by-a-link")]),
    ("interpreter", "a script: the interpreter is executed", "interpreter, and the script's name",
     [executed("/usr/bin/busybox", cmdline=has("/tmp/ev-script"))]),
    ("elf-interpreter", "a program whose ELF interpreter is another program: that runs", "image, and the file that runs first",
     [executed("/tmp/ev-wrapped/wrapper") | {"proc.interpreter": "/tmp/ev-wrapped/tool"}]),
    ("loader", "ld.so PROGRAM: the image is the loader", "loader, and the program that it opens",
     [executed(has("ld-linux"), cmdline=has("/bin/bash -c : ev-loader")), opened("/usr/bin/bash")]),
    ("argv-rewritten", "the process overwrites its argv", "command line as at the exec",
     [opened("/tmp/ev-rewritten", **{"proc.cmdline": "evade_exec --rewrite"})]),
    ("renamed-by-prctl", "another name by prctl", "image stays, renaming is an event",
     [opened("/tmp/ev-renamed-prctl", **{"proc.exepath": "/usr/bin/evade_exec"}),
      {"evt.type": "prctl", "evt.arg.option": "PR_SET_NAME"}]),
    ("renamed-by-proc", "another name by /proc/self/comm", "image stays, writing is an event",
     [opened("/tmp/ev-renamed-proc", **{"proc.exepath": "/usr/bin/evade_exec"}),
      {"evt.type": "write", "fd.name": has("/comm"), "evt.arg.buf": "ev-sshd"}]),
    ("renamed-thread", "a thread with another name", "image stays",
     [opened("/tmp/ev-renamed-thread", **{"proc.exepath": "/usr/bin/evade_exec"})]),
    ("many-arguments", "10,000 arguments", "image, the first 4 KiB of them, and how many bytes there were",
     [executed("/usr/bin/busybox", cmdline=size(4096, "busybox true ev-many arg arg arg")) |
      {"evt.arg.argv": has("(40009 bytes)")}]),
    ("long-argument", "an argument of 100,000 bytes", "image, its first 4 KiB, and how many bytes there were",
     [executed("/usr/bin/busybox", cmdline=size(4096, "busybox true ev-long lllll")) |
      {"evt.arg.argv": has("(100022 bytes)")}]),
    ("failed-exec", "an exec that fails", "path, arguments and error",
     [{"evt.type": "execve", "evt.res": "ENOENT", "evt.arg.pathname": "/tmp/ev-not-there",
       "evt.arg.argv": "busybox true two words"}]),
    ("exec-check", "AT_EXECVE_CHECK: asked, not executed", "call and its flag, and no new image",
     [{"evt.type": "execveat", "evt.arg.pathname": "/tmp/ev-check",
       "evt.arg.flags": has("AT_EXECVE_CHECK"), "proc.exepath": "/usr/bin/evade_exec"}]),
    ("vfork", "exec by a vfork's child", "image",
     [executed("/tmp/ev-vfork")]),
    ("clone-vm", "exec by a child in its parent's memory", "image",
     [executed("/tmp/ev-clone-vm")]),
    ("daemon", "a double fork, adopted by init", "the container, and the new parent",
     [opened("/tmp/ev-daemon", **{"proc.ppid": "{init}"})]),
    ("short-lives", "100 processes that open and end", "each of them",
     [{"evt.type": "openat", "fd.nameraw": "/tmp/ev-short-life", "count": "count"}]),
    ("other-user", "another user id after the exec", "user at the event",
     [{"evt.type": "openat", "fd.nameraw": "/tmp/ev-other-user", "user.uid": 4711},
      call("setresuid", ruid="4711")]),
    ("seccomp-denied", "a call that seccomp refuses", "call, path and error",
     [{"evt.type": "mkdirat", "evt.res": "EPERM", "evt.arg.pathname": "/tmp/ev-denied"}]),
    ("seccomp-denied-unread", "the same, with a path in a page that was never touched",
     "call and error; of the path only its address: the kernel has not read it either",
     [{"evt.type": "mkdirat", "evt.res": "EPERM", "evt.arg.pathname": below("0x")}]),
    ("seccomp-killed", "a call for which seccomp kills", "the filter, the call as refused, and the end by SIGSYS",
     [call("seccomp", operation="SECCOMP_SET_MODE_FILTER") | {"proc.name": "ev-killed"},
      {"evt.type": "mkdirat", "evt.res": "EPERM", "evt.arg.pathname": "/tmp/ev-killed"},
      {"evt.type": "procexit", "proc.name": "ev-killed", "evt.arg.sig": "SIGSYS"}]),
    ("seccomp-trapped", "a call that seccomp answers with a signal", "call, path, and that it was refused",
     [{"evt.type": "mkdirat", "evt.res": "EPERM", "evt.arg.pathname": "/tmp/ev-trapped"}]),
    ("flood", "one exec between 60,000 other calls", "the exec",
     [executed("/tmp/ev-in-the-flood")]),
]

TAMPERING = [
    ("ptrace", "code put into another process by ptrace", "requests and the victim",
     [call("ptrace", request="PTRACE_ATTACH", pid="{pid}"),
      call("ptrace", request="PTRACE_POKEDATA", pid="{pid}")]),
    ("process-vm-writev", "another process's memory written", "victim and size",
     [call("process_vm_writev", pid="{pid}") | {"evt.rawres": 6}]),
    ("process-vm-readv", "another process's memory read", "victim and size",
     [call("process_vm_readv", pid="{pid}") | {"evt.rawres": 6}]),
    ("proc-mem", "/proc/PID/mem opened and written", "both, by the file's path",
     [opened("/proc/{pid}/mem"), {"evt.type": "pwrite64", "fd.name": "/proc/{pid}/mem"}]),
    ("pidfd-getfd", "a descriptor taken from another process", "call and number",
     [call("pidfd_open", pid="{pid}"), call("pidfd_getfd", targetfd="1")]),
    ("pidfd-signal", "a signal by a pidfd", "call and signal",
     [call("pidfd_open", pid="{pid}"), call("pidfd_send_signal", sig="SIGKILL")]),
    ("code-from-memfd", "code mapped from a memfd: no exec", "memfd, and its executable mapping",
     [call("memfd_create", name="ev-code"),
      {"evt.type": "mmap", "evt.arg.prot": has("PROT_EXEC"), "fd.name": has("ev-code")}]),
    ("write-then-execute", "memory written, then made executable", "mprotect and its flags",
     [call("mprotect", len="12288", prot="PROT_READ|PROT_EXEC")]),
    ("false-command-line", "PR_SET_MM_ARG_START: another command line in /proc",
     "call; command line as at the exec",
     [{"evt.type": "prctl", "evt.arg.option": "PR_SET_MM"},
      opened("/tmp/ev-mm", **{"proc.cmdline": "evade_tamper"})]),
    ("bpf", "maps, programs and links of BPF", "each command",
     [call("bpf", cmd="BPF_MAP_CREATE"), call("bpf", cmd="BPF_PROG_GET_NEXT_ID"),
      call("bpf", cmd="BPF_LINK_DETACH")]),
    ("module", "a kernel module, by descriptor and from memory", "calls, file and parameters",
     [call("finit_module", param_values="ev=1") | {"fd.name": "/tmp/ev-module.ko"},
      call("init_module", param_values="ev=2", len="9")]),
    ("perf", "perf_event_open", "call", [{"evt.type": "perf_event_open"}]),
    ("kernel-helpers", "core_pattern, modprobe, sysrq and release_agent opened", "each path",
     [{"evt.type": "openat", "fd.nameraw": "/proc/sys/kernel/core_pattern"},
      {"evt.type": "openat", "fd.nameraw": "/proc/sys/kernel/modprobe"},
      {"evt.type": "openat", "fd.nameraw": "/proc/sysrq-trigger"},
      {"evt.type": "openat", "fd.nameraw": "/sys/fs/cgroup/release_agent"}]),
    ("mount-by-fds", "fsopen, fsconfig, fsmount, move_mount: no mount", "each call, and a file in it",
     [call("fsopen", fsname="tmpfs"), call("fsconfig", cmd="FSCONFIG_CMD_CREATE"),
      {"evt.type": "fsmount"}, call("move_mount", to_path="/tmp/ev-fsmount"),
      opened("/tmp/ev-fsmount/file")]),
    ("tree-moved", "open_tree and move_mount: a bind mount without mount", "each call, and both paths of a file in it",
     [call("open_tree", path="/etc"), call("move_mount", to_path="/tmp/ev-tree"),
      opened("/tmp/ev-tree/passwd", **{"fd.alias": "/etc/passwd"})]),
    ("tree-nowhere", "a file in a tree that is mounted nowhere", "open_tree, and the path that the file has all the same",
     [call("open_tree", path="/etc", flags=has("OPEN_TREE_CLONE")),
      opened("/passwd", **{"fd.nameraw": "passwd", "fd.alias": "/etc/passwd"}),
      opened("/group", **{"fd.nameraw": "group", "fd.alias": "/etc/group"})]),
    ("mount-attributes", "noexec taken away by mount_setattr", "call, path and attributes",
     [call("mount_setattr", path="/tmp", attr=has("MOUNT_ATTR_NOEXEC"))]),
    ("bind-mount", "an alias by a bind mount", "mount, and both paths",
     [call("mount", source="/etc", target="/tmp/ev-bind"), opened("/tmp/ev-bind/passwd", **{"fd.alias": "/etc/passwd"})]),
    ("pivot-root", "the root made a directory of a tmpfs by pivot_root", "the call, and both paths of a file in it",
     [{"evt.type": "pivot_root"}, opened("/old/etc/passwd", **{"fd.alias": "/etc/passwd"})]),
    ("pivot-into", "a directory made the root by pivot_root", "the call, and both paths of a file in it",
     [{"evt.type": "pivot_root"}, opened("/passwd", **{"fd.alias": "/etc/passwd"})]),
    ("pivot-apart", "the same in a PID namespace of its own, as in a container", "both paths of a file in it",
     [opened("/group", **{"fd.alias": "/etc/group"})]),
    ("chroot-left", "a chroot left by setns to one's own mounts", "the call, and where paths are from then on",
     [{"evt.type": "setns", "evt.rawres": 0},
      opened("/etc/group", **{"fd.nameraw": "etc/group", "proc.cwd": "/", "proc.chroot": None})]),
    ("proc-again", "proc and sysfs, mounted once more elsewhere", "mount, and both paths",
     [call("mount", target="/tmp/ev-proc"),
      opened("/tmp/ev-proc/sys/kernel/core_pattern", **{"fd.alias": "/proc/sys/kernel/core_pattern"}),
      opened("/tmp/ev-proc-sys/kernel/hostname", **{"fd.alias": "/proc/sys/kernel/hostname"}),
      opened("/tmp/ev-sysfs/kernel/uevent_seqnum", **{"fd.alias": "/sys/kernel/uevent_seqnum"})]),
    ("overlay", "a directory below an overlay of one's own", "mount, with its layers, and the path in it",
     [call("mount", target="/tmp/ev-overlay", data=has("lowerdir=/etc")), opened("/tmp/ev-overlay/passwd")]),
    ("covered", "a file below a mount that covers it", "path of the opened file",
     [opened("/tmp/ev-covered/below", **{"fd.nameraw": "below"})]),
    ("detached", "a file on a file system that is unmounted", "call, and the path in that file system",
     [call("umount2", target="/tmp/ev-detached", flags="MNT_DETACH"),
      {"evt.type": "openat", "fd.nameraw": "ev-gone", "fd.name": has("/ev-gone")}]),
    ("user-namespace", "mounts in a user namespace of one's own", "unshare, mount and the file",
     [call("unshare", flags=has("CLONE_NEWUSER")), call("mount", target="/mnt"),
      opened("/mnt/ev-user-ns")]),
    ("pid-namespace", "a process in a PID namespace of its own", "container stays; id in there",
     [call("unshare", flags="CLONE_NEWPID"), opened("/tmp/ev-pid-ns", **{"proc.vpid": 1})]),
    ("setns", "another namespace joined by setns", "call and kind",
     [call("unshare", flags="CLONE_NEWNET"), call("setns", nstype="CLONE_NEWNET")]),
]

NETWORK = [
    ("sendto", "UDP without a connect", "address of sendto",
     [call("sendto", dest_addr="127.0.0.1:4741") | {"evt.rawres": 9}]),
    ("sendmsg", "UDP by sendmsg", "address of the message",
     [call("sendmsg", msg="127.0.0.1:4742") | {"evt.rawres": 10}]),
    ("sendmmsg", "several messages by one call", "address of each, and how many",
     [call("sendmmsg", msgvec=f"127.0.0.1:{port}", vlen="2") | {"evt.rawres": 2} for port in (4743, 4744)]),
    ("no-family", "UDP to an address without a family", "address of sendto",
     [{"evt.type": "sendto", "evt.rawres": 12, "fd.rip": "127.0.0.1", "fd.rport": 4746}]),
    ("ipv4-by-ipv6", "UDP to an IPv4 address by an IPv6 socket", "address of sendto",
     [{"evt.type": "sendto", "evt.rawres": 15, "fd.rip": "127.0.0.1", "fd.rport": 4747, "fd.type": "ipv4"}]),
    ("fast-open", "TCP Fast Open: data without a connect", "address of sendto, and the flag",
     [call("sendto", dest_addr="127.0.0.1:4745", flags=has("MSG_FASTOPEN"))]),
    ("raw-socket", "a raw socket", "family and type",
     [call("socket", domain="AF_INET", type=has("SOCK_RAW"))]),
    ("packet-socket", "frames by AF_PACKET", "family and type",
     [call("socket", domain="AF_PACKET", type=has("SOCK_RAW"))]),
    ("netlink", "netlink", "family, and the bind", [call("socket", domain="AF_NETLINK"),
                                                    {"evt.type": "bind", "evt.arg.addr": has("netlink")}]),
    ("vsock", "a socket to the hypervisor", "family and address",
     [call("socket", domain="AF_VSOCK"), {"evt.type": "connect", "evt.arg.addr": has("4747")}]),
    ("crypto-socket", "AF_ALG", "family", [call("socket", domain="AF_ALG")]),
    ("abstract-socket", "a unix socket without a file", "name",
     [{"evt.type": "bind", "evt.arg.addr": has("ev-abstract")},
      {"evt.type": "connect", "evt.arg.addr": has("ev-abstract")}]),
    ("mapped-address", "an IPv4 address in an IPv6 one", "address",
     [{"evt.type": "connect", "evt.arg.addr": has("127.0.0.1"), "fd.rport": 4748}]),
    ("handed-over", "a descriptor handed over by SCM_RIGHTS", "write by who never opened it, and the path",
     [{"evt.type": "write", "fd.name": "/tmp/ev-handed", "evt.arg.buf": "handed", "proc.vpid": "{pid}"}]),
]

# Of the docs: a title for the rows of a program.
TOPICS = [("Files by other names, other calls and no call", "evade_files"),
          ("Arguments swapped while a call sleeps", "evade_swap"),
          ("Programs", "evade_exec"),
          ("Other processes, the kernel, mounts and namespaces", "evade_tamper"),
          ("Sockets", "evade_net")]

TABLE = [Row(program, *row) for program, rows in
         (("evade_files", FILES), ("evade_swap", SWAPS), ("evade_exec", EXECS),
          ("evade_tamper", TAMPERING), ("evade_net", NETWORK)) for row in rows]


def version(release):
    """6.12.1 of 6.12.1-debian."""
    return release.split("-")[0]


class Record:
    """
    tests/vm/evasions.txt: columns are kernels; for each its release, the hook of system calls, whether
    the kernel's copies are kept, and a line a row: seen, or why there was nothing to be seen.
    """

    def __init__(self):
        self.columns = {}
        if os.path.exists(RECORD):
            with open(RECORD, encoding="utf-8") as f:
                for line in f:
                    if line.strip() and not line.startswith("#"):
                        kernel, name, text = line.rstrip("\n").split(None, 2)
                        self.columns.setdefault(kernel, {})[name] = text

    def seen_here(self):
        """Rows seen on this kernel, if it is one of the record's."""
        kernel = os.environ.get("NUNCHI_TEST_KERNEL")
        column = self.columns.get(kernel or "native", {})
        if not kernel and column.get("release") != version(os.uname().release):
            return []
        return [name for name, text in column.items() if text == "seen"]

    def take(self, kernel, found):
        head = {"release": version(found["release"]), "attachment": found["attachment"],
                "copies": found["copies"]}
        self.columns[kernel] = head | found["results"]

    def write(self):
        with open(RECORD, "w", encoding="utf-8") as f:
            f.write("# What tests/containers/cases/evasions.py saw: kernel, row, result.\n"
                    "# Written by tests/vm/run.py --record, and scripts/evasion-table --record FILE.\n")
            for kernel, lines in self.columns.items():
                for name, text in lines.items():
                    f.write(f"{kernel:7} {name:27} {text}\n")
