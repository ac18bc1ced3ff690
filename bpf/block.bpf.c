/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rules that block, in LSM hooks, which refuse what lib/block.h decides. If the kernel does not call BPF programs as
 * an LSM, these programs are attached by fmod_ret to the functions that call the LSMs (security_*(), which have the
 * same arguments, and are skipped if a program refuses): see block.c of the probe. Where the kernel preempts
 * programs, a run can be skipped; then block_late.bpf.c looks again at the call's return.
 */
#include "lib/block_file.h"
#include "lib/block_made.h"
#include "lib/block_names.h"
#include "lib/block_unix.h"

#define SOCKADDR_IN 16
#define SOCKADDR_IN6 28
#define NAMED_MAX 4400	/* addresses: more than fit into an option of SCTP (sctp_setsockopt()) */

/* Without a scratch the call is only looked at when it returns. */
static __always_inline struct scratch *block_scratch(void)
{
	struct scratch *s = scratch_get();

	if (!s && !block_comes_late)
		count(counts[NUNCHI_COUNT_BLOCK]);
	return s;
}

/* Goes back from the end to the last slash, or to the one put in front. 1 ends it. */
static long basename_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	u32 pos = s->walk.pos & (BLOCK_NAME_MAX - 1);

	if (s->block.asked[pos] == '/')
		return 1;
	s->walk.pos = pos - 1;
	return 0;
}

/*
 * Puts the name that an exec will give to the task into the key: the last component of the path that was asked for,
 * or the file's name.
 */
static __noinline int block_comm_key(struct scratch *s, struct linux_binprm *bprm)
{
	u64 filename;
	long n;

	if (!s || !bprm)
		return 0;
	if (bpf_core_field_exists(bprm->comm_from_dentry) && BPF_CORE_READ_BITFIELD_PROBED(bprm, comm_from_dentry)) {
		bpf_probe_read_kernel_str(s->block.key.bytes, 16, BPF_CORE_READ(bprm, file, f_path.dentry, d_name.name));
		return 0;
	}
	filename = (u64)BPF_CORE_READ(bprm, filename);
	s->block.asked[0] = '/';
	n = bpf_probe_read_kernel_str(&s->block.asked[1], BLOCK_NAME_MAX, (void *)filename);
	s->walk.pos = n > 0 ? n - 1 : 0;
	bpf_loop(BLOCK_NAME_MAX, basename_step, &s, 0);
	bpf_probe_read_kernel_str(s->block.key.bytes, 16,
				  &s->block.asked[1 + (s->walk.pos & (BLOCK_NAME_MAX - 1))]);
	return 0;
}

/*
 * The ELF interpreter of an image that block_exec() has allowed: it runs first, and can be any file. A clause applies
 * to it if its path satisfies the clause and a missing path does not: a clause that allows by the image's path has
 * allowed what the image names.
 */
static __always_inline int block_interpreter(struct task_struct *task, struct file *file)
{
	struct identity *id = bpf_task_storage_get(&identities, task, 0, 0);
	u32 row = block_row(NUNCHI_BLOCK_EXEC);
	struct scratch *s;
	u64 mask;

	if (!id || !id->exec_clauses || id->exec_generation != row >> 8 || !asks_exe(row))
		return 0;
	s = block_scratch();
	if (!s)
		return 0;
	block_whose(s, id);
	mask = block_exe(s, (u64)file, row, id->exec_clauses);
	id->exec_clauses = 0;	/* there is one */
	if (mask)
		mask &= ~block_exe(s, 0, row, mask);
	scratch_put(s);
	return block_act(id, row, mask, NUNCHI_EFFECT_BEFORE);
}

SEC("lsm/file_open")
int BPF_PROG(block_open, struct file *file, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 row = block_row(NUNCHI_BLOCK_OPEN);
	struct identity *id;
	struct scratch *s;
	u64 mask;

	/*
	 * The file below one of overlay or FUSE is opened for the kernel, on behalf of whoever mounted it: the upper
	 * one was looked at.
	 */
	if (ret || file->f_mode & FMODE_NOACCOUNT)
		return ret;
	/* The kernel opens what it executes through this hook, too; images are block_exec()'s. */
	if (file->f_flags & FMODE_EXEC)
		return block_interpreter(task, file);
	mask = block_begin(task, row, &id);
	s = mask ? block_scratch() : 0;
	if (!s)
		return 0;
	mask = block_subject(s, row, mask);
	block_whose(s, id);
	mask = block_file(s, (u64)file, 0, row, mask);
	mask = block_image(s, task, image_owner(task), row, mask);
	scratch_put(s);
	return block_act(id, row, mask, NUNCHI_EFFECT_BEFORE);
}

