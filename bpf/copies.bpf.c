/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a call's arguments point to, as the kernel copied it.
 *
 * When a call returns, its caller's memory can have changed: another thread can have written to it after the kernel
 * read it. So paths are kept when the kernel gives its copy back (all paths of calls pass putname(), which no
 * compiler has inlined, as it has getname_flags() before 7.0), and addresses when the security hooks are asked about
 * them. The call's record has those copies; user memory at the return is compared with them. The opened file is kept
 * as well, if other threads share the fds and could have put another file under its number.
 *
 * Needs BPF trampolines; without them everything is as user memory has it. Not kept: other strings (of xattrs,
 * mount's source), structs, argv of an execve that fails. Cost: 50 ns for a path or address, also for the host's
 * processes; 400 ns for one that is kept.
 */
#include "lib/blob.h"
#include "lib/call.h"
#include "lib/uring.h"
#include "nunchi/open.h"

/* The flags of an open, as the kernel has them. */
struct open_flags {
	int open_flag;
} __attribute__((preserve_access_index));

/* The running task's identity, if it is in a call that is to be recorded, which is then in identity.call; else 0. */
static __always_inline struct identity *caller(struct task_struct *task)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(task);
	u64 nr = syscall_nr(regs);
	struct identity *id;

	barrier_var(nr);
	if (nr < NUNCHI_CALLS_MAX ? !wanted[nr] : !syscall_is_x32(nr))
		return 0;
	id = identity_ask(task);
	if (!id || identity_mode(id) != NUNCHI_MODE_EVENT)
		return 0;
	if (!call_read(task, regs, &id->call) || id->call.nr >= NUNCHI_CALLS_MAX)
		return 0;
	return wanted[id->call.nr] & (NUNCHI_WANT_EVENT | NUNCHI_WANT_MODEL) ? id : 0;
}

#define COPY_NAME ((u32)-1)	/* in place of a length: from is a struct filename */

static __always_inline bool copy_put(struct copy_key *key, struct copy *copy)
{
	if (copy->len < COPY_SHORT)
		return !bpf_map_update_elem(&copies, key, copy, BPF_ANY);
	return !bpf_map_update_elem(&long_copies, key, copy, BPF_ANY);
}

/* Keeps it by way of scratch, because the stack has no room. Returns whether it was kept. */
static __always_inline bool keep_by(struct scratch *s, struct copy_key *key, u64 from, u32 len)
{
	struct copy *copy = (void *)s->data;
	long n = len;

	if (len == COPY_NAME)
		n = bpf_probe_read_kernel_str(copy->data, DATA_MAX,
					      BPF_CORE_READ((struct filename *)from, name)) - 1;
	else if (bpf_probe_read_kernel(copy->data, below(len, DATA_MAX), (void *)from))
		return false;
	if (n < 0)
		return false;
	copy->len = n;
	copy->flags = 0;
	return copy_put(key, copy);
}

/* Removes what was kept under this bit, and everything of an earlier call. */
static __always_inline void make_room(struct identity *id, u32 bit)
{
	u64 of = copies_of(&id->call);
	u32 old = id->copied_of == of ? id->copied & bit : id->copied;

	if (old)
		copies_drop(old);
	id->copied &= ~old;
	id->copied_of = of;
}

static __noinline int keep(struct identity *id, u32 arg, u64 from, u32 len)
{
	struct copy_key key = { .tid = bpf_get_current_pid_tgid(), .arg = arg };
	u32 bit = 1U << (arg & 7);
	struct scratch *s;

	make_room(id, bit);
	s = scratch_get();
	if (!s) {
		count(counts[NUNCHI_COUNT_COPIES]);
		return 0;	/* then it is as user memory has it */
	}
	if (keep_by(s, &key, from, len))
		id->copied |= bit;
	else
		count(counts[NUNCHI_COUNT_COPIES]);
	scratch_put(s);
	return 0;
}

/*
 * Whether this is the address of the first of several messages, which the call's record has: none is kept yet, and
 * the first has one.
 */
static __always_inline bool is_of_first(const struct identity *id, u32 arg)
{
	u32 name = 0;

	if (id->copied & 1U << arg && id->copied_of == copies_of(&id->call))
		return false;
	bpf_probe_read_user(&name, sizeof(name), (void *)id->call.args[arg]);
	return name;
}

/* Keeps the arguments of these two kinds of the call in progress. user: only one that points there; 0: any. */
static __always_inline int keep_arguments(u32 one, u32 other, u64 user, u64 from, u32 len)
{
	struct identity *id = caller(bpf_get_current_task_btf());
	u32 nr;

	if (!id)
		return 0;
	nr = id->call.nr & (NUNCHI_CALLS_MAX - 1);
	for (u32 i = 0; i < 6; i++) {
		u8 capture = specs[nr].capture[i];

		if ((capture == one || capture == other) && (!user || id->call.args[i] == user))
			keep(id, i, from, len);
		else if (one == NUNCHI_CAP_SOCKADDR && capture == NUNCHI_CAP_MMSGHDR && is_of_first(id, i))
			keep(id, i, from, len);
	}
	return 0;
}

