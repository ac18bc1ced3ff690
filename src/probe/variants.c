/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of the programs that do the same are loaded on this kernel: by what the kernel has, never by its version.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/mount.h>
#include <linux/perf_event.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "internal.h"

#define ROOT_CGROUP 1	/* its inode, and no other's */

/* A mount of a file system that is attached nowhere, so that it need not be mounted here. An fd, or -1. */
static int own_tree(const char *type)
{
	_cleanup_close_ int fs = (int)syscall(SYS_fsopen, type, FSOPEN_CLOEXEC);

	if (fs < 0 || syscall(SYS_fsconfig, fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		return -1;
	return (int)syscall(SYS_fsmount, fs, FSMOUNT_CLOEXEC, 0);
}

/* Falls back to where tracefs is usually mounted, if we may not make a mount. */
int variants_tracefs(void)
{
	int r = own_tree("tracefs");

	if (r < 0)
		r = open("/sys/kernel/tracing", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

unsigned probe_switches(const struct probe *p, int ret[PROBE_SWITCHES_MAX])
{
	_cleanup_close_ int debugfs = p->hooks == PROBE_HOOKS_TRACEPOINT ? -1 : own_tree("debugfs");
	unsigned n = 0;

	if (p->hooks == PROBE_HOOKS_TRACEPOINT)
		return 0;
	ret[n] = open("/proc/sys/kernel/ftrace_enabled", O_RDONLY | O_CLOEXEC);
	n += ret[n] >= 0;
	/* With fexit, too: calls that can have no fexit have a kprobe. */
	ret[n] = debugfs < 0 ? open("/sys/kernel/debug/kprobes/enabled", O_RDONLY | O_CLOEXEC) :
			       openat(debugfs, "kprobes/enabled", O_RDONLY | O_CLOEXEC);
	return n + (ret[n] >= 0);
}

static bool is_root_cgroup(int fd)
{
	struct statfs fs;
	struct stat st;

	return !fstatfs(fd, &fs) && fs.f_type == CGROUP2_SUPER_MAGIC && !fstat(fd, &st) && st.st_ino == ROOT_CGROUP;
}

/*
 * Attaches to the root of the v2 hierarchy, in which every process is, even if v1 has all controllers. If we may not make
 * a mount, or are in a cgroup namespace, falls back to where it is usually mounted. NULL with errno EXDEV: it was not found.
 */
static struct bpf_link *attach_cgroup(const struct bpf_program *program)
{
	static const char *const places[] = { "", "/sys/fs/cgroup", "/sys/fs/cgroup/unified",
					      "/proc/1/root/sys/fs/cgroup", "/proc/1/root/sys/fs/cgroup/unified" };
	_cleanup_close_ int tree = own_tree("cgroup2");

	for (size_t i = tree < 0; i < ARRAY_SIZE(places); i++) {
		_cleanup_close_ int fd = openat(tree, *places[i] ? places[i] : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

		if (fd >= 0 && is_root_cgroup(fd))
			return bpf_program__attach_cgroup(program, fd);
	}
	errno = EXDEV;
	return NULL;
}

/* Reading the kernel's types takes 40 ms: only if there is no other way. */
static bool has_type(const char *name, uint32_t kind)
{
	struct btf *btf = btf__load_vmlinux_btf();
	bool yes = btf && btf__find_by_name_kind(btf, name, kind) >= 0;

	btf__free(btf);
	return yes;
}

/*
 * Whether there is bpf_rdonly_cast(): looks for its name in the kernel's BTF without parsing it, which takes a tenth of
 * the time.
 */
static bool has_casts(void)
{
	static const char name[] = "\0bpf_rdonly_cast";	/* and the NUL behind it */
	_cleanup_close_ int fd = open("/sys/kernel/btf/vmlinux", O_RDONLY | O_CLOEXEC);
	char part[1 << 16];
	size_t n = 0;
	ssize_t r;

	/* In parts: malloc() would keep the memory for all of it, and whatever was allocated after. */
	while (fd >= 0 && (r = read(fd, part + n, sizeof(part) - n)) > 0) {
		n += (size_t)r;
		if (memmem(part, n, name, sizeof(name)))
			return true;
		if (n >= sizeof(name)) {
			memmove(part, part + n - (sizeof(name) - 1), sizeof(name) - 1);
			n = sizeof(name) - 1;
		}
	}
	return false;
}

/*
 * Whether programs can be attached to the kernel's functions. Type 1 is no function, so every kernel refuses this program:
 * one that has trampolines with EINVAL, after looking the type up.
 */
static bool has_trampolines(void)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FEXIT,
		    .attach_btf_id = 1);
	int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "probe", "GPL", nothing, ARRAY_SIZE(nothing),
			       &opts);

	if (fd >= 0)
		close(fd);
	if (fd != -EINVAL)
		return false;
#if defined(__aarch64__)
	/* Before 6.4 arm64 gets that far, but cannot attach. */
	return functions_can_have(PROBE_HOOKS_FENTRY);
#else
	return true;
#endif
}

static bool has_member(const struct btf *btf, const char *type, const char *name)
{
	int id = btf__find_by_name_kind(btf, type, BTF_KIND_STRUCT);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
	const struct btf_member *members = t ? btf_members(t) : NULL;

	for (unsigned i = 0; t && i < btf_vlen(t); i++)
		if (streq(btf__name_by_offset(btf, members[i].name_off), name))
			return true;
	return false;
}

/*
 * The flag of an io_uring request with credentials of its own. Which bit that is differs between kernels, and its enum has no
 * name by which the programs could ask for it. 0: not known.
 */
static uint32_t creds_flag(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	uint32_t types = btf ? btf__type_cnt(btf) : 0, bit = 32;

	for (uint32_t id = 1; id < types && bit == 32; id++) {
		const struct btf_type *t = btf__type_by_id(btf, id);
		const struct btf_enum *values = btf_is_enum(t) ? btf_enum(t) : NULL;

		for (unsigned i = 0; values && i < btf_vlen(t); i++)
			if (streq(btf__name_by_offset(btf, values[i].name_off), "REQ_F_CREDS_BIT"))
				bit = (uint32_t)values[i].val;
	}
	btf__free(btf);
	return bit < 32 ? 1U << bit : 0;
}

bool variants_preempts(void)
{
	enum doctor_preemption preemption;
	struct utsname uts;

	uname(&uts);
	preemption = doctor_preemption("", uts.release);
	return preemption != PREEMPTION_NONE && preemption != PREEMPTION_VOLUNTARY;
}

/*
 * Chooses the programs on functions that this kernel has. They can be preempted, and on 6.1 task storage that one of them
 * is reading is locked for every other program on that CPU: sys_exit would not know whose calls it sees (815 of 20,029 on
 * a busy CPU with preempt=full). Kernels from 6.13 on have not missed any.
 */
static void choose_copies(struct nunchi *skel)
{
	struct btf *btf = has_trampolines() ? btf__load_vmlinux_btf() : NULL;
	bool says = btf && has_member(btf, "filename", "uptr");
	bool safe = btf && (!variants_preempts() ||
			    btf__find_by_name_kind(btf, "tracepoint_ext", BTF_KIND_STRUCT) > 0);
	const char *opens = btf && btf__find_by_name_kind(btf, "do_file_open", BTF_KIND_FUNC) > 0 ? "do_file_open" :
													 "do_filp_open";
	struct {
		struct bpf_program *program;
		const char *function;
		bool fits;
	} rows[] = {
		{ skel->progs.copied_path, "putname", says },
		{ skel->progs.copied_path_from, "getname_flags", !says },
		{ skel->progs.opened_file, opens, true },
		{ skel->progs.copied_connect, "security_socket_connect", true },
		{ skel->progs.copied_bind, "security_socket_bind", true },
		{ skel->progs.copied_sendmsg, "security_socket_sendmsg", true },
		{ skel->progs.copied_request, "io_issue_sqe", true },
		{ skel->progs.copied_request_left, "io_issue_sqe", true },
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
		bpf_program__set_autoload(rows[i].program,
					  safe && rows[i].fits &&
						  btf__find_by_name_kind(btf, rows[i].function,
									 BTF_KIND_FUNC) > 0);
	if (bpf_program__autoload(skel->progs.opened_file))
		bpf_program__set_attach_target(skel->progs.opened_file, 0, opens);
	skel->rodata->copies_requests = bpf_program__autoload(skel->progs.copied_request);
	btf__free(btf);
}

static bool has_tracepoint(int tracefs, const char *event, const char *type)
{
	if (tracefs >= 0 && faccessat(tracefs, "events", F_OK, 0) == 0)
		return faccessat(tracefs, event, F_OK, 0) == 0;
	return has_type(type, BTF_KIND_TYPEDEF);
}

/*
 * Whether the kernel can skip runs of a program at the exit of system calls. Since 6.13 the system-call tracepoints run
 * preemptibly (struct tracepoint_ext says so); while a task is preempted in the middle of a program, the kernel skips
 * other tasks' runs of it on that CPU (bpf_prog_info.recursion_misses): up to nine in ten on a busy one. None is skipped
 * with preempt=none or voluntary. In 7.x this holds for all tracepoints where no lock is held: those of the scheduler and
 * io_uring, not those of cgroups and signals.
 */
static bool skips_runs(void)
{
	return variants_preempts() && has_type("tracepoint_ext", BTF_KIND_STRUCT);
}

/* The number by which perf_event_open(2) knows a tracepoint ("raw_syscalls/sys_exit"), or -errno. */
static int tracepoint_id(int tracefs, const char *event)
{
	_cleanup_free_ char *path = xasprintf("events/%s/id", event);
	_cleanup_close_ int fd = tracefs < 0 ? tracefs : openat(tracefs, path, O_RDONLY | O_CLOEXEC);
	char text[16] = "";
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	return n < 0 ? -errno : atoi(text);
}

struct bpf_link *variants_attach_event(const struct bpf_program *program, int tracefs,
				       const char *event)
{
	struct perf_event_attr attr = { .type = PERF_TYPE_TRACEPOINT, .size = sizeof(attr),
					.sample_period = 1, .wakeup_events = 1 };
	int id = tracepoint_id(tracefs, event), fd;
	struct bpf_link *link;

	if (id < 0) {
		errno = -id;
		return NULL;
	}
	attr.config = (uint64_t)id;
	/* The event must be on some CPU; the program runs on each. */
	fd = (int)syscall(SYS_perf_event_open, &attr, -1, 0, -1, PERF_FLAG_FD_CLOEXEC);
	if (fd < 0)
		return NULL;
	link = bpf_program__attach_perf_event(program, fd);
	if (!link)
		close(fd);
	return link;
}

/* "tracepoint/raw_syscalls/sys_exit" without its first part. */
static const char *event_of(const struct bpf_program *program)
{
	return strchr(bpf_program__section_name(program), '/') + 1;
}

struct bpf_link *variants_attach(const struct bpf_program *program)
{
	_cleanup_close_ int tracefs = -1;

	if (bpf_program__type(program) == BPF_PROG_TYPE_CGROUP_SOCK_ADDR)
		return attach_cgroup(program);
	if (bpf_program__expected_attach_type(program) == BPF_MODIFY_RETURN)
		return bpf_program__attach_trace(program);	/* its section may say otherwise */
	if (bpf_program__type(program) != BPF_PROG_TYPE_TRACEPOINT)
		return bpf_program__attach(program);
	/* Not by libbpf, which needs a mounted tracefs. */
	tracefs = variants_tracefs();
	return variants_attach_event(program, tracefs, event_of(program));
}

/* Whether a program of the perf type may look up a task by its PID. */
static bool can_find_tasks(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int from_pid = btf ? btf__find_by_name_kind(btf, "bpf_task_from_pid", BTF_KIND_FUNC) : -1;
	int release = btf ? btf__find_by_name_kind(btf, "bpf_task_release", BTF_KIND_FUNC) : -1;
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_1, .imm = 1 },
		{ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_KFUNC_CALL, .imm = from_pid },
		{ .code = BPF_JMP | BPF_JEQ | BPF_K, .dst_reg = BPF_REG_0, .off = 2 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_X, .dst_reg = BPF_REG_1, .src_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_CALL, .src_reg = BPF_PSEUDO_KFUNC_CALL, .imm = release },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	_cleanup_close_ int fd = -1;

	btf__free(btf);
	if (from_pid > 0 && release > 0)
		fd = bpf_prog_load(BPF_PROG_TYPE_TRACEPOINT, "find_task", "GPL", insns,
				   ARRAY_SIZE(insns), NULL);
	return fd >= 0;
}

/* Loads one of the two, or neither. */
static void choose(struct bpf_program *plain, struct bpf_program *perf, bool wanted, bool by_perf)
{
	bpf_program__set_autoload(plain, wanted && !by_perf);
	bpf_program__set_autoload(perf, wanted && by_perf);
}

void variants_choose(struct nunchi *skel, enum probe_hooks hooks)
{
	_cleanup_close_ int tracefs = variants_tracefs();
	bool perf = tracepoint_id(tracefs, event_of(skel->progs.sys_exit_perf)) > 0 && skips_runs();
	bool perf_tasks = perf && can_find_tasks();
	/* Up to 6.2 this tracepoint had another name. */
	bool req = has_tracepoint(tracefs, "events/io_uring/io_uring_submit_req",
				  "btf_trace_io_uring_submit_req");
	bool sqe = !req && has_tracepoint(tracefs, "events/io_uring/io_uring_submit_sqe",
					  "btf_trace_io_uring_submit_sqe");
	/* Since 5.19. */
	bool overflow = (req || sqe) && has_tracepoint(tracefs, "events/io_uring/io_uring_cqe_overflow",
						       "btf_trace_io_uring_cqe_overflow");

	choose(skel->progs.sys_exit, skel->progs.sys_exit_perf, true, perf);
	choose(skel->progs.process_fork, skel->progs.process_fork_perf, true, perf_tasks);
	choose(skel->progs.process_exec, skel->progs.process_exec_perf, true, perf_tasks);
	/* Those below tail-call one of these two, which must be of their own type. */
	choose(skel->progs.tells_raw, skel->progs.tells_perf, true, perf);
	choose(skel->progs.process_exit, skel->progs.process_exit_perf, true, perf);
	choose(skel->progs.task_rename, skel->progs.task_rename_perf, true, perf);
	choose(skel->progs.signal_deliver, skel->progs.signal_deliver_perf, true, perf);
	choose(skel->progs.uring_submit_req, skel->progs.uring_submit_perf, req, perf);
	choose(skel->progs.uring_complete, skel->progs.uring_complete_perf, req || sqe, perf);
	choose(skel->progs.uring_overflow, skel->progs.uring_overflow_perf, overflow, perf);
	bpf_program__set_autoload(skel->progs.uring_submit_sqe, sqe && !perf);
	bpf_program__set_autoload(skel->progs.call_fexit, hooks == PROBE_HOOKS_FENTRY);
	bpf_program__set_autoload(skel->progs.call_stub, hooks == PROBE_HOOKS_FENTRY);
	bpf_program__set_autoload(skel->progs.seccomp_fexit, hooks == PROBE_HOOKS_FENTRY);
	/* With fexit, too: for calls that can have no fexit. */
	bpf_program__set_autoload(skel->progs.call_kprobe, hooks != PROBE_HOOKS_TRACEPOINT);
	bpf_program__set_autoload(skel->progs.call_kretprobe, hooks != PROBE_HOOKS_TRACEPOINT);
	bpf_program__set_autoload(skel->progs.seccomp_kretprobe, hooks == PROBE_HOOKS_KPROBE);
	choose_copies(skel);
	skel->rodata->hooks_overlap = hooks != PROBE_HOOKS_TRACEPOINT;
	skel->rodata->has_casts = has_casts();
	skel->rodata->request_creds = req || sqe ? creds_flag() : 0;
}