SEC("lsm/bprm_check_security")
int BPF_PROG(block_exec, struct linux_binprm *bprm, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 row = block_row(NUNCHI_BLOCK_EXEC);
	struct identity *id = 0;
	struct scratch *s;
	u16 magic = 0;
	int refused;
	u64 mask;

	if (ret)
		return ret;
	mask = block_begin(task, row, &id);
	if (id)
		id->exec_clauses = 0;
	/* If this is a script the hook is called again, with the interpreter that will run. */
	bpf_probe_read_kernel(&magic, sizeof(magic), bprm->buf);
	if (magic == ('#' | '!' << 8))
		return 0;
	s = mask ? block_scratch() : 0;
	if (!s)
		return 0;
	mask = block_task(s, task, row, mask);
	if (mask && asks_comm(row, NUNCHI_BLOCK_COMM, NUNCHI_BLOCK_TEXT_COMM)) {
		block_comm_key(s, bprm);
		mask = look_up_comm(s, row, NUNCHI_BLOCK_COMM, NUNCHI_BLOCK_TEXT_COMM, mask);
	}
	if (id) {
		id->exec_clauses = mask;
		id->exec_generation = row >> 8;
	}
	block_whose(s, id);
	mask = block_exe(s, (u64)BPF_CORE_READ(bprm, file), row, mask);
	scratch_put(s);
	refused = block_act(id, row, mask, NUNCHI_EFFECT_BEFORE);
	if (refused && id)
		id->exec_clauses = 0;	/* or the image of the next exec would be taken for the interpreter of this one */
	return refused;
}

/* A call that is being decided, and the clauses that are left. */
struct looked_at {
	struct task_struct *task;
	struct identity *id;
	struct scratch *s;
	u32 row;
	u64 mask;
};

/* Whose it is. False: it is let go. */
static __always_inline bool block_enter(struct looked_at *l, u32 class)
{
	l->task = bpf_get_current_task_btf();
	l->row = block_row(class);
	l->mask = block_begin(l->task, l->row, &l->id);
	l->s = l->mask ? block_scratch() : 0;
	if (!l->s)
		return false;
	l->mask = block_subject(l->s, l->row, l->mask);
	return true;
}

/* And what becomes of it. */
static __always_inline int block_leave(struct looked_at *l)
{
	l->mask = block_image(l->s, l->task, image_owner(l->task), l->row, l->mask);
	scratch_put(l->s);
	return block_act(l->id, l->row, l->mask, NUNCHI_EFFECT_BEFORE);
}

/* Decides a call by its process only. */
static __always_inline int block_call(u32 class)
{
	struct looked_at l = { 0 };

	return block_enter(&l, class) ? block_leave(&l) : 0;
}

/* Decides a call by its address, too. familiar: the address must have a family. */
static __always_inline int block_address(u32 class, u64 address, u64 socket, bool familiar)
{
	struct looked_at l = { 0 };
	struct block_address a;

	if (!block_enter(&l, class))
		return 0;
	address_from_sockaddr(&a, address, familiar ? 0 : socket);
	/* Paths of unix sockets are decided in block_unix_connect() and block_unix_send(), which know the peer. */
	if (a.family == AF_UNIX && asks_unix_path(l.row)) {
		scratch_put(l.s);
		return 0;
	}
	if (class == NUNCHI_BLOCK_CONNECT)
		address_of_peer(&a, socket);
	l.mask = block_socket(l.s, &a, l.row, l.mask);
	return block_leave(&l);
}

SEC("lsm/socket_connect")
int BPF_PROG(block_connect, struct socket *sock, struct sockaddr *address, int len, int ret)
{
	return ret ? ret : block_address(NUNCHI_BLOCK_CONNECT, (u64)address, (u64)sock, true);
}

