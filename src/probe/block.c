/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Programs that block: which are loaded, and the tables that they use. The tables are filled before the programs
 * are attached; what a container satisfies is a store into mapped memory, at any time. When rules change, the half
 * of the tables is filled that is not in force.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/syscall.h>

#include "internal.h"

enum place {
	BEFORE,		/* refuses the call, as a BPF LSM program or attached by fmod_ret */
	CGROUP,		/* refuses by address, where neither of these can */
	LATE,		/* at the call's return */
	LATE_PERF,	/* the same, where tracepoints can be preempted */
};

struct hook {
	struct bpf_program *program;
	struct bpf_link **link;
	unsigned classes;	/* 1 << enum nunchi_block_class that it is for */
	enum place place;
	const char *function;	/* that calls the LSM hook, for fmod_ret; NULL: none */
};

#define BLOCK_HOOKS 39
#define TOLD_MAX 4096U	/* threads whose call was refused and has not returned */
#define IMAGES_MAX 1024U	/* paths of executed images: 192 KiB */
#define ROOM_LEAST 256U	/* states */
#define CLASS(id) (1U << NUNCHI_BLOCK_##id)
#define RETURNED ~(CLASS(EXEC) | NUNCHI_BLOCK_NAMES)	/* classes that can be judged at the call's return */
#define REQUESTED (CLASS(OPEN) | CLASS(CONNECT) | CLASS(BIND) | CLASS(SOCKET))	/* classes that io_uring has, too */

static void list_hooks(struct nunchi *skel, struct hook ret[BLOCK_HOOKS])
{
	const struct hook hooks[BLOCK_HOOKS] = {
#define HOOK(name, classes, place, function) { skel->progs.name, &skel->links.name, classes, place, function }
		HOOK(block_open, CLASS(OPEN) | CLASS(EXEC), BEFORE, "security_file_open"),
		HOOK(block_exec, CLASS(EXEC), BEFORE, "security_bprm_check"),
		HOOK(block_handed, CLASS(OPEN), BEFORE, "security_bprm_check"),
		HOOK(block_connect, CLASS(CONNECT), BEFORE, "security_socket_connect"),
		HOOK(block_send, CLASS(CONNECT), BEFORE, "security_socket_sendmsg"),
		HOOK(block_unix_connect, CLASS(CONNECT), BEFORE, "security_unix_stream_connect"),
		HOOK(block_unix_send, CLASS(CONNECT), BEFORE, "security_unix_may_send"),
		HOOK(block_bind, CLASS(BIND), BEFORE, "security_socket_bind"),
		HOOK(block_sctp, CLASS(CONNECT) | CLASS(BIND), BEFORE, "security_sctp_bind_connect"),
		HOOK(block_module_file, CLASS(MODULE), BEFORE, "security_kernel_read_file"),
		HOOK(block_module, CLASS(MODULE), BEFORE, "security_kernel_load_data"),
		HOOK(block_mount, CLASS(MOUNT), BEFORE, "security_sb_mount"),
		HOOK(block_move_mount, CLASS(MOUNT), BEFORE, "security_move_mount"),
		HOOK(block_superblock, CLASS(MOUNT), BEFORE, "security_sb_set_mnt_opts"),
		HOOK(block_remount, CLASS(MOUNT), BEFORE, "security_sb_remount"),
		HOOK(block_bpf, CLASS(BPF), BEFORE, "security_bpf"),
		HOOK(block_ptrace, CLASS(PTRACE), BEFORE, "security_ptrace_access_check"),
		HOOK(block_traceme, CLASS(PTRACE), BEFORE, "security_ptrace_traceme"),
		HOOK(block_create, CLASS(SOCKET), BEFORE, "security_socket_create"),
		HOOK(block_userns, CLASS(USERNS), BEFORE, "security_create_user_ns"),
		HOOK(block_unlink, CLASS(REMOVE), BEFORE, "security_path_unlink"),
		HOOK(block_rmdir, CLASS(REMOVE), BEFORE, "security_path_rmdir"),
		HOOK(block_rename, CLASS(RENAME), BEFORE, "security_path_rename"),
		HOOK(block_link, CLASS(LINK), BEFORE, "security_path_link"),
		HOOK(block_truncate, CLASS(TRUNCATE), BEFORE, "security_path_truncate"),
		HOOK(block_connect4, CLASS(CONNECT), CGROUP, NULL),
		HOOK(block_connect6, CLASS(CONNECT), CGROUP, NULL),
		HOOK(block_sendmsg4, CLASS(CONNECT), CGROUP, NULL),
		HOOK(block_sendmsg6, CLASS(CONNECT), CGROUP, NULL),
		HOOK(block_bind4, CLASS(BIND), CGROUP, NULL),
		HOOK(block_bind6, CLASS(BIND), CGROUP, NULL),
		HOOK(block_sys_exit, RETURNED, LATE, NULL),
		HOOK(block_sys_exit_perf, RETURNED, LATE_PERF, NULL),
		HOOK(block_process_exec, CLASS(EXEC), LATE, NULL),
		HOOK(block_process_exec_perf, CLASS(EXEC), LATE_PERF, NULL),
		HOOK(block_uring, REQUESTED, LATE, NULL),
		HOOK(block_uring_perf, REQUESTED, LATE_PERF, NULL),
		HOOK(block_uring_overflow, REQUESTED, LATE, NULL),
		HOOK(block_uring_overflow_perf, REQUESTED, LATE_PERF, NULL),
#undef HOOK
	};

	memcpy(ret, hooks, sizeof(hooks));
}

