/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identities that outlive the process (--pin). The slot and generation of a task mean nothing without the slot, so
 * what is known of the slot is pinned as well. A run uses its other slots from a generation on that no earlier run has
 * used, so that identities left over from slots that were not pinned are stale.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "base/log.h"
#include "internal.h"

#define DIRECTORY PIN_DIRECTORY
#define PIN_IDENTITIES DIRECTORY "/identities"
#define PIN_KEPT DIRECTORY "/kept"
#define PIN_FORK DIRECTORY "/keep_fork"
#define LOCK "/run/nunchi/pin.lock"
#define GENERATIONS_A_RUN (1U << 16)	/* more often a slot is not given back in a run */

int pin_lock(const char *path, const char *option, int *ret_fd, struct strbuf *err)
{
	int r;

	(void)mkdir("/run/nunchi", 0755);
	*ret_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (*ret_fd >= 0 && !flock(*ret_fd, LOCK_EX | LOCK_NB))
		return 0;
	r = -errno;
	close_fd(ret_fd);
	if (r == -EWOULDBLOCK)
		strbuf_addf(err, "another nunchi runs with %s, which is for one only", option);
	else
		strbuf_addf(err, "%s: %s: %s", option, path, strerror(-r));
	return r;
}

int pin_directory(const char *option, struct strbuf *err)
{
	struct statfs fs;

	if (statfs(BPFFS, &fs) || fs.f_type != BPF_FS_MAGIC) {
		strbuf_addf(err, "%s needs a BPF file system at " BPFFS
				 "\nTry: sudo mount -t bpf bpf " BPFFS, option);
		return -ENOTSUP;
	}
	if (mkdir(DIRECTORY, 0700) && errno != EEXIST) {
		int r = -errno;

		strbuf_addf(err, "%s: " DIRECTORY ": %s", option, strerror(-r));
		return r;
	}
	return 0;
}

/* What another version has pinned is of no use: every task is looked up anew. */
static void unpin_all(void)
{
	unlink(PIN_FORK);
	unlink(PIN_IDENTITIES);
	unlink(PIN_KEPT);
}

static bool map_is(int fd, __u32 value_size, __u32 max_entries)
{
	struct bpf_map_info info = { 0 };
	__u32 len = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &len) && info.value_size == value_size &&
	       (!max_entries || info.max_entries == max_entries);
}

/* FNV-1a, since hash_bytes() has another key in each process. */
static uint64_t fnv(uint64_t hash, const void *data, size_t len)
{
	for (const unsigned char *p = data; len--; p++)
		hash = (hash ^ *p) * 0x100000001b3;
	return hash;
}

/* What an identity consists of in this version: the names, places and sizes of its members. Never 0. */
static uint64_t identity_layout(const struct probe *p)
{
	const struct btf *btf = bpf_object__btf(p->skel->obj);
	int id = btf__find_by_name_kind(btf, "identity", BTF_KIND_STRUCT);
	const struct btf_type *t = id < 0 ? NULL : btf__type_by_id(btf, (uint32_t)id);
	const struct btf_member *members = t ? btf_members(t) : NULL;
	uint64_t hash = 0xcbf29ce484222325;

	for (unsigned i = 0; members && i < btf_vlen(t); i++) {
		const char *name = btf__name_by_offset(btf, members[i].name_off);
		int64_t size = btf__resolve_size(btf, members[i].type);

		hash = fnv(hash, name, strlen(name) + 1);
		hash = fnv(hash, &members[i].offset, sizeof(members[i].offset));
		hash = fnv(hash, &size, sizeof(size));
	}
	return hash | 1;
}

/* Row 0 is of the runs: the first generation that the last one used, and what identities consist of (as key). */
static struct probe_kept row_of_runs(const struct probe *p)
{
	const uint32_t zero = 0;
	struct probe_kept runs = { 0 };

	bpf_map_lookup_elem(p->kept_fd, &zero, &runs);
	return runs;
}

/* Whether all three pinned objects are there, and of this version. */
static bool is_usable(const struct probe *p)
{
	_cleanup_close_ int identities = bpf_obj_get(PIN_IDENTITIES);
	_cleanup_close_ int hook = bpf_obj_get(PIN_FORK);

	return p->kept_fd >= 0 && map_is(p->kept_fd, sizeof(struct probe_kept), NUNCHI_SLOTS_MAX) &&
	       identities >= 0 && hook >= 0 &&
	       map_is(identities, bpf_map__value_size(p->skel->maps.identities), 0) &&
	       row_of_runs(p).key == identity_layout(p);
}