/*
 * TCP sends to the peer that it is connected with, except for a first message that connects. SCTP streams send to the
 * peer that is named.
 */
static __always_inline bool ignores_name(struct socket *sock, const struct msghdr *msg)
{
	u16 protocol = BPF_CORE_READ(sock, sk, sk_protocol);

	return sock->type == SOCK_STREAM && (protocol == IPPROTO_TCP || protocol == IPPROTO_MPTCP) &&
	       !(msg->msg_flags & MSG_FASTOPEN);
}

/* Messages that name their peer. */
SEC("lsm/socket_sendmsg")
int BPF_PROG(block_send, struct socket *sock, struct msghdr *msg, int size, int ret)
{
	if (ret || !msg->msg_name || ignores_name(sock, msg))
		return ret;
	return block_address(NUNCHI_BLOCK_CONNECT, (u64)msg->msg_name, (u64)sock, false);
}

/* Decides by the unix socket that the call's name leads to. */
static __always_inline int block_unix_peer(struct sock *peer)
{
	const struct block_address a = { .family = AF_UNIX };
	struct looked_at l = { 0 };

	if (!asks_unix_path(block_row(NUNCHI_BLOCK_CONNECT)) || !block_enter(&l, NUNCHI_BLOCK_CONNECT))
		return 0;
	block_whose(l.s, l.id);
	l.mask = block_socket(l.s, &a, l.row, l.mask);
	l.mask = block_unix(l.s, (u64)peer, l.row, l.mask);
	return block_leave(&l);
}

SEC("lsm/unix_stream_connect")
int BPF_PROG(block_unix_connect, struct sock *sk, struct sock *peer, struct sock *made, int ret)
{
	return ret ? ret : block_unix_peer(peer);
}

/*
 * For datagrams, and for connecting a datagram socket. What is sent on a connected socket was decided at the connect.
 */
SEC("lsm/unix_may_send")
int BPF_PROG(block_unix_send, struct socket *sock, struct socket *peer, int ret)
{
	struct unix_sock *from = (void *)BPF_CORE_READ(sock, sk);
	struct sock *to = BPF_CORE_READ(peer, sk);

	return ret || BPF_CORE_READ(from, peer) == to ? ret : block_unix_peer(to);
}

SEC("lsm/socket_bind")
int BPF_PROG(block_bind, struct socket *sock, struct sockaddr *address, int len, int ret)
{
	return ret ? ret : block_address(NUNCHI_BLOCK_BIND, (u64)address, (u64)sock, false);
}

/* Takes the next of the addresses that an option has one after another. 1 ends it. */
static long named_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	struct named *n = &s->named;
	struct block_address a;

	if (n->at + SOCKADDR_IN > n->end)
		return 1;
	address_from_sockaddr(&a, n->at, 0);
	if (n->socket)
		address_of_peer(&a, n->socket);
	n->met |= block_socket(s, &a, n->row, n->mask);
	n->at += a.family == AF_INET6 ? SOCKADDR_IN6 : SOCKADDR_IN;
	return 0;
}

static __always_inline int block_named(u32 class, u64 addresses, u32 len, u64 socket)
{
	struct looked_at l = { 0 };

	if (!block_enter(&l, class))
		return 0;
	l.s->named = (struct named){
		.at = addresses, .end = addresses + len, .socket = socket, .mask = l.mask, .row = l.row
	};
	bpf_loop(NAMED_MAX, named_step, &l.s, 0);
	l.mask = l.s->named.met;
	return block_leave(&l);
}

/*
 * Further addresses that SCTP connects or binds to: those in an option (sctp_connectx(), sctp_bindx()), or of a
 * message that is sent. The hook is also called for what peers ask for, in whatever task happens to run, but with
 * other options.
 */
SEC("lsm/sctp_bind_connect")
int BPF_PROG(block_sctp, struct sock *sk, int option, struct sockaddr *addresses, int len, int ret)
{
	if (ret)
		return ret;
	if (option == SCTP_SOCKOPT_BINDX_ADD)
		return block_named(NUNCHI_BLOCK_BIND, (u64)addresses, len, 0);
	if (option == SCTP_SOCKOPT_CONNECTX || option == SCTP_SENDMSG_CONNECT)
		return block_named(NUNCHI_BLOCK_CONNECT, (u64)addresses, len, (u64)sk->sk_socket);
	return 0;
}