/* Functions that not every kernel has: by CONFIG_SECURITY_PATH, and since Linux 6.1. */
static const struct {
	unsigned classes;
	const char *function;
} optional[] = {
	{ NUNCHI_BLOCK_NAMES, "security_path_unlink" },
	{ CLASS(USERNS), "security_create_user_ns" },
};

unsigned probe_block_refused(enum probe_refusal refusal)
{
	unsigned refused = refusal == PROBE_REFUSES_ADDRESSES ? CLASS(CONNECT) | CLASS(BIND) : 0;
	struct btf *btf;

	if (refusal < PROBE_REFUSES_BY_RETURN)
		return refused;
	btf = btf__load_vmlinux_btf();
	refused = ~0U;
	for (size_t i = 0; btf && i < ARRAY_SIZE(optional); i++)
		if (btf__find_by_name_kind(btf, optional[i].function, BTF_KIND_FUNC) < 0)
			refused &= ~optional[i].classes;
	btf__free(btf);
	return refused;
}

/* The classes to attach hooks for. Rules about opens can mean truncate without naming it; if these do not, those of a reload may. */
static unsigned active_classes(const struct probe_block *block)
{
	unsigned classes = 0;

	for (unsigned i = 0; i < NUNCHI_BLOCK_MAX; i++)
		classes |= block->rows[i].active ? 1U << i : 0;
	if (classes & CLASS(OPEN))
		classes |= CLASS(TRUNCATE);
	return classes;
}

/* States that a half has room for: more than these rules need, for those of a reload. */
static uint32_t room_of(const struct probe *p, uint32_t n_states)
{
	uint64_t wish = MAX(n_states + n_states / 4, ROOM_LEAST);

	return (uint32_t)MIN(MIN(wish, p->memory.rules / PROBE_STATE_BYTES / 2), NUNCHI_BLOCK_STATES_MAX);
}

/* The paths of images are remembered whatever the rules ask for: those of a reload may ask. */
static int choose_images(struct probe *p, bool blocks, struct strbuf *err)
{
	bool perf = bpf_program__autoload(p->skel->progs.sys_exit_perf);
	uint32_t run = 0;

	bpf_program__set_autoload(p->skel->progs.block_remember, blocks && !perf);
	bpf_program__set_autoload(p->skel->progs.block_remember_perf, blocks && perf);
	bpf_map__set_max_entries(p->skel->maps.block_images, blocks ? IMAGES_MAX : 1);
	if (!blocks)
		return 0;
	if (getrandom((void *)p->skel->rodata->block_image_key, sizeof(p->skel->rodata->block_image_key), 0) < 0 ||
	    getrandom(&run, sizeof(run), 0) < 0)
		return load_failed(err, "asking for random bytes (getrandom)", -errno);
	p->skel->rodata->block_image_run = run | 1;
	return 0;
}

/* Attaches the LSM program by fmod_ret to the function that calls the LSM hook: arguments and result are the same. */
static int replace_asking(const struct hook *hook, struct strbuf *err)
{
	int r = bpf_program__set_type(hook->program, BPF_PROG_TYPE_TRACING);

	if (r >= 0)
		r = bpf_program__set_expected_attach_type(hook->program, BPF_MODIFY_RETURN);
	if (r >= 0)
		r = bpf_program__set_attach_target(hook->program, 0, hook->function);
	return r < 0 ? load_failed(err, hook->function, r) : 0;
}

