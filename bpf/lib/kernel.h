/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The kernel's structures, as far as they are read here. CO-RE finds each field by name in the running kernel's BTF,
 * so only names and types matter, neither order nor size. What differs between kernels has its getter in drift.h.
 */
#pragma once

#include <linux/bpf.h>
#include <stdbool.h>

#include <bpf/bpf_core_read.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_tracing.h>

typedef __u8 u8;
typedef __u16 u16;
typedef __u32 u32;
typedef __u64 u64;
typedef __s32 s32;
typedef __s64 s64;

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

#if defined(__TARGET_ARCH_x86)
struct pt_regs {
	unsigned long bp;
	unsigned long bx;
	unsigned long r10;
	unsigned long r9;
	unsigned long r8;
	unsigned long ax;
	unsigned long cx;
	unsigned long dx;
	unsigned long si;
	unsigned long di;
	unsigned long orig_ax;
	unsigned long ip;
};
#elif defined(__TARGET_ARCH_arm64)
struct pt_regs {
	u64 regs[31];
	u64 pc;
	u64 orig_x0;
	s32 syscallno;
};
#else
#error "the registers of a system call are not known for this architecture"
#endif

struct ns_common {
	unsigned int inum;
};

struct task_struct;

struct pid_namespace {
	struct ns_common ns;
	struct task_struct *child_reaper;
	unsigned int level;
};

struct mnt_namespace {
	struct ns_common ns;
	struct mount *root;
	u64 seq;
	u64 event;	/* changes with each change of its mounts; no two namespaces have the same, except 0 */
};

struct net {
	struct ns_common ns;
};

struct user_namespace {
	struct ns_common ns;
};

struct ipc_namespace {
	struct ns_common ns;
};

struct uts_namespace {
	struct ns_common ns;
};

struct cgroup_namespace {
	struct ns_common ns;
};

struct time_namespace {
	struct ns_common ns;
};

struct nsproxy {
	struct mnt_namespace *mnt_ns;
	struct pid_namespace *pid_ns_for_children;
	struct net *net_ns;
	struct ipc_namespace *ipc_ns;
	struct uts_namespace *uts_ns;
	struct cgroup_namespace *cgroup_ns;
	struct time_namespace *time_ns_for_children;
};

struct upid {
	int nr;
	struct pid_namespace *ns;
};

struct pid {
	unsigned int level;
	struct upid numbers[1];
};

typedef struct {
	unsigned int val;
} kuid_t;

typedef struct {
	unsigned int val;
} kgid_t;

typedef struct {
	u64 val;
} kernel_cap_t;

struct cred {
	kuid_t euid;
	kgid_t egid;
	kernel_cap_t cap_inheritable;
	kernel_cap_t cap_permitted;
	kernel_cap_t cap_effective;
	struct user_namespace *user_ns;
};

/* Before 6.3 capabilities are two halves. */
struct cred___halves {
	struct {
		u32 cap[2];
	} cap_inheritable, cap_permitted, cap_effective;
};

struct kernfs_node {
	u64 id;
	const char *name;
};

struct cgroup_root {
	int hierarchy_id;
};

struct cgroup {
	int level;
	struct kernfs_node *kn;
	struct cgroup_root *root;
};

struct cgroup_subsys_state {
	struct cgroup *cgroup;
};

struct css_set {
	struct cgroup *dfl_cgrp;
	struct cgroup_subsys_state *subsys[1];
};

struct qstr {
	u32 len;
	const unsigned char *name;
};

struct hlist_bl_node {
	struct hlist_bl_node **pprev;
};

struct super_block {
	u32 s_dev;
	unsigned long s_flags;
	unsigned long s_magic;
	struct dentry *s_root;
};

struct inode {
	u16 i_mode;
	kuid_t i_uid;
	kgid_t i_gid;
	unsigned int i_flags;
	unsigned long i_ino;
	struct super_block *i_sb;
};

typedef struct seqcount {
	unsigned int sequence;
} seqcount_t;

