/* SPDX-License-Identifier: Apache-2.0 */
/* The state of each hook for the doctor (attached or not, run or not), and the memory that the object takes. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>

#include "internal.h"

static bool is_iterator(const struct bpf_program *program)
{
	return bpf_program__expected_attach_type(program) == BPF_TRACE_ITER;
}

/* Whether the program is no hook itself, but is tail-called by others. */
static bool is_behind_hooks(const struct probe *p, const struct bpf_program *program)
{
	return program == p->skel->progs.tells_raw || program == p->skel->progs.tells_perf;
}

/* The next hook that was chosen for this run; NULL: there is none. *at is 0 at first. */
static struct bpf_prog_skeleton *next_hook(const struct probe *p, int *at)
{
	struct bpf_object_skeleton *s = p->skel->skeleton;

	while (*at < s->prog_cnt) {
		struct bpf_prog_skeleton *hook = &s->progs[(*at)++];

		if (bpf_program__autoload(*hook->prog) && !is_behind_hooks(p, *hook->prog))
			return hook;
	}
	return NULL;
}

static void attach(struct bpf_prog_skeleton *hook, struct doctor_hook *row)
{
	snprintf(row->name, sizeof(row->name), "%s", hook->name);
	snprintf(row->attachment, sizeof(row->attachment), "%s",
		 bpf_program__section_name(*hook->prog));
	row->try = (struct doctor_try){ .state = DOCTOR_ATTACHED };
	/* Iterators are attached when they are read. */
	if (*hook->link || is_iterator(*hook->prog))
		return;
	*hook->link = variants_attach(*hook->prog);
	if (!*hook->link)
		row->try = (struct doctor_try){ DOCTOR_NO_ATTACH, -errno };
}

unsigned probe_hooks_attach(struct probe *p, struct doctor_hook *rows, unsigned n)
{
	struct bpf_prog_skeleton *hook;
	unsigned used = 0;
	int at = 0;

	while (used < n && (hook = next_hook(p, &at)))
		attach(hook, &rows[used++]);
	return used;
}

int probe_count_runs(void)
{
	int fd = bpf_enable_stats(BPF_STATS_RUN_TIME);

	return fd < 0 ? -errno : fd;
}

void probe_hooks_ran(struct probe *p, struct doctor_hook *rows, unsigned n)
{
	struct bpf_prog_skeleton *hook;
	int at = 0;

	for (unsigned i = 0; i < n && (hook = next_hook(p, &at)); i++) {
		struct bpf_prog_info info = { 0 };
		__u32 len = sizeof(info);

		if (rows[i].try.state != DOCTOR_ATTACHED ||
		    bpf_obj_get_info_by_fd(bpf_program__fd(*hook->prog), &info, &len))
			continue;
		rows[i].try.state = info.run_cnt ? DOCTOR_FIRES : DOCTOR_SILENT;
	}
}

/* Whether the hook is the program, or the one of the perf type that does the same. */
static bool is_form_of(const char *hook, const char *program)
{
	return starts_with(hook, program) &&
	       (!hook[strlen(program)] || streq(hook + strlen(program), "_perf"));
}

uint32_t probe_sees(const struct probe *p)
{
	struct bpf_prog_skeleton *hook;
	uint32_t seen = 0;
	int at = 0;

	while ((hook = next_hook(p, &at))) {
		for (unsigned i = 0; *hook->link && i < DOCTOR_UNSEEN_MAX; i++) {
			const char *program = doctor_unseen_program((enum doctor_unseen)i);

			if (program && is_form_of(hook->name, program))
				seen |= 1U << i;
		}
	}
	return seen;
}

uint32_t probe_misses(const struct probe *p, enum doctor_preemption preemption)
{
	uint32_t ways = 1U << DOCTOR_UNSEEN_FUNCTIONS_32 | 1U << DOCTOR_UNSEEN_UNDER_WAY;

	if (p->hooks == PROBE_HOOKS_TRACEPOINT)
		return 0;
	/* Programs of kprobes cannot be preempted. */
	if (p->hooks == PROBE_HOOKS_FENTRY && preemption != PREEMPTION_NONE &&
	    preemption != PREEMPTION_VOLUNTARY)
		ways |= 1U << DOCTOR_UNSEEN_PREEMPTED_FEXIT;
	return ways;
}

bool probe_faultable(const struct probe *p)
{
	return p->skel->bss->faultable;
}

/* What the kernel accounts for a map: "memlock" in its fdinfo. Older kernels say 0 for ring buffers. */
static uint64_t map_bytes(int fd, uint64_t least)
{
	_cleanup_fclose_ FILE *f = NULL;
	unsigned long long bytes;
	char path[64], line[128];

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f))
		if (sscanf(line, "memlock: %llu", &bytes) == 1)
			return MAX(bytes, least);
	return least;
}

void probe_memory(const struct probe *p, struct doctor_memory *ret)
{
	const struct bpf_map *map;

	*ret = (struct doctor_memory){
		.n_cpus = p->n_cpus,
		.n_rings = p->n_rings,
		.critical = p->memory.critical,
		.bulk = p->memory.ring,
	};
	bpf_object__for_each_map(map, p->skel->obj)
		ret->maps += map_bytes(bpf_map__fd(map),
				       map == p->skel->maps.critical ? ret->critical : 0);
}
