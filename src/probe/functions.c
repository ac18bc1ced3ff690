/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hooks of the wanted calls' own functions (--hooks fentry, --hooks kprobe). They are attached one by one, which
 * takes the kernel a while; until the last is, the tracepoint sees the calls that have none yet.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sys/resource.h>

#include "base/log.h"
#include "internal.h"

#if defined(__aarch64__)
#define PREFIX "__arm64_sys_"
#else
#define PREFIX "__x64_sys_"
#endif

struct function_hook {
	int program, link;		/* of fexit; -1: none */
	struct bpf_link *entry, *exit;	/* of kprobe and kretprobe */
	bool tried;
};

struct functions {
	enum probe_hooks kind;
	struct btf *btf;		/* NULL: not needed, or no longer */
	uint32_t next;			/* the next call to hook */
	struct function_hook hooks[NUNCHI_CALLS_MAX];
	struct strbuf gaps;		/* calls without a hook */
	struct kretprobes *kretprobes;	/* NULL: kretprobes have the room that the kernel gives them */
};

/* Where the function has another name than the call. */
static const char *function_name(const char *call)
{
	static const char *const names[][2] = {
		{ "stat", "newstat" }, { "lstat", "newlstat" }, { "fstat", "newfstat" },
		{ "uname", "newuname" }, { "umount2", "umount" }, { "sendfile", "sendfile64" },
#if defined(__aarch64__)
		{ "fadvise64", "fadvise64_64" }, { "personality", "arm64_personality" },
#endif
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(names[i][0], call))
			return names[i][1];
	return call;
}

#define ROOM_WAITING 4096	/* the most that the kernel allows; 100 bytes each */
#define ROOM_OTHERS 256

/* How many calls may be in progress at a time: many, if the call can block. */
static unsigned room_for(const char *call)
{
	static const char *const waiting[] = {
		"accept", "accept4", "connect", "recvfrom", "recvmsg", "recvmmsg", "sendto", "sendmsg",
		"sendmmsg", "read", "readv", "write", "writev", "poll", "ppoll", "select", "pselect6",
		"epoll_wait", "epoll_pwait", "epoll_pwait2", "wait4", "waitid", "nanosleep",
		"clock_nanosleep", "restart_syscall", "futex", "flock", "fcntl", "pause",
		"rt_sigsuspend", "rt_sigtimedwait", "open", "openat", "msgrcv", "msgsnd", "semop",
		"semtimedop", "io_getevents", "io_uring_enter", "vfork",
	};

	for (size_t i = 0; i < ARRAY_SIZE(waiting); i++)
		if (streq(waiting[i], call))
			return ROOM_WAITING;
	return ROOM_OTHERS;
}

/* Loads a program for one function. An fd, or -errno. */
static int load_fexit(const struct bpf_insn *insns, size_t n, int function)
{
	LIBBPF_OPTS(bpf_prog_load_opts, opts, .expected_attach_type = BPF_TRACE_FEXIT,
		    .attach_btf_id = (__u32)function);
	int fd = bpf_prog_load(BPF_PROG_TYPE_TRACING, "call_stub", "Dual BSD/GPL", insns, n, &opts);

	return fd < 0 ? -errno : fd;
}

static int attach_fexit(const struct functions *f, const struct bpf_insn *insns, size_t n,
			const char *name, struct function_hook *ret)
{
	int function = btf__find_by_name_kind(f->btf, name, BTF_KIND_FUNC);

	if (function < 0)
		return -ENOENT;
	ret->program = load_fexit(insns, n, function);
	if (ret->program < 0)
		return ret->program;
	ret->link = bpf_raw_tracepoint_open(NULL, ret->program);
	return ret->link < 0 ? -errno : 0;
}

static struct bpf_link *attach_kretprobe(const struct probe *p, const struct bpf_program *program,
					 const char *function, unsigned room)
{
	struct kretprobes *k = p->functions->kretprobes;
	struct bpf_link *link = k ? kretprobes_attach(k, program, function, room) : NULL;

	return link ? link : bpf_program__attach_kprobe(program, true, function);
}