/* Where programs can be preempted, the kernel can skip a run of those that refuse: so those at the return are loaded as well. */
static int choose_hooks(struct probe *p, unsigned classes, const struct probe_block *block, struct strbuf *err)
{
	enum probe_refusal refusal = block ? block->refusal : PROBE_REFUSES_NOTHING;
	bool before = refusal >= PROBE_REFUSES_BY_RETURN, late = classes && (!before || variants_preempts());
	bool perf = bpf_program__autoload(p->skel->progs.sys_exit_perf);
	const bool here[] = { [BEFORE] = before, [CGROUP] = refusal == PROBE_REFUSES_ADDRESSES, [LATE] = late && !perf,
			      [LATE_PERF] = late && perf };
	struct hook hooks[BLOCK_HOOKS];
	int r = 0;

	list_hooks(p->skel, hooks);
	for (size_t i = 0; r >= 0 && i < BLOCK_HOOKS; i++) {
		bool chosen = hooks[i].classes & classes && here[hooks[i].place] &&
			      (hooks[i].place != BEFORE || hooks[i].classes & block->refused);

		bpf_program__set_autoload(hooks[i].program, chosen);
		if (chosen && hooks[i].function && refusal == PROBE_REFUSES_BY_RETURN)
			r = replace_asking(&hooks[i], err);
	}
	/* A kernel without io_uring has no such hook. */
	if (!bpf_program__autoload(p->skel->progs.uring_complete))
		bpf_program__set_autoload(p->skel->progs.block_uring, false);
	if (!bpf_program__autoload(p->skel->progs.uring_complete_perf))
		bpf_program__set_autoload(p->skel->progs.block_uring_perf, false);
	if (!bpf_program__autoload(p->skel->progs.uring_overflow))
		bpf_program__set_autoload(p->skel->progs.block_uring_overflow, false);
	if (!bpf_program__autoload(p->skel->progs.uring_overflow_perf))
		bpf_program__set_autoload(p->skel->progs.block_uring_overflow_perf, false);
	p->skel->rodata->block_comes_before = before;
	p->skel->rodata->block_has_cgroup = classes && here[CGROUP];
	bpf_map__set_max_entries(p->skel->maps.block_told, classes && here[CGROUP] ? TOLD_MAX : 1);
	p->skel->rodata->block_comes_late = late;
	bpf_map__set_max_entries(p->skel->maps.late_scratches, late ? p->n_cpus : 1);
	return r;
}

int block_choose(struct probe *p, const struct probe_block *block, struct strbuf *err)
{
	unsigned classes = block ? active_classes(block) : 0;
	int r;

	p->block_classes = classes;
	bpf_program__set_autoload(p->skel->progs.keep_exec, block && block->keep);
	bpf_program__set_autoload(p->skel->progs.keep_exit, block && block->keep);
	r = choose_hooks(p, classes, block, err);
	if (r < 0)
		return r;
	p->block_room = 0;
	if (!classes)
		return choose_images(p, false, err);
	p->block_room = room_of(p, block->text->n_states);
	bpf_map__set_max_entries(p->skel->maps.block_states, 2 * p->block_room);
	/* Two halves; what is not used takes no memory. */
	bpf_map__set_max_entries(p->skel->maps.block_values, 2 * NUNCHI_BLOCK_VALUES_MAX);
	bpf_map__set_max_entries(p->skel->maps.block_slots, p->n_slots);
	p->skel->rodata->block_is_dry = block->dry;
	return choose_images(p, true, err);
}

static struct nunchi_block_key key_in_half(const struct nunchi_block_value *value, unsigned generation)
{
	struct nunchi_block_key key = value->key;

	key.row = (uint8_t)NUNCHI_BLOCK_ROW(key.row, generation);
	return key;
}

/* The second half's states follow the first's. */
static int fill_text(struct probe *p, const struct probe_block *block, unsigned generation, struct strbuf *err)
{
	const struct push_text *text = block->text;
	unsigned half = generation & 1;
	uint16_t first = (uint16_t)(half * p->block_room);

	if (text->n_states > p->block_room) {
		strbuf_addf(err, "what rules that block ask of texts comes to %u states, and there is room for %u: "
				 "start with more --memory, or ask for less by glob and contains",
			    text->n_states, p->block_room);
		return -E2BIG;
	}
	for (uint32_t i = 0; i < text->n_states; i++) {
		struct nunchi_push_state *to = &p->block_states[first + i];

		*to = text->states[i];
		for (size_t k = 0; k < ARRAY_SIZE(to->next); k++)
			to->next[k] = (uint16_t)(to->next[k] + first);
	}
	memcpy(p->skel->bss->block_letters[half], text->letters, sizeof(text->letters));
	for (unsigned class = 0; class < NUNCHI_BLOCK_MAX; class++) {
		struct nunchi_block_read *read = &p->skel->bss->block_reads[NUNCHI_BLOCK_ROW(class, generation)];

		*read = block->reads[class];
		for (unsigned i = 0; i < NUNCHI_BLOCK_TEXTS * 2; i++)
			read->start[i / 2][i % 2] = (uint16_t)(read->start[i / 2][i % 2] + first);
	}
	return 0;
}

