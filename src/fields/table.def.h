/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of fields, included where a FIELD macro is defined. The order is that of the JSON line
 * and of `nunchi list fields`.
 *
 *	FIELD(ident, name, type, scope, json, doc)
 *	FIELD_ARG(ident, name, type, scope, doc)		name.ARG or name[ARG]
 *	FIELD_EITHER(ident, name, type, first, second, doc)	a comparison means either of the two
 *
 * ident names the accessor, field_get_<ident>(). A doc ends with "(ours)" where Falco has no such
 * field, or another meaning of it, which is then said.
 */

/* The event */
FIELD(evt_num, "evt.num", NUMBER, EVENT, true, "number of the event among those shown, from 1")
FIELD(evt_time_iso8601, "evt.time.iso8601", STRING, EVENT, true, "time in UTC, with nanoseconds")
FIELD(evt_rawtime, "evt.rawtime", NUMBER, EVENT, true, "time in ns since the epoch")
FIELD(evt_time, "evt.time", STRING, EVENT, false, "local time of day, with nanoseconds")
FIELD(evt_type, "evt.type", STRING, TYPE, true, "name of the system call; procexit, container_started, ns_changed, events_lost, ...")
FIELD(activity_category, "activity.category", STRING, TYPE, true, "kind of activity: file, network, process, ... (ours)")
FIELD(activity_name, "activity.name", STRING, TYPE, true, "the activity in words: File Open, Network Connect, ... (ours)")
FIELD(activity_title, "activity.title", STRING, TYPE, false, "the category in words: File Operation, Process Manage, ... (ours)")
FIELD(evt_abi, "evt.abi", STRING, EVENT, true, "how the system call came in, if not as the machine's own programs do: i386 (int 0x80, a 32-bit program), x32, io_uring (ours)")
FIELD(evt_res, "evt.res", STRING, EVENT, true, "SUCCESS, or the name of the error: ENOENT, EACCES, ...")
FIELD(evt_rawres, "evt.rawres", NUMBER, EVENT, true, "what the system call returned")
FIELD(evt_failed, "evt.failed", BOOL, EVENT, false, "whether the system call returned an error")
FIELD(evt_cpu, "evt.cpu", NUMBER, EVENT, true, "CPU on which it happened")
FIELD(evt_phase, "evt.phase", STRING, EVENT, false, "setup: the runtime's own doing before the entrypoint; run: all after it (ours)")
FIELD(evt_late, "evt.late", BOOL, EVENT, false, "whether it came after later events had been shown (ours)")
FIELD_ARG(evt_arg, "evt.arg", STRING, EVENT, "an argument of the system call by name or number, as a person writes it; paths as the program wrote them; of procexit: status, ret, sig")
FIELD_ARG(evt_rawarg, "evt.rawarg", NUMBER, EVENT, "an argument as the number that was in its register; missing after a successful execve")
FIELD(evt_args, "evt.args", STRING, EVENT, false, "all arguments: name=value name=value")
FIELD(evt_is_open_read, "evt.is_open_read", BOOL, EVENT, false, "whether the call opens a file for reading (also O_RDWR)")
FIELD(evt_is_open_write, "evt.is_open_write", BOOL, EVENT, false, "whether the call opens a file for writing (also O_RDWR)")
FIELD(evt_is_open_create, "evt.is_open_create", BOOL, EVENT, false, "whether an open with O_CREAT or O_TMPFILE succeeded (Falco: only if the file is new)")

/* Losses */
FIELD(lost_count, "lost.count", NUMBER, EVENT, false, "of events_lost: how many events were lost (ours)")
FIELD(lost_reason, "lost.reason", STRING, EVENT, false, "of events_lost: why: ring full, output blocked, ... (ours)")

/* Leaving, and not watching */
FIELD(ns_changed, "ns.changed", STRING, OTHER, true, "of ns_changed: namespaces that are others now: mnt, pid, net, ..., by commas (ours)")
FIELD(ns_host, "ns.host", STRING, OTHER, true, "of ns_changed and container_escape_suspected: namespaces that are the host's now, by commas (ours)")
FIELD(cgroup_path, "cgroup.path", STRING, OTHER, true, "of cgroup_moved and container_escape_suspected: the cgroup that the process was moved to (ours)")
FIELD(cgroup_mover, "cgroup.mover", STRING, OTHER, true, "of cgroup_moved: name of the program that did it (ours)")
FIELD(cgroup_mover_pid, "cgroup.mover.pid", NUMBER, OTHER, true, "of cgroup_moved: process id of who did it, as the host sees it (ours)")
FIELD(escape_reason, "escape.reason", STRING, OTHER, true, "of container_escape_suspected: what the process has left or joined (ours)")
FIELD(gap_from, "gap.from", STRING, OTHER, true, "of sensor_gap: since when nobody had watched, in UTC (ours)")
FIELD(gap_to, "gap.to", STRING, OTHER, true, "of sensor_gap: until when (ours)")