static void begin_run(struct probe *p)
{
	const uint32_t zero = 0;
	struct probe_kept run = row_of_runs(p);

	run.key = identity_layout(p);
	run.generation += GENERATIONS_A_RUN;
	p->first_generation = run.generation + PROBE_GENERATION_FIRST;
	bpf_map_update_elem(p->kept_fd, &zero, &run, BPF_ANY);
}

static int make_kept(struct probe *p, struct strbuf *err)
{
	p->kept_fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, "nunchi_kept", sizeof(uint32_t),
				    sizeof(struct probe_kept), NUNCHI_SLOTS_MAX, NULL);
	if (p->kept_fd < 0 || bpf_obj_pin(p->kept_fd, PIN_KEPT))
		return load_failed(err, "pinning " PIN_KEPT, -errno);
	return 0;
}

int pin_prepare(struct probe *p, struct strbuf *err)
{
	int r = pin_lock(LOCK, "--pin", &p->lock_fd, err);

	if (r >= 0)
		r = pin_directory("--pin", err);
	if (r < 0)
		return r;
	p->kept_fd = bpf_obj_get(PIN_KEPT);
	if (!is_usable(p)) {
		if (p->kept_fd >= 0)
			log_warn("what is pinned in " DIRECTORY " is another version's: "
				 "identities begin anew");
		close_fd(&p->kept_fd);
		unpin_all();
		r = make_kept(p, err);
		if (r < 0)
			return r;
	}
	begin_run(p);
	r = bpf_map__set_pin_path(p->skel->maps.identities, PIN_IDENTITIES);
	return r ? load_failed(err, "pinning " PIN_IDENTITIES, r) : 0;
}

int pin_link(struct probe *p, struct strbuf *err)
{
	_cleanup_close_ int there = bpf_obj_get(PIN_FORK);
	struct bpf_link *link;
	int r;

	if (there >= 0)
		return 0;
	link = bpf_program__attach(p->skel->progs.keep_fork);
	if (!link)
		return load_failed(err, "attaching the hook keep_fork", -errno);
	r = bpf_link__pin(link, PIN_FORK);
	/* A pinned link stays attached; one that could not be pinned is detached by this. */
	bpf_link__destroy(link);
	return r ? load_failed(err, "pinning " PIN_FORK, r) : 0;
}

bool pin_restore(struct probe *p, uint32_t slot)
{
	struct nunchi_slot *row = &p->skel->bss->slots[slot];
	struct nunchi_slot_ref ref = { .slot = slot };
	struct probe_kept kept;

	if (p->kept_fd < 0 || bpf_map_lookup_elem(p->kept_fd, &slot, &kept) || !kept.generation)
		return false;
	*row = (struct nunchi_slot){
		.generation = kept.generation,
		.state = NUNCHI_SLOT_NAMED,
		.mode = NUNCHI_MODE_EVENT,
		.pidns = kept.pidns,
		.parent = kept.parent,
		.parent_generation = kept.parent_generation,
		.key = kept.key,
	};
	p->skel->bss->slots_inside += !!kept.parent;
	ref.generation = kept.generation;
	if (kept.key)
		bpf_map_update_elem(bpf_map__fd(p->skel->maps.namespaces), &kept.key, &ref, BPF_ANY);
	return true;
}

void probe_keep(struct probe *p, uint32_t slot, struct probe_kept *kept)
{
	const struct nunchi_slot *row = &p->skel->bss->slots[slot];

	if (p->kept_fd < 0)
		return;
	kept->generation = row->generation;
	kept->parent = row->parent;
	kept->parent_generation = row->parent_generation;
	kept->pidns = row->pidns;
	kept->key = row->key;
	bpf_map_update_elem(p->kept_fd, &slot, kept, BPF_ANY);
}

void pin_forget(struct probe *p, uint32_t slot)
{
	static const struct probe_kept none;

	if (p->kept_fd >= 0)
		bpf_map_update_elem(p->kept_fd, &slot, &none, BPF_ANY);
}

void probe_kept(struct probe *p, void (*fn)(uint32_t slot, const struct probe_kept *k, void *arg),
		void *arg)
{
	struct probe_kept kept;

	for (uint32_t slot = NUNCHI_SLOT_HELPERS + 1; p->kept_fd >= 0 && slot < p->n_slots; slot++)
		if (!bpf_map_lookup_elem(p->kept_fd, &slot, &kept) && kept.generation)
			fn(slot, &kept, arg);
}

void pin_close(struct probe *p)
{
	close_fd(&p->kept_fd);
	close_fd(&p->lock_fd);
}