static int attach_kprobe(const struct probe *p, const char *call, const char *name,
			 struct function_hook *ret)
{
	/* The return first: an entry without its return would count as a missed one. */
	ret->exit = attach_kretprobe(p, p->skel->progs.call_kretprobe, name, room_for(call));
	if (!ret->exit)
		return -errno;
	ret->entry = bpf_program__attach_kprobe(p->skel->progs.call_kprobe, false, name);
	return ret->entry ? 0 : -errno;
}

static void detach(struct function_hook *hook)
{
	if (hook->link >= 0)
		close(hook->link);
	if (hook->program >= 0)
		close(hook->program);
	bpf_link__destroy(hook->entry);
	bpf_link__destroy(hook->exit);
	*hook = (struct function_hook){ .program = -1, .link = -1, .tried = hook->tried };
}

static void attach_call(struct probe *p, uint32_t nr)
{
	struct functions *f = p->functions;
	const struct syscall_info *call = syscall_by_nr(nr);
	_cleanup_free_ char *name = xasprintf(PREFIX "%s", function_name(call->name));
	const struct bpf_program *stub = p->skel->progs.call_stub;
	int r = -ENOENT;

	f->hooks[nr].tried = true;
	if (f->kind == PROBE_HOOKS_FENTRY) {
		r = attach_fexit(f, bpf_program__insns(stub), bpf_program__insn_cnt(stub), name,
				 &f->hooks[nr]);
		if (r < 0)
			detach(&f->hooks[nr]);
	}
	/* A function without arguments has no type on x86, so no fexit either. */
	if (r < 0)
		r = attach_kprobe(p, call->name, name, &f->hooks[nr]);
	if (!r)
		return;
	detach(&f->hooks[nr]);
	strbuf_addf(&f->gaps, "%s%s", f->gaps.len ? ", " : "", call->name);
	log_debug("no hook of %s: %s", name, strerror(-r));
}

/* Calls that end the task never return. */
static bool is_hooked(uint32_t nr, uint8_t wanted)
{
	const struct syscall_info *call = syscall_by_nr(nr);

	return call && wanted & ~NUNCHI_WANT_COMPAT && !streq(call->name, "exit") &&
	       !streq(call->name, "exit_group");
}

bool probe_can_want(const struct probe *p, const struct interest *interest)
{
	for (uint32_t nr = 0; p->functions && nr < NUNCHI_CALLS_MAX; nr++)
		if (is_hooked(nr, interest->wanted[nr]) && !p->functions->hooks[nr].tried)
			return false;
	return true;
}

bool functions_can_have(enum probe_hooks kind)
{
	const struct bpf_insn nothing[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};
	struct functions f = { .kind = kind };
	struct function_hook hook = { .program = -1, .link = -1 };
	int r;

	if (kind == PROBE_HOOKS_KPROBE)
		return access("/sys/bus/event_source/devices/kprobe/type", R_OK) == 0;
	f.btf = btf__load_vmlinux_btf();
	r = f.btf ? attach_fexit(&f, nothing, ARRAY_SIZE(nothing), PREFIX "openat", &hook) : -1;
	detach(&hook);
	btf__free(f.btf);
	return r == 0;
}

const char *probe_hooks_name(enum probe_hooks hooks)
{
	static const char *const names[PROBE_HOOKS_MAX] = {
#define X(id, name) name,
		PROBE_HOOKS(X)
#undef X
	};

	return names[hooks];
}

int functions_choose(struct probe *p, enum probe_hooks hooks, struct strbuf *err)
{
	p->hooks = hooks == PROBE_HOOKS_AUTO ? PROBE_HOOKS_TRACEPOINT : hooks;
	if (p->hooks == PROBE_HOOKS_TRACEPOINT || functions_can_have(p->hooks))
		return 0;
	strbuf_addf(err, "--hooks %s: this kernel has none (nunchi doctor shows what it has)",
		    probe_hooks_name(p->hooks));
	return -ENOTSUP;
}

