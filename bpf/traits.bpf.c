/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a process has after an exec: session and terminal, standard streams, capabilities, more about the image's
 * file, and the environment.
 */
#include "lib/blob.h"
#include "lib/drift.h"

/* The number of a process group in the PID namespace of a task; 0: it is not in there. */
static __always_inline u32 number_inside(struct pid *pid, struct pid *of_task)
{
	u64 level = BPF_CORE_READ(of_task, level);
	u64 at = bpf_core_field_offset(struct pid, numbers) + level * bpf_core_type_size(struct upid);
	struct pid_namespace *ns = 0, *own = 0;
	int nr = 0;

	if (BPF_CORE_READ(pid, level) < level)
		return 0;
	bpf_probe_read_kernel(&ns, sizeof(ns), (void *)pid + at + bpf_core_field_offset(struct upid, ns));
	bpf_probe_read_kernel(&own, sizeof(own),
			      (void *)of_task + at + bpf_core_field_offset(struct upid, ns));
	bpf_probe_read_kernel(&nr, sizeof(nr), (void *)pid + at + bpf_core_field_offset(struct upid, nr));
	return ns == own ? nr : 0;
}

static __always_inline void read_session(struct nunchi_traits *t, struct task_struct *task)
{
	struct signal_struct *signal = BPF_CORE_READ(task, signal);
	struct pid *group = BPF_CORE_READ(signal, pids[PIDTYPE_PGID]);
	struct tty_struct *tty = BPF_CORE_READ(signal, tty);
	struct pid *own = BPF_CORE_READ(task, thread_pid);
	struct pid_namespace *ns = 0;
	u32 major, minor;

	t->sid = BPF_CORE_READ(signal, pids[PIDTYPE_SID], numbers[0].nr);
	t->pgid = BPF_CORE_READ(group, numbers[0].nr);
	t->vpgid = number_inside(group, own);
	bpf_probe_read_kernel(&ns, sizeof(ns), (void *)own + bpf_core_field_offset(struct pid, numbers) +
			      (u64)BPF_CORE_READ(own, level) * bpf_core_type_size(struct upid) +
			      bpf_core_field_offset(struct upid, ns));
	t->pidns_start = BPF_CORE_READ(ns, child_reaper, start_boottime);
	if (!tty)
		return;
	major = BPF_CORE_READ(tty, driver, major);
	minor = BPF_CORE_READ(tty, driver, minor_start) + BPF_CORE_READ(tty, index);
	t->tty = (minor & 0xff) | major << 8 | (minor & ~0xffU) << 12;
}

/* By owner, group and mode only; supplementary groups are not looked at. */
static __always_inline bool may_write(struct file *file, struct inode *inode, const struct cred *cred,
				      u64 effective)
{
	u16 mode = BPF_CORE_READ(inode, i_mode);

	if (BPF_CORE_READ(inode, i_sb, s_flags) & SB_RDONLY ||
	    BPF_CORE_READ(file, f_path.mnt, mnt_flags) & MNT_READONLY ||
	    BPF_CORE_READ(inode, i_flags) & S_IMMUTABLE)
		return false;
	if (effective & (1ULL << CAP_DAC_OVERRIDE))
		return true;
	if (BPF_CORE_READ(cred, euid.val) == BPF_CORE_READ(inode, i_uid.val))
		return mode & S_IWUSR;
	if (BPF_CORE_READ(cred, egid.val) == BPF_CORE_READ(inode, i_gid.val))
		return mode & S_IWGRP;
	return mode & S_IWOTH;
}

static __always_inline u8 socket_stream(struct file *file)
{
	struct socket *sock = (struct socket *)BPF_CORE_READ(file, private_data);
	u16 family = BPF_CORE_READ(sock, sk, __sk_common.skc_family);

	return family == AF_INET  ? NUNCHI_STREAM_IPV4 :
	       family == AF_INET6 ? NUNCHI_STREAM_IPV6 :
	       family == AF_UNIX  ? NUNCHI_STREAM_UNIX :
				    NUNCHI_STREAM_SOCKET;
}

/* A pipe made by pipe(2) is in pipefs. */
static __always_inline u8 pipe_stream(struct file *file)
{
	return BPF_CORE_READ(file, f_inode, i_sb, s_magic) == PIPEFS_MAGIC ? S_IFIFO >> 12 : NUNCHI_STREAM_FIFO;
}

/* A file table has at least 64 entries. */
static __always_inline void read_streams(struct nunchi_traits *t, struct task_struct *task)
{
	struct file **fds = BPF_CORE_READ(task, files, fdt, fd), *file;
	u16 mode;

	for (u32 fd = 0; fd < sizeof(t->streams); fd++) {
		file = 0;
		bpf_probe_read_kernel(&file, sizeof(file), fds + fd);
		mode = BPF_CORE_READ(file, f_inode, i_mode);
		t->streams[fd] = (mode & S_IFMT) == S_IFSOCK ? socket_stream(file) :
				 (mode & S_IFMT) == S_IFIFO  ? pipe_stream(file) :
							       mode >> 12;
	}
}

__noinline int blob_traits(struct scratch *s, u64 file_addr)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file *file = (struct file *)file_addr;
	const struct cred *cred;
	struct nunchi_traits *t;
	struct nunchi_blob *b;
	struct inode *inode;
	u32 pos;

	if (!s)
		return 0;
	pos = s->pos;
	if (pos > NUNCHI_RECORD_MAX)
		return 0;
	b = (void *)&s->data[pos];
	__builtin_memset(b, 0, sizeof(*b) + sizeof(*t));
	b->type = NUNCHI_BLOB_TRAITS;
	b->len = b->full = sizeof(*t);
	t = (void *)(b + 1);
	cred = BPF_CORE_READ(task, cred);
	t->cap_effective = s->caps.effective;	/* the head's reading has them */
	t->cap_permitted = s->caps.permitted;
	t->cap_inheritable = s->caps.inheritable;
	read_session(t, task);
	read_streams(t, task);
	inode = BPF_CORE_READ(file, f_inode);
	t->exe_ctime = inode_ctime(inode);
	t->exe_mtime = inode_mtime(inode);
	t->flags = NUNCHI_TRAIT_EXE;
	if (may_write(file, inode, cred, t->cap_effective))
		t->flags |= NUNCHI_TRAIT_WRITABLE;
	if (BPF_CORE_READ(task, mm, task_size) <= 1ULL << 32)
		t->flags |= NUNCHI_TRAIT_32;
	s->pos = pos + sizeof(*b) + sizeof(*t);
	return 0;
}

__noinline int blob_env(struct scratch *s)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 start = task->mm->env_start, full = task->mm->env_end - start;

	if (!s)
		return 0;
	return blob_user_bytes(s, start, full > NUNCHI_ENV_MAX ? NUNCHI_ENV_MAX : full, full,
			       BLOB(NUNCHI_BLOB_ENV, 0));
}
