/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every system call of x86-64 up to Linux 7.2: the only list of calls there is.
 *
 *	CALL(number, arm64 number, name, CATEGORY, "Activity", RESULT, flags, arguments...)
 *
 * Rules, which tests/unit/syscalls/test_table.c checks:
 * - Rows ascend by number; none is left out or taken away. Calls that the kernel retired keep
 *   theirs, for who tries one is told ENOSYS and shows intent. -1: not on arm64.
 * - Names are the kernel's (syscall_64.tbl), argument names the manual pages'.
 * - A(kind, name); V(kind, name, values) with a table of values.h; B(kind, name, bytes) for what
 *   is captured as bytes; C(kind, name, chooser, choices): what it means depends on the argument
 *   with the number chooser.
 * - A PATHAT directly follows its DIRFD; SOCKADDR, SOCKADDR_OUT and BUFFER are directly followed
 *   by their length.
 * - A path that the kernel does not look up (a symlink's target, a mount's source) is a STRING.
 * - An activity is two or three words, thing first: calls that do the same have the same phrase.
 *
 * DEFAULT is what a person sees who asked for nothing: calls that change something, cross a
 * boundary or reveal intent. Not in it is what an ordinary program does all day: reading, writing,
 * polling, its own descriptors and memory. So mprotect is not (every start of a dynamically linked
 * program makes several, a JIT makes thousands) nor mmap; nor sendto and sendmsg, whose peer a
 * connect or a socket has shown already; chdir and times of files neither; nor prctl, by which
 * shells and languages name every thread.
 */

CALL(0, 63, read, FILE, "File Read", COUNT, 0,
     A(FD, fd), A(BUFFER_OUT, buf), A(SIZE, count))
CALL(1, 64, write, FILE, "File Write", COUNT, 0,
     A(FD, fd), A(BUFFER, buf), A(SIZE, count))
CALL(2, -1, open, FILE, "File Open", FD, DEFAULT,
     A(PATH, pathname), A(OPENFLAGS, flags), A(MODE, mode))
CALL(3, 57, close, FILE, "File Close", ZERO, CLOSES,
     A(FD, fd))
CALL(4, -1, stat, FILE, "File Stat", ZERO, 0,
     A(PATH, pathname), A(POINTER, statbuf))
CALL(5, 80, fstat, FILE, "File Stat", ZERO, 0,
     A(FD, fd), A(POINTER, statbuf))
CALL(6, -1, lstat, FILE, "File Stat", ZERO, 0,
     A(PATH, pathname), A(POINTER, statbuf))
CALL(7, -1, poll, FILE, "File Poll", COUNT, 0,
     A(POINTER, fds), A(UINT, nfds), A(INT, timeout))
CALL(8, 62, lseek, FILE, "File Seek", VALUE, 0,
     A(FD, fd), A(LONG, offset), V(ENUM, whence, whence))
CALL(9, 222, mmap, MEMORY, "Memory Map", POINTER, 0,
     A(POINTER, addr), A(SIZE, length), V(FLAGS, prot, mmap_prot), V(FLAGS, flags, mmap_flags),
     A(FD, fd), A(HEX, offset))
CALL(10, 226, mprotect, MEMORY, "Memory Protect", ZERO, 0,
     A(POINTER, addr), A(SIZE, len), V(FLAGS, prot, mmap_prot))
CALL(11, 215, munmap, MEMORY, "Memory Unmap", ZERO, 0,
     A(POINTER, addr), A(SIZE, length))
CALL(12, 214, brk, MEMORY, "Memory Break", POINTER, 0,
     A(POINTER, addr))
CALL(13, 134, rt_sigaction, SIGNAL, "Signal Handle", ZERO, 0,
     A(SIGNAL, signum), A(POINTER, act), A(POINTER, oldact), A(SIZE, sigsetsize))
CALL(14, 135, rt_sigprocmask, SIGNAL, "Signal Mask", ZERO, 0,
     V(ENUM, how, sigmask_how), A(POINTER, set), A(POINTER, oldset), A(SIZE, sigsetsize))
CALL(15, 139, rt_sigreturn, SIGNAL, "Signal Return", VALUE, 0)
CALL(16, 29, ioctl, FILE, "File Control", VALUE, 0,
     A(FD, fd), V(ENUM, request, ioctl_requests), A(HEX, argp))
CALL(17, 67, pread64, FILE, "File Read", COUNT, 0,
     A(FD, fd), A(BUFFER_OUT, buf), A(SIZE, count), A(LONG, offset))
CALL(18, 68, pwrite64, FILE, "File Write", COUNT, 0,
     A(FD, fd), A(BUFFER, buf), A(SIZE, count), A(LONG, offset))
CALL(19, 65, readv, FILE, "File Read", COUNT, 0,
     A(FD, fd), A(POINTER, iov), A(INT, iovcnt))
CALL(20, 66, writev, FILE, "File Write", COUNT, 0,
     A(FD, fd), A(POINTER, iov), A(INT, iovcnt))
CALL(21, -1, access, FILE, "File Access", ZERO, 0,
     A(PATH, pathname), V(FLAGS, mode, access_mode))
CALL(22, -1, pipe, IPC, "Pipe Create", ZERO, 0,
     B(FDPAIR, pipefd, 8))
CALL(23, -1, select, FILE, "File Poll", COUNT, 0,
     A(INT, nfds), A(POINTER, readfds), A(POINTER, writefds), A(POINTER, exceptfds),
     A(POINTER, timeout))
CALL(24, 124, sched_yield, PROCESS, "Process Yield", ZERO, 0)
CALL(25, 216, mremap, MEMORY, "Memory Remap", POINTER, 0,
     A(POINTER, old_address), A(SIZE, old_size), A(SIZE, new_size),
     V(FLAGS, flags, mremap_flags), A(POINTER, new_address))
CALL(26, 227, msync, MEMORY, "Memory Sync", ZERO, 0,
     A(POINTER, addr), A(SIZE, length), V(FLAGS, flags, msync_flags))
CALL(27, 232, mincore, MEMORY, "Memory Query", ZERO, 0,
     A(POINTER, addr), A(SIZE, length), A(POINTER, vec))
CALL(28, 233, madvise, MEMORY, "Memory Advise", ZERO, 0,
     A(POINTER, addr), A(SIZE, length), V(ENUM, advice, madvise_advice))
CALL(29, 194, shmget, IPC, "Shared Memory Get", VALUE, DEFAULT,
     V(ENUM, key, ipc_keys), A(SIZE, size), V(MODEFLAGS, shmflg, shmget_flags))
CALL(30, 196, shmat, IPC, "Shared Memory Attach", POINTER, DEFAULT,
     A(INT, shmid), A(POINTER, shmaddr), V(FLAGS, shmflg, shmat_flags))
CALL(31, 195, shmctl, IPC, "Shared Memory Control", VALUE, 0,
     A(INT, shmid), V(ENUM, cmd, shmctl_cmds), A(POINTER, buf))
CALL(32, 23, dup, FILE, "File Duplicate", FD, 0,
     A(FD, oldfd))
CALL(33, -1, dup2, FILE, "File Duplicate", FD, 0,
     A(FD, oldfd), A(FD, newfd))
CALL(34, -1, pause, SIGNAL, "Signal Wait", VALUE, 0)
CALL(35, 101, nanosleep, PROCESS, "Process Sleep", ZERO, 0,
     B(TIME, duration, 16), A(POINTER, rem))
CALL(36, 102, getitimer, SIGNAL, "Timer Query", ZERO, 0,
     V(ENUM, which, itimers), A(POINTER, curr_value))
CALL(37, -1, alarm, SIGNAL, "Timer Set", VALUE, 0,
     A(UINT, seconds))
CALL(38, 103, setitimer, SIGNAL, "Timer Set", ZERO, 0,
     V(ENUM, which, itimers), A(POINTER, new_value), A(POINTER, old_value))
CALL(39, 172, getpid, PROCESS, "Process Query", PID, 0)
CALL(40, 71, sendfile, FILE, "File Copy", COUNT, 0,
     A(FD, out_fd), A(FD, in_fd), A(POINTER, offset), A(SIZE, count))
CALL(41, 198, socket, NETWORK, "Socket Create", FD, DEFAULT,
     V(ENUM, domain, families), A(SOCKTYPE, type), C(INT, protocol, 0, socket_protocols))
CALL(42, 203, connect, NETWORK, "Network Connect", ZERO, DEFAULT,
     A(FD, sockfd), A(SOCKADDR, addr), A(UINT, addrlen))
CALL(43, 202, accept, NETWORK, "Network Accept", FD, DEFAULT,
     A(FD, sockfd), A(SOCKADDR_OUT, addr), A(POINTER, addrlen))