/* The process and its user */
FIELD(proc_pid, "proc.pid", NUMBER, EVENT, true, "process id, as the host sees it")
FIELD(proc_ppid, "proc.ppid", NUMBER, EVENT, true, "process id of the parent, as the host sees it")
FIELD(proc_vpid, "proc.vpid", NUMBER, EVENT, true, "process id, as the container sees it")
FIELD(thread_tid, "thread.tid", NUMBER, EVENT, true, "thread id, as the host sees it")
FIELD(thread_vtid, "thread.vtid", NUMBER, EVENT, false, "thread id, as the container sees it")
FIELD(proc_name, "proc.name", STRING, EVENT, true, "name of the program, at most 15 bytes (comm)")
FIELD(proc_prev_name, "proc.prev_name", STRING, PROCESS, true, "proc.name before the process's last execve (ours)")
FIELD(proc_exe, "proc.exe", STRING, PROCESS, false, "first argument of the command line (argv[0])")
FIELD(proc_exepath, "proc.exepath", STRING, PROCESS, true, "path of the program's file, from the kernel")
FIELD(proc_args, "proc.args", STRING, PROCESS, false, "the arguments after the first, with blanks between them")
FIELD(proc_cmdline, "proc.cmdline", STRING, PROCESS, true, "name of the program and proc.args")
FIELD(proc_cwd, "proc.cwd", STRING, PROCESS, true, "working directory, without a slash at its end")
FIELD(proc_pname, "proc.pname", STRING, EVENT, true, "proc.name of the parent")
FIELD(proc_pexepath, "proc.pexepath", STRING, EVENT, false, "proc.exepath of the parent")
FIELD(proc_pcmdline, "proc.pcmdline", STRING, EVENT, false, "proc.cmdline of the parent")
FIELD(proc_start_ts, "proc.start_ts", NUMBER, EVENT, false, "start of the process in ns since the epoch (ours; Falco: proc.pid.ts)")
FIELD(proc_is_container_exec, "proc.is_container_exec", BOOL, PROCESS, true, "whether the process, or one it descends from, came into the container from outside: docker exec, nsenter (Falco: docker exec and the like)")
FIELD(proc_entered_by, "proc.entered_by", STRING, PROCESS, true, "name of the program that came in: runc, nsenter (ours)")
FIELD(proc_sandboxed, "proc.sandboxed", BOOL, EVENT, true, "of the host's processes: whether it is in a mount namespace of its own (ours)")
FIELD(proc_pidns, "proc.pidns", NUMBER, EVENT, false, "inode number of the process's PID namespace (ours)")
FIELD(proc_mntns, "proc.mntns", NUMBER, EVENT, false, "inode number of the process's mount namespace (ours)")
FIELD(proc_cgroup_id, "proc.cgroup_id", NUMBER, EVENT, false, "kernel's id of the process's cgroup (ours)")
FIELD(user_uid, "user.uid", NUMBER, EVENT, true, "effective user id, as the host sees it")
FIELD(user_name, "user.name", STRING, EVENT, true, "the user's name, as the container's /etc/passwd has it")
FIELD(group_gid, "group.gid", NUMBER, EVENT, true, "effective group id, as the host sees it")
FIELD(group_name, "group.name", STRING, EVENT, false, "the group's name, as the container's /etc/group has it")
FIELD(user_loginuid, "user.loginuid", NUMBER, EVENT, true, "id of the user who logged in, whatever su and sudo did since; -1: none")

