/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Rules that block: LSM hooks, which refuse, and a look at calls that have returned, which can only
 * kill. Each property of the task and of what it wants is one look-up in one table (nunchi/block.h); it
 * yields the clauses that it satisfies, and who satisfies none is let go at once. What a file is comes
 * from the file that is being opened, not from a path in user memory, so that nobody can change it in
 * between. Cost for a container that no clause is about: its identity and a look at its masks.
 */
#include "lib/block_address.h"
#include "lib/block_path.h"
#include "lib/block_read.h"
#include "lib/call.h"

/*
 * The class's row, in the half of the tables that is in force: asked for once in a run, so that all of it is
 * one generation's.
 */
static __always_inline u32 block_row(u32 class)
{
	u32 generation = *(volatile __u32 *)&block_generation;

	return NUNCHI_BLOCK_ROW(class, generation) | (generation & 0xff) << 8;
}

static __always_inline u32 block_class(u32 row)
{
	return row & (NUNCHI_BLOCK_MAX - 1);
}

static __always_inline u64 look_up(struct block_work *b, u32 row, u32 kind)
{
	u64 *mask;

	b->key.bits = sizeof(b->key.bytes) * 8 + NUNCHI_BLOCK_KEY_BITS;
	b->key.row = row;
	b->key.kind = kind;
	mask = bpf_map_lookup_elem(&block_values, &b->key);
	return mask ? *mask : 0;
}

/* A name of a task, of which the key has the bytes; by one way or both. */
static __always_inline u64 look_up_comm(struct scratch *s, u32 row, u32 kind, u32 text, u64 mask)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds;

	if (mask && kinds & 1 << kind)
		mask &= look_up(&s->block, row, kind);
	if (mask && NUNCHI_BLOCK_READS(kinds, text))
		mask &= block_read(s, row, text, KEY_AT);
	return mask;
}

static __always_inline u64 look_up_number(struct block_work *b, u32 row, u32 kind, u32 value, u32 size)
{
	value = __builtin_bswap32(value << (4 - size) * 8);
	b->key.bytes[0] = 1;
	__builtin_memcpy(&b->key.bytes[1], &value, sizeof(value));
	return look_up(b, row, kind);
}

static __always_inline u64 look_up_code(struct block_work *b, u32 row, u32 kind, u8 code)
{
	b->key.bytes[0] = code;
	return look_up(b, row, kind);
}

/*
 * Which clauses can be about this task at all: those that its container satisfies. A pending slot is
 * taken for a container's if it has PIDs of its own; the host's sandboxes have those of the host.
 */
static __always_inline u64 block_who(const struct identity *id, u32 row)
{
	const struct nunchi_block_row *rules = &block_rows[row & (NUNCHI_BLOCK_ROWS - 1)];
	struct nunchi_block_slot *slot;
	u32 number = id->slot;

	if (identity_is_host(id))
		return rules->active & rules->host;
	/* The runtime's own doing; its last exec is the container's first. */
	if (id->setup && block_class(row) != NUNCHI_BLOCK_EXEC)
		return 0;
	slot = bpf_map_lookup_elem(&block_slots, &number);
	if (slot && slot->generation == id->generation)
		return rules->active & slot->masks[row & (NUNCHI_BLOCK_ROWS - 1)];
	return id->pidns != host_pidns ? rules->active & rules->pending : 0;
}

static __always_inline bool asks_comm(u32 row, u32 kind, u32 text)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds;

	return kinds & 1 << kind || NUNCHI_BLOCK_READS(kinds, text);
}

/* What is known of any task. */
static __always_inline u64 block_task(struct scratch *s, struct task_struct *task, u32 row, u64 mask)
{
	struct block_work *b = &s->block;

	if (block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds & 1 << NUNCHI_BLOCK_UID)
		mask &= look_up_number(b, row, NUNCHI_BLOCK_UID, BPF_CORE_READ(task, cred, euid.val), 4);
	if (mask && asks_comm(row, NUNCHI_BLOCK_PARENT_COMM, NUNCHI_BLOCK_TEXT_PARENT_COMM)) {
		bpf_probe_read_kernel_str(b->key.bytes, 16,
					  BPF_CORE_READ(task, real_parent, group_leader)->comm);
		mask = look_up_comm(s, row, NUNCHI_BLOCK_PARENT_COMM, NUNCHI_BLOCK_TEXT_PARENT_COMM, mask);
	}
	return mask;
}

