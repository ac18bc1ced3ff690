/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Cgroups. The end of one tells user space that the host's sandbox in it is gone (its creation is recorded, too, but not used
 * yet). Those that a container's task makes and removes are not recorded: nobody needs them, and they would be in nobody's share
 * of the ring. A task that is moved into a named container's cgroup becomes the container's, and moves of a container's tasks
 * are recorded: in v2 and the v1 hierarchy in use. In other v1 hierarchies, into which runtimes move tasks one by one, only
 * moves by a container's task are recorded: that is how it gets out of the limits on devices and memory.
 */
#include "lib/leave.h"

#define CGROUPS_MAX 32	/* levels of a path */

/* Appends one name of a cgroup's path. 1: it is complete. */
static long cgroup_step(u32 i, struct scratch **ctx)
{
	struct scratch *s = *ctx;
	struct walk *w = &s->walk;
	struct kernfs_node *kn = (void *)w->dentry;
	u32 pos, len;
	long n;

	w->parent = (u64)kernfs_parent(kn);
	w->name = (u64)BPF_CORE_READ(kn, name);
	pos = w->pos;
	len = w->len;
	if (!w->parent || pos > LAST_POS + sizeof(struct nunchi_blob))	/* the root has no name */
		return 1;
	if (len > DATA_MAX) {
		w->flags = NUNCHI_BLOB_TRUNCATED;
		return 1;
	}
	n = bpf_probe_read_kernel_str(&s->data[pos + len], 256, (void *)w->name);
	if (n <= 0 || n > 256)
		return 1;
	w->len = len + n;
	w->dentry = w->parent;
	return 0;
}

__noinline int blob_cgroup(struct scratch *s, u64 kn)
{
	struct walk *w;
	u32 pos;

	if (!blob_begin(s, &pos))
		return 0;
	w = &s->walk;
	w->dentry = kn;
	w->pos = pos + sizeof(struct nunchi_blob);
	w->len = w->flags = 0;
	bpf_loop(CGROUPS_MAX, cgroup_step, &s, 0);
	blob_end(s, pos, w->len, w->len, w->flags, BLOB(NUNCHI_BLOB_CGROUP_PATH, 0));
	return 0;
}

/* Whether a container's task does it. */
static __always_inline bool is_contained(void)
{
	struct identity *id = bpf_task_storage_get(&identities, bpf_get_current_task_btf(), 0, 0);

	return id && !identity_is_host(id);
}

static __always_inline int cgroup_send(struct cgroup *cgroup, enum nunchi_kind kind)
{
	u32 hierarchy = cgroup->root->hierarchy_id;
	struct nunchi_head *head;
	struct scratch *s;

	if (hierarchy && hierarchy != cgroup_hierarchy)
		return 0;
	/* The doctor looks whether that of its own comes, and may be in a container. */
	if (is_contained() && !is_nunchi(bpf_get_current_task_btf()))
		return 0;
	s = scratch_get();
	if (!s) {
		count(counts[NUNCHI_COUNT_NAMES]);
		return 0;
	}
	head = &s->head;
	__builtin_memset(head, 0, sizeof(*head));
	head->kind = kind;
	head->time = bpf_ktime_get_boot_ns();
	head->cpu = bpf_get_smp_processor_id();
	s->cgroup.id = cgroup->kn->id;
	s->cgroup.hierarchy = hierarchy;
	s->cgroup.level = cgroup->level;
	s->pos = sizeof(*head) + sizeof(s->cgroup);
	blob_cgroup(s, (u64)BPF_CORE_READ(cgroup, kn));
	record_send_name(s);
	scratch_put(s);
	return 0;
}

SEC("tp_btf/cgroup_mkdir")
int BPF_PROG(cgroup_mkdir, struct cgroup *cgroup, const char *path)
{
	return cgroup_send(cgroup, NUNCHI_REC_CGROUP_NEW);
}

SEC("tp_btf/cgroup_rmdir")
int BPF_PROG(cgroup_rmdir, struct cgroup *cgroup, const char *path)
{
	return cgroup_send(cgroup, NUNCHI_REC_CGROUP_GONE);
}

static __always_inline bool move_is_told(u32 hierarchy)
{
	return !hierarchy || hierarchy == cgroup_hierarchy || is_contained();
}

SEC("tp_btf/cgroup_attach_task")
int BPF_PROG(cgroup_attach_task, struct cgroup *to, const char *path, struct task_struct *task,
	     bool threadgroup)
{
	struct identity *id = bpf_task_storage_get(&identities, task, 0, 0);
	u32 before;

	if (!id) {
		identity_late(task, true);
		return 0;
	}
	before = id->slot;
	if (identity_is_open(id))
		identity_locate(task, id, true);
	if (id->slot && id->slot == before && move_is_told(to->root->hierarchy_id))
		moved_send(task, id, to);
	return 0;
}