CALL(44, 206, sendto, NETWORK, "Network Send", COUNT, 0,
     A(FD, sockfd), A(BUFFER, buf), A(SIZE, len), V(FLAGS, flags, msg_flags),
     A(SOCKADDR, dest_addr), A(UINT, addrlen))
CALL(45, 207, recvfrom, NETWORK, "Network Receive", COUNT, 0,
     A(FD, sockfd), A(BUFFER_OUT, buf), A(SIZE, len), V(FLAGS, flags, msg_flags),
     A(SOCKADDR_OUT, src_addr), A(POINTER, addrlen))
CALL(46, 211, sendmsg, NETWORK, "Network Send", COUNT, 0,
     A(FD, sockfd), A(MSGHDR, msg), V(FLAGS, flags, msg_flags))
CALL(47, 212, recvmsg, NETWORK, "Network Receive", COUNT, 0,
     A(FD, sockfd), A(MSGHDR, msg), V(FLAGS, flags, msg_flags))
CALL(48, 210, shutdown, NETWORK, "Network Shutdown", ZERO, DEFAULT,
     A(FD, sockfd), V(ENUM, how, shutdown_how))
CALL(49, 200, bind, NETWORK, "Network Bind", ZERO, DEFAULT,
     A(FD, sockfd), A(SOCKADDR, addr), A(UINT, addrlen))
CALL(50, 201, listen, NETWORK, "Network Listen", ZERO, DEFAULT,
     A(FD, sockfd), A(INT, backlog))
CALL(51, 204, getsockname, NETWORK, "Socket Query", ZERO, 0,
     A(FD, sockfd), A(SOCKADDR_OUT, addr), A(POINTER, addrlen))
CALL(52, 205, getpeername, NETWORK, "Socket Query", ZERO, 0,
     A(FD, sockfd), A(SOCKADDR_OUT, addr), A(POINTER, addrlen))
CALL(53, 199, socketpair, NETWORK, "Socket Create", ZERO, 0,
     V(ENUM, domain, families), A(SOCKTYPE, type), C(INT, protocol, 0, socket_protocols),
     B(FDPAIR, sv, 8))
CALL(54, 208, setsockopt, NETWORK, "Socket Set Option", ZERO, 0,
     A(FD, sockfd), V(ENUM, level, sockopt_levels), C(INT, optname, 1, sockopt_names),
     A(BUFFER, optval), A(UINT, optlen))
CALL(55, 209, getsockopt, NETWORK, "Socket Get Option", ZERO, 0,
     A(FD, sockfd), V(ENUM, level, sockopt_levels), C(INT, optname, 1, sockopt_names),
     A(POINTER, optval), A(POINTER, optlen))
#ifdef __aarch64__ /* the last two change places (CONFIG_CLONE_BACKWARDS) */
CALL(56, 220, clone, PROCESS, "Process Fork", PID, DEFAULT | FORK | IDENTITY,
     A(CLONEFLAGS, flags), A(POINTER, stack), A(POINTER, parent_tid), A(HEX, tls),
     A(POINTER, child_tid))
#else
CALL(56, 220, clone, PROCESS, "Process Fork", PID, DEFAULT | FORK | IDENTITY,
     A(CLONEFLAGS, flags), A(POINTER, stack), A(POINTER, parent_tid), A(POINTER, child_tid),
     A(HEX, tls))
#endif
CALL(57, -1, fork, PROCESS, "Process Fork", PID, DEFAULT | FORK)
CALL(58, -1, vfork, PROCESS, "Process Fork", PID, DEFAULT | FORK)
CALL(59, 221, execve, PROCESS, "Process Create", ZERO, DEFAULT | EXEC,
     A(PATH, pathname), A(STRINGS, argv), A(POINTER, envp))
CALL(60, 93, exit, PROCESS, "Thread Exit", NEVER, 0,
     A(INT, status))
CALL(61, 260, wait4, PROCESS, "Process Wait", PID, 0,
     A(PID, pid), A(POINTER, wstatus), V(FLAGS, options, wait_options), A(POINTER, rusage))
CALL(62, 129, kill, SIGNAL, "Signal Send", ZERO, DEFAULT,
     A(PID, pid), A(SIGNAL, sig))
CALL(63, 160, uname, SYSTEM, "System Query", ZERO, 0,
     A(POINTER, buf))
CALL(64, 190, semget, IPC, "Semaphore Get", VALUE, DEFAULT,
     V(ENUM, key, ipc_keys), A(INT, nsems), V(MODEFLAGS, semflg, ipcget_flags))
CALL(65, 193, semop, IPC, "Semaphore Operate", ZERO, 0,
     A(INT, semid), A(POINTER, sops), A(UINT, nsops))
CALL(66, 191, semctl, IPC, "Semaphore Control", VALUE, 0,
     A(INT, semid), A(INT, semnum), V(ENUM, cmd, semctl_cmds), A(HEX, arg))
CALL(67, 197, shmdt, IPC, "Shared Memory Detach", ZERO, 0,
     A(POINTER, shmaddr))
CALL(68, 186, msgget, IPC, "Message Queue Get", VALUE, DEFAULT,
     V(ENUM, key, ipc_keys), V(MODEFLAGS, msgflg, ipcget_flags))
CALL(69, 189, msgsnd, IPC, "Message Send", ZERO, 0,
     A(INT, msqid), A(POINTER, msgp), A(SIZE, msgsz), V(FLAGS, msgflg, msgrcv_flags))
CALL(70, 188, msgrcv, IPC, "Message Receive", COUNT, 0,
     A(INT, msqid), A(POINTER, msgp), A(SIZE, msgsz), A(LONG, msgtyp),
     V(FLAGS, msgflg, msgrcv_flags))
CALL(71, 187, msgctl, IPC, "Message Queue Control", VALUE, 0,
     A(INT, msqid), V(ENUM, cmd, msgctl_cmds), A(POINTER, buf))
CALL(72, 25, fcntl, FILE, "File Control", VALUE, 0,
     A(FD, fd), V(ENUM, cmd, fcntl_cmds), C(HEX, arg, 1, fcntl_args))
CALL(73, 32, flock, FILE, "File Lock", ZERO, 0,
     A(FD, fd), V(FLAGS, operation, flock_ops))
CALL(74, 82, fsync, FILE, "File Sync", ZERO, 0,
     A(FD, fd))
CALL(75, 83, fdatasync, FILE, "File Sync", ZERO, 0,
     A(FD, fd))
CALL(76, 45, truncate, FILE, "File Truncate", ZERO, DEFAULT,
     A(PATH, path), A(LONG, length))
CALL(77, 46, ftruncate, FILE, "File Truncate", ZERO, 0,
     A(FD, fd), A(LONG, length))
CALL(78, -1, getdents, FILE, "Directory List", COUNT, 0,
     A(FD, fd), A(POINTER, dirp), A(UINT, count))
CALL(79, 17, getcwd, FILE, "Directory Query", COUNT, 0,
     A(BUFFER_OUT, buf), A(SIZE, size))
CALL(80, 49, chdir, FILE, "Directory Change", ZERO, MODEL | CWD,
     A(PATH, path))
CALL(81, 50, fchdir, FILE, "Directory Change", ZERO, MODEL | CWD,
     A(FD, fd))
CALL(82, -1, rename, FILE, "File Rename", ZERO, DEFAULT,
     A(PATH, oldpath), A(PATH, newpath))
CALL(83, -1, mkdir, FILE, "Directory Create", ZERO, DEFAULT,
     A(PATH, pathname), A(MODE, mode))
CALL(84, -1, rmdir, FILE, "Directory Delete", ZERO, DEFAULT,
     A(PATH, pathname))
CALL(85, -1, creat, FILE, "File Create", FD, DEFAULT,
     A(PATH, pathname), A(MODE, mode))
CALL(86, -1, link, FILE, "File Link", ZERO, DEFAULT,
     A(PATH, oldpath), A(PATH, newpath))
CALL(87, -1, unlink, FILE, "File Delete", ZERO, DEFAULT,
     A(PATH, pathname))
CALL(88, -1, symlink, FILE, "File Symlink", ZERO, DEFAULT,
     A(STRING, target), A(PATH, linkpath))
CALL(89, -1, readlink, FILE, "File Read Link", COUNT, 0,
     A(PATH, pathname), A(BUFFER_OUT, buf), A(INT, bufsiz))
CALL(90, -1, chmod, FILE, "File Change Mode", ZERO, DEFAULT,
     A(PATH, pathname), A(MODE, mode))
CALL(91, 52, fchmod, FILE, "File Change Mode", ZERO, DEFAULT,
     A(FD, fd), A(MODE, mode))
CALL(92, -1, chown, FILE, "File Change Owner", ZERO, DEFAULT,
     A(PATH, pathname), A(UID, owner), A(GID, group))