static __always_inline u64 block_comm(struct scratch *s, u32 row, const char *comm, u64 mask)
{
	if (!mask || !asks_comm(row, NUNCHI_BLOCK_COMM, NUNCHI_BLOCK_TEXT_COMM))
		return mask;
	bpf_probe_read_kernel_str(s->block.key.bytes, 16, comm);
	return look_up_comm(s, row, NUNCHI_BLOCK_COMM, NUNCHI_BLOCK_TEXT_COMM, mask);
}

/* exe: the task's image, a struct file. */
static __noinline u64 block_exe(struct scratch *s, u64 exe, u32 row, u64 mask)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds;
	u32 reads = NUNCHI_BLOCK_READS(kinds, NUNCHI_BLOCK_TEXT_EXE);

	if (!s || !mask || !(kinds & 1 << NUNCHI_BLOCK_EXE || reads))
		return mask;
	if (exe)
		block_path(s, exe);
	else
		block_no_path(s);
	if (block_is_unknown(s))
		return mask;
	if (kinds & 1 << NUNCHI_BLOCK_EXE) {
		block_path_key(s);
		mask &= look_up(&s->block, row, NUNCHI_BLOCK_EXE);
	}
	if (mask && reads)
		mask &= block_read_path(s, row, NUNCHI_BLOCK_TEXT_EXE);
	return mask;
}

static __always_inline u8 file_type(u64 file)
{
	u32 mode = BPF_CORE_READ((struct file *)file, f_inode, i_mode) & S_IFMT;

	switch (mode) {
	case S_IFREG:
		return NUNCHI_BLOCK_TYPE_FILE;
	case S_IFDIR:
		return NUNCHI_BLOCK_TYPE_DIRECTORY;
	case S_IFCHR:
		return NUNCHI_BLOCK_TYPE_CHAR;
	case S_IFBLK:
		return NUNCHI_BLOCK_TYPE_BLOCK;
	case S_IFIFO:
		return NUNCHI_BLOCK_TYPE_PIPE;
	default:
		return NUNCHI_BLOCK_TYPE_OTHER;
	}
}

/* The file that is opened. */
static __noinline u64 block_file(struct scratch *s, u64 file, u32 row, u64 mask)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds, access;
	u32 reads = NUNCHI_BLOCK_READS(kinds, NUNCHI_BLOCK_TEXT_PATH);
	struct block_work *b;

	if (!s)
		return 0;
	b = &s->block;
	if (mask && kinds & 1 << NUNCHI_BLOCK_ACCESS) {
		access = BPF_CORE_READ((struct file *)file, f_flags) & O_ACCMODE;
		mask &= look_up_code(b, row, NUNCHI_BLOCK_ACCESS,
				     access == O_RDWR	? NUNCHI_BLOCK_READ | NUNCHI_BLOCK_WRITE :
				     access == O_WRONLY ? NUNCHI_BLOCK_WRITE :
							  NUNCHI_BLOCK_READ);
	}
	if (mask && kinds & 1 << NUNCHI_BLOCK_TYPE)
		mask &= look_up_code(b, row, NUNCHI_BLOCK_TYPE, file_type(file));
	if (mask && kinds & 1 << NUNCHI_BLOCK_FILENAME) {
		bpf_probe_read_kernel_str(b->key.bytes, sizeof(b->key.bytes),
					  BPF_CORE_READ((struct file *)file, f_path.dentry, d_name.name));
		mask &= look_up(b, row, NUNCHI_BLOCK_FILENAME);
	}
	if (!mask || !(kinds & (1 << NUNCHI_BLOCK_PATH | 1 << NUNCHI_BLOCK_DIRECTORY) || reads))
		return mask;
	block_path(s, file);
	if (block_is_unknown(s))
		return mask;
	if (kinds & (1 << NUNCHI_BLOCK_PATH | 1 << NUNCHI_BLOCK_DIRECTORY))
		block_path_key(s);
	if (kinds & 1 << NUNCHI_BLOCK_PATH)
		mask &= look_up(b, row, NUNCHI_BLOCK_PATH);
	if (mask && kinds & 1 << NUNCHI_BLOCK_DIRECTORY) {
		block_directory_key(s);
		mask &= look_up(b, row, NUNCHI_BLOCK_DIRECTORY);
	}
	if (mask && reads)
		mask &= block_read_path(s, row, NUNCHI_BLOCK_TEXT_PATH);
	return mask;
}