/* Sockets made by socket(), socketpair() and io_uring; kern: the kernel's own. */
SEC("lsm/socket_create")
int BPF_PROG(block_create, int family, int type, int protocol, int kern, int ret)
{
	const struct made_socket made = { family, type, protocol };
	struct looked_at l = { 0 };

	if (ret || kern || !block_enter(&l, NUNCHI_BLOCK_SOCKET))
		return ret;
	l.mask = block_made(l.s, &made, l.row, l.mask);
	return block_leave(&l);
}

/*
 * What an exec has opened and hands over, to be read, to the interpreter that binfmt_misc has for it (flags O and C). That can
 * be anyone's program, for anything that is executable: since 6.7 who has a user namespace of his own can have his own entries.
 */
SEC("lsm/bprm_check_security")
int BPF_PROG(block_handed, struct linux_binprm *bprm, int ret)
{
	struct file *file = BPF_CORE_READ(bprm, executable);
	struct looked_at l = { 0 };

	if (ret || !file || !block_enter(&l, NUNCHI_BLOCK_OPEN))
		return ret;
	block_whose(l.s, l.id);
	l.mask = block_file(l.s, (u64)file, 0, l.row, l.mask);
	return block_leave(&l);
}

/* User namespaces made by unshare(), clone() and clone3(). */
SEC("lsm/userns_create")
int BPF_PROG(block_userns, const struct cred *cred, int ret)
{
	return ret ? ret : block_call(NUNCHI_BLOCK_USERNS);
}

static __always_inline int block_removal(const struct path *dir, const struct dentry *dentry)
{
	struct looked_at l = { 0 };

	if (!block_enter(&l, NUNCHI_BLOCK_REMOVE))
		return 0;
	block_whose(l.s, l.id);
	leaf_set(l.s, dir->mnt, dentry);
	l.mask = block_entry(l.s, l.row, l.mask, false);
	return block_leave(&l);
}

SEC("lsm/path_unlink")
int BPF_PROG(block_unlink, const struct path *dir, struct dentry *dentry, int ret)
{
	return ret ? ret : block_removal(dir, dentry);
}

SEC("lsm/path_rmdir")
int BPF_PROG(block_rmdir, const struct path *dir, struct dentry *dentry, int ret)
{
	return ret ? ret : block_removal(dir, dentry);
}

/* The clauses that an old and a new name satisfy; both are in the same mount. */
static __always_inline u64 block_pair(struct looked_at *l, const struct vfsmount *mnt, const struct dentry *old,
				      const struct dentry *new)
{
	u64 mask;

	leaf_set(l->s, mnt, old);
	mask = block_entry(l->s, l->row, l->mask, true);
	leaf_set(l->s, mnt, new);
	return block_entry(l->s, l->row, mask, false);
}

SEC("lsm/path_rename")
int BPF_PROG(block_rename, const struct path *old_dir, struct dentry *old, const struct path *new_dir, struct dentry *new,
	     unsigned int flags, int ret)
{
	struct looked_at l = { 0 };
	u64 found;

	if (ret || !block_enter(&l, NUNCHI_BLOCK_RENAME))
		return ret;
	block_whose(l.s, l.id);
	found = block_pair(&l, old_dir->mnt, old, new);
	if (flags & RENAME_EXCHANGE)
		found |= block_pair(&l, old_dir->mnt, new, old);
	l.mask = found;
	return block_leave(&l);
}

SEC("lsm/path_link")
int BPF_PROG(block_link, struct dentry *old, const struct path *new_dir, struct dentry *new, int ret)
{
	struct looked_at l = { 0 };

	if (ret || !block_enter(&l, NUNCHI_BLOCK_LINK))
		return ret;
	block_whose(l.s, l.id);
	l.mask = block_pair(&l, new_dir->mnt, old, new);
	return block_leave(&l);
}