static int attach_seccomp(struct probe *p)
{
	struct nunchi *skel = p->skel;

	if (p->functions->kind == PROBE_HOOKS_FENTRY)
		skel->links.seccomp_fexit = bpf_program__attach(skel->progs.seccomp_fexit);
	else
		skel->links.seccomp_kretprobe = attach_kretprobe(
			p, skel->progs.seccomp_kretprobe, "__secure_computing", ROOM_WAITING);
	return skel->links.seccomp_fexit || skel->links.seccomp_kretprobe ? 0 : -errno;
}

/* Each call takes up to four fds; all calls take more than the 1,024 that a process may have by default. */
static void allow_more_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit))
		return;
	limit.rlim_cur = limit.rlim_max;
	if (setrlimit(RLIMIT_NOFILE, &limit))
		log_debug("as many files as before: %s", strerror(errno));
}

int functions_start(struct probe *p, enum probe_hooks kind)
{
	struct functions *f = xcalloc(1, sizeof(*f));
	int body = bpf_program__fd(p->skel->progs.call_fexit);
	const uint32_t first = 0;

	allow_more_files();
	p->functions = f;
	f->kind = kind;
	f->kretprobes = kretprobes_open();
	for (uint32_t nr = 0; nr < NUNCHI_CALLS_MAX; nr++)
		f->hooks[nr] = (struct function_hook){ .program = -1, .link = -1 };
	if (kind == PROBE_HOOKS_FENTRY) {
		f->btf = btf__load_vmlinux_btf();
		if (!f->btf || bpf_map_update_elem(bpf_map__fd(p->skel->maps.bodies), &first, &body,
						   BPF_ANY))
			return -errno;
	}
	return attach_seccomp(p);
}

/* The hook of one more wanted call. False: all have theirs, or cannot have one. */
static bool attach_next(struct probe *p)
{
	struct functions *f = p->functions;

	while (f->next < NUNCHI_CALLS_MAX && !is_hooked(f->next, p->skel->bss->wanted[f->next]))
		f->next++;
	if (f->next < NUNCHI_CALLS_MAX) {
		attach_call(p, f->next++);
		return true;
	}
	btf__free(f->btf);
	f->btf = NULL;
	return false;
}

bool probe_attach_more(struct probe *p)
{
	struct nunchi *skel = p->skel;

	if (!p->functions)
		return false;
	if (attach_next(p))
		return true;
	bpf_link__destroy(skel->links.sys_exit);
	bpf_link__destroy(skel->links.sys_exit_perf);
	skel->links.sys_exit = skel->links.sys_exit_perf = NULL;
	return false;
}

enum probe_hooks probe_hooks(const struct probe *p)
{
	return p->hooks;
}

uint64_t functions_missed(const struct probe *p)
{
	uint64_t missed = 0;

	for (uint32_t nr = 0; p->functions && nr < NUNCHI_CALLS_MAX; nr++)
		if (p->functions->hooks[nr].program >= 0)
			missed += recursion_misses(p->functions->hooks[nr].program);
	return missed;
}

const char *probe_gaps(const struct probe *p)
{
	return p->functions && p->functions->gaps.len ? p->functions->gaps.s : NULL;
}

void functions_detach(struct probe *p)
{
	for (uint32_t nr = 0; p->functions && nr < NUNCHI_CALLS_MAX; nr++) {
		struct function_hook *hook = &p->functions->hooks[nr];

		/* The programs stay: functions_missed() still asks them. */
		if (hook->link >= 0)
			close(hook->link);
		hook->link = -1;
		bpf_link__destroy(hook->entry);
		bpf_link__destroy(hook->exit);
		hook->entry = hook->exit = NULL;
	}
}

void functions_free(struct probe *p)
{
	if (!p->functions)
		return;
	functions_detach(p);
	for (uint32_t nr = 0; nr < NUNCHI_CALLS_MAX; nr++)
		detach(&p->functions->hooks[nr]);
	/* The link of __secure_computing is the skeleton's. */
	bpf_link__destroy(p->skel->links.seccomp_kretprobe);
	p->skel->links.seccomp_kretprobe = NULL;
	kretprobes_close(p->functions->kretprobes);
	btf__free(p->functions->btf);
	strbuf_free(&p->functions->gaps);
	free(p->functions);
	p->functions = NULL;
}