static int fill(struct probe *p, const struct probe_block *block, unsigned generation, struct strbuf *err)
{
	for (size_t i = 0; i < block->n_values; i++) {
		struct nunchi_block_key key = key_in_half(&block->values[i], generation);

		if (bpf_map_update_elem(bpf_map__fd(p->skel->maps.block_values), &key, &block->values[i].mask,
					BPF_ANY))
			return load_failed(err, "filling the table of what is blocked", -errno);
	}
	return fill_text(p, block, generation, err);
}

int block_fill(struct probe *p, const struct probe_block *block, struct strbuf *err)
{
	int r;

	if (!p->block_classes)
		return 0;
	r = map_table(p->skel->maps.block_states, 2 * p->block_room * sizeof(*p->block_states),
		      "mapping the table of what is blocked", (void **)&p->block_states, err);
	if (r >= 0)
		r = map_table(p->skel->maps.block_slots, p->n_slots * sizeof(*p->block_slots),
			      "mapping the table of who is blocked", (void **)&p->block_slots, err);
	if (r >= 0)
		r = fill(p, block, 0, err);
	if (r < 0)
		return r;
	memcpy(p->skel->bss->block_rows, block->rows, sizeof(block->rows));
	memcpy(p->skel->bss->block_calls, block->calls, sizeof(p->skel->bss->block_calls));
	/* Helpers that the kernel starts belong to no container. */
	p->block_slots[NUNCHI_SLOT_HELPERS].generation = PROBE_GENERATION_FIRST;
	return 0;
}

/* Before the hooks that record calls, which read what these have decided. */
int block_attach(struct probe *p, struct strbuf *err)
{
	struct hook hooks[BLOCK_HOOKS];
	int r = attach_hook(p->skel->progs.block_remember, &p->skel->links.block_remember, err);

	if (r >= 0)
		r = attach_hook(p->skel->progs.block_remember_perf, &p->skel->links.block_remember_perf, err);
	list_hooks(p->skel, hooks);
	for (size_t i = 0; r >= 0 && i < BLOCK_HOOKS; i++)
		r = attach_hook(hooks[i].program, hooks[i].link, err);
	return r;
}

void block_close(struct probe *p)
{
	if (p->block_slots)
		munmap(p->block_slots, p->n_slots * sizeof(*p->block_slots));
	if (p->block_states)
		munmap(p->block_states, 2 * p->block_room * sizeof(*p->block_states));
}

unsigned probe_block_missing(const struct probe *p, const struct probe_block *block)
{
	return active_classes(block) & ~p->block_classes;
}

void wait_for_programs(void)
{
	/* The kernel refuses this if a CPU is nohz_full. Programs run for microseconds. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		usleep(1000000);
}

int probe_block_fill(struct probe *p, const struct probe_block *block, unsigned generation, struct strbuf *err)
{
	return p->block_classes ? fill(p, block, generation, err) : 0;
}

void probe_block_clear(struct probe *p, const struct nunchi_block_value *values, size_t n,
		       unsigned generation)
{
	if (!p->block_classes)
		return;
	wait_for_programs();
	for (size_t i = 0; i < n; i++) {
		struct nunchi_block_key key = key_in_half(&values[i], generation);

		bpf_map_delete_elem(bpf_map__fd(p->skel->maps.block_values), &key);
	}
}

void probe_block_flip(struct probe *p, const struct probe_block *block, unsigned generation)
{
	if (!p->block_classes)
		return;
	memcpy(&p->skel->bss->block_rows[NUNCHI_BLOCK_ROW(0, generation)], block->rows,
	       sizeof(block->rows));
	__atomic_store_n(&p->skel->bss->block_generation, generation, __ATOMIC_SEQ_CST);
}

void probe_block_slot(struct probe *p, uint32_t slot, uint32_t generation,
		      const uint64_t masks[NUNCHI_BLOCK_MAX], unsigned rules)
{
	struct nunchi_block_slot *row;

	if (!p->block_slots || slot >= p->n_slots)
		return;
	row = &p->block_slots[slot];
	memcpy(&row->masks[NUNCHI_BLOCK_ROW(0, rules)], masks, NUNCHI_BLOCK_MAX * sizeof(*masks));
	/* The masks before the generation that makes them valid. */
	__atomic_store_n(&row->generation, generation, __ATOMIC_RELEASE);
}