typedef struct seqcount_spinlock {
	seqcount_t seqcount;
} seqcount_spinlock_t;

struct dentry {
	seqcount_spinlock_t d_seq;
	struct hlist_bl_node d_hash;
	struct dentry *d_parent;
	struct qstr d_name;
	struct inode *d_inode;
	struct super_block *d_sb;
};

struct vfsmount {
	struct dentry *mnt_root;
	struct super_block *mnt_sb;
	int mnt_flags;
};

struct list_head {
	struct list_head *next, *prev;
};

struct mount {
	struct mount *mnt_parent;
	struct dentry *mnt_mountpoint;
	struct vfsmount mnt;
	struct list_head mnt_mounts;	/* those in it, */
	struct list_head mnt_child;	/* each by this */
};

struct path {
	struct vfsmount *mnt;
	struct dentry *dentry;
};

struct file {
	struct path f_path;
	struct inode *f_inode;
	unsigned int f_flags;
	unsigned int f_mode;
	void *private_data;
};

struct fdtable {
	unsigned int max_fds;
	struct file **fd;
};

typedef struct {
	int counter;
} atomic_t;

struct files_struct {
	atomic_t count;
	struct fdtable *fdt;
};

struct fs_struct {
	int users;
	struct path root;
	struct path pwd;
};

struct vm_area_struct {
	struct file *vm_file;
};

struct mm_struct {
	unsigned long arg_start;
	unsigned long arg_end;
	struct file *exe_file;
	unsigned long env_start;
	unsigned long env_end;
	unsigned long task_size;	/* the end of its addresses */
};

struct tty_driver {
	int major;
	int minor_start;
};

struct tty_struct {
	struct tty_driver *driver;
	int index;
};

enum pid_type {
	PIDTYPE_PID,
	PIDTYPE_TGID,
	PIDTYPE_PGID,
	PIDTYPE_SID,
	PIDTYPE_MAX
};

struct signal_struct {
	atomic_t live;
	int group_exit_code;
	unsigned int flags;
	struct pid *pids[PIDTYPE_MAX];
	struct tty_struct *tty;
	struct mm_struct *oom_mm;
};

struct thread_info {
	u32 status;
};

struct kernel_siginfo {
	int si_signo;
	int si_code;
};

struct sigqueue {
	struct list_head list;
	struct kernel_siginfo info;
};

struct signal_set {
	unsigned long sig[1];
};

struct sigpending {
	struct list_head list;
	struct signal_set signal;
};

struct task_struct {
	struct thread_info thread_info;
	struct mm_struct *mm;
	unsigned int flags;
	unsigned int ptrace;
	int exit_code;
	int pid;
	int tgid;
	struct task_struct *real_parent;
	struct task_struct *group_leader;
	struct pid *thread_pid;
	u64 start_boottime;
	u64 self_exec_id;	/* incremented by each exec; a child begins with its parent's */
	const struct cred *cred;
	char comm[16];
	struct fs_struct *fs;
	struct files_struct *files;
	struct nsproxy *nsproxy;
	struct signal_struct *signal;
	struct signal_set blocked;
	struct sigpending pending;
	kuid_t loginuid;
	struct css_set *cgroups;
	struct bpf_local_storage *bpf_storage;
};

struct hlist_node {
	struct hlist_node *next;
};

/* Also used for any pointer in memory: an address can only be cast to a struct. */
struct hlist_head {
	struct hlist_node *first;
};

/* Task storage; the most recently used one is in the cache. */
struct bpf_local_storage_map {
	u16 cache_idx;
};

struct bpf_local_storage_data {
	struct bpf_local_storage_map *smap;
	u8 data[];
};

struct bpf_local_storage {
	struct bpf_local_storage_data *cache[16];
	struct hlist_head list;
};

struct bpf_local_storage_elem {
	struct hlist_node snode;	/* in that list */
	struct bpf_local_storage_data sdata;
};