/* The file or socket */
FIELD(fd_num, "fd.num", NUMBER, EVENT, true, "file descriptor; -1 for a failed open")
FIELD(fd_type, "fd.type", STRING, EVENT, true, "what it is: file, directory, ipv4, ipv6, unix, pipe, ...")
FIELD(fd_typechar, "fd.typechar", STRING, EVENT, false, "fd.type as a letter: f file, d directory, 4 and 6 IP, u unix, p pipe, n netlink, m memfd, o other")
FIELD(fd_name, "fd.name", STRING, EVENT, true, "absolute path as the container sees it; of a connection 10.0.0.1:40000->10.0.0.7:443")
FIELD(fd_nameraw, "fd.nameraw", STRING, EVENT, true, "the path as the program wrote it")
FIELD(fd_directory, "fd.directory", STRING, EVENT, true, "directory of fd.name, without a slash at its end")
FIELD(fd_filename, "fd.filename", STRING, EVENT, true, "fd.name without its directory")
FIELD(fd_oldname, "fd.oldname", STRING, EVENT, true, "the other path of a rename, link or symlink (ours)")
FIELD(fd_ino, "fd.ino", NUMBER, EVENT, false, "inode number")
FIELD(fd_dev, "fd.dev", NUMBER, EVENT, false, "device number of the file system")
FIELD(fd_lip, "fd.lip", IP, EVENT, true, "IP address of this end")
FIELD(fd_lport, "fd.lport", NUMBER, EVENT, true, "port of this end")
FIELD(fd_rip, "fd.rip", IP, EVENT, true, "IP address of the other end")
FIELD(fd_rport, "fd.rport", NUMBER, EVENT, true, "port of the other end")
FIELD_EITHER(fd_ip, "fd.ip", IP, "fd.lip", "fd.rip", "IP address of either end; with != of neither")
FIELD_EITHER(fd_port, "fd.port", NUMBER, "fd.lport", "fd.rport", "port of either end; with != of neither")
FIELD(fd_l4proto, "fd.l4proto", STRING, EVENT, true, "protocol: tcp, udp, icmp, raw, ...")

/* The container */
FIELD(container_id, "container.id", STRING, CONTAINER, true, "first 12 digits of the container's id; host: not in a container")
FIELD(container_full_id, "container.full_id", STRING, CONTAINER, true, "the container's whole id")
FIELD(container_name, "container.name", STRING, CONTAINER, true, "the container's name; host: not in a container")
FIELD(container_runtime, "container.runtime", STRING, CONTAINER, true, "docker, containerd, cri-o, podman, runc, crun (ours; Falco: container.type)")
FIELD(container_image, "container.image", STRING, CONTAINER, true, "image as it was asked for: nginx:1.27")
FIELD(container_image_repository, "container.image.repository", STRING, CONTAINER, true, "image without tag and digest")
FIELD(container_image_tag, "container.image.tag", STRING, CONTAINER, true, "tag of the image")
FIELD(container_image_digest, "container.image.digest", STRING, CONTAINER, false, "digest of the image: sha256:...")
FIELD(container_pid, "container.pid", NUMBER, CONTAINER, false, "process id of the container's init, as the host sees it (ours)")
FIELD(container_pidns, "container.pidns", NUMBER, CONTAINER, true, "inode number of the container's PID namespace (ours)")
FIELD(container_mntns, "container.mntns", NUMBER, CONTAINER, true, "inode number of the container's mount namespace (ours)")
FIELD(container_privileged, "container.privileged", BOOL, CONTAINER, false, "whether the container was started as privileged")
FIELD(container_host_namespaces, "container.host_namespaces", STRING, CONTAINER, false, "namespaces shared with the host: pid, net, ipc, uts, cgroup, by commas (ours)")
FIELD(container_cgroup, "container.cgroup", STRING, CONTAINER, false, "path of the container's cgroup (ours)")
FIELD(container_parent_id, "container.parent.id", STRING, CONTAINER, true, "whole id of the container that this one was made in (ours)")
FIELD(container_incomplete, "container.incomplete", STRING, CONTAINER, true, "why the name of the container is not known (ours)")
FIELD(container_exit_code, "container.exit_code", NUMBER, OTHER, true, "of container_stopped: what its first process returned (ours)")
FIELD(container_exit_signal, "container.exit_signal", STRING, OTHER, true, "of container_stopped: the signal that ended its first process (ours)")
FIELD(container_oom, "container.oom", BOOL, OTHER, true, "of container_stopped: whether a process of it was killed because memory ran out (ours)")
FIELD(container_start_ts, "container.start_ts", NUMBER, CONTAINER, false, "start of the container in ns since the epoch")
FIELD(container_created, "container.created", NUMBER, CONTAINER, false, "creation of the container in ns since the epoch (ours)")
FIELD_ARG(container_label, "container.label", STRING, CONTAINER, "value of a label of the container")
FIELD(k8s_ns_name, "k8s.ns.name", STRING, CONTAINER, true, "namespace of the pod")
FIELD(k8s_pod_name, "k8s.pod.name", STRING, CONTAINER, true, "name of the pod")
FIELD(k8s_pod_uid, "k8s.pod.uid", STRING, CONTAINER, true, "uid of the pod")
FIELD_ARG(k8s_pod_label, "k8s.pod.label", STRING, CONTAINER, "value of a label of the pod")

/* The host */
FIELD(host_name, "host.name", STRING, HOST, true, "name of the host (ours)")