CALL(93, 55, fchown, FILE, "File Change Owner", ZERO, DEFAULT,
     A(FD, fd), A(UID, owner), A(GID, group))
CALL(94, -1, lchown, FILE, "File Change Owner", ZERO, DEFAULT,
     A(PATH, pathname), A(UID, owner), A(GID, group))
CALL(95, 166, umask, FILE, "File Mask", VALUE, 0,
     A(MODE, mask))
CALL(96, 169, gettimeofday, SYSTEM, "Time Query", ZERO, 0,
     A(POINTER, tv), A(POINTER, tz))
CALL(97, 163, getrlimit, PROCESS, "Limit Query", ZERO, 0,
     V(ENUM, resource, rlimits), A(POINTER, rlim))
CALL(98, 165, getrusage, PROCESS, "Process Query", ZERO, 0,
     V(ENUM, who, rusage_who), A(POINTER, usage))
CALL(99, 179, sysinfo, SYSTEM, "System Query", ZERO, 0,
     A(POINTER, info))
CALL(100, 153, times, PROCESS, "Process Query", VALUE, 0,
     A(POINTER, buf))
CALL(101, 117, ptrace, PROCESS, "Process Trace", VALUE, DEFAULT,
     V(ENUM, request, ptrace_requests), A(PID, pid), A(POINTER, addr), A(HEX, data))
CALL(102, 174, getuid, CREDENTIAL, "User Query", VALUE, 0)
CALL(103, 116, syslog, SYSTEM, "Kernel Log", VALUE, DEFAULT,
     V(ENUM, type, syslog_types), A(POINTER, bufp), A(INT, len))
CALL(104, 176, getgid, CREDENTIAL, "Group Query", VALUE, 0)
CALL(105, 146, setuid, CREDENTIAL, "User Change", ZERO, DEFAULT,
     A(UID, uid))
CALL(106, 144, setgid, CREDENTIAL, "Group Change", ZERO, DEFAULT,
     A(GID, gid))
CALL(107, 175, geteuid, CREDENTIAL, "User Query", VALUE, 0)
CALL(108, 177, getegid, CREDENTIAL, "Group Query", VALUE, 0)
CALL(109, 154, setpgid, PROCESS, "Process Group Set", ZERO, 0,
     A(PID, pid), A(PID, pgid))
CALL(110, 173, getppid, PROCESS, "Process Query", PID, 0)
CALL(111, -1, getpgrp, PROCESS, "Process Query", PID, 0)
CALL(112, 157, setsid, PROCESS, "Session Create", PID, 0)
CALL(113, 145, setreuid, CREDENTIAL, "User Change", ZERO, DEFAULT,
     A(UID, ruid), A(UID, euid))
CALL(114, 143, setregid, CREDENTIAL, "Group Change", ZERO, DEFAULT,
     A(GID, rgid), A(GID, egid))
CALL(115, 158, getgroups, CREDENTIAL, "Group Query", COUNT, 0,
     A(INT, size), A(POINTER, list))
CALL(116, 159, setgroups, CREDENTIAL, "Group Change", ZERO, DEFAULT,
     A(INT, size), A(POINTER, list))
CALL(117, 147, setresuid, CREDENTIAL, "User Change", ZERO, DEFAULT,
     A(UID, ruid), A(UID, euid), A(UID, suid))
CALL(118, 148, getresuid, CREDENTIAL, "User Query", ZERO, 0,
     A(POINTER, ruid), A(POINTER, euid), A(POINTER, suid))
CALL(119, 149, setresgid, CREDENTIAL, "Group Change", ZERO, DEFAULT,
     A(GID, rgid), A(GID, egid), A(GID, sgid))
CALL(120, 150, getresgid, CREDENTIAL, "Group Query", ZERO, 0,
     A(POINTER, rgid), A(POINTER, egid), A(POINTER, sgid))
CALL(121, 155, getpgid, PROCESS, "Process Query", PID, 0,
     A(PID, pid))
CALL(122, 151, setfsuid, CREDENTIAL, "User Change", VALUE, DEFAULT,
     A(UID, fsuid))
CALL(123, 152, setfsgid, CREDENTIAL, "Group Change", VALUE, DEFAULT,
     A(GID, fsgid))
CALL(124, 156, getsid, PROCESS, "Process Query", PID, 0,
     A(PID, pid))
CALL(125, 90, capget, CREDENTIAL, "Capability Query", ZERO, 0,
     A(POINTER, hdrp), A(POINTER, datap))
CALL(126, 91, capset, CREDENTIAL, "Capability Change", ZERO, DEFAULT,
     B(CAPHDR, hdrp, 8), B(CAPDATA, datap, 24))
CALL(127, 136, rt_sigpending, SIGNAL, "Signal Query", ZERO, 0,
     A(POINTER, set), A(SIZE, sigsetsize))
CALL(128, 137, rt_sigtimedwait, SIGNAL, "Signal Wait", VALUE, 0,
     A(POINTER, set), A(POINTER, info), B(TIME, timeout, 16), A(SIZE, sigsetsize))
CALL(129, 138, rt_sigqueueinfo, SIGNAL, "Signal Send", ZERO, DEFAULT,
     A(PID, tgid), A(SIGNAL, sig), A(POINTER, info))
CALL(130, 133, rt_sigsuspend, SIGNAL, "Signal Wait", VALUE, 0,
     A(POINTER, mask), A(SIZE, sigsetsize))
CALL(131, 132, sigaltstack, SIGNAL, "Signal Stack", ZERO, 0,
     A(POINTER, ss), A(POINTER, old_ss))
CALL(132, -1, utime, FILE, "File Change Time", ZERO, 0,
     A(PATH, filename), A(POINTER, times))
CALL(133, -1, mknod, FILE, "Node Create", ZERO, DEFAULT,
     A(PATH, pathname), A(MODE, mode), A(DEV, dev))
CALL(134, -1, uselib, PROCESS, "Library Load", ZERO, 0,
     A(PATH, library))
CALL(135, 92, personality, PROCESS, "Process Personality", VALUE, DEFAULT,
     V(FLAGS, persona, personality))
CALL(136, -1, ustat, FILE, "Filesystem Query", ZERO, 0,
     A(DEV, dev), A(POINTER, ubuf))
CALL(137, 43, statfs, FILE, "Filesystem Query", ZERO, 0,
     A(PATH, path), A(POINTER, buf))
CALL(138, 44, fstatfs, FILE, "Filesystem Query", ZERO, 0,
     A(FD, fd), A(POINTER, buf))
CALL(139, -1, sysfs, SYSTEM, "System Query", VALUE, 0,
     A(INT, option), A(HEX, arg1), A(HEX, arg2))
CALL(140, 141, getpriority, PROCESS, "Schedule Query", VALUE, 0,
     V(ENUM, which, priority_which), A(UINT, who))
CALL(141, 140, setpriority, PROCESS, "Schedule Change", ZERO, 0,
     V(ENUM, which, priority_which), A(UINT, who), A(INT, prio))
CALL(142, 118, sched_setparam, PROCESS, "Schedule Change", ZERO, 0,
     A(PID, pid), A(POINTER, param))
CALL(143, 121, sched_getparam, PROCESS, "Schedule Query", ZERO, 0,
     A(PID, pid), A(POINTER, param))
CALL(144, 119, sched_setscheduler, PROCESS, "Schedule Change", ZERO, 0,
     A(PID, pid), V(FLAGS, policy, sched_policies), A(POINTER, param))
CALL(145, 120, sched_getscheduler, PROCESS, "Schedule Query", VALUE, 0,
     A(PID, pid))
CALL(146, 125, sched_get_priority_max, PROCESS, "Schedule Query", VALUE, 0,
     V(FLAGS, policy, sched_policies))
CALL(147, 126, sched_get_priority_min, PROCESS, "Schedule Query", VALUE, 0,
     V(FLAGS, policy, sched_policies))
CALL(148, 127, sched_rr_get_interval, PROCESS, "Schedule Query", ZERO, 0,
     A(PID, pid), A(POINTER, tp))
CALL(149, 228, mlock, MEMORY, "Memory Lock", ZERO, 0,
     A(POINTER, addr), A(SIZE, len))
CALL(150, 229, munlock, MEMORY, "Memory Unlock", ZERO, 0,
     A(POINTER, addr), A(SIZE, len))
CALL(151, 230, mlockall, MEMORY, "Memory Lock", ZERO, 0,
     V(FLAGS, flags, mlockall_flags))
CALL(152, 231, munlockall, MEMORY, "Memory Unlock", ZERO, 0)
CALL(153, 58, vhangup, SYSTEM, "Terminal Hangup", ZERO, 0)
CALL(154, -1, modify_ldt, MEMORY, "Segment Change", VALUE, 0,
     A(INT, func), A(POINTER, ptr), A(SIZE, bytecount))