/* Whether the running task is in this call. */
static __always_inline bool is_in_call(u32 nr)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct nunchi_call call;

	return call_read(task, (struct pt_regs *)bpf_task_pt_regs(task), &call) && call.nr == nr;
}

/* truncate() by path. An open with O_TRUNC comes here, too, but was decided as an open that writes. */
SEC("lsm/path_truncate")
int BPF_PROG(block_truncate, const struct path *path, int ret)
{
	struct looked_at l = { 0 };

	if (ret || !is_in_call(NR_TRUNCATE) || !block_enter(&l, NUNCHI_BLOCK_TRUNCATE))
		return ret;
	block_whose(l.s, l.id);
	leaf_set(l.s, path->mnt, path->dentry);
	l.mask = file_names(l.s, l.row, l.mask);
	return block_leave(&l);
}

/* Whether a file is read as a module; since 7.0 one that the kernel uncompresses has an id of its own. */
static __always_inline bool reads_module(int id)
{
	return id == READING_MODULE ||
	       (bpf_core_enum_value_exists(enum kernel_read_file_id, READING_MODULE_COMPRESSED) &&
		id == (int)bpf_core_enum_value(enum kernel_read_file_id, READING_MODULE_COMPRESSED));
}

SEC("lsm/kernel_read_file")
int BPF_PROG(block_module_file, struct file *file, int id, bool contents, int ret)
{
	return ret || !reads_module(id) ? ret : block_call(NUNCHI_BLOCK_MODULE);
}

SEC("lsm/kernel_load_data")
int BPF_PROG(block_module, int id, bool contents, int ret)
{
	return ret || id != LOADING_MODULE ? ret : block_call(NUNCHI_BLOCK_MODULE);
}

SEC("lsm/sb_mount")
int BPF_PROG(block_mount, const char *device, const struct path *path, const char *type,
	     unsigned long flags, void *data, int ret)
{
	return ret ? ret : block_call(NUNCHI_BLOCK_MOUNT);
}

/* Mounts from fsmount() and open_tree(), and mounts that are moved. */
SEC("lsm/move_mount")
int BPF_PROG(block_move_mount, const struct path *from, const struct path *to, int ret)
{
	return ret ? ret : block_call(NUNCHI_BLOCK_MOUNT);
}

/*
 * A file system that is made through fds can be used without being mounted: so making (or changing) it by fsconfig()
 * is refused. The kernel calls this hook for mount(2), which was decided before, and for itself as well.
 */
static __always_inline int block_fsconfig(void)
{
	return is_in_call(NR_FSCONFIG) ? block_call(NUNCHI_BLOCK_MOUNT) : 0;
}

SEC("lsm/sb_set_mnt_opts")
int BPF_PROG(block_superblock, struct super_block *sb, void *options, unsigned long flags,
	     unsigned long *set, int ret)
{
	return ret ? ret : block_fsconfig();
}

SEC("lsm/sb_remount")
int BPF_PROG(block_remount, struct super_block *sb, void *options, int ret)
{
	return ret ? ret : block_fsconfig();
}

/*
 * The position of ret differs (6.15 has one more argument); it is 0 in any case, because the kernel calls no program
 * after one that refuses.
 */
SEC("lsm/bpf")
int BPF_PROG(block_bpf, int cmd, union bpf_attr *attr, unsigned int size)
{
	return block_call(NUNCHI_BLOCK_BPF);
}

/* A process that asks to be traced by its parent, which then controls it as if it had attached. */
SEC("lsm/ptrace_traceme")
int BPF_PROG(block_traceme, struct task_struct *parent, int ret)
{
	return ret ? ret : block_call(NUNCHI_BLOCK_PTRACE);
}

/* /proc calls this hook, too; attaching, and calls that take another process's memory or fds, have the mode ATTACH. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(block_ptrace, struct task_struct *child, unsigned int mode, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct nunchi_call call;

	if (ret || !(mode & PTRACE_MODE_ATTACH) || !call_read(task, (struct pt_regs *)bpf_task_pt_regs(task), &call) ||
	    block_calls[call.nr & (NUNCHI_CALLS_MAX - 1)] - 1 != NUNCHI_BLOCK_PTRACE)
		return ret;
	return block_call(NUNCHI_BLOCK_PTRACE);
}