struct filename {
	const char *name;
	const char *uptr;	/* where in user memory it is from */
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
	unsigned int msg_flags;
};

struct linux_binprm {
	struct file *executable;	/* what is handed over to the interpreter, file by then; NULL: nothing is */
	struct file *file;
	const char *filename;
	unsigned int comm_from_dentry : 1;	/* since 6.14, and in earlier stable kernels: an exec by an fd alone */
	char buf[2];
};

struct in6_addr {
	u64 in6_u[2];
};

struct sock_common {
	u32 skc_daddr;
	u32 skc_rcv_saddr;
	u16 skc_dport;
	u16 skc_num;
	u16 skc_family;
	u8 skc_state;
	struct in6_addr skc_v6_daddr;
	struct in6_addr skc_v6_rcv_saddr;
};

struct sock {
	struct sock_common __sk_common;
	u16 sk_type;
	u16 sk_protocol;
	struct pid *sk_peer_pid;
	struct socket *sk_socket;
};

struct socket {
	short type;
	struct sock *sk;
};

struct sockaddr_un {
	u16 sun_family;
	char sun_path[108];
};

struct unix_address {
	int len;
	struct sockaddr_un name[1];
};

struct unix_sock {
	struct unix_address *addr;
	struct path path;
	struct sock *peer;
};

struct netlink_sock {
	u32 portid;
	u32 dst_portid;
	u32 dst_group;
	unsigned long *groups;
};

struct packet_sock {
	int ifindex;
	u16 num;
};

struct sigaction {
	void *sa_handler;
	unsigned long sa_flags;
};

struct k_sigaction {
	struct sigaction sa;
};

struct kernel_siginfo;
struct seq_file;

struct bpf_iter_meta {
	struct seq_file *seq;
};

struct bpf_iter__task {
	struct bpf_iter_meta *meta;
	struct task_struct *task;
};

/* The arguments of tracepoints of the perf type. */
struct trace_event_raw_sys_exit {
	long ret;
};

struct trace_event_raw_sched_process_fork {
	int child_pid;
};

struct trace_event_raw_sched_process_exec {
	u32 __data_loc_filename;	/* its offset in the record; its length in the upper half */
};

struct trace_event_raw_task_rename {
	int pid;
};

struct trace_event_raw_signal_deliver {
	unsigned long sa_handler;
	unsigned long sa_flags;
};

struct trace_event_raw_io_uring_submit_req {
	void *req;
};

struct trace_event_raw_io_uring_complete {
	void *ctx;
	void *req;
	u64 user_data;
	int res;
};

struct trace_event_raw_io_uring_cqe_overflow {
	void *ctx;
	u64 user_data;
	s32 res;
	u32 cflags;
};

struct tracepoint_ext;
struct bpf_map;

enum kernel_read_file_id {
	READING_MODULE_COMPRESSED = 7,
};

enum cgroup_subsys_id {
	cpu_cgrp_id,
	memory_cgrp_id,
	pids_cgrp_id,
};

#pragma clang attribute pop