CALL(155, 41, pivot_root, NAMESPACE, "Root Change", ZERO, DEFAULT | MODEL | ROOT | CWD,
     A(PATH, new_root), A(PATH, put_old))
CALL(156, -1, _sysctl, SYSTEM, "Kernel Parameter", ZERO, 0,
     A(POINTER, args))
CALL(157, 167, prctl, PROCESS, "Process Control", VALUE, 0,
     V(ENUM, option, prctl_options), C(HEX, arg2, 0, prctl_args2), C(HEX, arg3, 0, prctl_args3),
     A(HEX, arg4), A(HEX, arg5))
CALL(158, -1, arch_prctl, PROCESS, "Process Control", VALUE, 0,
     V(ENUM, op, arch_prctl_ops), A(HEX, addr))
CALL(159, 171, adjtimex, SYSTEM, "Time Change", VALUE, DEFAULT,
     A(POINTER, buf))
CALL(160, 164, setrlimit, PROCESS, "Limit Change", ZERO, 0,
     V(ENUM, resource, rlimits), B(RLIMIT, rlim, 16))
CALL(161, 51, chroot, NAMESPACE, "Root Change", ZERO, DEFAULT | MODEL | ROOT,
     A(PATH, path))
CALL(162, 81, sync, FILE, "File Sync", ZERO, 0)
CALL(163, 89, acct, SYSTEM, "Accounting Set", ZERO, DEFAULT,
     A(PATH, filename))
CALL(164, 170, settimeofday, SYSTEM, "Time Change", ZERO, DEFAULT,
     B(TIMEVAL, tv, 16), A(POINTER, tz))
CALL(165, 40, mount, NAMESPACE, "Filesystem Mount", ZERO, DEFAULT,
     A(STRING, source), A(PATH, target), A(STRING, filesystemtype),
     V(FLAGS, mountflags, mount_flags), A(STRING, data))
CALL(166, 39, umount2, NAMESPACE, "Filesystem Unmount", ZERO, DEFAULT,
     A(PATH, target), V(FLAGS, flags, umount_flags))
CALL(167, 224, swapon, SYSTEM, "Swap On", ZERO, DEFAULT,
     A(PATH, path), V(FLAGS, swapflags, swap_flags))
CALL(168, 225, swapoff, SYSTEM, "Swap Off", ZERO, DEFAULT,
     A(PATH, path))
CALL(169, 142, reboot, SYSTEM, "System Reboot", ZERO, DEFAULT,
     V(ENUM, magic, reboot_magics), V(ENUM, magic2, reboot_magics), V(ENUM, op, reboot_ops),
     A(POINTER, arg))
CALL(170, 161, sethostname, SYSTEM, "Hostname Change", ZERO, DEFAULT,
     A(BUFFER, name), A(INT, len))
CALL(171, 162, setdomainname, SYSTEM, "Hostname Change", ZERO, DEFAULT,
     A(BUFFER, name), A(INT, len))
CALL(172, -1, iopl, SYSTEM, "Port Access", ZERO, DEFAULT,
     A(UINT, level))
CALL(173, -1, ioperm, SYSTEM, "Port Access", ZERO, DEFAULT,
     A(HEX, from), A(SIZE, num), A(INT, turn_on))
CALL(174, -1, create_module, SYSTEM, "Module Load", POINTER, 0,
     A(STRING, name), A(SIZE, size))
CALL(175, 105, init_module, SYSTEM, "Module Load", ZERO, DEFAULT,
     A(POINTER, module_image), A(SIZE, len), A(STRING, param_values))
CALL(176, 106, delete_module, SYSTEM, "Module Unload", ZERO, DEFAULT,
     A(STRING, name), V(FLAGS, flags, delete_module_flags))
CALL(177, -1, get_kernel_syms, SYSTEM, "Module Query", COUNT, 0,
     A(POINTER, table))
CALL(178, -1, query_module, SYSTEM, "Module Query", ZERO, 0,
     A(STRING, name), A(INT, which), A(POINTER, buf), A(SIZE, bufsize), A(POINTER, ret))
CALL(179, 60, quotactl, SYSTEM, "Quota Control", ZERO, DEFAULT,
     V(FLAGS, op, quotactl_ops), A(PATH, special), A(INT, id), A(POINTER, addr))
CALL(180, 42, nfsservctl, SYSTEM, "Retired Call", VALUE, 0,
     A(INT, cmd), A(POINTER, argp), A(POINTER, resp))
CALL(181, -1, getpmsg, SYSTEM, "Retired Call", VALUE, 0)
CALL(182, -1, putpmsg, SYSTEM, "Retired Call", VALUE, 0)
CALL(183, -1, afs_syscall, SYSTEM, "Retired Call", VALUE, 0)
CALL(184, -1, tuxcall, SYSTEM, "Retired Call", VALUE, 0)
CALL(185, -1, security, SYSTEM, "Retired Call", VALUE, 0)
CALL(186, 178, gettid, PROCESS, "Process Query", PID, 0)
CALL(187, 213, readahead, FILE, "File Advise", ZERO, 0,
     A(FD, fd), A(LONG, offset), A(SIZE, count))
CALL(188, 5, setxattr, FILE, "Attribute Change", ZERO, DEFAULT,
     A(PATH, path), A(STRING, name), A(BUFFER, value), A(SIZE, size),
     V(FLAGS, flags, xattr_flags))
CALL(189, 6, lsetxattr, FILE, "Attribute Change", ZERO, DEFAULT,
     A(PATH, path), A(STRING, name), A(BUFFER, value), A(SIZE, size),
     V(FLAGS, flags, xattr_flags))
CALL(190, 7, fsetxattr, FILE, "Attribute Change", ZERO, DEFAULT,
     A(FD, fd), A(STRING, name), A(BUFFER, value), A(SIZE, size), V(FLAGS, flags, xattr_flags))
CALL(191, 8, getxattr, FILE, "Attribute Read", COUNT, 0,
     A(PATH, path), A(STRING, name), A(BUFFER_OUT, value), A(SIZE, size))
CALL(192, 9, lgetxattr, FILE, "Attribute Read", COUNT, 0,
     A(PATH, path), A(STRING, name), A(BUFFER_OUT, value), A(SIZE, size))
CALL(193, 10, fgetxattr, FILE, "Attribute Read", COUNT, 0,
     A(FD, fd), A(STRING, name), A(BUFFER_OUT, value), A(SIZE, size))
CALL(194, 11, listxattr, FILE, "Attribute List", COUNT, 0,
     A(PATH, path), A(BUFFER_OUT, list), A(SIZE, size))
CALL(195, 12, llistxattr, FILE, "Attribute List", COUNT, 0,
     A(PATH, path), A(BUFFER_OUT, list), A(SIZE, size))
CALL(196, 13, flistxattr, FILE, "Attribute List", COUNT, 0,
     A(FD, fd), A(BUFFER_OUT, list), A(SIZE, size))
CALL(197, 14, removexattr, FILE, "Attribute Delete", ZERO, DEFAULT,
     A(PATH, path), A(STRING, name))
CALL(198, 15, lremovexattr, FILE, "Attribute Delete", ZERO, DEFAULT,
     A(PATH, path), A(STRING, name))
CALL(199, 16, fremovexattr, FILE, "Attribute Delete", ZERO, DEFAULT,
     A(FD, fd), A(STRING, name))
CALL(200, 130, tkill, SIGNAL, "Signal Send", ZERO, DEFAULT,
     A(PID, tid), A(SIGNAL, sig))
CALL(201, -1, time, SYSTEM, "Time Query", VALUE, 0,
     A(POINTER, tloc))
CALL(202, 98, futex, IPC, "Futex Operate", VALUE, 0,
     A(POINTER, uaddr), V(FLAGS, futex_op, futex_ops), A(UINT, val), A(POINTER, timeout),
     A(POINTER, uaddr2), A(UINT, val3))
CALL(203, 122, sched_setaffinity, PROCESS, "Schedule Change", ZERO, 0,
     A(PID, pid), A(UINT, cpusetsize), A(POINTER, mask))
CALL(204, 123, sched_getaffinity, PROCESS, "Schedule Query", VALUE, 0,
     A(PID, pid), A(UINT, cpusetsize), A(POINTER, mask))
CALL(205, -1, set_thread_area, PROCESS, "Thread Set", ZERO, 0,
     A(POINTER, u_info))
CALL(206, 0, io_setup, FILE, "Async Setup", ZERO, 0,
     A(UINT, nr_events), A(POINTER, ctx_idp))
CALL(207, 1, io_destroy, FILE, "Async Destroy", ZERO, 0,
     A(HEX, ctx_id))