static __noinline u64 block_socket(struct scratch *s, const struct block_address *a, u32 row, u64 mask)
{
	u32 kinds = block_rows[row & (NUNCHI_BLOCK_ROWS - 1)].kinds;
	struct block_work *b;
	bool ip;

	if (!s || !a)
		return 0;
	b = &s->block;
	ip = a->family == AF_INET || a->family == AF_INET6;
	if (mask && kinds & 1 << NUNCHI_BLOCK_TYPE)
		mask &= look_up_code(b, row, NUNCHI_BLOCK_TYPE,
				     a->family == AF_INET  ? NUNCHI_BLOCK_TYPE_IPV4 :
				     a->family == AF_INET6 ? NUNCHI_BLOCK_TYPE_IPV6 :
				     a->family == AF_UNIX  ? NUNCHI_BLOCK_TYPE_UNIX :
							     NUNCHI_BLOCK_TYPE_OTHER);
	if (mask && kinds & 1 << NUNCHI_BLOCK_PORT)
		mask &= ip ? look_up_number(b, row, NUNCHI_BLOCK_PORT, a->port, 2) :
			     look_up_code(b, row, NUNCHI_BLOCK_PORT, 0);
	if (mask && kinds & 1 << NUNCHI_BLOCK_ADDRESS) {
		address_key(b, a);
		mask &= look_up(b, row, NUNCHI_BLOCK_ADDRESS);
	}
	return mask;
}

/* The lowest bit that is set, of one that has any; clang 14 dies of __builtin_ctzll here. */
static __always_inline u32 first_bit(u64 mask)
{
	u32 n = 0;

#pragma unroll
	for (u32 width = 32; width; width /= 2) {
		if (!(mask & ((1ULL << width) - 1))) {
			mask >>= width;
			n += width;
		}
	}
	return n;
}

/* The clause that decides: of those that are left one that kills, else the first. */
static __always_inline int block_act(struct identity *id, u32 row, u64 mask, enum nunchi_effect effect)
{
	const struct nunchi_block_row *meant = &block_rows[row & (NUNCHI_BLOCK_ROWS - 1)];
	u64 watch = mask & meant->watch, kill = mask & meant->kill;

	mask &= ~watch;
	if (!mask) {
		if (watch)
			id->verdict = NUNCHI_VERDICT(first_bit(watch), block_class(row), NUNCHI_EFFECT_WATCH, row >> 8);
		return 0;
	}
	if (block_is_dry)
		effect = NUNCHI_EFFECT_DRY;
	id->verdict = NUNCHI_VERDICT(first_bit(kill ? kill : mask), block_class(row), effect, row >> 8);
	if (block_is_dry)
		return 0;
	if (kill)
		bpf_send_signal(SIGKILL);
	return effect == NUNCHI_EFFECT_BEFORE ? -EPERM : 0;
}

/* Where what blocks outlives nunchi, its number can be another's. */
static __always_inline bool is_nunchi(struct task_struct *task)
{
	return (u32)task->tgid == own_tgid &&
	       BPF_CORE_READ(task, group_leader, start_boottime) / 10000000 == own_start;
}

/* Whose doing it is; 0: nobody's that rules are about. *ret_mask: the clauses that may be meant. */
static __always_inline struct identity *block_begin(struct task_struct *task, u32 row, u64 *ret_mask)
{
	struct identity *id;

	/* io_uring's workers are no kernel threads in this. */
	if (task->flags & PF_KTHREAD || is_nunchi(task))
		return 0;
	id = identity_get(task);
	if (!id)
		return 0;
	*ret_mask = block_who(id, row);
	return *ret_mask ? id : 0;
}

static __always_inline struct scratch *block_scratch(void)
{
	struct scratch *s = scratch_get();

	if (!s)
		count(counts[NUNCHI_COUNT_BLOCK]);
	return s;
}

/* An image that the task runs. */
static __always_inline u64 task_exe(struct task_struct *task)
{
	return (u64)BPF_CORE_READ(task, mm, exe_file);
}

/* All that is known of the task itself. */
static __always_inline u64 block_subject(struct scratch *s, struct task_struct *task, u32 row, u64 mask)
{
	mask = block_task(s, task, row, mask);
	return block_comm(s, row, task->comm, mask);
}