/* Constants that BTF does not carry, as include/linux/ and the UAPI have them. */
#define PF_KTHREAD 0x00200000
#define SIGNAL_GROUP_EXIT 0x00000004	/* since 2.6; group_exit_code is the group's */
#define TS_COMPAT 0x0002		/* x86: in a 32-bit call */
#define X32_SYSCALL_BIT 0x40000000
#define S_IFMT 0170000
#define S_IFSOCK 0140000
#define S_IWUSR 0200
#define S_IWGRP 0020
#define S_IWOTH 0002
#define S_IMMUTABLE 8		/* of inode.i_flags */
#define SB_RDONLY 1
#define MNT_READONLY 0x40
#define CAP_DAC_OVERRIDE 1
#define S_IFREG 0100000
#define S_IFBLK 0060000
#define S_IFDIR 0040000
#define S_IFCHR 0020000
#define S_IFIFO 0010000
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16
#define AF_PACKET 17
#define AF_RXRPC 33
#define AF_VSOCK 40
#define VMADDR_PORT_ANY ~0U
#define FUSE_SUPER_MAGIC 0x65735546
#define OVERLAYFS_SUPER_MAGIC 0x794c7630
#define PIPEFS_MAGIC 0x50495045
#define PROC_SUPER_MAGIC 0x9fa0
#define SYSFS_MAGIC 0x62656572
#define CGROUP_SUPER_MAGIC 0x27e0eb
#define CGROUP2_SUPER_MAGIC 0x63677270
#define AT_FDCWD (-100)
#define AT_EXECVE_CHECK 0x10000
#if defined(__TARGET_ARCH_x86)
#define O_LARGEFILE 00100000
#else
#define O_LARGEFILE 00400000
#endif
#define SOCK_RAW 3
#define IPPROTO_TCP 6
#define IPPROTO_L2TP 115
#define IPPROTO_MPTCP 262
#define SCTP_SOCKOPT_BINDX_ADD 100
#define SCTP_SOCKOPT_CONNECTX 110
#define SCTP_SENDMSG_CONNECT 126
#define O_ACCMODE 3
#define O_CREAT 0100
#if defined(__TARGET_ARCH_arm64)
#define O_TMPFILE (020000000 | 040000)
#else
#define O_TMPFILE (020000000 | 0200000)
#endif
#define O_PATH 010000000
#define O_TRUNC 01000
#define O_RDONLY 0
#define O_WRONLY 1
#define O_RDWR 2
#define FMODE_EXEC 0x20		/* in f_flags: __FMODE_EXEC */
#define FMODE_NOACCOUNT 0x20000000	/* in f_mode: it counts as nobody's */
#define READING_MODULE 2	/* enum kernel_read_file_id; enum kernel_load_data_id has the same */
#define LOADING_MODULE 2
#define PTRACE_MODE_ATTACH 0x02
#define PTRACE_TRACEME 0
#define PTRACE_ATTACH 16
#define PTRACE_SEIZE 0x4206
#if defined(__TARGET_ARCH_arm64)
#define NR_TRUNCATE 45
#define NR_PTRACE 117
#else
#define NR_TRUNCATE 76
#define NR_PTRACE 101
#endif
/* The same everywhere, as all numbers since 5.1. */
#define NR_PIDFD_GETFD 438
#define NR_FSCONFIG 431
#define NR_CLONE3 435
#define CLONE_NEWUSER 0x10000000
#define RENAME_EXCHANGE 2
#define SOCK_TYPE_MASK 0xf
#define SOCK_PACKET 10
#define FSCONFIG_CMD_CREATE 6	/* and RECONFIGURE, CREATE_EXCL above it */
#define MSG_FASTOPEN 0x20000000
#define SOCK_STREAM 1
#define SIGKILL 9
#define SIGSYS 31
#define SYS_SECCOMP 1	/* of SIGSYS's codes */
#define EPERM 1
#define EINTR 4
#define EALREADY 114
#define EINPROGRESS 115
#define ERESTARTSYS 512
#define ERESTARTNOINTR 513
#define ERESTARTNOHAND 514
#define ERESTART_RESTARTBLOCK 516

#define SA_RESTART 0x10000000
#define SIG_IGN 1	/* handlers are above it */

/* Newer libbpf has them. */
#ifndef likely
#define likely(x) __builtin_expect(!!(x), 1)
#define unlikely(x) __builtin_expect(!!(x), 0)
#endif

#ifndef barrier_var
#define barrier_var(var) asm volatile("" : "+r"(var))
#endif

/*
 * value, which is below a power of two, such that the verifier sees it: if a compiler can prove that itself it leaves
 * a plain AND out, and the verifier, which cannot, rejects the program.
 */
#define below(value, power) ({ u32 below_ = (value); barrier_var(below_); below_ & ((power) - 1); })

/* A counter that programs on this or other CPUs may be changing at the same time. */
#define count(counter) ((void)__sync_fetch_and_add(&(counter), 1))