CALL(208, 4, io_getevents, FILE, "Async Wait", COUNT, 0,
     A(HEX, ctx_id), A(LONG, min_nr), A(LONG, nr), A(POINTER, events), B(TIME, timeout, 16))
CALL(209, 2, io_submit, FILE, "Async Submit", COUNT, 0,
     A(HEX, ctx_id), A(LONG, nr), A(POINTER, iocbpp))
CALL(210, 3, io_cancel, FILE, "Async Cancel", ZERO, 0,
     A(HEX, ctx_id), A(POINTER, iocb), A(POINTER, result))
CALL(211, -1, get_thread_area, PROCESS, "Thread Query", ZERO, 0,
     A(POINTER, u_info))
CALL(212, 18, lookup_dcookie, FILE, "Directory Query", COUNT, 0,
     A(HEX, cookie), A(BUFFER_OUT, buffer), A(SIZE, len))
CALL(213, -1, epoll_create, FILE, "Epoll Create", FD, 0,
     A(INT, size))
CALL(214, -1, epoll_ctl_old, SYSTEM, "Retired Call", VALUE, 0)
CALL(215, -1, epoll_wait_old, SYSTEM, "Retired Call", VALUE, 0)
CALL(216, 234, remap_file_pages, MEMORY, "Memory Remap", ZERO, 0,
     A(POINTER, addr), A(SIZE, size), V(FLAGS, prot, mmap_prot), A(SIZE, pgoff),
     V(FLAGS, flags, mmap_flags))
CALL(217, 61, getdents64, FILE, "Directory List", COUNT, 0,
     A(FD, fd), A(POINTER, dirp), A(UINT, count))
CALL(218, 96, set_tid_address, PROCESS, "Thread Set", PID, 0,
     A(POINTER, tidptr))
CALL(219, 128, restart_syscall, SIGNAL, "Call Restart", VALUE, 0)
CALL(220, 192, semtimedop, IPC, "Semaphore Operate", ZERO, 0,
     A(INT, semid), A(POINTER, sops), A(UINT, nsops), B(TIME, timeout, 16))
CALL(221, 223, fadvise64, FILE, "File Advise", ZERO, 0,
     A(FD, fd), A(LONG, offset), A(SIZE, len), V(ENUM, advice, fadvise_advice))
CALL(222, 107, timer_create, SIGNAL, "Timer Create", ZERO, 0,
     V(ENUM, clockid, clocks), A(POINTER, sevp), A(POINTER, timerid))
CALL(223, 110, timer_settime, SIGNAL, "Timer Set", ZERO, 0,
     A(INT, timerid), V(FLAGS, flags, timer_flags), A(POINTER, new_value),
     A(POINTER, old_value))
CALL(224, 108, timer_gettime, SIGNAL, "Timer Query", ZERO, 0,
     A(INT, timerid), A(POINTER, curr_value))
CALL(225, 109, timer_getoverrun, SIGNAL, "Timer Query", VALUE, 0,
     A(INT, timerid))
CALL(226, 111, timer_delete, SIGNAL, "Timer Delete", ZERO, 0,
     A(INT, timerid))
CALL(227, 112, clock_settime, SYSTEM, "Time Change", ZERO, DEFAULT,
     V(ENUM, clockid, clocks), B(TIME, tp, 16))
CALL(228, 113, clock_gettime, SYSTEM, "Time Query", ZERO, 0,
     V(ENUM, clockid, clocks), A(POINTER, tp))
CALL(229, 114, clock_getres, SYSTEM, "Time Query", ZERO, 0,
     V(ENUM, clockid, clocks), A(POINTER, res))
CALL(230, 115, clock_nanosleep, PROCESS, "Process Sleep", ZERO, 0,
     V(ENUM, clockid, clocks), V(FLAGS, flags, timer_flags), B(TIME, t, 16),
     A(POINTER, remain))
CALL(231, 94, exit_group, PROCESS, "Process Exit", NEVER, 0,
     A(INT, status))
CALL(232, -1, epoll_wait, FILE, "Epoll Wait", COUNT, 0,
     A(FD, epfd), A(POINTER, events), A(INT, maxevents), A(INT, timeout))
CALL(233, 21, epoll_ctl, FILE, "Epoll Control", ZERO, 0,
     A(FD, epfd), V(ENUM, op, epoll_ops), A(FD, fd), A(POINTER, event))
CALL(234, 131, tgkill, SIGNAL, "Signal Send", ZERO, DEFAULT,
     A(PID, tgid), A(PID, tid), A(SIGNAL, sig))
CALL(235, -1, utimes, FILE, "File Change Time", ZERO, 0,
     A(PATH, filename), A(POINTER, times))
CALL(236, -1, vserver, SYSTEM, "Retired Call", VALUE, 0)
CALL(237, 235, mbind, MEMORY, "Memory Policy", ZERO, 0,
     A(POINTER, addr), A(SIZE, len), V(FLAGS, mode, memory_policies), A(POINTER, nodemask),
     A(SIZE, maxnode), V(FLAGS, flags, mbind_flags))
CALL(238, 237, set_mempolicy, MEMORY, "Memory Policy", ZERO, 0,
     V(FLAGS, mode, memory_policies), A(POINTER, nodemask), A(SIZE, maxnode))
CALL(239, 236, get_mempolicy, MEMORY, "Memory Query", ZERO, 0,
     A(POINTER, mode), A(POINTER, nodemask), A(SIZE, maxnode), A(POINTER, addr),
     V(FLAGS, flags, get_mempolicy_flags))
CALL(240, 180, mq_open, IPC, "Message Queue Open", FD, DEFAULT,
     A(STRING, name), A(OPENFLAGS, oflag), A(MODE, mode), A(POINTER, attr))
CALL(241, 181, mq_unlink, IPC, "Message Queue Delete", ZERO, 0,
     A(STRING, name))
CALL(242, 182, mq_timedsend, IPC, "Message Send", ZERO, 0,
     A(FD, mqdes), A(BUFFER, msg_ptr), A(SIZE, msg_len), A(UINT, msg_prio),
     B(TIME, abs_timeout, 16))
CALL(243, 183, mq_timedreceive, IPC, "Message Receive", COUNT, 0,
     A(FD, mqdes), A(BUFFER_OUT, msg_ptr), A(SIZE, msg_len), A(POINTER, msg_prio),
     B(TIME, abs_timeout, 16))
CALL(244, 184, mq_notify, IPC, "Message Queue Control", ZERO, 0,
     A(FD, mqdes), A(POINTER, sevp))
CALL(245, 185, mq_getsetattr, IPC, "Message Queue Control", ZERO, 0,
     A(FD, mqdes), A(POINTER, newattr), A(POINTER, oldattr))
CALL(246, 104, kexec_load, SYSTEM, "Kernel Load", ZERO, DEFAULT,
     A(POINTER, entry), A(SIZE, nr_segments), A(POINTER, segments), V(FLAGS, flags, kexec_flags))
CALL(247, 95, waitid, PROCESS, "Process Wait", ZERO, 0,
     V(ENUM, idtype, wait_idtypes), A(PID, id), A(POINTER, infop),
     V(FLAGS, options, wait_options), A(POINTER, rusage))
CALL(248, 217, add_key, SYSTEM, "Key Add", VALUE, DEFAULT,
     A(STRING, type), A(STRING, description), A(BUFFER, payload), A(SIZE, plen),
     V(ENUM, keyring, keyrings))
CALL(249, 218, request_key, SYSTEM, "Key Request", VALUE, DEFAULT,
     A(STRING, type), A(STRING, description), A(STRING, callout_info),
     V(ENUM, dest_keyring, keyrings))
CALL(250, 219, keyctl, SYSTEM, "Key Control", VALUE, DEFAULT,
     V(ENUM, operation, keyctl_ops), A(HEX, arg2), A(HEX, arg3), A(HEX, arg4), A(HEX, arg5))
CALL(251, 30, ioprio_set, PROCESS, "Schedule Change", ZERO, 0,
     V(ENUM, which, ioprio_which), A(INT, who), V(FLAGS, ioprio, ioprio_values))
CALL(252, 31, ioprio_get, PROCESS, "Schedule Query", VALUE, 0,
     V(ENUM, which, ioprio_which), A(INT, who))
CALL(253, -1, inotify_init, FILE, "Watch Create", FD, 0)
CALL(254, 27, inotify_add_watch, FILE, "Watch Add", VALUE, 0,
     A(FD, fd), A(PATH, pathname), V(FLAGS, mask, inotify_mask))
CALL(255, 28, inotify_rm_watch, FILE, "Watch Remove", ZERO, 0,
     A(FD, fd), A(INT, wd))
CALL(256, 238, migrate_pages, MEMORY, "Memory Migrate", COUNT, 0,
     A(PID, pid), A(SIZE, maxnode), A(POINTER, old_nodes), A(POINTER, new_nodes))