SEC("lsm/file_open")
int BPF_PROG(block_open, struct file *file, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 row = block_row(NUNCHI_BLOCK_OPEN);
	struct identity *id;
	struct scratch *s;
	u64 mask = 0;

	/* The kernel opens images by this hook, too: those are execs. */
	if (ret || file->f_flags & FMODE_EXEC)
		return ret;
	id = block_begin(task, row, &mask);
	s = id ? block_scratch() : 0;
	if (!s)
		return 0;
	mask = block_subject(s, task, row, mask);
	mask = block_file(s, (u64)file, row, mask);
	mask = block_exe(s, task_exe(task), row, mask);
	scratch_put(s);
	return block_act(id, row, mask, NUNCHI_EFFECT_BEFORE);
}

SEC("lsm/bprm_check_security")
int BPF_PROG(block_exec, struct linux_binprm *bprm, int ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 row = block_row(NUNCHI_BLOCK_EXEC);
	struct identity *id;
	struct scratch *s;
	u16 magic = 0;
	u64 mask = 0;

	if (ret)
		return ret;
	/* Of a script its interpreter is what will run: the hook comes again with that. */
	bpf_probe_read_kernel(&magic, sizeof(magic), bprm->buf);
	if (magic == ('#' | '!' << 8))
		return 0;
	id = block_begin(task, row, &mask);
	s = id ? block_scratch() : 0;
	if (!s)
		return 0;
	mask = block_task(s, task, row, mask);
	if (mask && asks_comm(row, NUNCHI_BLOCK_COMM, NUNCHI_BLOCK_TEXT_COMM)) {
		block_basename_key(s, (u64)BPF_CORE_READ(bprm, filename));
		mask = look_up_comm(s, row, NUNCHI_BLOCK_COMM, NUNCHI_BLOCK_TEXT_COMM, mask);
	}
	mask = block_exe(s, (u64)BPF_CORE_READ(bprm, file), row, mask);
	scratch_put(s);
	return block_act(id, row, mask, NUNCHI_EFFECT_BEFORE);
}

/* A call of which nothing is asked but whose it is, and for connect and bind which address. */
static __always_inline int block_call(u32 class, u64 address)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u32 row = block_row(class);
	struct block_address a;
	struct identity *id;
	struct scratch *s;
	u64 mask = 0;

	id = block_begin(task, row, &mask);
	s = id ? block_scratch() : 0;
	if (!s)
		return 0;
	mask = block_subject(s, task, row, mask);
	if (class == NUNCHI_BLOCK_CONNECT || class == NUNCHI_BLOCK_BIND) {
		address_from_sockaddr(&a, address);
		mask = block_socket(s, &a, row, mask);
	}
	mask = block_exe(s, task_exe(task), row, mask);
	scratch_put(s);
	return block_act(id, row, mask, NUNCHI_EFFECT_BEFORE);
}

SEC("lsm/socket_connect")
int BPF_PROG(block_connect, struct socket *sock, struct sockaddr *address, int len, int ret)
{
	return ret ? ret : block_call(NUNCHI_BLOCK_CONNECT, (u64)address);
}

SEC("lsm/socket_bind")
int BPF_PROG(block_bind, struct socket *sock, struct sockaddr *address, int len, int ret)
{
	return ret ? ret : block_call(NUNCHI_BLOCK_BIND, (u64)address);
}

SEC("lsm/kernel_read_file")
int BPF_PROG(block_module_file, struct file *file, int id, bool contents, int ret)
{
	return ret || id != READING_MODULE ? ret : block_call(NUNCHI_BLOCK_MODULE, 0);
}

SEC("lsm/kernel_load_data")
int BPF_PROG(block_module, int id, bool contents, int ret)
{
	return ret || id != LOADING_MODULE ? ret : block_call(NUNCHI_BLOCK_MODULE, 0);
}

SEC("lsm/sb_mount")
int BPF_PROG(block_mount, const char *device, const struct path *path, const char *type,
	     unsigned long flags, void *data, int ret)
{
	return ret ? ret : block_call(NUNCHI_BLOCK_MOUNT, 0);
}

SEC("lsm/bpf")
int BPF_PROG(block_bpf, int cmd, union bpf_attr *attr, unsigned int size, int ret)
{
	return ret ? ret : block_call(NUNCHI_BLOCK_BPF, 0);
}

