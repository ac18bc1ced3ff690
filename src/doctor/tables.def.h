/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the doctor looks at, a row each: what no hook sees, kinds of programs, hooks, canaries. The
 * order is that of the screen.
 */
#pragma once

/*
 * Ways into the kernel that can be there and have no event: X(id, program, what, which, help).
 * program is the hook of bpf/ that makes it visible where it is attached; NULL: there is none yet.
 * Which of them a kernel has is looked up in host.c. Delete the row of what is always seen.
 */
#define DOCTOR_UNSEEN(X)                                                                          \
	X(IO_URING, "uring_complete", "io_uring operations",                                                  \
	  "what is done to files and sockets through a ring",                                     \
	  "sysctl kernel.io_uring_disabled=2 closes it (Linux 6.6)")                              \
	X(COMPAT, NULL, "32-bit calls", "of 32-bit programs",                                     \
	  "a kernel without CONFIG_COMPAT has none")                                              \
	X(PREEMPTED, "sys_exit_perf", "calls in preempted hooks",                                            \
	  "those made while a hook's program is preempted on that CPU, which are counted",         \
	  "preempt=none on the kernel command line prevents it")                                  \
	X(PREEMPTED_TASKS, "process_fork_perf", "processes in preempted hooks",                   \
	  "births, executions and ends while a hook's program is preempted on that CPU, which are counted", \
	  "preempt=none on the kernel command line prevents it") \
	X(PREEMPTED_FEXIT, NULL, "calls in preempted hooks (fexit)",                              \
	  "those made while a hook's program is preempted on that CPU, which are counted",         \
	  "--hooks tracepoint or kprobe sees them")                                               \
	X(FUNCTIONS_32, NULL, "32-bit calls", "by programs on a 64-bit kernel",                   \
	  "--hooks tracepoint sees them")                                                         \
	X(UNDER_WAY, NULL, "calls that had begun before nunchi did", "an accept that waits, say", \
	  "--hooks tracepoint sees their end")

/*
 * What stays short of all where every hook runs, by the best that a kernel can have or for want of such a kernel, and
 * makes nothing degraded: X(id, what, why).
 */
#define DOCTOR_LIMITS(X)                                                                          \
	X(CALLS_32, "stime and nice of 32-bit programs", "no event, no native call does the same") \
	X(RING_OPERATIONS, "io_uring's waits, messages and commands", "no event (polls, timeouts, futexes; between rings; to devices and sockets)") \
	X(RING_REFUSED, "what io_uring refuses before it is a request", "no event")               \
	X(RING_QUIET, "what io_uring opens if nobody wants to hear of a success", "the path that was asked for, which a link can lead elsewhere") \
	X(COPIES, "paths and addresses as a call had them",                                       \
	  "grade user, no argument_mismatch: copies want BPF trampolines, before 6.13 without preempt=full")

/*
 * What programs can be and do here; each is loaded, attached and made to run: X(id, program of
 * bpf/canary.bpf.c, name, whether nunchi cannot do without).
 */
#define DOCTOR_FEATURES(X)                                   \
	X(TP_BTF, "tp_btf", "tp_btf", true)                  \
	X(RAW_TP, "raw_tp", "raw_tp", false)                 \
	X(TRACEPOINT, "tracepoint", "tracepoint", false)     \
	X(FENTRY, "fentry", "fentry", false)                 \
	X(FEXIT, "fexit", "fexit", false)                    \
	X(KPROBE, "kprobe", "kprobe", false)                 \
	X(KRETPROBE, "kretprobe", "kretprobe", false)        \
	X(KPROBE_MULTI, "kprobe_multi", "kprobe.multi", false) \
	X(LSM, "lsm", "lsm", false)                          \
	X(MODIFY_RETURN, "modify_return", "fmod_ret", false) \
	X(CGROUP, "cgroup_connect", "cgroup", false)         \
	X(ITER, "iter_task", "iter/task", true)              \
	X(RINGBUF, "ring_buffer", "ring buffer", true)       \
	X(STORAGE, "task_storage", "task storage", true)     \
	X(LOOP, "loop", "bpf_loop", true)

/* What a hook is for: X(program, what is not known without it). Others are shown by their name. */
#define DOCTOR_HOOKS(X)                                                       \
	X(sys_exit, "system calls")                                           \
	X(signal_deliver, "calls that a signal cuts short")                   \
	X(signal_deliver_perf, "calls that a signal cuts short")              \
	X(process_fork, "processes that are born, and whose they are")        \
	X(process_fork_perf, "processes that are born, and whose they are") \
	X(process_exec, "programs that are executed")                         \
	X(process_exec_perf, "programs that are executed") \
	X(process_exit, "processes that end")                                 \
	X(process_exit_perf, "processes that end") \
	X(task_rename, "by which call, and under which name, a process executed") \
	X(task_rename_perf, "by which call, and under which name, a process executed") \
	X(sys_exit_perf, "system calls")                                      \
	X(uring_submit_req, "what is done through io_uring")                  \
	X(uring_submit_sqe, "what is done through io_uring")                  \
	X(uring_submit_perf, "what is done through io_uring") \
	X(uring_complete, "what is done through io_uring")                    \
	X(uring_complete_perf, "what is done through io_uring") \
	X(uring_overflow, "what is done through an io_uring that is full")    \
	X(uring_overflow_perf, "what is done through an io_uring that is full") \
	X(copied_path, "paths that are changed under a call")                 \
	X(copied_path_from, "paths that are changed under a call")            \
	X(opened_file, "files that are put aside before their open returns") \
	X(copied_connect, "addresses that are changed under a call")          \
	X(copied_bind, "addresses that are changed under a call")             \
	X(copied_sendmsg, "addresses that are changed under a call")          \
	X(cgroup_mkdir, "cgroups that come")                                  \
	X(cgroup_rmdir, "cgroups that go")                                    \
	X(cgroup_attach_task, "tasks that are moved to another cgroup")       \
	X(tasks, "what ran before")

/* What the doctor does itself and must see in the rings: X(id, name, what it does). */
#define DOCTOR_CANARIES(X)                                                 \
	X(FILE, "file", "openat")                                          \
	X(NETWORK, "network", "connect")                                   \
	X(RING, "ring", "an openat by io_uring")                           \
	X(SIGNAL, "signal", "a ppoll that a handler ends")                 \
	X(FORK, "fork", "a child")                                         \
	X(EXEC, "exec", "execveat of its own program")                     \
	X(EXIT, "exit", "the child's end")                                 \
	X(CGROUP, "cgroup", "a cgroup made and removed")                   \
	X(PRESENT, "running", "its own process among those that ran before")