CALL(257, 56, openat, FILE, "File Open", FD, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, pathname), A(OPENFLAGS, flags), A(MODE, mode))
CALL(258, 34, mkdirat, FILE, "Directory Create", ZERO, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, pathname), A(MODE, mode))
CALL(259, 33, mknodat, FILE, "Node Create", ZERO, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, pathname), A(MODE, mode), A(DEV, dev))
CALL(260, 54, fchownat, FILE, "File Change Owner", ZERO, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, pathname), A(UID, owner), A(GID, group),
     V(FLAGS, flags, at_flags))
CALL(261, -1, futimesat, FILE, "File Change Time", ZERO, 0,
     A(DIRFD, dirfd), A(PATHAT, pathname), A(POINTER, times))
CALL(262, 79, newfstatat, FILE, "File Stat", ZERO, 0,
     A(DIRFD, dirfd), A(PATHAT, pathname), A(POINTER, statbuf), V(FLAGS, flags, at_flags))
CALL(263, 35, unlinkat, FILE, "File Delete", ZERO, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, pathname), V(FLAGS, flags, unlinkat_flags))
CALL(264, 38, renameat, FILE, "File Rename", ZERO, DEFAULT,
     A(DIRFD, olddirfd), A(PATHAT, oldpath), A(DIRFD, newdirfd), A(PATHAT, newpath))
CALL(265, 37, linkat, FILE, "File Link", ZERO, DEFAULT,
     A(DIRFD, olddirfd), A(PATHAT, oldpath), A(DIRFD, newdirfd), A(PATHAT, newpath),
     V(FLAGS, flags, linkat_flags))
CALL(266, 36, symlinkat, FILE, "File Symlink", ZERO, DEFAULT,
     A(STRING, target), A(DIRFD, newdirfd), A(PATHAT, linkpath))
CALL(267, 78, readlinkat, FILE, "File Read Link", COUNT, 0,
     A(DIRFD, dirfd), A(PATHAT, pathname), A(BUFFER_OUT, buf), A(INT, bufsiz))
CALL(268, 53, fchmodat, FILE, "File Change Mode", ZERO, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, pathname), A(MODE, mode))
CALL(269, 48, faccessat, FILE, "File Access", ZERO, 0,
     A(DIRFD, dirfd), A(PATHAT, pathname), V(FLAGS, mode, access_mode))
CALL(270, 72, pselect6, FILE, "File Poll", COUNT, 0,
     A(INT, nfds), A(POINTER, readfds), A(POINTER, writefds), A(POINTER, exceptfds),
     B(TIME, timeout, 16), A(POINTER, sigmask))
CALL(271, 73, ppoll, FILE, "File Poll", COUNT, 0,
     A(POINTER, fds), A(UINT, nfds), B(TIME, tmo_p, 16), A(POINTER, sigmask),
     A(SIZE, sigsetsize))
CALL(272, 97, unshare, NAMESPACE, "Namespace Create", ZERO, DEFAULT | IDENTITY,
     V(FLAGS, flags, unshare_flags))
CALL(273, 99, set_robust_list, IPC, "Futex List Set", ZERO, 0,
     A(POINTER, head), A(SIZE, len))
CALL(274, 100, get_robust_list, IPC, "Futex List Query", ZERO, 0,
     A(PID, pid), A(POINTER, head_ptr), A(POINTER, len_ptr))
CALL(275, 76, splice, FILE, "File Splice", COUNT, 0,
     A(FD, fd_in), A(POINTER, off_in), A(FD, fd_out), A(POINTER, off_out), A(SIZE, len),
     V(FLAGS, flags, splice_flags))
CALL(276, 77, tee, FILE, "File Splice", COUNT, 0,
     A(FD, fd_in), A(FD, fd_out), A(SIZE, len), V(FLAGS, flags, splice_flags))
CALL(277, 84, sync_file_range, FILE, "File Sync", ZERO, 0,
     A(FD, fd), A(LONG, offset), A(LONG, nbytes), V(FLAGS, flags, sync_file_range_flags))
CALL(278, 75, vmsplice, FILE, "File Splice", COUNT, 0,
     A(FD, fd), A(POINTER, iov), A(SIZE, nr_segs), V(FLAGS, flags, splice_flags))
CALL(279, 239, move_pages, MEMORY, "Memory Migrate", COUNT, 0,
     A(PID, pid), A(SIZE, count), A(POINTER, pages), A(POINTER, nodes), A(POINTER, status),
     V(FLAGS, flags, mbind_flags))
CALL(280, 88, utimensat, FILE, "File Change Time", ZERO, 0,
     A(DIRFD, dirfd), A(PATHAT, pathname), A(POINTER, times), V(FLAGS, flags, at_flags))
CALL(281, 22, epoll_pwait, FILE, "Epoll Wait", COUNT, 0,
     A(FD, epfd), A(POINTER, events), A(INT, maxevents), A(INT, timeout), A(POINTER, sigmask),
     A(SIZE, sigsetsize))
CALL(282, -1, signalfd, SIGNAL, "Signal File Create", FD, 0,
     A(FD, fd), A(POINTER, mask), A(SIZE, sizemask))
CALL(283, 85, timerfd_create, SIGNAL, "Timer Create", FD, 0,
     V(ENUM, clockid, clocks), V(FLAGS, flags, timerfd_flags))
CALL(284, -1, eventfd, IPC, "Event File Create", FD, 0,
     A(UINT, initval))
CALL(285, 47, fallocate, FILE, "File Allocate", ZERO, 0,
     A(FD, fd), V(FLAGS, mode, fallocate_mode), A(LONG, offset), A(LONG, len))
CALL(286, 86, timerfd_settime, SIGNAL, "Timer Set", ZERO, 0,
     A(FD, fd), V(FLAGS, flags, timerfd_settime_flags), A(POINTER, new_value),
     A(POINTER, old_value))
CALL(287, 87, timerfd_gettime, SIGNAL, "Timer Query", ZERO, 0,
     A(FD, fd), A(POINTER, curr_value))
CALL(288, 242, accept4, NETWORK, "Network Accept", FD, DEFAULT,
     A(FD, sockfd), A(SOCKADDR_OUT, addr), A(POINTER, addrlen), V(FLAGS, flags, sock_flags))
CALL(289, 74, signalfd4, SIGNAL, "Signal File Create", FD, 0,
     A(FD, fd), A(POINTER, mask), A(SIZE, sizemask), V(FLAGS, flags, signalfd_flags))
CALL(290, 19, eventfd2, IPC, "Event File Create", FD, 0,
     A(UINT, initval), V(FLAGS, flags, eventfd_flags))
CALL(291, 20, epoll_create1, FILE, "Epoll Create", FD, 0,
     V(FLAGS, flags, epoll_flags))
CALL(292, 24, dup3, FILE, "File Duplicate", FD, 0,
     A(FD, oldfd), A(FD, newfd), V(FLAGS, flags, fd_open_flags))
CALL(293, 59, pipe2, IPC, "Pipe Create", ZERO, 0,
     B(FDPAIR, pipefd, 8), V(FLAGS, flags, fd_open_flags))
CALL(294, 26, inotify_init1, FILE, "Watch Create", FD, 0,
     V(FLAGS, flags, inotify_flags))
CALL(295, 69, preadv, FILE, "File Read", COUNT, 0,
     A(FD, fd), A(POINTER, iov), A(INT, iovcnt), A(LONG, offset), A(LONG, offset_high))
CALL(296, 70, pwritev, FILE, "File Write", COUNT, 0,
     A(FD, fd), A(POINTER, iov), A(INT, iovcnt), A(LONG, offset), A(LONG, offset_high))
CALL(297, 240, rt_tgsigqueueinfo, SIGNAL, "Signal Send", ZERO, DEFAULT,
     A(PID, tgid), A(PID, tid), A(SIGNAL, sig), A(POINTER, info))
CALL(298, 241, perf_event_open, SYSTEM, "Perf Event Open", FD, DEFAULT,
     A(POINTER, attr), A(PID, pid), A(INT, cpu), A(FD, group_fd), V(FLAGS, flags, perf_flags))
CALL(299, 243, recvmmsg, NETWORK, "Network Receive", COUNT, 0,
     A(FD, sockfd), A(POINTER, msgvec), A(UINT, vlen), V(FLAGS, flags, msg_flags),
     B(TIME, timeout, 16))
CALL(300, 262, fanotify_init, FILE, "Watch Create", FD, DEFAULT,
     V(FLAGS, flags, fanotify_init_flags), A(OPENFLAGS, event_f_flags))