static __always_inline int keep_path(struct filename *name, u64 user)
{
	if (!name || (u64)name >= (u64)-4095 || !user)	/* names made by the kernel are not from user memory */
		return 0;
	return keep_arguments(NUNCHI_CAP_PATH, NUNCHI_CAP_PATHAT, user, (u64)name, COPY_NAME);
}

SEC("fentry/putname")
int BPF_PROG(copied_path, struct filename *name)
{
	return keep_path(name, (u64)BPF_CORE_READ(name, uptr));
}

/*
 * For kernels (7.0) whose copies do not say where they are from, but which make them in a function that is not
 * inlined.
 */
SEC("fexit/getname_flags")
int BPF_PROG(copied_path_from, const char *user, int flags, struct filename *name)
{
	return keep_path(name, (u64)user);
}

_Static_assert(sizeof(((struct long_copy *)0)->data) >= DATA_MAX + 256, "a file's blob is a name longer than a path");

/* Keeps a file as a FILE blob, whose head ends where the copy's data begins. */
static __always_inline bool keep_file_by(struct scratch *s, struct copy_key *key, struct file *file, u32 flags)
{
	struct nunchi_blob *b = (void *)s->data;
	struct copy *copy = (void *)&b->full;

	s->task = bpf_get_current_task();
	s->pos = 0;
	/* Through memory, so that the verifier takes it for a plain number. */
	*(volatile u64 *)&s->file = (u64)file;
	blob_file(s, *(volatile u64 *)&s->file, BLOB(NUNCHI_BLOB_FILE, NUNCHI_ARG_RET));
	if (!s->pos)
		return false;
	((struct nunchi_file *)(b + 1))->opened = NUNCHI_OPENED_KNOWN | NUNCHI_OPENED_WHOLE | nunchi_open_access(flags);
	copy->len = b->len;
	copy->flags = b->flags;
	return copy_put(key, copy);
}

static __always_inline void keep_file(struct identity *id, struct file *file, u32 flags)
{
	struct copy_key key = { .tid = bpf_get_current_pid_tgid(), .arg = COPY_OPENED };
	struct scratch *s;

	make_room(id, 1 << COPY_OPENED);
	s = scratch_get();
	if (s && keep_file_by(s, &key, file, flags))
		id->copied |= 1 << COPY_OPENED;
	else
		count(counts[NUNCHI_COUNT_COPIES]);
	if (s)
		scratch_put(s);
}

/* Since 7.0 do_file_open. */
SEC("fexit/do_filp_open")
int BPF_PROG(opened_file, int dfd, struct filename *name, const struct open_flags *op, struct file *file)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct identity *id;

	if (!file || (u64)file >= (u64)-4095 || task->files->count.counter <= 1)
		return 0;
	id = caller(task);
	if (id && specs[id->call.nr & (NUNCHI_CALLS_MAX - 1)].flags & NUNCHI_SPEC_RET_FD)
		keep_file(id, file, BPF_CORE_READ(op, open_flag));
	return 0;
}

/* Keeps the address of an io_uring request that the running task carries out. */
static __always_inline bool copied_in_ring(u64 socket, u64 address, u32 len)
{
	struct identity *id = bpf_task_storage_get(&identities, bpf_get_current_task_btf(), 0, 0);
	u64 req = id ? id->request : 0;
	struct request *r;

	if (!req)
		return false;
	id->request = 0;
	r = bpf_map_lookup_elem(&requests, &req);
	if (!r || (u64)BPF_CORE_READ((struct io_kiocb *)req, file, private_data) != socket)
		return false;
	address_take(r, address, len);
	return true;
}

static __always_inline int copied_address(u64 socket, u64 address, u32 len)
{
	if (!address || len > NUNCHI_SOCKADDR_MAX)
		return 0;
	if (copies_requests && copied_in_ring(socket, address, len))
		return 0;
	return keep_arguments(NUNCHI_CAP_SOCKADDR, NUNCHI_CAP_MSGHDR, 0, address, len);
}

SEC("fentry/security_socket_connect")
int BPF_PROG(copied_connect, struct socket *sock, struct sockaddr *address, int len)
{
	return copied_address((u64)sock, (u64)address, len);
}

SEC("fentry/security_socket_bind")
int BPF_PROG(copied_bind, struct socket *sock, struct sockaddr *address, int len)
{
	return copied_address((u64)sock, (u64)address, len);
}

SEC("fentry/security_socket_sendmsg")
int BPF_PROG(copied_sendmsg, struct socket *sock, struct msghdr *msg, int size)
{
	return copied_address((u64)sock, (u64)msg->msg_name, msg->msg_namelen);
}

/* Whether user memory differs from the len bytes at pos. If it cannot be read, it does not. */
static __always_inline bool user_differs(struct scratch *s, u64 user, u32 pos, u32 len, bool string)
{
	u32 n = len;

	if (string) {
		long r = bpf_probe_read_user_str(&s->data[FOUND], DATA_MAX, (void *)user);

		if (r <= 0)
			return false;
		n = r - 1;
	} else if (bpf_probe_read_user(&s->data[FOUND], below(len, DATA_MAX), (void *)user)) {
		return false;
	}
	s->found = n;
	if (n != len)
		return true;
	blob_pad(s, FOUND + n);
	return data_differs(s, pos, FOUND, len);
}