/* /proc asks it too; what attaches, or reads another's memory by a call, asks for ATTACH. */
SEC("lsm/ptrace_access_check")
int BPF_PROG(block_ptrace, struct task_struct *child, unsigned int mode, int ret)
{
	struct pt_regs *regs = (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf());

	if (ret || !(mode & PTRACE_MODE_ATTACH) ||
	    block_calls[syscall_nr(regs) & (NUNCHI_CALLS_MAX - 1)] - 1 != NUNCHI_BLOCK_PTRACE)
		return ret;
	return block_call(NUNCHI_BLOCK_PTRACE, 0);
}

/* The file behind an fd of the running task. */
static __always_inline u64 fd_file(struct task_struct *task, u64 fd)
{
	struct fdtable *fdt = BPF_CORE_READ(task, files, fdt);
	struct file *file = 0;

	if (fd < BPF_CORE_READ(fdt, max_fds))
		bpf_probe_read_kernel(&file, sizeof(file), BPF_CORE_READ(fdt, fd) + fd);
	return (u64)file;
}

/* What the call that has returned was about. */
static __always_inline u64 returned_object(struct scratch *s, struct task_struct *task,
					   const struct nunchi_call *call, s64 ret, u32 row, u64 mask)
{
	u32 class = block_class(row);
	struct block_address a;
	u64 file;

	if (class == NUNCHI_BLOCK_OPEN) {
		file = fd_file(task, ret);
		return file ? block_file(s, file, row, mask) : 0;
	}
	if (class != NUNCHI_BLOCK_CONNECT && class != NUNCHI_BLOCK_BIND)
		return mask;
	file = fd_file(task, call->args[0]);
	if (!file)
		return 0;
	address_from_socket(&a, (u64)BPF_CORE_READ((struct file *)file, private_data),
			    class == NUNCHI_BLOCK_CONNECT);
	return block_socket(s, &a, row, mask);
}

/*
 * Where no hook can refuse a call: when it has returned, the process can be killed yet, before it sees the
 * result. Attached before the hooks that tell of calls, which run in that order.
 */
SEC("tp_btf/sys_exit")
int BPF_PROG(block_sys_exit, struct pt_regs *regs, long ret)
{
	struct task_struct *task = bpf_get_current_task_btf();
	u64 nr = syscall_nr(regs), mask = 0;
	struct nunchi_call call;
	struct identity *id;
	struct scratch *s;
	u32 class, row;

	barrier_var(nr);
	if (nr >= NUNCHI_CALLS_MAX || !wanted[nr] || (ret < 0 && ret != -EINPROGRESS))
		return 0;
	if (!call_read(task, regs, &call) || call.nr >= NUNCHI_CALLS_MAX)
		return 0;
	class = block_calls[call.nr] - 1;
	/* An exec that succeeded returns 0, and is block_process_exec's. */
	if (class >= NUNCHI_BLOCK_MAX || class == NUNCHI_BLOCK_EXEC)
		return 0;
	row = block_row(class);
	id = block_begin(task, row, &mask);
	s = id ? block_scratch() : 0;
	if (!s)
		return 0;
	mask = block_subject(s, task, row, mask);
	mask = returned_object(s, task, &call, ret, row, mask);
	mask = block_exe(s, task_exe(task), row, mask);
	scratch_put(s);
	block_act(id, row, mask, NUNCHI_EFFECT_AFTER);
	return 0;
}

/* The same of an exec, before the new image's first instruction. */
SEC("tp_btf/sched_process_exec")
int BPF_PROG(block_process_exec, struct task_struct *task, int old_pid, struct linux_binprm *bprm)
{
	struct identity *id = identity_get(task);
	u32 row = block_row(NUNCHI_BLOCK_EXEC);
	struct scratch *s;
	u64 mask = 0;

	if (id && identity_is_open(id))
		identity_locate(task, id, true);
	id = block_begin(task, row, &mask);
	s = id ? block_scratch() : 0;
	if (!s)
		return 0;
	mask = block_subject(s, task, row, mask);
	mask = block_exe(s, (u64)BPF_CORE_READ(bprm, file), row, mask);
	scratch_put(s);
	block_act(id, row, mask, NUNCHI_EFFECT_AFTER);
	return 0;
}