CALL(301, 263, fanotify_mark, FILE, "Watch Add", ZERO, 0,
     A(FD, fanotify_fd), V(FLAGS, flags, fanotify_mark_flags), V(FLAGS, mask, fanotify_mask),
     A(DIRFD, dirfd), A(PATHAT, pathname))
CALL(302, 261, prlimit64, PROCESS, "Limit Change", ZERO, 0,
     A(PID, pid), V(ENUM, resource, rlimits), B(RLIMIT, new_limit, 16), A(POINTER, old_limit))
CALL(303, 264, name_to_handle_at, FILE, "Handle Create", ZERO, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, pathname), A(POINTER, handle), A(POINTER, mount_id),
     V(FLAGS, flags, handle_flags))
CALL(304, 265, open_by_handle_at, FILE, "File Open", FD, DEFAULT,
     A(FD, mount_fd), A(POINTER, handle), A(OPENFLAGS, flags))
CALL(305, 266, clock_adjtime, SYSTEM, "Time Change", VALUE, DEFAULT,
     V(ENUM, clk_id, clocks), A(POINTER, buf))
CALL(306, 267, syncfs, FILE, "File Sync", ZERO, 0,
     A(FD, fd))
CALL(307, 269, sendmmsg, NETWORK, "Network Send", COUNT, 0,
     A(FD, sockfd), A(MMSGHDR, msgvec), A(UINT, vlen), V(FLAGS, flags, msg_flags))
CALL(308, 268, setns, NAMESPACE, "Namespace Join", ZERO, DEFAULT | IDENTITY | MODEL | ROOT | CWD,
     A(FD, fd), V(FLAGS, nstype, clone_flags))
CALL(309, 168, getcpu, PROCESS, "Schedule Query", ZERO, 0,
     A(POINTER, cpu), A(POINTER, node), A(POINTER, tcache))
CALL(310, 270, process_vm_readv, PROCESS, "Process Memory Read", COUNT, DEFAULT,
     A(PID, pid), A(POINTER, local_iov), A(SIZE, liovcnt), A(POINTER, remote_iov),
     A(SIZE, riovcnt), A(HEX, flags))
CALL(311, 271, process_vm_writev, PROCESS, "Process Memory Write", COUNT, DEFAULT,
     A(PID, pid), A(POINTER, local_iov), A(SIZE, liovcnt), A(POINTER, remote_iov),
     A(SIZE, riovcnt), A(HEX, flags))
CALL(312, 272, kcmp, PROCESS, "Process Compare", VALUE, 0,
     A(PID, pid1), A(PID, pid2), V(ENUM, type, kcmp_types), A(HEX, idx1), A(HEX, idx2))
CALL(313, 273, finit_module, SYSTEM, "Module Load", ZERO, DEFAULT,
     A(FD, fd), A(STRING, param_values), V(FLAGS, flags, finit_module_flags))
CALL(314, 274, sched_setattr, PROCESS, "Schedule Change", ZERO, 0,
     A(PID, pid), A(POINTER, attr), A(UINT, flags))
CALL(315, 275, sched_getattr, PROCESS, "Schedule Query", ZERO, 0,
     A(PID, pid), A(POINTER, attr), A(UINT, size), A(UINT, flags))
CALL(316, 276, renameat2, FILE, "File Rename", ZERO, DEFAULT,
     A(DIRFD, olddirfd), A(PATHAT, oldpath), A(DIRFD, newdirfd), A(PATHAT, newpath),
     V(FLAGS, flags, rename_flags))
CALL(317, 277, seccomp, PROCESS, "Seccomp Set", VALUE, DEFAULT,
     V(ENUM, operation, seccomp_ops), V(FLAGS, flags, seccomp_flags), A(POINTER, args))
CALL(318, 278, getrandom, SYSTEM, "Random Read", COUNT, 0,
     A(POINTER, buf), A(SIZE, buflen), V(FLAGS, flags, getrandom_flags))
CALL(319, 279, memfd_create, MEMORY, "Memory File Create", FD, DEFAULT,
     A(STRING, name), V(FLAGS, flags, memfd_flags))
CALL(320, 294, kexec_file_load, SYSTEM, "Kernel Load", ZERO, DEFAULT,
     A(FD, kernel_fd), A(FD, initrd_fd), A(SIZE, cmdline_len), A(STRING, cmdline),
     V(FLAGS, flags, kexec_file_flags))
CALL(321, 280, bpf, SYSTEM, "BPF Operate", VALUE, DEFAULT,
     V(ENUM, cmd, bpf_cmds), A(POINTER, attr), A(UINT, size))
CALL(322, 281, execveat, PROCESS, "Process Create", ZERO, DEFAULT | EXEC,
     A(DIRFD, dirfd), A(PATHAT, pathname), A(STRINGS, argv), A(POINTER, envp),
     V(FLAGS, flags, execveat_flags))
CALL(323, 282, userfaultfd, MEMORY, "Memory Fault Handle", FD, DEFAULT,
     V(FLAGS, flags, userfaultfd_flags))
CALL(324, 283, membarrier, MEMORY, "Memory Barrier", VALUE, 0,
     V(ENUM, cmd, membarrier_cmds), V(FLAGS, flags, membarrier_flags), A(INT, cpu_id))
CALL(325, 284, mlock2, MEMORY, "Memory Lock", ZERO, 0,
     A(POINTER, addr), A(SIZE, len), V(FLAGS, flags, mlock2_flags))
CALL(326, 285, copy_file_range, FILE, "File Copy", COUNT, 0,
     A(FD, fd_in), A(POINTER, off_in), A(FD, fd_out), A(POINTER, off_out), A(SIZE, size),
     A(UINT, flags))
CALL(327, 286, preadv2, FILE, "File Read", COUNT, 0,
     A(FD, fd), A(POINTER, iov), A(INT, iovcnt), A(LONG, offset), A(LONG, offset_high),
     V(FLAGS, flags, rwf_flags))
CALL(328, 287, pwritev2, FILE, "File Write", COUNT, 0,
     A(FD, fd), A(POINTER, iov), A(INT, iovcnt), A(LONG, offset), A(LONG, offset_high),
     V(FLAGS, flags, rwf_flags))
CALL(329, 288, pkey_mprotect, MEMORY, "Memory Protect", ZERO, 0,
     A(POINTER, addr), A(SIZE, size), V(FLAGS, prot, mmap_prot), A(INT, pkey))
CALL(330, 289, pkey_alloc, MEMORY, "Memory Key Create", VALUE, 0,
     A(HEX, flags), V(FLAGS, access_rights, pkey_rights))
CALL(331, 290, pkey_free, MEMORY, "Memory Key Delete", ZERO, 0,
     A(INT, pkey))
CALL(332, 291, statx, FILE, "File Stat", ZERO, 0,
     A(DIRFD, dirfd), A(PATHAT, pathname), V(FLAGS, flags, statx_flags),
     V(FLAGS, mask, statx_mask), A(POINTER, statxbuf))
CALL(333, 292, io_pgetevents, FILE, "Async Wait", COUNT, 0,
     A(HEX, ctx_id), A(LONG, min_nr), A(LONG, nr), A(POINTER, events), B(TIME, timeout, 16),
     A(POINTER, sig))
CALL(334, 293, rseq, PROCESS, "Thread Set", ZERO, 0,
     A(POINTER, rseq), A(UINT, rseq_len), V(FLAGS, flags, rseq_flags), A(UINT, sig))
CALL(335, -1, uretprobe, PROCESS, "Probe Return", VALUE, 0)
CALL(336, -1, uprobe, PROCESS, "Probe Hit", VALUE, 0)

CALL(424, 424, pidfd_send_signal, SIGNAL, "Signal Send", ZERO, DEFAULT,
     A(FD, pidfd), A(SIGNAL, sig), A(POINTER, info), V(FLAGS, flags, pidfd_signal_flags))
CALL(425, 425, io_uring_setup, SYSTEM, "Ring Create", FD, DEFAULT,
     A(UINT, entries), B(URINGPARAMS, p, 12))
CALL(426, 426, io_uring_enter, SYSTEM, "Ring Enter", COUNT, 0,
     A(FD, fd), A(UINT, to_submit), A(UINT, min_complete), V(FLAGS, flags, io_uring_enter_flags),
     A(POINTER, sig), A(SIZE, sz))
CALL(427, 427, io_uring_register, SYSTEM, "Ring Register", VALUE, DEFAULT,
     A(FD, fd), V(FLAGS, opcode, io_uring_register_ops), A(POINTER, arg), A(UINT, nr_args))
CALL(428, 428, open_tree, NAMESPACE, "Mount Open", FD, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, path), V(FLAGS, flags, open_tree_flags))
CALL(429, 429, move_mount, NAMESPACE, "Mount Move", ZERO, DEFAULT,
     A(DIRFD, from_dirfd), A(PATHAT, from_path), A(DIRFD, to_dirfd), A(PATHAT, to_path),
     V(FLAGS, flags, move_mount_flags))