__noinline int copies_opened(struct scratch *s, u32 pos)
{
	struct copy_key key = { .tid = bpf_get_current_pid_tgid(), .arg = COPY_OPENED };
	struct nunchi_file *now, *then;
	struct nunchi_blob *b;
	struct copy *copy;
	u32 len;

	if (!s || pos > LAST_POS)
		return 0;
	copy = bpf_map_lookup_elem(&copies, &key);
	if (!copy)
		copy = bpf_map_lookup_elem(&long_copies, &key);
	if (!copy)
		return 0;
	b = (void *)&s->data[pos];
	now = (void *)(b + 1);
	then = (void *)copy->data;
	if (s->pos > pos && b->type == NUNCHI_BLOB_FILE && now->ino == then->ino && now->dev == then->dev) {
		b->flags &= ~NUNCHI_BLOB_LATE;
		now->opened = then->opened;
		return 0;
	}
	len = copy->len;
	barrier_var(len);
	if (len > DATA_MAX + 256 || bpf_probe_read_kernel(now, len, then))
		return 0;
	s->walked = 0;	/* it is not known where its names begin */
	blob_end(s, pos, len, len, copy->flags, BLOB(NUNCHI_BLOB_FILE, NUNCHI_ARG_RET));
	return 0;
}

/* The kernel's copy of an argument. 0: there is none. */
static __always_inline u64 copy_find(struct scratch *s, u32 arg, u32 *ret_len)
{
	struct copy_key key = { .tid = bpf_get_current_pid_tgid(), .arg = arg };
	struct uring_names *names = (void *)s->names;
	struct copy *copy;

	if (names) {
		bpf_probe_read_kernel(ret_len, sizeof(*ret_len), &names->address);
		return *ret_len ? (u64)names->text[0] : 0;
	}
	copy = bpf_map_lookup_elem(&copies, &key);
	if (!copy)
		copy = bpf_map_lookup_elem(&long_copies, &key);
	if (!copy)
		return 0;
	*ret_len = copy->len;
	return (u64)copy->data;
}

static __always_inline bool copy_append(struct scratch *s, u32 blob)
{
	u32 pos, len = 0;
	u64 copy = copy_find(s, blob >> 8, &len);

	if (!copy || !blob_begin(s, &pos) || len >= DATA_MAX ||
	    bpf_probe_read_kernel(&s->data[pos + sizeof(struct nunchi_blob)], len, (void *)copy))
		return false;
	blob_end(s, pos, len, len, NUNCHI_BLOB_KERNEL, blob);
	return true;
}

__noinline int blob_copy(struct scratch *s, u64 user, u32 blob)
{
	struct nunchi_blob *b;
	u32 pos;

	if (!s)
		return 0;
	pos = s->pos;
	if (!copy_append(s, blob) || pos > LAST_POS)
		return 0;
	b = (void *)&s->data[pos];
	if (s->differs)
		return 1;	/* one is told */
	s->is_address = b->type == NUNCHI_BLOB_SOCKADDR;
	if (user_differs(s, user, pos + sizeof(*b), b->len, !s->is_address))
		s->differs = (blob >> 8) + 1;
	return 1;
}

/* The head and the call are still those of the record that was sent. */
__noinline int copies_tell(struct scratch *s)
{
	u32 arg, pos, found;

	if (!s || !s->differs || !account_seen(s->head.slot, NUNCHI_MODE_EVENT))
		return 0;
	arg = s->differs - 1;
	s->head.kind = NUNCHI_REC_MISMATCH;
	s->head.time++;		/* it comes after its call */
	/* It may go to another lane, and counts against the share there. */
	s->head.flags &= ~(NUNCHI_F_CUT | NUNCHI_F_MODEL | NUNCHI_F_WATCHED | NUNCHI_F_SHARED);
	s->pos = sizeof(s->head) + sizeof(s->call);
	copy_append(s, BLOB(s->is_address ? NUNCHI_BLOB_SOCKADDR : NUNCHI_BLOB_STR, arg));
	pos = s->pos;
	found = s->found;
	if (pos <= LAST_POS && found < DATA_MAX) {
		bpf_probe_read_kernel(&s->data[pos + sizeof(struct nunchi_blob)], found, &s->data[FOUND]);
		blob_end(s, pos, found, found, 0, BLOB(NUNCHI_BLOB_FOUND, arg));
	}
	record_send(s, LANE_CRITICAL);
	return 0;
}

__noinline int copies_drop(u32 mask)
{
	struct copy_key key = { .tid = bpf_get_current_pid_tgid() };

	for (u32 i = 0; i <= COPY_OPENED; i++) {
		key.arg = i;
		if (mask & 1U << i && bpf_map_delete_elem(&copies, &key))
			bpf_map_delete_elem(&long_copies, &key);
	}
	return 0;
}