CALL(430, 430, fsopen, NAMESPACE, "Filesystem Open", FD, DEFAULT,
     A(STRING, fsname), V(FLAGS, flags, fsopen_flags))
CALL(431, 431, fsconfig, NAMESPACE, "Filesystem Configure", ZERO, DEFAULT,
     A(FD, fd), V(ENUM, cmd, fsconfig_cmds), A(STRING, key), A(STRING, value), A(INT, aux))
CALL(432, 432, fsmount, NAMESPACE, "Filesystem Mount", FD, DEFAULT,
     A(FD, fsfd), V(FLAGS, flags, fsmount_flags), V(FLAGS, attr_flags, mount_attrs))
CALL(433, 433, fspick, NAMESPACE, "Filesystem Open", FD, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, path), V(FLAGS, flags, fspick_flags))
CALL(434, 434, pidfd_open, PROCESS, "Process Open", FD, DEFAULT,
     A(PID, pid), V(FLAGS, flags, pidfd_open_flags))
CALL(435, 435, clone3, PROCESS, "Process Fork", PID, DEFAULT | FORK | IDENTITY,
     B(CLONEARGS, cl_args, 88), A(SIZE, size))
CALL(436, 436, close_range, FILE, "File Close", ZERO, 0,
     A(UINT, first), A(UINT, last), V(FLAGS, flags, close_range_flags))
CALL(437, 437, openat2, FILE, "File Open", FD, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, pathname), B(OPENHOW, how, 24), A(SIZE, size))
CALL(438, 438, pidfd_getfd, PROCESS, "Process File Take", FD, DEFAULT,
     A(FD, pidfd), A(INT, targetfd), A(UINT, flags))
CALL(439, 439, faccessat2, FILE, "File Access", ZERO, 0,
     A(DIRFD, dirfd), A(PATHAT, pathname), V(FLAGS, mode, access_mode),
     V(FLAGS, flags, faccessat_flags))
CALL(440, 440, process_madvise, MEMORY, "Memory Advise", COUNT, 0,
     A(FD, pidfd), A(POINTER, iovec), A(SIZE, n), V(ENUM, advice, madvise_advice),
     A(UINT, flags))
CALL(441, 441, epoll_pwait2, FILE, "Epoll Wait", COUNT, 0,
     A(FD, epfd), A(POINTER, events), A(INT, maxevents), B(TIME, timeout, 16),
     A(POINTER, sigmask), A(SIZE, sigsetsize))
CALL(442, 442, mount_setattr, NAMESPACE, "Mount Change", ZERO, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, path), V(FLAGS, flags, tree_flags), B(MOUNTATTR, attr, 32),
     A(SIZE, size))
CALL(443, 443, quotactl_fd, SYSTEM, "Quota Control", ZERO, DEFAULT,
     A(FD, fd), V(FLAGS, op, quotactl_ops), A(INT, id), A(POINTER, addr))
CALL(444, 444, landlock_create_ruleset, CREDENTIAL, "Landlock Create", FD, 0,
     A(POINTER, attr), A(SIZE, size), V(FLAGS, flags, landlock_create_flags))
CALL(445, 445, landlock_add_rule, CREDENTIAL, "Landlock Add", ZERO, 0,
     A(FD, ruleset_fd), V(ENUM, rule_type, landlock_rules), A(POINTER, rule_attr),
     A(UINT, flags))
CALL(446, 446, landlock_restrict_self, CREDENTIAL, "Landlock Restrict", ZERO, 0,
     A(FD, ruleset_fd), V(FLAGS, flags, landlock_restrict_flags))
CALL(447, 447, memfd_secret, MEMORY, "Memory File Create", FD, DEFAULT,
     V(FLAGS, flags, memfd_secret_flags))
CALL(448, 448, process_mrelease, MEMORY, "Memory Release", ZERO, 0,
     A(FD, pidfd), A(UINT, flags))
CALL(449, 449, futex_waitv, IPC, "Futex Operate", VALUE, 0,
     A(POINTER, waiters), A(UINT, nr_futexes), A(UINT, flags), B(TIME, timeout, 16),
     V(ENUM, clockid, clocks))
CALL(450, 450, set_mempolicy_home_node, MEMORY, "Memory Policy", ZERO, 0,
     A(POINTER, addr), A(SIZE, len), A(SIZE, home_node), A(HEX, flags))
CALL(451, 451, cachestat, FILE, "File Stat", ZERO, 0,
     A(FD, fd), A(POINTER, cstat_range), A(POINTER, cstat), A(UINT, flags))
CALL(452, 452, fchmodat2, FILE, "File Change Mode", ZERO, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, pathname), A(MODE, mode), V(FLAGS, flags, at_flags))
CALL(453, 453, map_shadow_stack, MEMORY, "Memory Map", POINTER, 0,
     A(POINTER, addr), A(SIZE, size), A(UINT, flags))
CALL(454, 454, futex_wake, IPC, "Futex Operate", VALUE, 0,
     A(POINTER, uaddr), A(HEX, mask), A(INT, nr), V(FLAGS, flags, futex2_flags))
CALL(455, 455, futex_wait, IPC, "Futex Operate", VALUE, 0,
     A(POINTER, uaddr), A(SIZE, val), A(HEX, mask), V(FLAGS, flags, futex2_flags),
     B(TIME, timeout, 16), V(ENUM, clockid, clocks))
CALL(456, 456, futex_requeue, IPC, "Futex Operate", VALUE, 0,
     A(POINTER, waiters), A(UINT, flags), A(INT, nr_wake), A(INT, nr_requeue))
CALL(457, 457, statmount, NAMESPACE, "Mount Query", ZERO, 0,
     A(POINTER, req), A(POINTER, smbuf), A(SIZE, bufsize), A(UINT, flags))
CALL(458, 458, listmount, NAMESPACE, "Mount Query", COUNT, 0,
     A(POINTER, req), A(POINTER, mnt_ids), A(SIZE, nr_mnt_ids), A(UINT, flags))
CALL(459, 459, lsm_get_self_attr, CREDENTIAL, "Label Query", VALUE, 0,
     V(ENUM, attr, lsm_attrs), A(POINTER, ctx), A(POINTER, size), A(UINT, flags))
CALL(460, 460, lsm_set_self_attr, CREDENTIAL, "Label Change", ZERO, 0,
     V(ENUM, attr, lsm_attrs), A(POINTER, ctx), A(UINT, size), A(UINT, flags))
CALL(461, 461, lsm_list_modules, CREDENTIAL, "Label Query", COUNT, 0,
     A(POINTER, ids), A(POINTER, size), A(UINT, flags))
CALL(462, 462, mseal, MEMORY, "Memory Seal", ZERO, 0,
     A(POINTER, addr), A(SIZE, size), A(HEX, flags))
CALL(463, 463, setxattrat, FILE, "Attribute Change", ZERO, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, path), V(FLAGS, at_flags, at_flags), A(STRING, name),
     A(POINTER, args), A(SIZE, size))
CALL(464, 464, getxattrat, FILE, "Attribute Read", COUNT, 0,
     A(DIRFD, dirfd), A(PATHAT, path), V(FLAGS, at_flags, at_flags), A(STRING, name),
     A(POINTER, args), A(SIZE, size))
CALL(465, 465, listxattrat, FILE, "Attribute List", COUNT, 0,
     A(DIRFD, dirfd), A(PATHAT, path), V(FLAGS, at_flags, at_flags), A(BUFFER_OUT, list),
     A(SIZE, size))
CALL(466, 466, removexattrat, FILE, "Attribute Delete", ZERO, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, path), V(FLAGS, at_flags, at_flags), A(STRING, name))
CALL(467, 467, open_tree_attr, NAMESPACE, "Mount Open", FD, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, path), V(FLAGS, flags, open_tree_flags), B(MOUNTATTR, attr, 32),
     A(SIZE, size))
CALL(468, 468, file_getattr, FILE, "Attribute Read", ZERO, 0,
     A(DIRFD, dirfd), A(PATHAT, path), A(POINTER, attr), A(SIZE, size),
     V(FLAGS, at_flags, at_flags))
CALL(469, 469, file_setattr, FILE, "Attribute Change", ZERO, DEFAULT,
     A(DIRFD, dirfd), A(PATHAT, path), B(STRUCT, attr, 24), A(SIZE, size),
     V(FLAGS, at_flags, at_flags))
CALL(470, 470, listns, NAMESPACE, "Namespace Query", COUNT, 0,
     A(POINTER, req), A(POINTER, ns_ids), A(SIZE, nr_ns_ids), A(UINT, flags))
CALL(471, 471, rseq_slice_yield, PROCESS, "Process Yield", VALUE, 0)
